"""The drawing: one supersampled raster, the only truth about what is on the canvas, with undo."""

from __future__ import annotations

import zlib
from dataclasses import dataclass
from weakref import WeakKeyDictionary

import numpy as np
from PIL import Image

from aedesk import sketch
from aedesk.storage.pictures import grey

SIZE = 560  # pixels of the raster's edge: a canvas of 280 points, twice supersampled
_UNDO_LEVELS = 200

Box = tuple[int, int, int, int]  # left, top, right, bottom, in raster pixels; right and bottom are outside
_EVERYTHING: Box = (0, 0, SIZE, SIZE)


@dataclass(frozen=True)
class _State:
    """A past drawing, compressed: about 2 KB for a digit."""

    pixels: bytes
    exact: np.ndarray | None


class Ink:
    """A (SIZE, SIZE) grey raster, ink = 255, painted by strokes. Coordinates are in raster pixels.

    `exact` is the 28x28 picture that the drawing was made from, as long as nobody has drawn on it: a model
    should see that one, not its enlargement. `strokes` counts the presses of the pen, `pictures` the times that
    another picture was put in place of the drawing; both for ever, undo and redo change neither.
    """

    def __init__(self) -> None:
        self.strokes = 0
        self.pictures = 0
        self._pixels = np.zeros((SIZE, SIZE), np.uint8)
        self._undo: list[_State] = []
        self._redo: list[_State] = []
        self._last: tuple[float, float] | None = None
        self.exact: np.ndarray | None = None
        self._changes: WeakKeyDictionary[object, Box | None] = WeakKeyDictionary()

    @property
    def pixels(self) -> np.ndarray:
        """The raster, (SIZE, SIZE) uint8; read it, do not paint on it."""
        return self._pixels

    @property
    def image(self) -> Image.Image:
        """The raster as it is now, as a picture of mode L."""
        return Image.fromarray(self._pixels).copy()  # Pillow's own shares the memory that is painted on

    @property
    def is_blank(self) -> bool:
        return not self._pixels.any()

    @property
    def seen(self) -> np.ndarray:
        """The drawing as a network sees it, (28, 28) float32 in [0, 1]: framed like its training digits, or `exact`."""
        return self.exact if self.exact is not None else sketch.normalise(self.pixels)

    @property
    def is_drawing(self) -> bool:
        return self._last is not None

    @property
    def can_undo(self) -> bool:
        return bool(self._undo)

    @property
    def can_redo(self) -> bool:
        return bool(self._redo)

    def take_change(self, view: object) -> Box | None:
        """What has changed since the last call for this `view` of the ink: a box around it, or None; at first, all."""
        changed = self._changes.get(view, _EVERYTHING)
        self._changes[view] = None
        return changed

    def press(self, x: float, y: float, width: float, *, erase: bool = False) -> None:
        """Begin a stroke `width` raster pixels wide; a press that never moves leaves a dot."""
        self._remember()
        self.strokes += 1
        self.exact = None
        self._last = (x, y)
        self.drag(x, y, width, erase=erase)

    def drag(self, x: float, y: float, width: float, *, erase: bool = False) -> None:
        """Continue the stroke to (x, y) with round ends; without a press before, nothing happens."""
        if self._last is None:
            return
        painted = _paint(self._pixels, self._last, (x, y), width / 2, erase)
        self._mark(painted)
        self._last = (x, y)

    def release(self) -> None:
        """End the stroke."""
        self._last = None

    def clear(self) -> None:
        if not self.is_blank:
            self._put(np.zeros((SIZE, SIZE), np.uint8), None)

    def replace(self, pixels: np.ndarray, exact: np.ndarray | None = None) -> None:
        """Put another drawing in place of this one, as one step that can be undone.

        pixels: (SIZE, SIZE) uint8, ink = 255. exact: the (28, 28) float picture it was enlarged from, if any.
        """
        self.pictures += 1
        self._put(pixels, exact)

    def show_picture(self, picture: np.ndarray) -> None:
        """Put a (28, 28) float picture in [0, 1] on the canvas, enlarged; the model sees it as it is."""
        small = Image.fromarray(grey(picture))
        self.replace(np.asarray(small.resize((SIZE, SIZE), Image.Resampling.BICUBIC)), exact=picture)

    def undo(self) -> None:
        self._swap(self._undo, self._redo)

    def redo(self) -> None:
        self._swap(self._redo, self._undo)

    def _swap(self, source: list[_State], target: list[_State]) -> None:
        if source and not self.is_drawing:
            target.append(self._state())
            state = source.pop()
            self._show(zlib.decompress(state.pixels), state.exact)

    def _put(self, pixels: np.ndarray, exact: np.ndarray | None) -> None:
        self._remember()
        self._show(pixels.tobytes(), exact)

    def _remember(self) -> None:
        self._undo.append(self._state())
        del self._undo[:-_UNDO_LEVELS]
        self._redo.clear()

    def _state(self) -> _State:
        return _State(zlib.compress(self._pixels.tobytes(), 1), self.exact)

    def _show(self, pixels: bytes, exact: np.ndarray | None) -> None:
        self._last = None
        self._pixels = np.frombuffer(pixels, np.uint8).reshape(SIZE, SIZE).copy()
        self.exact = exact
        self._mark(_EVERYTHING)

    def _mark(self, changed: Box | None) -> None:
        for view, known in self._changes.items():
            self._changes[view] = _around(known, changed)


def _paint(
    pixels: np.ndarray, start: tuple[float, float], end: tuple[float, float], radius: float, erase: bool
) -> Box | None:
    """Paint (or take away) all that is within `radius` of the segment; its edge is a pixel wide and grey.

    Returns what may have changed, None if all of it lies outside.
    """
    (x0, y0), (x1, y1) = start, end
    reach = radius + 1
    left, right = (_inside(edge) for edge in (min(x0, x1) - reach, max(x0, x1) + reach + 1))
    top, bottom = (_inside(edge) for edge in (min(y0, y1) - reach, max(y0, y1) + reach + 1))
    if left >= right or top >= bottom:
        return None
    x = np.arange(left, right, dtype=np.float32) + 0.5 - x0
    y = (np.arange(top, bottom, dtype=np.float32) + 0.5 - y0)[:, None]
    dx, dy = x1 - x0, y1 - y0
    along = np.clip((x * dx + y * dy) / max(dx * dx + dy * dy, 1e-9), 0, 1)  # of the segment, in [0, 1]
    distance = np.hypot(x - along * dx, y - along * dy)
    cover = (np.clip(radius + 0.5 - distance, 0, 1) * 255).astype(np.uint8)
    part = pixels[top:bottom, left:right]
    if erase:
        np.minimum(part, 255 - cover, out=part)
    else:
        np.maximum(part, cover, out=part)
    return left, top, right, bottom


def _inside(edge: float) -> int:
    """A pixel of the raster, or its end."""
    return int(max(0.0, min(edge, SIZE)))


def _around(one: Box | None, other: Box | None) -> Box | None:
    """The smallest box around both."""
    if one is None or other is None:
        return one or other
    return min(one[0], other[0]), min(one[1], other[1]), max(one[2], other[2]), max(one[3], other[3])
