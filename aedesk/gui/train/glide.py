"""Dots on their way from one epoch's places to the next one's, and the frame that follows them. No widget."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

_OUTLIERS = 0.001  # share of the points on each side that may lie outside the frame
_MARGIN = 0.1  # of the points' extent, on each side
_LEAST_FILLED = 0.6  # of the frame, in each direction; less, and it closes in
_FLATTEST = 0.05  # of the longer side's extent, that the other side shows at least


@dataclass(frozen=True, eq=False)
class Frame:
    """The part of the map that is looked at, from `low` to `high`, (2,) each, in map coordinates."""

    low: np.ndarray
    high: np.ndarray

    def follow(self, points: np.ndarray) -> Frame:
        """The frame for other points (n, 2): this one, unless they reach out of it or have become small in it."""
        fitted, (low, high) = fit(points), _reach(points)
        holds_all = bool((low >= self.low).all() and (high <= self.high).all())
        is_filled = bool((fitted.high - fitted.low >= _LEAST_FILLED * (self.high - self.low)).all())
        return self if holds_all and is_filled else fitted


def fit(points: np.ndarray) -> Frame:
    """The frame around points (n, 2), n > 0, with a margin; outliers may lie outside."""
    low, high = _reach(points)
    extent = high - low
    # Codes of a network that has learnt nothing yet may lie on a line or in one place.
    least = max(_FLATTEST * float(extent.max()), 1e-3 * float(np.abs(points).max()), 1e-6)
    margin = np.maximum(_MARGIN * extent, (least - extent) / 2)
    return Frame(low - margin, high + margin)


@dataclass(frozen=True, eq=False)
class Scene:
    """What lies on the map: points (n, 2) float32, the user's sketch (2,) or None, and the frame around them."""

    points: np.ndarray
    sketch: np.ndarray | None
    frame: Frame

    def towards(self, other: Scene, share: float) -> Scene:
        """Part of the way to another scene of as many points; share in [0, 1], slow at both ends."""
        if share >= 1:
            return other
        part = np.float32(share * share * (3 - 2 * share))
        frame = Frame(
            self.frame.low + part * (other.frame.low - self.frame.low),
            self.frame.high + part * (other.frame.high - self.frame.high),
        )
        sketch = other.sketch
        if self.sketch is not None and other.sketch is not None:
            sketch = self.sketch + part * (other.sketch - self.sketch)
        return Scene(self.points + part * (other.points - self.points), sketch, frame)


def _reach(points: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Where all points lie but for the outliers: low and high, (2,) float64 each."""
    low, high = np.quantile(points.astype(np.float64), (_OUTLIERS, 1 - _OUTLIERS), axis=0)
    return low, high
