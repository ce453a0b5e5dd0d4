"""Which points of a map lie in a shape drawn on it."""

from __future__ import annotations

import numpy as np


def inside(points: np.ndarray, polygon: np.ndarray) -> np.ndarray:
    """The points (N, 2) inside a polygon (m, 2), closed by itself, by the even-odd rule: sorted indices, int64.

    A polygon of fewer than three corners holds nothing. Points that are not finite are never inside.
    """
    corners = np.asarray(polygon, np.float64).reshape(-1, 2)
    if len(corners) < 3:
        return np.empty(0, np.int64)
    near = within(points, corners.min(axis=0), corners.max(axis=0))
    x, y = np.asarray(points, np.float64)[near].T
    # In the order of their heights, the points that an edge passes are neighbours: each edge looks at few.
    order = np.argsort(y, kind="stable")
    x, y = x[order], y[order]
    odd = np.zeros(len(near), bool)
    starts, ends = corners, np.roll(corners, -1, axis=0)
    firsts = np.searchsorted(y, np.minimum(starts[:, 1], ends[:, 1]), side="left")
    lasts = np.searchsorted(y, np.maximum(starts[:, 1], ends[:, 1]), side="left")
    for (x0, y0), (x1, y1), first, last in zip(starts, ends, firsts, lasts, strict=True):
        if first < last:  # the edge is not level
            part = slice(first, last)
            odd[part] ^= x[part] < x0 + (y[part] - y0) / (y1 - y0) * (x1 - x0)
    return np.sort(near[order[odd]])


def within(points: np.ndarray, one_corner: np.ndarray, other_corner: np.ndarray) -> np.ndarray:
    """The points (N, 2) in the box between two opposite corners (2,), its rim included: sorted indices, int64."""
    low, high = np.minimum(one_corner, other_corner), np.maximum(one_corner, other_corner)
    x, y = np.asarray(points).reshape(-1, 2).T
    held = (x >= low[0]) & (x <= high[0]) & (y >= low[1]) & (y <= high[1])
    return np.flatnonzero(held).astype(np.int64)
