"""Groups among codes that are found without their classes, and how well the two agree."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Literal, get_args

import numpy as np

from aedesk.errors import AedeskError, Cancelled

Method = Literal["kmeans", "mixture"]
METHODS: tuple[Method, ...] = get_args(Method)
FEWEST, MOST = 2, 62

_TRIES = 3  # of k-means, from different starts: the best is taken
# What a mixture is fitted to, by PCA: purity on the shipped models was highest here, fewer codes need fewer.
_MOST_NUMBERS, _CODES_PER_NUMBER = 32, 100
_STEPS, _STEPS_AT_ONCE = 100, 5  # of EM at most, and between two looks at `cancelled`


@dataclass(frozen=True)
class Description:
    """A cluster in terms of classes. size: of its codes. label: the class most have. share: of them, in (0, 1]."""

    size: int
    label: int
    share: float


@dataclass(frozen=True, eq=False)
class Clusters:
    """Which cluster every code is in: assignments (N,) int64 from 0, the largest cluster first.

    k: how many there are; fewer than were asked for only where codes coincide.
    """

    assignments: np.ndarray = field(repr=False)
    method: Method
    k: int

    def describe(self, labels: np.ndarray) -> list[Description]:
        """A description of each cluster, by the labels (N,) of its codes."""
        counts = _counts(self.assignments, labels)
        sizes = counts.sum(axis=1)
        most = counts.argmax(axis=1)
        return [
            Description(int(size), int(label), float(row[label] / size))
            for size, label, row in zip(sizes, most, counts, strict=True)
        ]


def cluster(
    codes: np.ndarray, method: str, k: int, seed: int = 0, cancelled: Callable[[], bool] | None = None
) -> Clusters:
    """Codes (N, D) in k clusters, the same for the same seed.

    method: "kmeans", or "mixture" of normal distributions: slower, and clusters may be stretched and of
    different sizes. cancelled() -> bool is asked now and then.
    Raises AedeskError for a method or a k that is out of range, Cancelled if ended.
    """
    if method not in METHODS:
        raise AedeskError(f"There is no clustering {method!r}; choose one of: {', '.join(METHODS)}.")
    if not FEWEST <= k <= MOST:
        raise AedeskError(f"The number of clusters must be between {FEWEST} and {MOST}, not {k}.")
    if k > len(codes):
        raise AedeskError(f"There are only {len(codes)} codes for {k} clusters; ask for fewer clusters.")
    find = _kmeans if method == "kmeans" else _mixture
    found, ranks = np.unique(find(codes, k, seed, cancelled), return_inverse=True)
    by_size = np.argsort(-np.bincount(ranks), kind="stable")
    assignments = np.argsort(by_size)[ranks].astype(np.int64)
    return Clusters(assignments, "kmeans" if method == "kmeans" else "mixture", len(found))


def purity(assignments: np.ndarray, labels: np.ndarray) -> float:
    """The share of codes whose class is the one most codes of their cluster have, in (0, 1].

    assignments, labels: (N,) whole numbers from 0. (Manning, Raghavan & Schuetze 2008, section 16.3.)
    """
    return float(_counts(assignments, labels).max(axis=1).sum() / len(labels))


def _counts(assignments: np.ndarray, labels: np.ndarray) -> np.ndarray:
    """How many codes of each cluster have each class, (clusters, classes) int64."""
    counts = np.zeros((assignments.max() + 1, labels.max() + 1), np.int64)
    np.add.at(counts, (assignments, labels), 1)
    return counts


def _kmeans(codes: np.ndarray, k: int, seed: int, cancelled: Callable[[], bool] | None) -> np.ndarray:
    from sklearn.cluster import KMeans
    from sklearn.exceptions import ConvergenceWarning

    best = None
    for number in range(_TRIES):
        if cancelled is not None and cancelled():
            raise Cancelled("the clustering was cancelled; ask for it again to start over")
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", ConvergenceWarning)  # where codes coincide there are fewer than k
            fitted = KMeans(k, n_init=1, random_state=(seed + number) % 2**32).fit(codes)
        if best is None or fitted.inertia_ < best.inertia_:
            best = fitted
    assert best is not None
    labels: np.ndarray = best.labels_
    return labels


def _mixture(codes: np.ndarray, k: int, seed: int, cancelled: Callable[[], bool] | None) -> np.ndarray:
    from sklearn.exceptions import ConvergenceWarning
    from sklearn.mixture import GaussianMixture

    numbers = max(2, min(_MOST_NUMBERS, len(codes) // _CODES_PER_NUMBER))
    if codes.shape[1] > numbers and len(codes) > numbers:
        from sklearn.decomposition import PCA

        codes = PCA(numbers, random_state=seed).fit_transform(codes)
    fitted = GaussianMixture(
        k,
        reg_covar=1e-3 * float(codes.var()) + 1e-9,  # units of a ReLU code that never fire do not vary
        random_state=seed,
        max_iter=_STEPS_AT_ONCE,
        warm_start=True,
    )
    exact = codes.astype(np.float64)
    for _ in range(_STEPS // _STEPS_AT_ONCE):
        if cancelled is not None and cancelled():
            raise Cancelled("the clustering was cancelled; ask for it again to start over")
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", ConvergenceWarning)  # it is not meant to have come to an end yet
            fitted.fit(exact)
        if fitted.converged_:
            break
    labels: np.ndarray = fitted.predict(exact)
    return labels
