"""The levels of a quantiser as a file keeps them: whole multiples of a step, the same on any machine."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from typing import Literal

import numpy as np

from aedesk.storage.leb128 import Reader, packed, packed_signed

Kind = Literal["uniform", "kmeans"]
KINDS: tuple[Kind, ...] = ("uniform", "kmeans")
BITS = range(2, 17)
MOST_KNOTS = 256  # of a code number; finer levels lie evenly between two of them
LARGEST = 1 << 24  # of a multiple: float32 holds every whole number up to here
MOST_PACKED = 5 * (MOST_KNOTS + 4)  # bytes that a code number takes at most in `packed`
APART = 4  # steps from a level of "uniform" to the next
_CUT = 20  # bits of a float32 that are 0 in most steps: all but the exponent and three of the mantissa


@dataclass(frozen=True, eq=False)
class Levels:
    """What each index of each code number stands for.

    steps: (D,) float32. knots: for each code number an ascending int32 array, multiples of its step: "uniform" has the
    first level and the last, and every fourth multiple between them is a level, which lets the first lie anywhere;
    "kmeans" has one for every `between` levels, and the others lie evenly between two knots.
    """

    kind: Kind
    bits: int
    steps: np.ndarray = field(repr=False)
    knots: tuple[np.ndarray, ...] = field(repr=False)

    @property
    def code_size(self) -> int:
        """How many numbers a code has."""
        return len(self.steps)

    @property
    def between(self) -> int:
        """How many levels there are from a knot of "kmeans" to the next."""
        return 1 << max(self.bits - MOST_KNOTS.bit_length() + 1, 0)

    @cached_property
    def counts(self) -> np.ndarray:
        """(D,) int64: how many levels each code number has."""
        if self.kind == "uniform":
            return np.array([(int(ends[-1]) - int(ends[0])) // APART + 1 for ends in self.knots], np.int64)
        return np.array([(len(knots) - 1) * self.between + 1 for knots in self.knots], np.int64)

    def of(self, number: int) -> np.ndarray:
        """The levels of a code number: (n,) float32, ascending."""
        return self._values(number, np.arange(self.counts[number]))

    def codes(self, indices: np.ndarray) -> np.ndarray:
        """Indices (N, D), each less than the count of its code number -> codes (N, D) float32."""
        if self.kind == "uniform":
            first = np.array([ends[0] for ends in self.knots], np.int64)
            multiples: np.ndarray = first + APART * indices.astype(np.int64)
            return np.asarray(multiples.astype(np.float32) * self.steps)
        codes = np.empty(indices.shape, np.float32)
        for number in range(self.code_size):
            codes[:, number] = self._values(number, indices[:, number].astype(np.int64))
        return codes

    def packed(self) -> bytes:
        """Steps, how many levels are missing to the full number, first knots, distances: each of all code numbers."""
        whole = self.steps.astype("<f4").view("<u4").astype(np.int64)
        coarse = whole % (1 << _CUT) == 0
        leaps = np.diff(np.where(coarse, whole >> _CUT, 0), prepend=0)
        parts = [packed_signed(2 * int(leap) + (not one)) for leap, one in zip(leaps, coarse, strict=True)]
        parts.append(self.steps[~coarse].astype("<f4").tobytes())
        lengths = self.counts if self.kind == "uniform" else map(len, self.knots)
        parts += [packed(self._full - int(length)) for length in lengths]
        parts += [packed_signed(int(knots[0])) for knots in self.knots]
        if self.kind == "kmeans":
            parts += [packed(int(gap) // self.between) for knots in self.knots for gap in np.diff(knots)]
        return b"".join(parts)

    @classmethod
    def unpacked(cls, content: bytes, kind: Kind, bits: int, size: int) -> Levels:
        """What `packed` gave, of `size` code numbers. Raises ValueError for what it cannot have given."""
        reader = Reader(content)
        leaps = [reader.signed() for _ in range(size)]
        whole = np.cumsum([leap >> 1 for leap in leaps])
        if whole.min() < 0 or whole.max() >= 1 << 11:
            raise ValueError("a step of no size")
        steps = (whole << _CUT).astype("<u4").view("<f4").astype(np.float32)
        for number in (number for number, leap in enumerate(leaps) if leap & 1):
            steps[number] = np.frombuffer(reader.take(4), "<f4")[0]
        if not (np.isfinite(steps) & (steps > 0)).all():
            raise ValueError("a step of no size")
        levels = cls(kind, bits, steps, ())
        lengths = [levels._full - reader.number() for _ in range(size)]
        firsts = [reader.signed() for _ in range(size)]
        if min(lengths) < 1:
            raise ValueError("a code number without levels")
        knots = []
        for first, length in zip(firsts, lengths, strict=True):
            gaps = (
                [APART * (length - 1)] if kind == "uniform" else [reader.number() for _ in range(length - 1)]
            )
            if kind == "kmeans":
                gaps = [gap * levels.between for gap in gaps]
            ends = np.cumsum([first, *gaps])
            if np.abs(ends).max() > LARGEST or (kind == "kmeans" and min(gaps, default=1) < 1):
                raise ValueError("levels that do not ascend, or beyond what a file may hold")
            knots.append(ends.astype(np.int32))
        if reader.rest():
            raise ValueError("more levels than code numbers")
        return cls(kind, bits, steps, tuple(knots))

    @property
    def _full(self) -> int:
        """How many levels a code number has, or knots, where it varies enough."""
        return 1 << self.bits if self.kind == "uniform" else min(1 << self.bits, MOST_KNOTS)

    def _values(self, number: int, indices: np.ndarray) -> np.ndarray:
        """Whole numbers, then one product in float32: nothing that a machine could round in its own way."""
        knots = self.knots[number].astype(np.int64)
        if self.kind == "uniform":
            multiples = knots[0] + APART * indices
        else:
            left, share = np.divmod(indices, self.between)
            right = np.minimum(left + 1, len(knots) - 1)
            multiples = knots[left] + (knots[right] - knots[left]) * share // self.between
        values: np.ndarray = multiples.astype(np.float32) * self.steps[number]
        return values
