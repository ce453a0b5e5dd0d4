"""What lies behind the points of the map: decoded digits on a lattice, or how far the decoder can be trusted there.

Cells are computed in the background, those in the middle of the view first; what is there is shown meanwhile.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from typing import Literal, get_args

import numpy as np

from aedesk.app.explorer import Explorer
from aedesk.app.jobs import Jobs
from aedesk.app.loading import ActiveModel
from aedesk.app.signal import Signal
from aedesk.app.viewport import Viewport
from aedesk.app.worker import Link, Worker
from aedesk.storage.pictures import grey

Kind = Literal["none", "digits", "trust"]
KINDS: tuple[Kind, ...] = get_args(Kind)

_ACROSS = {"digits": 20, "trust": 48}  # cells over the width of the view, about
_EDGE = {"digits": 28, "trust": 1}  # pixels of a cell
_STRETCH = 1.5  # a cell may become this much larger or smaller on the screen before the lattice is laid anew
_ASKEW = 1.15  # times wider than high, or higher than wide: likewise
_MARGIN = 1.0  # of the view, on each side of it, where cells are kept as it moves
_BATCH_SECONDS = 0.02  # of work between two looks at whether another view is wanted
_FIRST_BATCH, _LARGEST_BATCH = 16, 512

Key = tuple[int, int]
Cells = tuple[np.ndarray, np.ndarray]  # keys (n, 2) int64, and values (n, edge, edge) uint8


@dataclass(frozen=True)
class Lattice:
    """Cells of `step` map units from `origin` on, (x, y) each; cell (i, j) is i to the right and j up."""

    origin: tuple[float, float]
    step: tuple[float, float]

    @classmethod
    def over(cls, view: Viewport, across: int) -> Lattice:
        """About `across` cells over the width of the view, square on the screen."""
        units = view.size / np.array([view.width, view.height])
        x, y = (units * view.width / across).tolist()
        return cls((view.left, view.bottom), (x, y))

    def fits(self, view: Viewport, across: int) -> bool:
        """Whether its cells have about the right size and form in a view."""
        sides = np.array(self.step) * [view.width, view.height] / view.size * across / view.width
        width, height = map(float, sides)
        return 1 / _ASKEW < width / height < _ASKEW and 1 / _STRETCH < width < _STRETCH

    def keys_in(self, view: Viewport) -> tuple[Key, Key]:
        """The lower left and the upper right cell of those that cover the view."""
        (left, bottom), (right, top) = self.keys_at(np.stack([view.low, view.high])).tolist()
        return (left, bottom), (right, top)

    def centres(self, keys: np.ndarray) -> np.ndarray:
        """The middles of cells (n, 2), (n, 2) float32, in map coordinates."""
        return (np.array(self.origin) + (keys + 0.5) * self.step).astype(np.float32)

    def keys_at(self, places: np.ndarray) -> np.ndarray:
        """The cells of places (n, 2), (n, 2) int64."""
        return np.floor((places - self.origin) / self.step).astype(np.int64)


class Region:
    """Cells side by side: those of a lattice from `low` to `high`, both included.

    values: (rows, edge, columns, edge) uint8, the upper row first: also those that only stand in for others.
    there: (rows, columns) bool, which have been computed.
    """

    def __init__(self, lattice: Lattice, low: Key, high: Key, edge: int) -> None:
        self.lattice, self.low, self.high = lattice, low, high
        columns, rows = high[0] - low[0] + 1, high[1] - low[1] + 1
        self.values = np.zeros((rows, edge, columns, edge), np.uint8)
        self.there = np.zeros((rows, columns), bool)
        self.is_blank = True  # nothing to show, not even a stand-in

    def covers(self, low: Key, high: Key) -> bool:
        return all(a <= b for a, b in zip((*self.low, *high), (*low, *self.high), strict=True))

    def part(self, low: Key, high: Key) -> tuple[slice, slice]:
        """The rows and the columns of the cells from `low` to `high`."""
        top, left = self.high[1], self.low[0]
        return slice(top - high[1], top - low[1] + 1), slice(low[0] - left, high[0] - left + 1)

    def missing(self, low: Key, high: Key) -> np.ndarray:
        """The keys of cells from `low` to `high` that are not there, (n, 2) int64, those in the middle first."""
        lacks = np.argwhere(~self.there[self.part(low, high)])
        keys = np.stack([low[0] + lacks[:, 1], high[1] - lacks[:, 0]], axis=1)
        middle = (np.array(low) + high) / 2
        ordered: np.ndarray = keys[np.argsort(np.abs(keys - middle).max(axis=1), kind="stable")]
        return ordered

    def put(self, keys: np.ndarray, values: np.ndarray) -> None:
        """Take in computed cells (n, edge, edge); those outside are passed over."""
        inside = ((keys >= self.low) & (keys <= self.high)).all(axis=1)
        rows, columns = self._places(keys[inside])
        self.values[rows, :, columns] = values[inside]
        self.there[rows, columns] = True
        self.is_blank = False

    def take_over(self, before: Region) -> None:
        """Take the cells of a region before; those of another lattice stand in until these are computed."""
        if before.is_blank:
            return
        rows, columns = np.indices(self.there.shape).reshape(2, -1)
        keys = np.stack([self.low[0] + columns, self.high[1] - rows], axis=1)
        same = before.lattice == self.lattice
        sources = keys if same else before.lattice.keys_at(self.lattice.centres(keys))
        inside = ((sources >= before.low) & (sources <= before.high)).all(axis=1)
        rows, columns = rows[inside], columns[inside]
        from_rows, from_columns = before._places(sources[inside])
        self.values[rows, :, columns] = before.values[from_rows, :, from_columns]
        if same:
            self.there[rows, columns] = before.there[from_rows, from_columns]
        self.is_blank = False

    def _places(self, keys: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        return self.high[1] - keys[:, 1], keys[:, 0] - self.low[0]


@dataclass(frozen=True, eq=False)
class Mosaic:
    """Cells side by side: values (rows * edge, columns * edge) uint8, the upper row first, and the part of it in view.

    box: left, top, right and bottom of the view in the mosaic's own pixels.
    """

    values: np.ndarray
    box: tuple[float, float, float, float]


class Backdrop:
    """One per map. `changed` says that more can be shown; `failed` tells what went wrong."""

    def __init__(self, explorer: Explorer, jobs: Jobs) -> None:
        self._explorer, self._jobs = explorer, jobs
        self.kind: Kind = "none"
        self.changed: Signal[None] = Signal()
        self.failed: Signal[BaseException] = Signal()
        self._region: Region | None = None
        self._worker: Worker[Cells] | None = None
        self._wanted: Viewport | None = None
        self._compute: Callable[[np.ndarray], np.ndarray] | None = None
        explorer.model_changed.connect(lambda _: self._forget())

    @property
    def is_complete(self) -> bool:
        """Whether nothing is being computed."""
        return self._worker is None

    def show(self, kind: Kind) -> None:
        self.kind = kind
        self._forget()

    def mosaic(self, view: Viewport) -> Mosaic | None:
        """What is there of a view, at once; what is not there yet is computed, and `changed` tells."""
        active = self._explorer.active
        if self.kind == "none" or active is None:
            return None
        region = self._region_of(view, self.kind)
        self._wanted = view
        self._work(active, region)
        return None if region.is_blank else _cut(region, view)

    def _forget(self) -> None:
        self._region = self._compute = None
        if self._worker is not None:
            self._worker.stop()
        self.changed.emit(None)

    def _region_of(self, view: Viewport, kind: Kind) -> Region:
        """The cells that are kept, made to cover a view."""
        before, across = self._region, _ACROSS[kind]
        if before is not None and before.lattice.fits(view, across):
            lattice = before.lattice
        else:
            lattice = Lattice.over(view, across)
        low, high = lattice.keys_in(view)
        if before is not None and before.lattice is lattice and before.covers(low, high):
            return before
        more = [round(_MARGIN * (end - start + 1)) for start, end in zip(low, high, strict=True)]
        self._region = Region(
            lattice,
            (low[0] - more[0], low[1] - more[1]),
            (high[0] + more[0], high[1] + more[1]),
            _EDGE[kind],
        )
        if before is not None:
            self._region.take_over(before)
        return self._region

    def _work(self, active: ActiveModel, region: Region) -> None:
        """Compute what the wanted view lacks, unless something is being computed."""
        view = self._wanted
        if view is None or self._worker is not None:
            return
        lattice = region.lattice
        missing = region.missing(*lattice.keys_in(view))
        if not len(missing):
            return
        if self._compute is None:
            self._compute = _digits(active) if self.kind == "digits" else _trust(active)
        compute = self._compute

        def on_item(cells: Cells) -> None:
            if self._region is None or self._region.lattice is not lattice:
                return
            self._region.put(*cells)
            if self._wanted != view:
                worker.stop()  # the view has moved on: what it lacks now comes first
            self.changed.emit(None)

        def on_end(problem: BaseException | None) -> None:
            self._worker = None
            if problem is not None and compute is self._compute:  # else of what is not asked for any more
                self.kind = "none"
                self.failed.emit(problem)
            self.changed.emit(None)

        make = partial(_compute_cells, lattice, missing, compute)
        worker = self._worker = self._jobs.start(f"backdrop of {self.kind}", make, on_item, on_end)


def _cut(region: Region, view: Viewport) -> Mosaic:
    """The cells that cover a view."""
    lattice = region.lattice
    low, high = lattice.keys_in(view)
    rows, columns = region.part(low, high)
    cells = region.values[rows, :, columns]
    height, edge, width, _ = cells.shape
    values = np.array(cells).reshape(height * edge, width * edge)
    x0, y1 = ((view.low - lattice.origin) / lattice.step - low).tolist()
    x1, y0 = ((view.high - lattice.origin) / lattice.step - low).tolist()
    box = (x0 * edge, (height - y0) * edge, x1 * edge, (height - y1) * edge)
    return Mosaic(
        values, (max(0, box[0]), max(0, box[1]), min(width * edge, box[2]), min(height * edge, box[3]))
    )


def _compute_cells(
    lattice: Lattice, keys: np.ndarray, compute: Callable[[np.ndarray], np.ndarray], link: Link[Cells]
) -> Iterator[Cells]:
    """In the worker: the cells in the given order, in batches that take a moment each."""
    size, start = _FIRST_BATCH, 0
    while start < len(keys) and not link.stopped():
        batch = keys[start : start + size]
        begun = time.perf_counter()
        values = compute(lattice.centres(batch))
        yield batch, grey(values)
        pace = (time.perf_counter() - begun) / len(batch)
        start += len(batch)
        size = int(np.clip(_BATCH_SECONDS / max(pace, 1e-6), 1, _LARGEST_BATCH))


def _digits(active: ActiveModel) -> Callable[[np.ndarray], np.ndarray]:
    """Places (n, 2) -> the digits decoded there, (n, 28, 28) in [0, 1]."""
    projection, model = active.projection, active.model
    return lambda places: model.decode(projection.to_codes(places))


def _trust(active: ActiveModel) -> Callable[[np.ndarray], np.ndarray]:
    """Places (n, 2) -> how far the decoder can be trusted there, (n, 1, 1) in [0, 1]."""

    def score(places: np.ndarray) -> np.ndarray:
        scores: np.ndarray = active.trust.at(places).score
        return scores[:, None, None]

    return score
