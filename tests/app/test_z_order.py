"""The index of many points: every cell of it is one run along its curve, and no point is lost."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from aedesk.app.z_order import Window, ZOrder, members

coordinates = st.floats(-1e6, 1e6, width=32) | st.integers(-3, 3).map(float)
planes = hnp.arrays(np.float32, st.tuples(st.integers(0, 40), st.just(2)), elements=coordinates)
corners = st.tuples(st.floats(-2e6, 2e6), st.floats(-2e6, 2e6)) | st.tuples(
    st.floats(-4, 4), st.floats(-4, 4)
)
shifts = st.integers(0, 20)  # from 16 on, one cell holds everything


def between(points: np.ndarray, low: np.ndarray, high: np.ndarray) -> set[int]:
    return set(np.flatnonzero(((points >= low) & (points <= high)).all(axis=1)).tolist())


def held(index: ZOrder, window: Window) -> list[int]:
    return index.order[members(*(run.ravel() for run in index.runs(window)))].tolist()


def box(one: tuple[float, float], other: tuple[float, float]) -> tuple[np.ndarray, np.ndarray]:
    ends = np.array([one, other]).astype(np.float32)
    return ends.min(axis=0), ends.max(axis=0)


@given(planes, corners, corners, shifts)
def test_the_cells_around_a_box_hold_all_points_in_it_and_those_inside_no_others(
    points: np.ndarray, one: tuple[float, float], other: tuple[float, float], shift: int
) -> None:
    index, (low, high) = ZOrder(points), box(one, other)
    shift = max(shift, index.coarse(low, high, 64))
    wanted = between(points, low, high)
    around, inside = (held(index, window(low, high, shift)) for window in (index.window, index.window_inside))
    assert len(set(around)) == len(around), "a point is in one cell only"
    assert set(inside) <= wanted <= set(around)


@given(planes, corners, corners, st.integers(2, 64))
def test_a_box_takes_no_more_cells_than_wished(
    points: np.ndarray, one: tuple[float, float], other: tuple[float, float], cells: int
) -> None:
    index, (low, high) = ZOrder(points), box(one, other)
    window = index.window(low, high, index.coarse(low, high, cells))
    assert window.right - window.left <= cells
    assert window.top - window.bottom <= cells


@given(planes, shifts)
def test_a_point_lies_in_the_cell_that_its_place_says(points: np.ndarray, shift: int) -> None:
    index = ZOrder(points)
    for point in points[:5]:
        window, (column, row) = index.window(point, point, shift), index.to_cells(point, shift)
        last = (2**16 - 1) >> shift  # what lies beyond the grid is in the cells at its rim
        assert window.left == pytest.approx(np.clip(np.floor(column), 0, last), abs=1)
        assert window.bottom == pytest.approx(np.clip(np.floor(row), 0, last), abs=1)


def test_a_window_beyond_the_grid_holds_nothing_there() -> None:
    index = ZOrder(np.random.default_rng(0).normal(size=(500, 2)).astype(np.float32))
    starts, ends = index.runs(Window(14, -2, -1, 6, 5))
    lengths = ends - starts
    assert lengths.shape == (6, 8)
    assert lengths.sum() == 500
    assert lengths[1:5, 2:6].sum() == 500


def test_a_few_points_far_out_do_not_make_the_cells_coarse() -> None:
    points = np.random.default_rng(0).normal(size=(5000, 2)).astype(np.float32)
    points[:2] = 1e9, -1e9
    assert (ZOrder(points).cell_size(0) < 0.01).all()


def test_points_that_are_not_finite_are_in_no_cell() -> None:
    points = np.array([(0, 0), (np.nan, 1), (1, np.inf), (2, 2)], np.float32)
    assert sorted(ZOrder(points).order.tolist()) == [0, 3]


@pytest.mark.parametrize("count", [0, 1, 7])
def test_points_that_are_all_alike_make_a_sound_index(count: int) -> None:
    points = np.full((count, 2), 1e5, np.float32)
    index = ZOrder(points)
    everywhere = index.window(np.full(2, -1e9), np.full(2, 1e9), 15)
    assert sorted(held(index, everywhere)) == list(range(count))
