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

Kind = Literal["none", "digits", "trust"]
KINDS: tuple[Kind, ...] = get_args(Kind)

_ACROSS = {"digits": 20, "trust": 48}  # cells over the width of the view, about
_STRETCH = 1.5  # a cell may become this much larger or smaller on the screen before the lattice is laid anew
_ASKEW = 1.15  # times wider than high, or higher than wide: likewise
_MOST_CELLS = 20_000  # kept; enough for a long walk over the map
_BATCH_SECONDS = 0.02  # of work between two looks at whether another view is wanted
_FIRST_BATCH, _LARGEST_BATCH = 16, 512

Key = tuple[int, int]
Cells = tuple[list[Key], np.ndarray]  # keys, and uint8 of (n, edge, edge)


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
        low = np.floor((view.low - self.origin) / self.step).astype(int).tolist()
        high = np.floor((view.high - self.origin) / self.step).astype(int).tolist()
        return (low[0], low[1]), (high[0], high[1])

    def centres(self, keys: list[Key]) -> np.ndarray:
        """The middles of cells, (n, 2) float32, in map coordinates."""
        places = np.array(self.origin) + (np.array(keys, float).reshape(-1, 2) + 0.5) * self.step
        return places.astype(np.float32)

    def key_at(self, place: np.ndarray) -> Key:
        i, j = np.floor((place - self.origin) / self.step).astype(int).tolist()
        return i, j


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
        self._lattice: Lattice | None = None
        self._cells: dict[Key, np.ndarray] = {}
        self._before: tuple[Lattice, dict[Key, np.ndarray]] | None = None
        self._assembled: tuple[tuple[Key, Key], np.ndarray] | None = (
            None  # the last picture, until cells change
        )
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
        across = _ACROSS[self.kind]
        if self._lattice is None or not self._lattice.fits(view, across):
            if self._lattice is not None and self._cells:
                self._before = self._lattice, self._cells
            self._lattice, self._cells, self._assembled = Lattice.over(view, across), {}, None
        self._wanted = view
        self._work(active)
        return self._assemble(self._lattice, view)

    def _forget(self) -> None:
        self._lattice, self._cells, self._before, self._compute = None, {}, None, None
        self._assembled = None
        if self._worker is not None:
            self._worker.stop()
        self.changed.emit(None)

    def _assemble(self, lattice: Lattice, view: Viewport) -> Mosaic | None:
        span = lattice.keys_in(view)
        if self._assembled is None or self._assembled[0] != span:
            values = self._side_by_side(lattice, *span)
            if values is None:
                return None
            self._assembled = span, values
        values = self._assembled[1]
        (left, bottom), (right, _) = span
        rows, columns = values.shape
        edge = columns // (right - left + 1)
        x0, y1 = ((view.low - lattice.origin) / lattice.step - (left, bottom)).tolist()
        x1, y0 = ((view.high - lattice.origin) / lattice.step - (left, bottom)).tolist()
        box = (x0 * edge, rows - y0 * edge, x1 * edge, rows - y1 * edge)
        return Mosaic(values, (max(0, box[0]), max(0, box[1]), min(columns, box[2]), min(rows, box[3])))

    def _side_by_side(self, lattice: Lattice, low: Key, high: Key) -> np.ndarray | None:
        """The cells from `low` to `high` in one picture, None while there is not a single one."""
        known = next(iter(self._cells.values()), None)
        if known is None and self._before is not None:
            known = next(iter(self._before[1].values()), None)
        if known is None:
            return None
        edge = len(known)
        values = np.zeros(((high[1] - low[1] + 1) * edge, (high[0] - low[0] + 1) * edge), np.uint8)
        for j in range(low[1], high[1] + 1):
            row = (high[1] - j) * edge
            for i in range(low[0], high[0] + 1):
                cell = self._cells.get((i, j))
                if cell is None:
                    cell = self._stand_in(lattice, (i, j))
                if cell is not None:
                    column = (i - low[0]) * edge
                    values[row : row + edge, column : column + edge] = cell
        return values

    def _stand_in(self, lattice: Lattice, key: Key) -> np.ndarray | None:
        """What the lattice before had at the place of a cell that is not there yet."""
        if self._before is None:
            return None
        before, cells = self._before
        return cells.get(before.key_at(lattice.centres([key])[0]))

    def _work(self, active: ActiveModel) -> None:
        """Compute what the wanted view lacks, unless that is being done."""
        lattice, view = self._lattice, self._wanted
        if lattice is None or view is None or self._worker is not None:
            return
        (left, bottom), (right, top) = lattice.keys_in(view)
        keys = [(i, j) for j in range(bottom, top + 1) for i in range(left, right + 1)]
        missing = [key for key in keys if key not in self._cells]
        if not missing:
            self._before = None
            return
        middle = np.array([left + right, bottom + top]) / 2
        missing.sort(key=lambda key: float(np.abs(np.array(key) - middle).max()))
        if self._compute is None:
            self._compute = _digits(active) if self.kind == "digits" else _trust(active)
        make = partial(_compute_cells, lattice, missing, self._compute)

        def on_item(cells: Cells) -> None:
            if lattice is not self._lattice:
                return
            if len(self._cells) > _MOST_CELLS:
                self._cells.clear()
            self._cells.update(zip(*cells, strict=True))
            self._assembled = None
            if self._wanted is not None and self._wanted is not view:
                worker.stop()  # the view has moved on: what it lacks now comes first
            self.changed.emit(None)

        def on_end(problem: BaseException | None) -> None:
            self._worker = None
            if problem is not None:
                self.kind = "none"
                self.failed.emit(problem)
            self.changed.emit(None)

        worker = self._worker = self._jobs.start(f"backdrop of {self.kind}", make, on_item, on_end)


def _compute_cells(
    lattice: Lattice, keys: list[Key], compute: Callable[[np.ndarray], np.ndarray], link: Link[Cells]
) -> Iterator[Cells]:
    """In the worker: the cells in the given order, in batches that take a moment each."""
    size, start = _FIRST_BATCH, 0
    while start < len(keys) and not link.stopped():
        batch = keys[start : start + size]
        begun = time.perf_counter()
        values = compute(lattice.centres(batch))
        yield batch, np.rint(values * 255).astype(np.uint8)
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
