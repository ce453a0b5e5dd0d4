"""Indices to bits and back by a range coder that learns how often each index comes, from those it has coded already.

Nothing of what it has learned is in a file: coder and decoder learn the same, in whole numbers that constriction takes
as they are, so that a file means the same on every machine.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from aedesk.storage.frequencies import TOTAL, Bins, expected, frequencies
from aedesk.storage.groups import LIKE_ALL

_GROWTH = 4  # frequencies are taken again when a quarter of what has been coded has come again


def encode(indices: np.ndarray, counts: np.ndarray, bits: int, shape: int, groups: np.ndarray) -> bytes:
    """Indices (N, D), each less than the count (D,) of its code number, as bytes.

    shape: of `frequencies.SHAPES`. groups: (N,), a number from 0 for each image: learned apart from other groups.
    """
    import constriction

    learner = _Learner(counts, bits, shape, int(groups.max()) + 1)
    leading, trailing = learner.bins.leading(indices), learner.bins.trailing(indices)
    coder = constriction.stream.queue.RangeEncoder()
    for block in _blocks(len(indices)):
        if learner.groups > 1:
            coder.encode(groups[block].astype(np.int32), learner.of_groups())
        for members, number, model, rest in learner.models(groups[block]):
            coder.encode(leading[block, number][members], model)
            if rest is not None:
                coder.encode(trailing[block, number][members], rest)
        learner.learn(leading[block], groups[block])
    return bytes(coder.get_compressed().astype("<u4").tobytes())


def decode(payload: bytes, count: int, counts: np.ndarray, bits: int, shape: int, groups: int) -> np.ndarray:
    """The indices that `encode` was given, (count, D) uint16. Raises ValueError for what it cannot have made."""
    import constriction

    learner = _Learner(counts, bits, shape, groups)
    coder = constriction.stream.queue.RangeDecoder(np.frombuffer(payload, "<u4").astype(np.uint32))
    indices = np.zeros((count, len(counts)), np.uint16)
    try:
        for block in _blocks(count):
            length = block.stop - block.start
            labels = np.zeros(length, np.int64)
            if groups > 1:
                labels = coder.decode(learner.of_groups(), length).astype(np.int64)
            leading = np.zeros((length, len(counts)), np.int32)
            for members, number, model, rest in learner.models(labels):
                leading[members, number] = coder.decode(model, len(members))
                found = leading[members, number].astype(np.int64) << learner.bins.rests[number]
                if rest is not None:
                    found += coder.decode(rest, len(members))
                if found.max() >= counts[number]:
                    raise ValueError("an index beyond the levels")
                indices[block.start + members, number] = found
            learner.learn(leading, labels)
    except AssertionError:  # constriction's word for bits that no message has
        raise ValueError("no message has these bits") from None
    if not coder.maybe_exhausted():
        raise ValueError("more bits than the message has")
    return indices


class _Learner:
    """What both ends know by now of how often each group comes, and in each group the indices of each code number."""

    def __init__(self, counts: np.ndarray, bits: int, shape: int, groups: int) -> None:
        self.bins = Bins(counts)
        self.groups = groups
        self._expected = expected(self.bins, shape, bits)
        self._seen = np.zeros((groups, len(counts), self.bins.width), np.int64)
        self._labels = np.zeros(groups, np.int64)
        self._several = [int(number) for number in np.flatnonzero(self.bins.counts > 1)]

    def learn(self, leading: np.ndarray, labels: np.ndarray) -> None:
        """Leading parts (n, D) have come in groups (n,)."""
        self._seen += self.bins.histogram(leading, labels, self.groups)
        self._labels += np.bincount(labels, minlength=self.groups)

    def of_groups(self) -> Any:
        """constriction's model of the groups of images."""
        bins = Bins(np.array([self.groups]))
        seen = np.zeros((1, bins.width), np.int64)
        seen[0, : self.groups] = self._labels
        return _categorical(frequencies(seen, bins, expected(bins, 0, 0))[0, : self.groups])

    def models(self, labels: np.ndarray) -> Iterator[tuple[np.ndarray, int, Any, Any]]:
        """For images of these groups (n,): (which, code number, model of their leading part, of the rest or None)."""
        import constriction

        weights = frequencies(self._seen.sum(axis=0), self.bins, self._expected)[None]
        if self.groups > 1:
            weights = frequencies(self._seen, self.bins, weights[0], LIKE_ALL)
        for group in np.unique(labels):
            members = np.flatnonzero(labels == group)
            for number in self._several:
                rest = int(self.bins.rests[number])
                model = _categorical(weights[group, number, : self.bins.sizes[number]])
                yield members, number, model, constriction.stream.model.Uniform(1 << rest) if rest else None


def _categorical(weights: np.ndarray) -> Any:
    """constriction's model of whole numbers that sum to 2**24 less how many they are: it adds one to each."""
    import constriction

    assert weights.sum() + len(weights) == TOTAL
    return constriction.stream.model.Categorical(weights, perfect=False)


def _blocks(count: int) -> Iterator[slice]:
    """Images that are coded with the same frequencies."""
    done = 0
    while done < count:
        end = min(count, done + max(1, done // _GROWTH))
        yield slice(done, end)
        done = end
