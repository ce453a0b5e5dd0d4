"""How well a score tells odd pictures from usual ones, whatever the threshold."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from aedesk.errors import AedeskError


@dataclass(frozen=True, eq=False)
class Curve:
    """x, y: (n,) float64 in [0, 1], x ascending. auc: the area below it, or the average precision."""

    x: np.ndarray
    y: np.ndarray
    auc: float


def roc(usual: np.ndarray, odd: np.ndarray) -> Curve:
    """The share of odd ones flagged (hits) over the share of usual ones flagged (false alarms), for every threshold.

    usual, odd: their scores, (N,) and (M,), higher is odder. Raises AedeskError where either is empty.
    """
    from sklearn.metrics import roc_auc_score, roc_curve

    truth, scores = _together(usual, odd)
    false_alarms, hits, _ = roc_curve(truth, scores, drop_intermediate=False)
    return Curve(false_alarms, hits, float(roc_auc_score(truth, scores)))


def precision_recall(usual: np.ndarray, odd: np.ndarray) -> Curve:
    """The share of odd ones among all that are flagged (precision) over the share of odd ones flagged (recall).

    auc: the average precision. Otherwise as `roc`. Precision depends on how many of each there are.
    """
    from sklearn.metrics import average_precision_score, precision_recall_curve

    truth, scores = _together(usual, odd)
    precision, recall, _ = precision_recall_curve(truth, scores)
    return Curve(recall[::-1], precision[::-1], float(average_precision_score(truth, scores)))


def at_false_alarms(curve: Curve, rate: float) -> float:
    """The hits of a ROC curve where at most the share `rate` of usual ones is flagged."""
    return float(curve.y[curve.x <= rate].max(initial=0.0))


def _together(usual: np.ndarray, odd: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """(whether odd, score) of all."""
    if not len(usual) or not len(odd):
        raise AedeskError(
            "usual and odd pictures are both needed to tell how well one is told from the other"
        )
    return np.repeat([False, True], [len(usual), len(odd)]), np.concatenate([usual, odd])
