"""Points of the map that were chosen together: what they are on the whole, and files of them."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Literal

import numpy as np

from aedesk.app.decoded import Lookup
from aedesk.app.jobs import Jobs
from aedesk.app.loading import ActiveModel
from aedesk.app.point_pictures import PointPictures
from aedesk.app.selection_files import write_csv, write_npz, write_sheet
from aedesk.app.signal import Signal
from aedesk.app.worker import Link
from aedesk.errors import AedeskError

if TYPE_CHECKING:
    from aedesk.app.explorer import Explorer
    from aedesk.latent.atlas import Atlas

How = Literal["replace", "add", "remove"]
Write = Callable[[ActiveModel, Lookup, str, Link[str]], Iterator[str]]

_BUDGET = 0.02  # seconds that a summary may take to decode
_REMEMBERED = 50


@dataclass(frozen=True, eq=False)
class Summary:
    """What the chosen points are on the whole.

    counts: (classes,) int64. mean_image: (28, 28) float32 in [0, 1], of `pictures` of the points, or None where none of
    them is known yet. mean_error: the mean squared error per pixel with which `measured` of them are rebuilt, or None
    where there are no originals or none is measured yet. The two numbers grow to that of the points.
    """

    counts: np.ndarray
    mean_image: np.ndarray | None
    pictures: int
    mean_error: float | None
    measured: int

    @property
    def count(self) -> int:
        """How many points are chosen."""
        return int(self.counts.sum())


class Selection:
    """The indices of the chosen points of the map, in ascending order, (n,) int64 into `active.shown`.

    They stay when the same points are laid out anew, and go with them. Signals: `changed` (the indices),
    `summary_changed` (more of it is known than before), `saved` (what is in a file that was asked for, in words),
    `failed` (why there is no such file).
    """

    def __init__(self, explorer: Explorer, pictures: PointPictures, jobs: Jobs) -> None:
        self._pictures, self._jobs = pictures, jobs
        self._active = explorer.active
        self._before: list[np.ndarray] = []
        self._mean: tuple[int, np.ndarray] | None = None  # of so many pictures; 60,000 take a while
        self.indices = np.empty(0, np.int64)
        self.changed: Signal[np.ndarray] = Signal()
        self.summary_changed: Signal[None] = Signal()
        self.saved: Signal[str] = Signal()
        self.failed: Signal[BaseException] = Signal()
        explorer.model_changed.connect(self._adopt)
        pictures.changed.connect(self._renew)
        pictures.decoded.connect(self._tell)

    @property
    def can_undo(self) -> bool:
        """Whether there is a selection before this one."""
        return bool(self._before)

    def choose(self, indices: np.ndarray, how: How = "replace") -> None:
        """Choose these points instead of the chosen ones, with them, or take them out."""
        if self._active is None:
            return
        chosen = np.unique(np.asarray(indices, np.int64).reshape(-1))
        if len(chosen) and not (chosen[0] >= 0 and chosen[-1] < len(self._active.shown)):
            raise ValueError(f"points {chosen[0]} to {chosen[-1]} of a map of {len(self._active.shown)}")
        if how == "add":
            chosen = np.union1d(self.indices, chosen)
        elif how == "remove":
            chosen = np.setdiff1d(self.indices, chosen)
        if np.array_equal(chosen, self.indices):
            return
        self._before = [*self._before[1 - _REMEMBERED :], self.indices]
        self._set(chosen)

    def clear(self) -> None:
        """Choose none; can be undone."""
        self.choose(np.empty(0, np.int64))

    def undo(self) -> None:
        """Return to the selection before this one, if there is one."""
        if self._before:
            self._set(self._before.pop())

    def summary(self) -> Summary:
        """What the chosen points are; what takes long to find out is found out in the background."""
        active, indices = self._active, self.indices
        if active is None or not len(indices):
            classes = len(active.shown.classes) if active is not None else 0
            return Summary(np.zeros(classes, np.int64), None, 0, None, 0)
        shown = active.shown
        ready = indices[self._pictures.ready(shown, indices, _BUDGET)]
        errors = self._pictures.errors(shown, indices, _BUDGET)
        known = np.empty(0) if errors is None else errors[~np.isnan(errors)]
        if len(ready) < len(indices) or (errors is not None and len(known) < len(indices)):
            self._pictures.prepare(shown, indices)
        return Summary(
            counts=np.bincount(shown.labels[indices], minlength=len(shown.classes)),
            mean_image=self._mean_image(shown, ready) if len(ready) else None,
            pictures=len(ready),
            mean_error=float(known.mean(dtype=np.float64)) if len(known) else None,
            measured=len(known),
        )

    def save_sheet(self, path: str | os.PathLike[str]) -> str:
        """Begin to write the chosen points' pictures; tell so in words. Raises AedeskError if none is chosen.

        What comes of it is told by `saved` or `failed`, as of the two below.
        """
        return self._save(write_sheet, path)

    def save_csv(self, path: str | os.PathLike[str]) -> str:
        """Likewise, a table with a line for each of them."""
        return self._save(write_csv, path)

    def save_npz(self, path: str | os.PathLike[str]) -> str:
        """Likewise, NumPy arrays."""
        return self._save(write_npz, path)

    def _save(self, write: Write, path: str | os.PathLike[str]) -> str:
        active = self._active
        if active is None or not len(self.indices):
            raise AedeskError("Nothing is chosen; draw a lasso or a box round some points of the map first.")
        name = os.fspath(path)

        def on_end(problem: BaseException | None) -> None:
            if problem is not None:
                self.failed.emit(problem)

        chosen = self._pictures.lookup(active, self.indices)
        self._jobs.start(f"save {name}", partial(write, active, chosen, name), self.saved.emit, on_end)
        return f"Saving {len(self.indices):,} points to {name} ..."

    def _adopt(self, active: ActiveModel) -> None:
        before, self._active = self._active, active
        if before is not None and before.shown is active.shown:
            return  # the same points, laid out anew
        self._before.clear()
        self._mean = None
        if len(self.indices):
            self._set(np.empty(0, np.int64))

    def _mean_image(self, shown: Atlas, ready: np.ndarray) -> np.ndarray:
        if self._mean is None or self._mean[0] != len(ready):
            self._mean = len(ready), self._pictures.mean(shown, ready)
        return self._mean[1]

    def _renew(self, _: None) -> None:
        self._mean = None
        self._tell(None)

    def _set(self, indices: np.ndarray) -> None:
        self.indices = indices
        self._mean = None
        self.changed.emit(indices)

    def _tell(self, _: None) -> None:
        if len(self.indices):
            self.summary_changed.emit(None)
