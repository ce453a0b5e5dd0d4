"""Files of the points that were chosen on the map, written in the background: a sheet, a table, arrays.

Each function yields one sentence about what is in the file once that is there, whole; nothing if it was stopped before.
Raises AedeskError where the file cannot be written.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from dataclasses import replace
from typing import TYPE_CHECKING, BinaryIO

import numpy as np

from aedesk.app.decoded import Lookup
from aedesk.app.worker import Link
from aedesk.errors import Cancelled
from aedesk.storage.files import write_whole
from aedesk.storage.pictures import in_rows, sheet, write_png

if TYPE_CHECKING:
    from aedesk.app.loading import ActiveModel

MOST_ON_SHEET = 2500
_ENLARGED = 2  # pixels of a sheet for one of a picture
_LINES = 500  # of a table between two looks at whether it is still wanted


def write_sheet(active: ActiveModel, chosen: Lookup, path: str, link: Link[str]) -> Iterator[str]:
    """The points' pictures side by side, as a grey PNG."""
    shown = replace(chosen, indices=chosen.indices[:MOST_ON_SHEET])
    try:
        pictures = shown.pictures(link.stopped)
    except Cancelled:
        return
    write_png(path, sheet(in_rows(pictures), _ENLARGED))
    kind = "pictures" if chosen.images is not None else "pictures decoded from their codes"
    count, all_of_them = len(shown.indices), len(chosen.indices)
    if count < all_of_them:
        yield f"The first {count:,} of {all_of_them:,} {kind}, in {path}"
    else:
        yield f"{count:,} {kind}, in {path}"


def write_csv(active: ActiveModel, chosen: Lookup, path: str, link: Link[str]) -> Iterator[str]:
    """A line for each point.

    Columns: image (which training image of the data set it is, empty where that is not known), label (the number of
    the class), class, x, y (its place on the map), error (the mean squared one per pixel; no such column without the
    originals), code_1 ...
    """
    try:
        errors = chosen.errors(link.stopped)
    except Cancelled:
        return
    names = ["image", "label", "class", "x", "y", *(["error"] if errors is not None else [])]
    names += [f"code_{number}" for number in range(1, chosen.atlas.code_size + 1)]
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(names)
    for start in range(0, len(chosen.indices), _LINES):
        if link.stopped():
            return
        part = slice(start, start + _LINES)
        writer.writerows(_lines(active, chosen.indices[part], None if errors is None else errors[part]))
    write_whole(path, text.getvalue().encode())
    yield f"{len(chosen.indices):,} points, in {path}"


def write_npz(active: ActiveModel, chosen: Lookup, path: str, link: Link[str]) -> Iterator[str]:
    """The points as NumPy arrays.

    codes (n, D) float32, labels (n,) int64, points (n, 2) float32 on the map, classes (their names), data (the name of
    the data set), model (its name), and where it is known images (n,) int32, which training images of `data` they are.
    """
    shown, indices = chosen.atlas, chosen.indices
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

    if not link.stopped():
        write_whole(path, write)
        yield f"{len(indices):,} codes with their places and labels, in {path}"


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
            line.append(f"{errors[place]:.6g}")
        yield line + [f"{number:.7g}" for number in shown.codes[index].tolist()]
