"""How many made pictures are digits: among samples, and over a map; a judge of real digits decides."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from aedesk.analysis import generation
from aedesk.analysis.generation import map_score, sample_score, score_of, visible_places
from aedesk.analysis.judge import Judge
from aedesk.data.imageset import DataSet
from aedesk.errors import Cancelled
from aedesk.latent.projection import Native


class Album:
    """In place of a model: which of some pictures a code is decoded to, a function of the code tells."""

    def __init__(self, pictures: np.ndarray, which: Any) -> None:
        self._pictures, self._which = pictures, which

    def decode(self, codes: np.ndarray) -> np.ndarray:
        return self._pictures[self._which(codes)]


@pytest.fixture(scope="module")
def judge() -> Judge:
    return Judge.load()


@pytest.fixture(scope="module")
def pictures(mnist: DataSet, judge: Judge) -> np.ndarray:
    """A sheet of blank paper, a 1 and a 7 that the judge is sure of, (3, 28, 28)."""
    sure = judge.sure(mnist.test.pixels(slice(100)))
    chosen = [np.flatnonzero((mnist.test.labels[:100] == label) & sure)[0] for label in (1, 7)]
    return np.concatenate([np.zeros((1, 28, 28), np.float32), mnist.test.pixels(np.array(chosen))])


def test_the_score_of_samples_is_the_share_that_shows_a_digit(judge: Judge, pictures: np.ndarray) -> None:
    codes = np.arange(2500, dtype=np.float32)[:, None]  # more than are decoded at a time
    album: Any = Album(pictures, lambda codes: np.where(codes[:, 0] % 5 == 0, 0, 1))
    assert sample_score(judge, album, codes) == pytest.approx(0.8)


def test_a_map_of_two_digits_and_a_desert_is_measured_as_such(judge: Judge, pictures: np.ndarray) -> None:
    rng = np.random.default_rng(0)
    points = rng.uniform(0, 1, (4000, 2)).astype(np.float32)
    # From left to right: a quarter of 1, a quarter of 7, and nothing on the other half.
    album: Any = Album(pictures, lambda codes: np.select([codes[:, 0] < 0.25, codes[:, 0] < 0.5], [1, 2], 0))
    score = map_score(judge, album, Native(points), side=32)
    assert score.sure == pytest.approx(0.5, abs=0.02)
    assert score.dead == pytest.approx(0.5, abs=0.02)
    assert score.classes[1] == pytest.approx(0.5, abs=0.1)
    assert score.classes[7] == pytest.approx(0.5, abs=0.1)
    assert score.balance == pytest.approx(np.log(2) / np.log(10), abs=0.01)
    assert score.near > 0.9  # points are everywhere but in the margin


def test_places_far_from_all_points_count_apart(judge: Judge, pictures: np.ndarray) -> None:
    rng = np.random.default_rng(0)
    # Two islands in opposite corners: a digit wherever there are points, and blank paper everywhere else.
    corners = rng.uniform(0, 0.3, (3000, 2)) + rng.integers(0, 2, (3000, 1)) * 0.7
    album: Any = Album(pictures, lambda codes: (abs(codes[:, 0] - codes[:, 1]) < 0.35).astype(int))
    score = map_score(judge, album, Native(corners.astype(np.float32)), side=32)
    assert 0.1 < score.near < 0.3
    assert score.sure_near > 0.99
    assert score.dead_near < 0.01
    assert score.dead > 0.15


def test_a_wish_to_stop_is_heard(judge: Judge, pictures: np.ndarray) -> None:
    album: Any = Album(pictures, lambda codes: np.zeros(len(codes), int))
    codes = np.zeros((3000, 2), np.float32)
    for work in (
        lambda: sample_score(judge, album, codes, cancelled=lambda: True),
        lambda: map_score(judge, album, Native(codes), cancelled=lambda: True),
    ):
        with pytest.raises(Cancelled):
            work()


def test_the_places_are_the_middles_of_the_cells_of_what_a_fitted_map_shows() -> None:
    from aedesk.latent import extent

    points = np.random.default_rng(0).normal(0, (3, 1), (5000, 2))
    low, high = np.quantile(points, (extent.OUTLIERS, 1 - extent.OUTLIERS), axis=0)
    margin = extent.MARGIN * (high - low)
    places = visible_places(points, 10).reshape(10, 10, 2)
    cell = (high - low + 2 * margin) / 10
    assert places[0, 0] == pytest.approx(low - margin + cell / 2, rel=1e-4)
    assert places[-1, -1] == pytest.approx(high + margin - cell / 2, rel=1e-4)
    assert np.ptp(places[3, :, 1]) == 0  # a row lies at one height
    assert np.diff(places[3, :, 0]) == pytest.approx(cell[0], rel=1e-4)


def largest(cells: np.ndarray) -> int:
    """By walking: the size of the largest set of true cells that can be reached from each other over edges."""
    left = {tuple(cell) for cell in np.argwhere(cells).tolist()}
    best = 0
    while left:
        ahead, size = [left.pop()], 0
        while ahead:
            row, column = ahead.pop()
            size += 1
            beside = {(row + 1, column), (row - 1, column), (row, column + 1), (row, column - 1)} & left
            left -= beside
            ahead += beside
        best = max(best, size)
    return best


@given(st.integers(1, 9), st.integers(0, 2**32 - 1), st.floats(0, 1), st.floats(0, 1))
def test_a_map_is_scored_by_counting_its_cells(side: int, seed: int, sure: float, near: float) -> None:
    rng = np.random.default_rng(seed)
    labels = np.where(rng.random((side, side)) < sure, rng.integers(0, 10, (side, side)), -1)
    reached = rng.random((side, side)) < near
    score = score_of(labels, reached)
    assert score.sure == pytest.approx((labels >= 0).mean())
    assert score.dead == pytest.approx(largest(labels < 0) / side**2)
    assert score.near == pytest.approx(reached.mean())
    if reached.any():
        assert score.sure_near == pytest.approx((labels[reached] >= 0).mean())
        assert score.dead_near == pytest.approx(largest((labels < 0) & reached) / reached.sum())
    assert sum(score.classes) == pytest.approx(1 if (labels >= 0).any() else 0)
    assert 0 <= score.balance <= 1 + 1e-9


def test_ten_digits_with_as_much_room_are_in_balance_and_one_alone_is_not() -> None:
    everywhere = np.ones((10, 10), bool)
    assert score_of(np.tile(np.arange(10), (10, 1)), everywhere).balance == pytest.approx(1)
    assert score_of(np.full((10, 10), 4), everywhere).balance == 0
    assert generation.score_of(np.full((10, 10), -1), everywhere).balance == 0
