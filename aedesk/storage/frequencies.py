"""How often each index of a code number is to be expected, in whole numbers that are the same on every machine.

Every rounding is one of IEEE 754's own operations, and sums are of whole numbers, so that their order does not matter.
"""

from __future__ import annotations

import numpy as np

TOTAL = 1 << 24  # constriction's fixed-point probabilities
_MODELLED = 8  # leading bits of an index whose frequencies are learned; the others are taken as evenly spread
_SCALE = 2.0**30

SHAPES = ("even", "bell", "falling")
"""What is expected of a code number before anything is learned."""


class Bins:
    """How indices are cut: leading bits, whose frequencies are learned, and the rest.

    counts: (D,) how many values the index of each code number takes. rests: (D,) bits of the rest. sizes: (D,) how many
    values the leading part takes; width: a power of two, not below any of these.
    """

    def __init__(self, counts: np.ndarray) -> None:
        self.counts = counts.astype(np.int64)
        lengths = np.array([int(count - 1).bit_length() for count in counts], np.int64)
        self.rests = np.maximum(lengths - _MODELLED, 0)
        self.sizes = ((self.counts - 1) >> self.rests) + 1
        self.width = 1 << min(int(lengths.max(initial=0)), _MODELLED)

    def leading(self, indices: np.ndarray) -> np.ndarray:
        """(N, D) int32."""
        return (indices.astype(np.int64) >> self.rests).astype(np.int32)

    def trailing(self, indices: np.ndarray) -> np.ndarray:
        """(N, D) int32."""
        return (indices.astype(np.int64) & ((1 << self.rests) - 1)).astype(np.int32)

    def histogram(self, leading: np.ndarray, groups: np.ndarray, count: int) -> np.ndarray:
        """(N, D), and the group (N,) of each -> (count, D, width) int64: how often each comes in each group."""
        numbers = len(self.sizes)
        flat = ((groups[:, None] * numbers + np.arange(numbers)) * self.width + leading).ravel()
        shape = (count, numbers, self.width)
        return np.bincount(flat, minlength=count * numbers * self.width).reshape(shape)


def expected(bins: Bins, shape: int, bits: int) -> np.ndarray:
    """(D, width) whole float64, to a scale of its own: what is expected before anything is learned."""
    places = np.arange(bins.width, dtype=np.float64)
    sizes = bins.sizes.astype(np.float64)[:, None]
    curve = np.where(places < sizes, 1.0, 0.0)
    if SHAPES[shape] != "even":
        left, right = (places + 1) / sizes, np.maximum(sizes - places, 0) / sizes
        factor = left * right * 4 if SHAPES[shape] == "bell" else right
        for _ in range(min(max(bits - 2, 2), 6)):  # the more bits, the farther out the levels begin
            curve = curve * factor
    return np.floor(curve * _SCALE)


def frequencies(seen: np.ndarray, bins: Bins, prior: np.ndarray, strength: float = 1.0) -> np.ndarray:
    """How often each leading part is expected after it came `seen` (..., D, width) times: the same form, whole float64.

    prior: (D, width) whole, as `expected` or this gives it. Over the sizes of a code number the answer sums to 2**24
    less that size, as constriction adds one to each. A Polya tree (Lavine 1992): what is learned of halves of the range
    holds for quarters, so that a few images teach much.
    """
    numbers, width = seen.shape[-2:]
    chance = np.ones((*seen.shape[:-1], 1))
    for level in range(1, width.bit_length()):
        held = seen.reshape(*seen.shape[:-1], 1 << level, -1).sum(axis=-1).astype(np.float64)
        before = prior.reshape(numbers, 1 << level, -1).sum(axis=-1)
        weight = strength * (1 + level)
        chance = np.repeat(chance, 2, axis=-1) * (
            (held + weight * _share_of_pair(before)) / (_pair_sum(held) + weight)
        )
    free = (TOTAL - bins.sizes).astype(np.float64)
    whole = np.floor(chance * free[:, None])
    whole = np.where(np.arange(width) < bins.sizes[:, None], whole, 0)
    lack = (free - whole.sum(axis=-1))[..., None]
    most = np.argmax(whole, axis=-1)[..., None]
    np.put_along_axis(whole, most, np.take_along_axis(whole, most, -1) + lack, -1)
    return whole


def _share_of_pair(values: np.ndarray) -> np.ndarray:
    """(D, 2 k): each value's share of the sum of its pair, a half where that is 0."""
    both = _pair_sum(values)
    shares: np.ndarray = np.where(both > 0, values / np.where(both > 0, both, 1), 0.5)
    return shares


def _pair_sum(values: np.ndarray) -> np.ndarray:
    """(..., 2 k): the sum of each pair, for both of it."""
    return np.repeat(values[..., ::2] + values[..., 1::2], 2, axis=-1)
