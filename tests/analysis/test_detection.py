"""Curves of detection, counted by hand and against plain definitions."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from aedesk.analysis.detection import at_false_alarms, precision_recall, roc
from aedesk.errors import AedeskError

SCORES = st.lists(st.integers(0, 12).map(float), min_size=1, max_size=30).map(np.array)


def test_what_is_wholly_apart_is_told_without_a_mistake() -> None:
    usual, odd = np.arange(10.0), np.arange(20.0, 25.0)
    curve = roc(usual, odd)
    assert curve.auc == 1
    assert at_false_alarms(curve, 0) == 1
    assert precision_recall(usual, odd).auc == 1


@given(SCORES, SCORES)
def test_auc_is_how_often_an_odd_one_scores_higher(usual: np.ndarray, odd: np.ndarray) -> None:
    higher = (odd[:, None] > usual).mean() + (odd[:, None] == usual).mean() / 2
    assert roc(usual, odd).auc == pytest.approx(higher)


@given(SCORES, SCORES, st.floats(0, 1))
def test_hits_at_a_rate_are_those_of_the_best_threshold(
    usual: np.ndarray, odd: np.ndarray, rate: float
) -> None:
    limits = [np.inf, *usual, *odd]
    allowed = [limit for limit in limits if (usual >= limit).mean() <= rate]
    best = max((odd >= limit).mean() for limit in allowed)
    assert at_false_alarms(roc(usual, odd), rate) == pytest.approx(best)


@given(SCORES, SCORES)
def test_curves_run_from_left_to_right(usual: np.ndarray, odd: np.ndarray) -> None:
    for curve in (roc(usual, odd), precision_recall(usual, odd)):
        assert (np.diff(curve.x) >= 0).all()
        assert curve.x[0] == 0
        assert curve.x[-1] == 1
        assert ((curve.y >= 0) & (curve.y <= 1)).all()


def test_average_precision_counts_what_is_flagged_before_each_odd_one() -> None:
    # In falling order: odd, usual, odd, usual.
    curve = precision_recall(np.array([3.0, 1.0]), np.array([4.0, 2.0]))
    assert curve.auc == pytest.approx((1 / 1 + 2 / 3) / 2)


def test_both_kinds_are_needed() -> None:
    with pytest.raises(AedeskError, match="both needed"):
        roc(np.array([]), np.array([1.0]))
