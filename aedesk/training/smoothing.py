"""Curves for the eye: smoothed where they are noisy, and thinned to what a screen can show."""

from __future__ import annotations

import math

import numpy as np

_LARGEST = 1e100  # what a term is scaled by at most within a block
_LEAST = 1e-12  # a weight below which nothing is averaged that a float could hold


def smooth(values: np.ndarray, weight: float) -> np.ndarray:
    """The exponential moving average of (n,) finite values, as TensorBoard draws it; weight in [0, 1).

    Each result is the mean of all values so far, one `k` places back counting `weight ** k`: without that bias
    towards 0 at the beginning that Kingma & Ba (2015) correct for. Weight 0 gives the values themselves.
    """
    values = np.asarray(values, float)
    if weight < _LEAST or len(values) < 2:
        return values.copy()
    scale = float(np.abs(values).max()) or 1.0
    # y[n] = weight * y[n - 1] + (1 - weight) * v[n], a block at a time: within one it is a sum of scaled terms.
    block = max(1, min(len(values), int(math.log(_LARGEST) / -math.log(weight))))
    powers = weight ** np.arange(1, block + 1)
    smoothed = np.empty(len(values))
    last = 0.0
    for start in range(0, len(values), block):
        part = values[start : start + block]
        power = powers[: len(part)]
        smoothed[start : start + block] = power * (last + (1 - weight) * np.cumsum(part / scale / power))
        last = float(smoothed[start + len(part) - 1])
    counted = -np.expm1(np.arange(1, len(values) + 1) * math.log(weight))  # 1 - weight ** n
    # A mean of values lies between them, which rounding forgets.
    averages: np.ndarray = np.clip(smoothed / counted * scale, values.min(), values.max())
    return averages


def decimate(x: np.ndarray, y: np.ndarray, most: int) -> tuple[np.ndarray, np.ndarray]:
    """At most `most` (at least 4) of the points (n,), (n,), with x ascending, that look the same when joined by lines.

    The least and the greatest `y` of every column of the width stay, and both ends. All stay if there are no more.
    """
    if len(x) <= most:
        return x, y
    columns = (most - 2) // 2
    width = float(x[-1] - x[0]) or 1.0
    column = ((x - x[0]) * (columns / width)).astype(int).clip(0, columns - 1)
    is_first = np.diff(column, prepend=-1) != 0
    starts, group = np.flatnonzero(is_first), np.cumsum(is_first) - 1
    kept = np.zeros(len(x), bool)
    kept[[0, -1]] = True
    for extreme in (np.minimum, np.maximum):
        places = np.flatnonzero(y == extreme.reduceat(y, starts)[group])
        kept[places[np.diff(group[places], prepend=-1) != 0]] = True  # the first of equals
    return x[kept], y[kept]
