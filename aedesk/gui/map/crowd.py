"""Points too many to be painted one by one: an index finds the few in view, or sums the many up in tiles."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from aedesk.app.viewport import Viewport
from aedesk.app.z_order import Window, ZOrder, members
from aedesk.gui.map.density import Cells
from aedesk.gui.map.dots import Box, Dots, PointsInView

MOST_DOTS = 100_000  # in view; more are shown as density
_ACROSS = 64  # cells per axis that say what is in a box; those on its rim are looked at point by point
_TILE = 6  # px: a tile's shorter side is at most this, and more than half of it unless the index has no finer ones
_AROUND = 1  # tiles outside the view, for what lies between their middles and its rim
_Runs = tuple[np.ndarray, np.ndarray]
_HALF, _LOW = np.uint64(32), np.uint64(2**32 - 1)  # of two sums in one number


class Crowd:
    """Dots as of `Dots`, however many: a frame costs what its pixels cost, and its dots where those are few.

    order: which are painted, and in which order. colours: (T, 3) in [0, 255], one per tint. index: of all the points.
    """

    def __init__(
        self,
        points: np.ndarray,
        tints: np.ndarray,
        order: np.ndarray | None,
        colours: np.ndarray,
        index: ZOrder,
    ) -> None:
        self._dots, self._index = Dots(points, tints, order), index
        place = np.arange(len(points), dtype=np.int32)
        if order is not None:
            place = np.full(len(points), -1, np.int32)
            place[order] = np.arange(len(order), dtype=np.int32)
        # Along the curve: the place of each point in the order of painting, and what it adds to a tile.
        self._places = place[index.order]
        hidden = len(colours)
        self._sums = _sums(np.where(self._places < 0, hidden, tints[index.order]), colours)

    def __len__(self) -> int:
        return len(self._dots)

    def in_view(self, view: Viewport) -> PointsInView | CrowdInView:
        """The points in view: one by one if they are few enough to be painted so, else only how many they are."""
        whole = (0.0, 0.0, float(view.width), float(view.height))
        inside, rim = self._runs(view, whole)
        count = self._number(inside)
        if count > MOST_DOTS:
            return CrowdInView(self, view, count + self._count_one_by_one(view, rim, whole))
        listed = self._list(view, [inside, rim])
        return listed if len(listed) <= MOST_DOTS else CrowdInView(self, view, len(listed))

    def near(self, view: Viewport, box: Box) -> PointsInView:
        """Every point in view that is in a box of pixels, and maybe others near it, in the order of painting."""
        return self._list(view, self._runs(view, box))

    def count(self, view: Viewport, box: Box) -> int:
        """How many points are in a box of pixels that is part of the view."""
        inside, rim = self._runs(view, box)
        return self._number(inside) + self._count_one_by_one(view, rim, box)

    def tiles(self, view: Viewport) -> Cells:
        """The points in view and around it, summed up in those cells of the index that are as large as tiles."""
        pixels = np.abs(self._index.cell_size(0) * view.scale_and_offset[0])
        shift = max(0, math.floor(math.log2(_TILE / pixels.min())))
        low, high = (self._index.to_cells(corner, shift) for corner in (view.low, view.high))
        left, bottom = (np.floor(low).astype(int) - _AROUND).tolist()
        right, top = (np.ceil(high).astype(int) + _AROUND).tolist()
        runs = self._index.runs(Window(shift, left, bottom, right, top))
        # The lowest row comes first there, and last in a picture.
        number, *channels = (plane[::-1].astype(np.float32) for plane in self._summed(runs))
        colour = np.stack(channels, axis=-1) / np.maximum(number, 1)[..., None]
        box = (low[0] - left, top - high[1], high[0] - left, top - low[1])
        return Cells(number, colour, box, (view.width, view.height))

    # --- runs along the curve: where they begin (n,), and where they end ---

    def _runs(self, view: Viewport, box: Box) -> tuple[_Runs, _Runs]:
        """The runs of the cells that are surely inside of a box of pixels, and of all others that reach into it."""
        low, high = _places_of(view, box, 1)
        shift = self._index.coarse(low, high, _ACROSS)
        window = self._index.window(low, high, shift)
        starts, ends = self._index.runs(window)
        inside = self._index.window_inside(*_places_of(view, box, -1), shift)
        on_rim = np.ones(starts.shape, bool)
        rows = slice(inside.bottom - window.bottom, inside.top - window.bottom)
        on_rim[rows, inside.left - window.left : inside.right - window.left] = False
        return (starts[~on_rim], ends[~on_rim]), (starts[on_rim], ends[on_rim])

    def _summed(self, runs: _Runs) -> tuple[np.ndarray, ...]:
        """Number, red, green and blue of each run, uint64."""
        starts, ends = runs
        pairs = [sums[ends] - sums[starts] for sums in self._sums]
        return tuple(half for pair in pairs for half in (pair >> _HALF, pair & _LOW))

    def _number(self, runs: _Runs) -> int:
        """How many points all runs hold together."""
        return int(self._summed(runs)[0].sum())

    def _list(self, view: Viewport, runs: Sequence[_Runs]) -> PointsInView:
        """The points in view of some runs, in the order of painting."""
        places = self._places[np.concatenate([members(*some) for some in runs])]
        chosen = np.zeros(len(self._dots), bool)
        chosen[places[places >= 0]] = True  # faster than sorting them
        return self._dots.in_view(view, np.flatnonzero(chosen))

    def _count_one_by_one(self, view: Viewport, runs: _Runs, box: Box) -> int:
        """How many points of some runs are in a box of pixels."""
        places = self._places[members(*runs)]
        return self._dots.in_view(view, places[places >= 0]).count(box)


@dataclass(frozen=True, eq=False)
class CrowdInView:
    """More points in view than are painted one by one."""

    crowd: Crowd
    view: Viewport
    number: int

    def __len__(self) -> int:
        return self.number

    def nearest(self, x: float, y: float, within: float) -> int | None:
        """The point nearest to a pixel, if it is `within` px of it; of several, the one painted first."""
        around = (x - within, y - within, x + within, y + within)
        return self.crowd.near(self.view, around).nearest(x, y, within)

    def count(self, box: Box) -> int:
        """How many of them are in a box of pixels that is part of the view."""
        return self.crowd.count(self.view, box)

    def tiles(self) -> Cells:
        """All of them, summed up."""
        return self.crowd.tiles(self.view)


def _sums(tints: np.ndarray, colours: np.ndarray) -> np.ndarray:
    """The sums of all points before each along the curve, (2, n + 1) uint64, each number two of them: half the time.

    tints: (n,), `len(colours)` for what is hidden. Up to 16 million points the lower of the two does not run over, and
    so the difference between two of these numbers holds two differences.
    """
    table = np.zeros((len(colours) + 1, 4), np.uint64)
    table[:-1, 0] = 1
    table[:-1, 1:] = colours.round()
    sums = np.zeros((2, len(tints) + 1), np.uint64)
    for pair, row in zip((table[:, :2], table[:, 2:]), sums, strict=True):
        np.cumsum((pair[:, 0] << _HALF | pair[:, 1])[tints], out=row[1:])
    return sums


def _places_of(view: Viewport, box: Box, wider: int) -> tuple[np.ndarray, np.ndarray]:
    """The corners of a box of pixels in map coordinates, the lower left one first: (2,) each.

    wider: 1 for a box that surely holds all whose pixels are in this one, -1 for one that surely holds no others;
    pixels are computed in float32, and so the farther the view is from the origin the less exact.
    """
    left, top, right, bottom = box
    farthest = np.abs(view.scale_and_offset[1]) + np.array([view.width, view.height])
    dx, dy = (wider * (1 + 8 * np.finfo(np.float32).eps * farthest)).tolist()
    (low_x, high_y), (high_x, low_y) = view.to_places(
        np.array([(left - dx, top - dy), (right + dx, bottom + dy)])
    )
    return np.array([low_x, low_y]), np.array([high_x, high_y])
