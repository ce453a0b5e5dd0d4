"""The drawing: one supersampled raster, the only truth about what is on the canvas, with undo."""

from __future__ import annotations

import zlib
from dataclasses import dataclass

import numpy as np
from PIL import Image, ImageDraw

SIZE = 560  # pixels of the raster's edge: a canvas of 280 points, twice supersampled
_UNDO_LEVELS = 200


@dataclass(frozen=True)
class _State:
    """A past drawing, compressed: about 2 KB for a digit."""

    pixels: bytes
    exact: np.ndarray | None


class Ink:
    """A (SIZE, SIZE) grey raster, ink = 255, painted by strokes. Coordinates are in raster pixels.

    `exact` is the 28x28 picture that the drawing was made from, as long as nobody has drawn on it: a model
    should see that one, not its enlargement.
    """

    def __init__(self) -> None:
        self._image = Image.new("L", (SIZE, SIZE))
        self._pen = ImageDraw.Draw(self._image)
        self._undo: list[_State] = []
        self._redo: list[_State] = []
        self._last: tuple[float, float] | None = None
        self.exact: np.ndarray | None = None
        self.version = 0  # rises with every change: tells a view whether it is up to date

    @property
    def image(self) -> Image.Image:
        """The raster itself, mode L; read it, do not paint on it."""
        return self._image

    @property
    def pixels(self) -> np.ndarray:
        """The raster as (SIZE, SIZE) uint8."""
        return np.asarray(self._image)

    @property
    def is_blank(self) -> bool:
        return self._image.getbbox() is None

    @property
    def is_drawing(self) -> bool:
        return self._last is not None

    @property
    def can_undo(self) -> bool:
        return bool(self._undo)

    @property
    def can_redo(self) -> bool:
        return bool(self._redo)

    def press(self, x: float, y: float, width: float, *, erase: bool = False) -> None:
        """Begin a stroke `width` raster pixels wide; a press that never moves leaves a dot."""
        self._remember()
        self.exact = None
        self._last = (x, y)
        self.drag(x, y, width, erase=erase)

    def drag(self, x: float, y: float, width: float, *, erase: bool = False) -> None:
        """Continue the stroke to (x, y) with round ends; without a press before, nothing happens."""
        if self._last is None:
            return
        ink, radius = (0 if erase else 255), width / 2
        if self._last != (x, y):
            self._pen.line([self._last, (x, y)], fill=ink, width=round(width))
        self._pen.ellipse([x - radius, y - radius, x + radius, y + radius], fill=ink)
        self._last = (x, y)
        self.version += 1

    def release(self) -> None:
        """End the stroke."""
        self._last = None

    def clear(self) -> None:
        if not self.is_blank:
            self.replace(np.zeros((SIZE, SIZE), np.uint8))

    def replace(self, pixels: np.ndarray, exact: np.ndarray | None = None) -> None:
        """Put another drawing in place of this one, as one step that can be undone.

        pixels: (SIZE, SIZE) uint8, ink = 255. exact: the (28, 28) float picture it was enlarged from, if any.
        """
        self._remember()
        self._show(pixels.tobytes(), exact)

    def show_picture(self, picture: np.ndarray) -> None:
        """Put a (28, 28) float picture in [0, 1] on the canvas, enlarged; the model sees it as it is."""
        small = Image.fromarray((picture * 255).round().astype(np.uint8))
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

    def _remember(self) -> None:
        self._undo.append(self._state())
        del self._undo[:-_UNDO_LEVELS]
        self._redo.clear()

    def _state(self) -> _State:
        return _State(zlib.compress(self._image.tobytes(), 1), self.exact)

    def _show(self, pixels: bytes, exact: np.ndarray | None) -> None:
        self._last = None
        self._image.frombytes(pixels)
        self.exact = exact
        self.version += 1
