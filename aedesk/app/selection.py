"""Points of the map that were chosen together: what they are on the whole, and files of them."""

from __future__ import annotations

import csv
import io
import math
import os
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, BinaryIO, Literal

import numpy as np

from aedesk.app.loading import ActiveModel
from aedesk.app.point_pictures import PointPictures
from aedesk.app.signal import Signal
from aedesk.errors import AedeskError
from aedesk.storage.files import write_whole
from aedesk.storage.pictures import in_rows, sheet, write_png

if TYPE_CHECKING:
    from aedesk.app.explorer import Explorer
    from aedesk.latent.atlas import Atlas

How = Literal["replace", "add", "remove"]

MOST_ON_SHEET = 2500
_BUDGET = 0.02  # seconds that a summary may take to decode
_REMEMBERED = 50
_ENLARGED = 2  # pixels of a sheet for one of a picture


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
    `summary_changed` (more of it is known than before).
    """

    def __init__(self, explorer: Explorer, pictures: PointPictures) -> None:
        self._explorer = explorer
        self._pictures = pictures
        self._active = explorer.active
        self._before: list[np.ndarray] = []
        self._mean: tuple[int, np.ndarray] | None = None  # of so many pictures; 60,000 take a while
        self.indices = np.empty(0, np.int64)
        self.changed: Signal[np.ndarray] = Signal()
        self.summary_changed: Signal[None] = Signal()
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
        """Write the chosen points' pictures side by side as a grey PNG, and tell in words what is in it.

        Raises AedeskError if none is chosen, or if the file cannot be written.
        """
        active = self._some()
        indices = self.indices[:MOST_ON_SHEET]
        write_png(path, sheet(in_rows(self._pictures.of(active.shown, indices)), _ENLARGED))
        kind = "pictures" if self._pictures.are_originals else "pictures decoded from their codes"
        if len(indices) < len(self.indices):
            return f"The first {len(indices):,} of {len(self.indices):,} {kind}, in {os.fspath(path)}"
        return f"{len(indices):,} {kind}, in {os.fspath(path)}"

    def save_csv(self, path: str | os.PathLike[str]) -> str:
        """Write a line for each chosen point, and tell in words what is in the file.

        Columns: image (which training image of the data set it is, empty where that is not known), label (the number
        of the class), class, x, y (its place on the map), error (mean squared, empty where not measured; no such
        column without the originals), code_0 ... Raises AedeskError as `save_sheet`.
        """
        active = self._some()
        errors = self._pictures.errors(active.shown, self.indices, _BUDGET)
        names = ["image", "label", "class", "x", "y", *(["error"] if errors is not None else [])]
        names += [f"code_{place}" for place in range(active.shown.code_size)]
        text = io.StringIO()
        writer = csv.writer(text, lineterminator="\n")
        writer.writerow(names)
        writer.writerows(_lines(active, self.indices, errors))
        write_whole(path, text.getvalue().encode())
        missing = 0 if errors is None else int(np.isnan(errors).sum())
        unmeasured = f" ({missing:,} of them without the error, not measured yet)" if missing else ""
        return f"{len(self.indices):,} points{unmeasured}, in {os.fspath(path)}"

    def save_npz(self, path: str | os.PathLike[str]) -> str:
        """Write the chosen points as NumPy arrays, and tell in words what is in the file.

        codes (n, D) float32, labels (n,) int64, points (n, 2) float32 on the map, classes (their names), data (the name
        of the data set), model (its name), and where it is known images (n,) int32, which training images of `data`
        they are. Raises AedeskError as `save_sheet`.
        """
        active, indices = self._some(), self.indices
        shown = active.shown
        arrays = {
            "codes": shown.codes[indices],
            "labels": shown.labels[indices],
            "points": active.projection.points[indices],
            "classes": np.array(shown.classes),
            "data": np.array(shown.data),
            "model": np.array(active.model.name),
        }
        if shown.images is not None:
            arrays["images"] = shown.images[indices]

        def write(file: BinaryIO) -> None:
            np.savez(file, allow_pickle=False, **arrays)

        write_whole(path, write)
        return f"{len(indices):,} codes with their places and labels, in {os.fspath(path)}"

    def _some(self) -> ActiveModel:
        if self._active is None or not len(self.indices):
            raise AedeskError("Nothing is chosen; draw a lasso or a box round some points of the map first.")
        return self._active

    def _adopt(self, active: ActiveModel) -> None:
        before, self._active = self._active, active
        if before is not None and before.shown is active.shown:
            return  # the same points, laid out anew
        self._before.clear()
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


def _lines(active: ActiveModel, indices: np.ndarray, errors: np.ndarray | None) -> Iterator[list[object]]:
    shown, points = active.shown, active.projection.points
    for place, index in enumerate(indices.tolist()):
        label = int(shown.labels[index])
        line: list[object] = [
            "" if shown.images is None else int(shown.images[index]),
            label,
            shown.classes[label],
        ]
        line += [f"{number:.7g}" for number in points[index].tolist()]
        if errors is not None:
            line.append("" if math.isnan(errors[place]) else f"{errors[place]:.6g}")
        yield line + [f"{number:.7g}" for number in shown.codes[index].tolist()]
