"""Codes in few bits: each number becomes the index of the nearest of its levels."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from aedesk.storage.levels import APART, BITS, KINDS, LARGEST, MOST_KNOTS, Kind, Levels

_SAMPLE, _TAIL = 2000, 100  # codes that a step is chosen by, and of these the lowest and the highest
_MANTISSAS = np.arange(8, 16) / 8  # steps to choose from in an octave
_OCTAVES = 3  # of steps to choose from: the finest leave out the outermost codes
_PLACES = 7  # where the levels may lie, from the lowest code to the highest
_FINER, _CELLS = (
    32,
    1024,
)  # cells of the grid that k-means' levels lie on: for each of them, and at least in all
_MOST_CELLS = 8192  # to find them on: where the grid is coarser, its cells are cut
_ROUNDS = 100  # of Lloyd's algorithm
_AT_ONCE = 64  # code numbers whose levels are sought together: bounds the memory


@dataclass(frozen=True, eq=False)
class Quantiser:
    """At most 2**bits levels for each code number, between 2 and 16 bits.

    kind: "uniform" levels are equally far apart, "kmeans" levels lie where codes are (Lloyd 1982). A code number that
    never varied has one level, and takes no bits.
    """

    table: Levels

    @property
    def kind(self) -> Kind:
        return self.table.kind

    @property
    def bits(self) -> int:
        return self.table.bits

    @property
    def levels(self) -> tuple[np.ndarray, ...]:
        """For each code number an ascending float32 array; large ones: 2**16 levels are 256 KiB for each."""
        return tuple(self.table.of(number) for number in range(self.table.code_size))

    @classmethod
    def fit(cls, codes: np.ndarray, bits: int, kind: Kind = "uniform") -> Quantiser:
        """The levels that lose least of codes (N, D), by mean squared error; "uniform" among a choice of steps.

        Raises ValueError for codes that are not finite or none, and for other bits and kinds.
        """
        codes = _finite(codes)
        if not codes.size or bits not in BITS or kind not in KINDS:
            raise ValueError(f"{codes.shape} codes, {bits} bits of the kind {kind!r}")
        find = _uniform if kind == "uniform" else _kmeans
        steps, knots = [], []
        for start in range(0, codes.shape[1], _AT_ONCE):
            some = find(codes[:, start : start + _AT_ONCE].astype(np.float64), bits)
            steps.append(some[0])
            knots += some[1]
        return cls(Levels(kind, bits, np.concatenate(steps), tuple(knots)))

    def indices(self, codes: np.ndarray) -> np.ndarray:
        """Codes (N, D) -> (N, D) uint16: which level is the nearest. Raises ValueError for codes of another form."""
        codes = _finite(codes)
        table, counts = self.table, self.table.counts
        if codes.shape[1] != table.code_size:
            raise ValueError(f"codes of {codes.shape[1]} numbers, but levels for {table.code_size}")
        if self.kind == "uniform":
            first = np.array([ends[0] for ends in table.knots], np.float64)
            nearest = np.rint((codes / table.steps.astype(np.float64) - first) / APART)
            return np.clip(nearest, 0, counts - 1).astype(np.uint16)
        found = np.zeros(codes.shape, np.uint16)
        for number in np.flatnonzero(counts > 1):
            knots = table.knots[number].astype(np.float64)
            places = codes[:, number] / np.float64(table.steps[number])
            left = np.clip(np.searchsorted(knots, places) - 1, 0, len(knots) - 2)
            share = (places - knots[left]) / (knots[left + 1] - knots[left])
            nearest = np.rint((left + share) * table.between)
            found[:, number] = np.clip(nearest, 0, counts[number] - 1)
        return found

    def codes(self, indices: np.ndarray) -> np.ndarray:
        """Indices (N, D) -> codes (N, D) float32: the same on every machine."""
        return self.table.codes(indices)


def _finite(codes: np.ndarray) -> np.ndarray:
    codes = np.asarray(codes)
    if codes.ndim != 2 or not np.isfinite(codes).all():
        raise ValueError(f"codes must be finite and of the form (N, D), not {codes.shape}")
    return codes


def _constant(codes: np.ndarray) -> np.ndarray:
    """(D,) bool: which code numbers are one value, in the precision that a level has."""
    same: np.ndarray = codes.astype(np.float32).min(axis=0) == codes.astype(np.float32).max(axis=0)
    return same


def _least_step(codes: np.ndarray) -> np.ndarray:
    """(D,): finer steps would need multiples that float32 does not hold."""
    least: np.ndarray = np.maximum(np.abs(codes).max(axis=0) * 4 / LARGEST, 2.0**-120)
    return least


def _alone(value: float) -> tuple[np.float32, np.ndarray]:
    """The one level of a code number that never varied: once its value, or no times a step where that is 0."""
    step = np.float32(abs(value)) or np.float32(1)
    return step, np.array([int(np.sign(np.float32(value)))], np.int32)


def _uniform(codes: np.ndarray, bits: int) -> tuple[np.ndarray, list[np.ndarray]]:
    """The distance and the place of the first level that lose least, from some of each for each code number."""
    sample, weights = _sample(codes)
    low, high = codes.min(axis=0), codes.max(axis=0)
    least = APART * _least_step(codes)
    widest = np.maximum((high - low) / (2**bits - 1), least)
    best = np.full(codes.shape[1], np.inf)
    steps, firsts = np.ones(codes.shape[1]), np.zeros(codes.shape[1])
    octaves = np.ceil(np.log2(widest)) - np.arange(_OCTAVES)[:, None]  # at most as wide as all codes need
    for distance in (np.exp2(octave) * mantissa for octave in octaves for mantissa in _MANTISSAS):
        step = np.maximum(distance, np.exp2(np.ceil(np.log2(least)))) / APART
        for first in _places(low, high, step, 2**bits):
            nearest = np.clip(np.rint((sample / step - first) / APART), 0, 2**bits - 1)
            error = weights @ ((first + APART * nearest) * step - sample) ** 2
            better = error < best
            best = np.where(better, error, best)
            steps, firsts = np.where(better, step, steps), np.where(better, first, firsts)
    counts = np.clip(np.rint((high / steps - firsts) / APART), 0, 2**bits - 1)
    knots = [np.array(ends, np.int32) for ends in zip(firsts, firsts + APART * counts, strict=True)]
    return _with_constants(codes, steps.astype(np.float32), knots)


def _sample(codes: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Codes (N, D) in order, the outermost all and some of the others, and how many each stands for: (n, D), (n,)."""
    inner = np.arange(_TAIL, len(codes) - _TAIL, max(1, len(codes) // _SAMPLE))
    tails = np.setdiff1d(np.arange(len(codes)), np.arange(_TAIL, len(codes) - _TAIL))
    weights = np.full(len(inner), (len(codes) - len(tails)) / max(len(inner), 1))
    which = np.concatenate([inner, tails])
    return np.sort(codes, axis=0)[which], np.concatenate([weights, np.ones(len(tails))])


def _places(low: np.ndarray, high: np.ndarray, step: np.ndarray, count: int) -> list[np.ndarray]:
    """Some firsts of `count` levels, as multiples of a step: from the lowest code to where the last has the highest."""
    lowest = np.rint(low / step)
    room = np.rint(high / step) - APART * (count - 1) - lowest
    return [lowest + np.rint(share * room) for share in np.linspace(0, 1, _PLACES)]


def _kmeans(codes: np.ndarray, bits: int) -> tuple[np.ndarray, list[np.ndarray]]:
    """Lloyd's algorithm on a grid much finer than the levels, on all code numbers at once."""
    count = min(2**bits, MOST_KNOTS)
    finest = 2**bits // count
    low, high = codes.min(axis=0), codes.max(axis=0)
    coarse = max(count * _FINER, _CELLS)
    cell = np.maximum((high - low) / coarse, finest * _least_step(codes))
    cell = np.exp2(np.ceil(np.log2(cell)))
    lowest = np.rint(low / cell).astype(np.int64) - 1
    part = max(1, _MOST_CELLS // coarse)
    cells = np.rint((codes / cell - lowest) * part).astype(np.int64)
    histogram = _histogram(cells, int(cells.max()) + 1)
    found = [_lloyd(histogram, start) for start in _starts(histogram, count)]
    errors = np.array([_error(histogram, places) for places in found])
    places = np.array(found)[errors.argmin(axis=0), np.arange(len(histogram))] / part
    if finest > 1:  # what lies beyond an outermost level must not be lost among so many
        places[:, 0], places[:, -1] = cells.min(axis=0) / part, cells.max(axis=0) / part
    steps = (cell / finest).astype(np.float32)
    knots = [
        ((np.unique(np.rint(column)).astype(np.int64) + first) * finest).astype(np.int32)
        for column, first in zip(places, lowest, strict=True)
    ]
    return _with_constants(codes, steps, knots)


def _histogram(cells: np.ndarray, size: int) -> np.ndarray:
    """Cells (N, D) -> (D, size): how many codes are in each."""
    numbers = cells.shape[1]
    flat = (cells + np.arange(numbers) * size).ravel()
    return np.bincount(flat, minlength=numbers * size).reshape(numbers, size)


def _starts(histogram: np.ndarray, count: int) -> list[np.ndarray]:
    """Where `count` levels of a histogram (D, G) may begin, each (D, count): from any of them Lloyd may get stuck.

    As dense as the codes, evenly, and as dense as the cube root of the codes, which is best where levels are many
    (Panter and Dite 1951).
    """
    size = histogram.shape[1]
    width = max(1, size // count)
    smooth = np.array([np.convolve(row, np.ones(2 * width + 1))[width:][:size] for row in histogram])
    wanted = (np.arange(count) + 0.5) / count
    starts = []
    for power in (0, 1 / 3, 1):
        shares = np.cumsum(smooth**power * (smooth > 0) + 1e-9, axis=1)
        starts.append(np.array([np.interp(wanted, row / row[-1], np.arange(size)) for row in shares]))
    return starts


def _lloyd(histogram: np.ndarray, places: np.ndarray) -> np.ndarray:
    """From places (D, K) to means of what is nearest to each in a histogram (D, G), ascending: (D, K)."""
    below, moment = _below(histogram, 0), _below(histogram, 1)
    for _ in range(_ROUNDS):
        cuts = _cuts(places, histogram.shape[1])
        held = np.diff(np.take_along_axis(below, cuts, 1), axis=1)
        sums = np.diff(np.take_along_axis(moment, cuts, 1), axis=1)
        moved = np.where(held > 0, sums / np.maximum(held, 1), places)
        if np.abs(moved - places).max() < 0.01:
            break
        places = moved
    return places


def _error(histogram: np.ndarray, places: np.ndarray) -> np.ndarray:
    """(D,): the sum of squared distances from a histogram (D, G) to the nearest of places (D, K)."""
    cuts = _cuts(places, histogram.shape[1])
    held, sums, squares = (
        np.diff(np.take_along_axis(_below(histogram, power), cuts, 1), axis=1) for power in (0, 1, 2)
    )
    errors: np.ndarray = (squares - 2 * places * sums + places**2 * held).sum(axis=1)
    return errors


def _below(histogram: np.ndarray, power: int) -> np.ndarray:
    """(D, G + 1) int64: the sum of the cells' numbers, to this power, below each."""
    cells = np.arange(histogram.shape[1], dtype=np.int64) ** power
    return np.pad(np.cumsum(histogram * cells, axis=1), ((0, 0), (1, 0)))


def _cuts(places: np.ndarray, size: int) -> np.ndarray:
    """(D, K + 1): the first cell that is nearest to each place, and the number of cells."""
    between = np.floor((places[:, 1:] + places[:, :-1]) / 2).astype(np.int64) + 1
    cuts = np.pad(between, ((0, 0), (1, 1)))
    cuts[:, -1] = size
    return cuts


def _with_constants(
    codes: np.ndarray, steps: np.ndarray, knots: list[np.ndarray]
) -> tuple[np.ndarray, list[np.ndarray]]:
    for number in np.flatnonzero(_constant(codes)):
        steps[number], knots[number] = _alone(codes[0, number])
    return steps, knots
