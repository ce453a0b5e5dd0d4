"""Numbers kept as whole steps of a scale of their own for each column: one or two bytes each, and no rounding twice."""

from __future__ import annotations

from typing import Any

import numpy as np

MAX = 65_504.0  # as of float16: beyond it an offset could leave float32
_LEAST = -149  # float32 has no smaller power of two


def taken(values: np.ndarray, dtype: Any) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Values (N, D) float32 of at most `MAX` -> steps (N, D) of this unsigned type, offset and scale (D,) float32.

    No value moves by more than half its scale; 0 stays 0, none changes its sign, a column of one value stays exact.
    A scale is a power of two and an offset a whole number of scales, so that `values_of` rounds nothing, and taking
    its values again, perhaps at a finer scale, changes none of them.
    """
    values = np.asarray(values, np.float64)
    lowest, highest = values.min(axis=0), values.max(axis=0)
    most = np.iinfo(dtype).max
    mantissa, exponent = np.frexp((highest - lowest) / (most + 1))
    scale = np.ldexp(
        1.0, np.maximum(exponent - (mantissa == 0.5), _LEAST)
    )  # the power of two above, or the same
    scale = np.where(np.rint(highest / scale) - np.rint(lowest / scale) > most, 2 * scale, scale)
    steps = (np.rint(values / scale) - np.rint(lowest / scale)).astype(dtype)
    constant = lowest == highest
    offset = np.where(constant, lowest, np.rint(lowest / scale) * scale)
    return steps, offset.astype(np.float32), np.where(constant, 0, scale).astype(np.float32)


def values_of(steps: np.ndarray, offset: np.ndarray, scale: np.ndarray) -> np.ndarray:
    """Steps (N, D), offset and scale (D,) -> offset + scale * step, (N, D) float32, computed in float32.

    Raises ValueError where they are of other forms, or larger than `taken` makes them.
    """
    form = steps.shape[1:]
    if steps.ndim != 2 or any(of.dtype != np.float32 or of.shape != form for of in (offset, scale)):
        raise ValueError(
            f"steps of the form {steps.shape}, but offset {offset.shape} and scale {scale.shape}"
        )
    if np.abs(offset).max(initial=0) > 2 * MAX or scale.min(initial=0) < 0 or scale.max(initial=0) > MAX:
        raise ValueError(f"an offset or a scale that is negative or beyond {MAX:,.0f}")
    return np.asarray(offset + scale * steps.astype(np.float32), np.float32)
