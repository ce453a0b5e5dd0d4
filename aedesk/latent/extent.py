"""How much of a plane a map takes."""

from __future__ import annotations

import numpy as np

OUTLIERS = 0.001
"""Share of the points on each side that may lie outside."""
MARGIN = 0.06
"""Of the extent of the others, around them."""


def fitted(points: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The lower and the upper corner, (2,) each, of what a map of points (N, 2) shows when it is fitted."""
    low, high = np.quantile(points, (OUTLIERS, 1 - OUTLIERS), axis=0)
    margin = (high - low) * MARGIN + 1e-6
    return low - margin, high + margin
