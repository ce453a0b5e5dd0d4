"""Exact nearest neighbours by one matrix product, and the guess of a class from them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

_CHUNK_NUMBERS = 1 << 23  # squared distances held at once: 32 MB
_BLOCK = 100  # scores whose least is looked at first: most of a row is then never sorted
_SPARE = 4  # candidates beyond k: rounding in the product may swap near ties


@dataclass(frozen=True, eq=False)
class Guess:
    """The class most neighbours have. share: of the votes, in (0, 1]. neighbours: (k,), nearest first."""

    label: int
    share: float
    neighbours: np.ndarray


class Neighbours:
    """Finds the nearest of the reference `codes`, (N, D) of finite numbers, in Euclidean distance.

    labels: (N,) whole numbers from 0, needed for `guess` and `predict` only.
    """

    def __init__(self, codes: np.ndarray, labels: np.ndarray | None = None) -> None:
        if codes.ndim != 2 or not len(codes):
            raise ValueError(f"reference codes must be (N, D) with N of 1 or more, not {codes.shape}")
        if labels is not None and (labels.shape != codes.shape[:1] or labels.min() < 0):
            raise ValueError(f"{len(codes)} codes need as many labels from 0, not {labels.shape}")
        self._codes = np.ascontiguousarray(codes, np.float32)
        # Around their mean the codes are small, and the product below loses few digits.
        self._centre = self._codes.mean(axis=0)
        self._centred = self._codes - self._centre
        self._half_norms = np.einsum("nd,nd->n", self._centred, self._centred) / 2
        self._labels = labels
        self._classes = int(labels.max()) + 1 if labels is not None else 0

    def __len__(self) -> int:
        return len(self._codes)

    def nearest(self, codes: np.ndarray, k: int) -> tuple[np.ndarray, np.ndarray]:
        """Codes (n, D) or (D,) -> indices (n, k) int64 and distances (n, k) float32, nearest first.

        Fewer than k where there are fewer references. Ties go to the lower index.
        """
        if k < 1:
            raise ValueError(f"at least one neighbour, not {k}")
        queries = np.asarray(codes, np.float32).reshape(-1, self._codes.shape[1])
        k = min(k, len(self))
        indices = np.empty((len(queries), k), np.int64)
        distances = np.empty((len(queries), k), np.float32)
        rows = max(1, _CHUNK_NUMBERS // len(self))
        for start in range(0, len(queries), rows):
            part = slice(start, start + rows)
            indices[part], distances[part] = self._nearest(queries[part], k)
        return indices, distances

    def guess(self, code: np.ndarray, k: int = 5) -> Guess:
        """The class of one code, (D,), by a vote of its k nearest; a tie goes to the nearest one's class."""
        labels, shares, indices = self._vote(code, k)
        return Guess(int(labels[0]), float(shares[0]), indices[0])

    def predict(self, codes: np.ndarray, k: int = 5) -> np.ndarray:
        """Codes (n, D) -> the class of each as `guess` finds it, (n,) int64."""
        return self._vote(codes, k)[0]

    def _nearest(self, queries: np.ndarray, k: int) -> tuple[np.ndarray, np.ndarray]:
        """Exactly the k nearest of a chunk of queries, (n, D) float32."""
        # |a - b|^2 / 2 = |b|^2 / 2 - a.b + a constant of the query, which changes no order.
        scores = (queries - self._centre) @ self._centred.T
        np.subtract(self._half_norms, scores, out=scores)
        candidates = _smallest(scores, min(k + _SPARE, len(self)))
        differences = self._codes[candidates] - queries[:, None]
        squares = np.einsum("nkd,nkd->nk", differences, differences)
        order = np.argsort(squares, axis=1, kind="stable")[:, :k]
        return (
            np.take_along_axis(candidates, order, axis=1),
            np.sqrt(np.take_along_axis(squares, order, axis=1)),
        )

    def _vote(self, codes: np.ndarray, k: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """(labels (n,), shares (n,), neighbours (n, k)) of codes (n, D)."""
        if self._labels is None:
            raise ValueError("these neighbours have no labels to vote with")
        indices, _ = self.nearest(codes, k)
        votes = self._labels[indices]
        n, k = votes.shape
        counts = np.zeros((n, self._classes), np.int64)
        first = np.full((n, self._classes), k, np.int64)  # place of the nearest neighbour of each class
        rows = np.arange(n)
        for place in reversed(range(k)):
            counts[rows, votes[:, place]] += 1
            first[rows, votes[:, place]] = place
        labels = np.argmax(counts * (k + 1) - first, axis=1)
        return labels, counts[rows, labels] / k, indices


def _smallest(scores: np.ndarray, count: int) -> np.ndarray:
    """Scores (n, N) -> where the `count` smallest of each row are, (n, count), in ascending order of place."""
    n, width = scores.shape
    blocks = width // _BLOCK
    if blocks < 2 * count:
        if count == width:
            return np.broadcast_to(np.arange(width), scores.shape)
        return np.sort(np.argpartition(scores, count - 1, axis=1)[:, :count], axis=1)
    # As many blocks hold a score that is no larger than this, so that none of the smallest is above it.
    least = scores[:, : blocks * _BLOCK].reshape(n, blocks, _BLOCK).min(axis=2)
    bounds = np.partition(least, count - 1, axis=1)[:, count - 1]
    found = np.empty((n, count), np.int64)
    for row, bound in enumerate(bounds):
        # Not "<=": where codes are so far that nothing can be compared, all are looked at.
        few = np.flatnonzero(~(scores[row] > bound))
        found[row] = np.sort(few[np.argsort(scores[row, few], kind="stable")[:count]])
    return found
