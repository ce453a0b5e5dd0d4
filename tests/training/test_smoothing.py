"""Smoothed curves stay within what they smooth; thinned ones keep what the eye would see."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from aedesk.training.smoothing import decimate, smooth

VALUES = arrays(float, st.integers(1, 400), elements=st.floats(-1e9, 1e9))
WEIGHTS = st.floats(0, 0.999)


def by_the_book(values: np.ndarray, weight: float) -> np.ndarray:
    """One after the other, as TensorBoard does."""
    averages, last = [], 0.0
    for count, value in enumerate(values, 1):
        last = weight * last + (1 - weight) * value
        averages.append(last / (1 - weight**count))
    return np.array(averages)


@given(VALUES, WEIGHTS)
def test_a_smoothed_curve_stays_between_the_least_and_the_greatest_value(
    values: np.ndarray, weight: float
) -> None:
    smoothed = smooth(values, weight)
    assert smoothed.shape == values.shape
    assert smoothed.min() >= values.min()
    assert smoothed.max() <= values.max()


@given(VALUES)
def test_without_weight_the_curve_is_the_raw_one(values: np.ndarray) -> None:
    np.testing.assert_array_equal(smooth(values, 0.0), values)


@given(st.floats(-1e9, 1e9), st.integers(1, 400), WEIGHTS)
def test_a_constant_stays_what_it_is(value: float, count: int, weight: float) -> None:
    np.testing.assert_array_equal(smooth(np.full(count, value), weight), np.full(count, value))


@given(VALUES, st.floats(0, 0.99))
def test_it_is_the_moving_average_of_the_book(values: np.ndarray, weight: float) -> None:
    scale = np.abs(values).max()
    np.testing.assert_allclose(smooth(values, weight), by_the_book(values, weight), rtol=0, atol=1e-9 * scale)


@pytest.mark.parametrize("weight", [0.01, 0.6, 0.98, 0.9999])
def test_a_curve_of_ten_thousand_epochs_is_smoothed_block_by_block_without_a_seam(weight: float) -> None:
    values = np.random.default_rng(0).random(10_000)
    np.testing.assert_allclose(smooth(values, weight), by_the_book(values, weight), rtol=1e-9)


@given(
    arrays(float, st.integers(1, 800), elements=st.floats(-1e9, 1e9)),
    st.integers(4, 300),
    st.integers(0, 2**32 - 1),
)
def test_a_thinned_curve_keeps_its_ends_its_least_and_its_greatest(
    y: np.ndarray, most: int, seed: int
) -> None:
    x = np.sort(np.random.default_rng(seed).random(len(y)) * 100)
    thin_x, thin_y = decimate(x, y, most)
    assert len(thin_x) == len(thin_y) <= max(most, len(y) if len(y) <= most else 0)
    assert (thin_y.min(), thin_y.max()) == (y.min(), y.max())
    assert (thin_x[0], thin_y[0], thin_x[-1], thin_y[-1]) == (x[0], y[0], x[-1], y[-1])
    assert np.all(np.diff(thin_x) >= 0)
    assert set(zip(thin_x, thin_y, strict=True)) <= set(zip(x, y, strict=True))


def test_every_column_of_a_thinned_curve_reaches_as_far_up_and_down_as_before() -> None:
    x = np.arange(10_000.0)
    y = np.random.default_rng(1).random(10_000)
    thin_x, thin_y = decimate(x, y, 202)
    for column in range(100):
        before = y[column * 100 + 1 : column * 100 + 99]  # what no rounding puts into the next column
        after = thin_y[(thin_x >= column * 100) & (thin_x < (column + 1) * 100)]
        assert after.min() <= before.min()
        assert after.max() >= before.max()


def test_points_at_one_place_are_thinned_as_well() -> None:
    thin_x, thin_y = decimate(np.zeros(1000), np.arange(1000.0), 10)
    assert len(thin_x) <= 10
    assert (thin_y.min(), thin_y.max()) == (0, 999)
