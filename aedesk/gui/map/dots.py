"""Many points in one picture: dots that NumPy paints, an index per pixel and a colour per index.

60,000 points cost Matplotlib's `scatter` 159 ms a draw and its own artist on a float canvas 20; here they cost 2 to 4.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np

from aedesk.app.viewport import Viewport

_LEVELS = 3  # of opacity, at the edge of a dot
_SMALLEST, _LARGEST = 0.9, 4.5  # px, radius of a dot
_COVER = 0.22  # of the pixels, that all dots together would cover if none lay on another
_MOST_WRITES = 900_000  # pixels painted per frame; more, and dots get smaller


Box = tuple[float, float, float, float]
"""Left, top, right and bottom in pixels; the left and the upper rim belong to it."""


class InView(Protocol):
    """What a frame shows: so many points."""

    def __len__(self) -> int: ...

    def nearest(self, x: float, y: float, within: float) -> int | None:
        """The point nearest to a pixel, if it is `within` px of it."""

    def count(self, box: Box) -> int:
        """How many of them are in a part of the view."""


@dataclass(frozen=True, eq=False)
class PointsInView:
    """The points in view: which they are, (n,), their tints (n,), and where, x and y (n,) in float32 pixels."""

    indices: np.ndarray
    tints: np.ndarray
    x: np.ndarray
    y: np.ndarray

    def __len__(self) -> int:
        return len(self.indices)

    def nearest(self, x: float, y: float, within: float) -> int | None:
        """The point nearest to a pixel, if it is `within` px of it; of several, the one painted first."""
        if not len(self):
            return None
        squares = (self.x - np.float32(x)) ** 2 + (self.y - np.float32(y)) ** 2
        place = int(squares.argmin())
        return int(self.indices[place]) if squares[place] <= within**2 else None

    def count(self, box: Box) -> int:
        """How many of them are in a part of the view."""
        left, top, right, bottom = box
        return int(
            np.count_nonzero((self.x >= left) & (self.x < right) & (self.y >= top) & (self.y < bottom))
        )


class Dots:
    """Dots at fixed places; later ones lie on top.

    points: (N, 2) in map coordinates. tints: (N,) indices into the colours that `paint_dots` is given. order: which of
    the points are painted at all, and in which order; all, as they come, if None.
    """

    def __init__(self, points: np.ndarray, tints: np.ndarray, order: np.ndarray | None = None) -> None:
        chosen = points if order is None else points[order]
        self._order = np.arange(len(points)) if order is None else order
        self._x, self._y = (np.ascontiguousarray(chosen[:, axis], np.float32) for axis in (0, 1))
        self._tints = (tints if order is None else tints[order]).astype(np.uint16)

    def __len__(self) -> int:
        return len(self._order)

    def in_view(self, view: Viewport, among: np.ndarray | None = None) -> PointsInView:
        """The points in view, in the order of painting. among: the places in that order that may be; all if None."""
        scale, offset = view.scale_and_offset
        known_x, known_y = (self._x, self._y) if among is None else (self._x[among], self._y[among])
        x = known_x * scale[0] + offset[0]
        y = known_y * scale[1] + offset[1]
        seen = np.flatnonzero((x >= 0) & (x < view.width) & (y >= 0) & (y < view.height))
        places = seen if among is None else among[seen]
        return PointsInView(self._order[places], self._tints[places], x[seen], y[seen])


def paint_dots(
    view: Viewport,
    points: PointsInView,
    colours: np.ndarray,
    surface: np.ndarray,
    scale: float = 1.0,
    largest: float = _LARGEST,
) -> Layer:
    """Paint the `points` in view.

    colours: (T, 3) in [0, 255], one per tint; surface: (3,), what shines through at their edges. scale: of the
    screen: 2 where a pixel is half as large as usual. largest: radius of a dot in px, at a scale of 1.
    """
    radius = _radius(view, len(points), scale, largest)
    stamp = _disc(radius)
    pad = int(np.ceil(radius)) + 2
    stride = view.width + 2 * pad
    # One flat index per point: a dot is then a handful of constant offsets, with no test for the picture's edge.
    flat = (points.y.astype(np.int32) + pad) * stride + points.x.astype(np.int32) + pad
    kind = np.uint8 if len(colours) * _LEVELS < 256 else np.uint16
    canvas = np.zeros((view.height + 2 * pad) * stride, kind)
    codes = (points.tints * _LEVELS).astype(kind)
    for level in range(1, _LEVELS + 1):
        painted = codes + np.array(level, kind)
        for dx, dy in stamp[level - 1]:
            canvas[flat + (dy * stride + dx)] = painted
    shown = canvas.reshape(-1, stride)[pad : pad + view.height, pad : pad + view.width]
    return Layer(shown, _shades(colours, surface))


@dataclass(frozen=True, eq=False)
class Layer:
    """A painted picture: `codes` (H, W), 0 where nothing was painted, and the colour of each code as of `pack`."""

    codes: np.ndarray
    shades: np.ndarray

    def over(self, ground: np.ndarray | int) -> np.ndarray:
        """On a ground of one colour, or on one of (H, W) uint32, which is painted on -> (H, W) uint32."""
        if isinstance(ground, np.ndarray):
            codes = self.codes.ravel()
            painted = np.flatnonzero(codes)
            ground.reshape(-1)[painted] = self.shades[codes[painted]]
            return ground
        shades = self.shades.copy()
        shades[0] = ground
        return np.take(shades, self.codes)


def pack(rgb: np.ndarray) -> np.ndarray:
    """(..., 3) in [0, 255] -> (...) uint32, whose bytes in memory are red, green, blue and 255."""
    padded = np.full((*rgb.shape[:-1], 4), 255, np.uint8)
    padded[..., :3] = rgb
    packed: np.ndarray = padded.view(np.uint32)[..., 0]
    return packed


def _shades(colours: np.ndarray, surface: np.ndarray) -> np.ndarray:
    """The colour of each code: tint * _LEVELS + level, levels from 1."""
    shares = np.arange(1, _LEVELS + 1, dtype=np.float32)[:, None] / _LEVELS
    blended = surface + shares * (colours[:, None] - surface)
    return np.concatenate([np.zeros(1, np.uint32), pack(blended.reshape(-1, 3))])


def _disc(radius: float) -> list[list[tuple[int, int]]]:
    """(dx, dy) of the pixels of an antialiased disc by their level of opacity, the faintest first."""
    reach = int(np.ceil(radius + 0.5))
    levels: list[list[tuple[int, int]]] = [[] for _ in range(_LEVELS)]
    for dx in range(-reach, reach + 1):
        for dy in range(-reach, reach + 1):
            opacity = min(1.0, max(0.0, radius + 0.5 - float(np.hypot(dx, dy))))
            level = round(opacity * _LEVELS)
            if level:
                levels[level - 1].append((dx, dy))
    return levels


def _radius(view: Viewport, count: int, scale: float, largest: float) -> float:
    """Of dots that cover a fair share of the picture, smaller where that would take long; in px."""
    if not count:
        return _SMALLEST * scale
    fair = np.sqrt(_COVER * view.width * view.height / (np.pi * count))
    quick = np.sqrt(_MOST_WRITES / (np.pi * count)) - 0.5
    # In steps, so that dots do not breathe while the map is moved.
    radius = float(min(np.clip(fair, _SMALLEST * scale, largest * scale), max(quick, _SMALLEST)))
    return round(radius * 3) / 3
