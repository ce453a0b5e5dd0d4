"""Images in groups whose codes are alike: a code takes fewer bits once its group is told."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property

import numpy as np

from aedesk.storage.frequencies import TOTAL, Bins, expected, frequencies

LIKE_ALL = 2.5
"""How strongly a group is expected to be like all images."""

MOST_TABLES = 4096
"""Of frequencies: groups times numbers of a code."""

_ROUNDS = 12
_AT_ONCE = 500  # images: bounds the memory
_SAMPLE = 10_000  # images that groups are made from


@dataclass(frozen=True, eq=False)
class Groups:
    """How often each group comes, and in it each leading part of an index.

    sizes: (K,) whole float64. weights: (K, D, width), as `frequencies` gives them.
    """

    bins: Bins
    sizes: np.ndarray
    weights: np.ndarray = field(repr=False)

    @classmethod
    def alike(cls, indices: np.ndarray, bins: Bins, bits: int, count: int) -> Groups:
        """At most `count` groups of indices (N, D), in which they take few bits: hard expectation-maximisation."""
        sample = indices[:: -(-len(indices) // _SAMPLE)]
        leading = bins.leading(sample)
        labels = _start(leading, count)
        made = cls._of(leading, labels, bins, bits, count)
        for _ in range(_ROUNDS if count > 1 else 0):
            before, labels = labels, made._labels(leading)
            if (labels != before).mean() < 0.002:
                break
            made = cls._of(leading, labels, bins, bits, count)
        return made

    @classmethod
    def _of(cls, leading: np.ndarray, labels: np.ndarray, bins: Bins, bits: int, count: int) -> Groups:
        seen = bins.histogram(leading, labels, count)
        everywhere = frequencies(seen.sum(axis=0), bins, expected(bins, 0, bits))
        weights = frequencies(seen, bins, everywhere, LIKE_ALL) if count > 1 else everywhere[None]
        sizes = np.bincount(labels, minlength=count) + 1.0
        return cls(bins, sizes, weights)

    def labels(self, indices: np.ndarray) -> np.ndarray:
        """(N,) int64: the group in which each of indices (N, D) takes the fewest bits."""
        return self._labels(self.bins.leading(indices))

    def bits(self, indices: np.ndarray) -> np.ndarray:
        """(N,) float64: the bits of each of indices (N, D), and of its group."""
        several = self.bins.counts > 1
        rest = float(self.bins.rests[several].sum())
        return np.asarray(self._bits(self.bins.leading(indices)).min(axis=1) + rest)

    def _labels(self, leading: np.ndarray) -> np.ndarray:
        found: np.ndarray = self._bits(leading).argmin(axis=1)
        return found

    def _bits(self, leading: np.ndarray) -> np.ndarray:
        """(N, K) float64: the bits in each group, of the leading parts and of the group."""
        bits = np.empty((len(leading), len(self.sizes)))
        places = np.arange(self.weights.shape[1]) * self.weights.shape[2]
        for start in range(0, len(leading), _AT_ONCE):
            flat = leading[start : start + _AT_ONCE] + places
            bits[start : start + _AT_ONCE] = self._taken[flat].sum(axis=1) + self._told
        return bits

    @cached_property
    def _taken(self) -> np.ndarray:
        """(D * width, K): the bits of each leading part in each group."""
        taken = np.log2(TOTAL) - np.log2(self.weights + 1)
        taken[:, self.bins.counts == 1] = 0
        return np.ascontiguousarray(taken.reshape(len(self.sizes), -1).T)

    @cached_property
    def _told(self) -> np.ndarray:
        """(K,): the bits that tell each group."""
        told: np.ndarray = np.log2(self.sizes.sum()) - np.log2(self.sizes)
        return told


def _start(leading: np.ndarray, count: int) -> np.ndarray:
    """(N,): k-means of the leading parts, a few rounds, from images drawn at random."""
    labels = np.zeros(len(leading), np.int64)
    if count == 1:
        return labels
    points = leading.astype(np.float32)
    points /= points.std(axis=0).mean() + 1e-6
    centres = points[np.random.default_rng(0).permutation(len(points))[:count]]
    for _ in range(5):
        distances = (centres**2).sum(axis=1) - 2 * points @ centres.T
        labels = distances.argmin(axis=1)
        held = np.maximum(np.bincount(labels, minlength=len(centres)), 1)[:, None]
        sums = np.zeros_like(centres)
        np.add.at(sums, labels, points)
        centres = (sums / held).astype(np.float32)
    return labels
