"""An index of many points of a plane: sorted along a curve on which every square of a quadtree is one run of them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from aedesk.latent.extent import fitted

_BITS = 16  # per axis
_MOST_LEVELS = 11  # of cells that are in tables; more take more memory than the points
_ROOM = 4  # times the extent of nearly all points, on each side of it; what lies beyond is in the cells at the rim
_SAMPLE = 20_000  # points that say what that extent is


@dataclass(frozen=True)
class Window:
    """A rectangle of cells: `left <= column < right`, `bottom <= row < top`, each 2**`shift` finest cells wide.

    From a shift of 16 on, a single cell holds the whole grid.
    """

    shift: int
    left: int
    bottom: int
    right: int
    top: int


class ZOrder:
    """Points (N, 2) along Morton's curve, in their order there; those that are not finite are left out.

    order: (n,) int32, the indices of the points along the curve. A million of them take 80 ms, once.
    """

    def __init__(self, points: np.ndarray) -> None:
        x, y = (np.ascontiguousarray(points[:, axis], np.float32) for axis in (0, 1))
        finite = np.isfinite(x) & np.isfinite(y)
        among = np.flatnonzero(finite).astype(np.int32)
        if len(among) < len(x):
            x, y = x[among], y[among]
        low, high = _grid(x, y)
        self._low = low.astype(np.float32)
        self._per_unit = (2**_BITS / (high - low)).astype(np.float32)
        keys = _interleaved(self._numbers(x, 0), self._numbers(y, 1))
        # Two passes over halves of 16 bits, which NumPy sorts by counting: half the time of sorting the whole keys.
        order = np.argsort(keys.astype(np.uint16), kind="stable")
        order = order[np.argsort((keys >> 16).astype(np.uint16)[order], kind="stable")]
        self._keys = keys[order]
        self.order = among[order]
        self._tables = _tables(self._keys)

    def cell_size(self, shift: int) -> np.ndarray:
        """Width and height of a cell, (2,), in map coordinates."""
        size: np.ndarray = 2**shift / self._per_unit.astype(np.float64)
        return size

    def to_cells(self, place: np.ndarray, shift: int) -> np.ndarray:
        """A place of the map (2,) as column and row, with fractions, wherever it is."""
        cells: np.ndarray = (place - self._low) / self.cell_size(shift)
        return cells

    def coarse(self, low: np.ndarray, high: np.ndarray, cells: int) -> int:
        """The finest shift at which at most `cells` per axis hold what lies from `low` to `high`."""
        spans = [b - a for a, b in zip(self._cell(low), self._cell(high), strict=True)]
        return (max(spans) // (cells - 1)).bit_length()

    def window(self, low: np.ndarray, high: np.ndarray, shift: int) -> Window:
        """The cells that hold every point from `low` to `high`, (2,) each, in map coordinates."""
        (left, bottom), (right, top) = self._cell(low), self._cell(high)
        return Window(shift, left >> shift, bottom >> shift, (right >> shift) + 1, (top >> shift) + 1)

    def window_inside(self, low: np.ndarray, high: np.ndarray, shift: int) -> Window:
        """The cells all of whose points lie between `low` and `high`; there may be none."""
        rim = self.window(low, high, shift)
        left, bottom = rim.left + 1, rim.bottom + 1
        return Window(shift, left, bottom, max(left, rim.right - 1), max(bottom, rim.top - 1))

    def runs(self, window: Window) -> tuple[np.ndarray, np.ndarray]:
        """Where along the curve the points of each cell begin and end, (rows, columns) each, the lowest row first.

        Cells outside of the grid are empty.
        """
        columns, rows = np.arange(window.left, window.right), np.arange(window.bottom, window.top)[:, None]
        most = (2**_BITS - 1) >> window.shift
        exists = (columns == columns.clip(0, most)) & (rows == rows.clip(0, most))
        numbers = _interleaved(columns.clip(0, most), rows.clip(0, most))
        table = self._tables.get(min(window.shift, _BITS))
        if table is not None:
            starts, ends = table[numbers], table[numbers + np.uint32(1)]
        else:
            first = numbers << np.uint32(2 * window.shift)
            last = first | np.uint32(4**window.shift - 1)
            starts, ends = np.searchsorted(self._keys, first), np.searchsorted(self._keys, last, side="right")
        return starts, np.where(exists, ends, starts)

    def _cell(self, place: np.ndarray) -> tuple[int, int]:
        """The finest cell that a place belongs to."""
        x, y = (int(self._numbers(np.asarray(place[axis], np.float32), axis)) for axis in (0, 1))
        return x, y

    def _numbers(self, values: np.ndarray, axis: int) -> np.ndarray:
        """The cell of each coordinate along an axis, uint16. A larger coordinate never has a smaller number."""
        numbers: np.ndarray = ((values - self._low[axis]) * self._per_unit[axis]).clip(0, 2**_BITS - 1)
        return numbers.astype(np.uint16)


def _grid(x: np.ndarray, y: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The corners of the grid, (2,) each: of the shape that a fitted map has, and as fine as can be.

    It holds every point, but for a few that are so far out that for their sake all others would be in few cells.
    """
    if not len(x):
        return np.zeros(2), np.ones(2)
    step = len(x) // _SAMPLE + 1
    low, high = fitted(np.stack([x[::step], y[::step]], axis=1).astype(np.float64))
    beyond = [low - (x.min(), y.min()), (x.max(), y.max()) - high]
    room = np.clip(np.max(beyond / (high - low)), 0, _ROOM) * (high - low)
    return low - room, high + room


def _tables(keys: np.ndarray) -> dict[int, np.ndarray]:
    """For each shift that has one: how many points come before each cell along the curve, and how many there are.

    The finest cells that have one are about as many as the points; finer ones are searched for.
    """
    levels = min(_MOST_LEVELS, len(keys).bit_length() // 2 + 1)
    before, finest = np.zeros(4**levels + 1, np.int32), _BITS - levels
    counts = np.bincount(keys >> np.uint32(2 * finest), minlength=4**levels)
    np.cumsum(counts.astype(np.int32), dtype=np.int32, out=before[1:])
    # Each in a piece of its own: what is asked for together then lies together, also where cells are large.
    return {finest + level: before[:: 4**level].copy() for level in range(levels + 1)}


def _spread(numbers: np.ndarray) -> np.ndarray:
    """A zero between each two bits of (n,) uint16 -> uint32."""
    spread = numbers.astype(np.uint32)
    for shift, mask in ((8, 0x00FF00FF), (4, 0x0F0F0F0F), (2, 0x33333333), (1, 0x55555555)):
        spread = (spread | spread << np.uint32(shift)) & np.uint32(mask)
    return spread


_SPREAD = _spread(np.arange(2**_BITS, dtype=np.uint32))


def _interleaved(columns: np.ndarray, rows: np.ndarray) -> np.ndarray:
    """The number of a cell on the curve, uint32; its columns' and rows' bits alternate."""
    keys: np.ndarray = _SPREAD[columns] | _SPREAD[rows] << np.uint32(1)
    return keys


def members(starts: np.ndarray, ends: np.ndarray) -> np.ndarray:
    """Every number from each start to before its end, (n,) each -> one after the other, int64."""
    lengths = ends - starts
    before = np.cumsum(lengths) - lengths
    return np.repeat(starts - before, lengths) + np.arange(lengths.sum())
