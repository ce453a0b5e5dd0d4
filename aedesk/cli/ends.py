"""What codes are made from on the command line: pictures in files, and places of a model's map."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from aedesk.cli.arguments import finite, user_path
from aedesk.errors import AedeskError

if TYPE_CHECKING:
    from aedesk.latent.projection import Projection
    from aedesk.models.model import Model

Place = tuple[float, float]
End = Path | Place

HELP = "a picture file, or a place X,Y in the coordinates of `aedesk map`"


def place(text: str) -> Place:
    """`X,Y`, for argparse."""
    try:
        x, y = map(float, text.split(","))
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r} is no place X,Y of a map, such as 3.5,-1") from None
    return finite(f"{x}"), finite(f"{y}")


def end(text: str) -> End:
    """A place where there are two numbers with a comma between, else a picture file; for argparse."""
    try:
        _, _ = map(float, text.split(","))
    except ValueError:
        return user_path(text)
    return place(text)


def words(which: End) -> str:
    """What it is, as short as can be."""
    return f"{which[0]:g},{which[1]:g}" if isinstance(which, tuple) else str(which)


def files_of(ends: Sequence[End]) -> list[Path]:
    return [one for one in ends if isinstance(one, Path)]


def read_picture(file: Path) -> np.ndarray:
    """A picture file as a model sees it, (28, 28) float32 in [0, 1]; AedeskError names the file."""
    from aedesk import sketch

    picture = sketch.open_picture(file)
    try:
        seen = sketch.from_picture(picture)
    except AedeskError as problem:
        raise AedeskError(f"{file}: {problem}") from None
    if not seen.any() and picture.size != seen.shape:  # one of 28x28 is taken as it is, whatever is on it
        raise AedeskError(f"{file}: no ink was found, it is all of one shade; choose a picture of a digit")
    return seen


def read(ends: Sequence[End]) -> list[np.ndarray]:
    """The picture (28, 28) of each file and the place (2,) of each place, before a model is loaded for them."""
    return [read_picture(one) if isinstance(one, Path) else np.array(one, np.float32) for one in ends]


def codes(found: list[np.ndarray], model: Model, lay_out: Callable[[], Projection]) -> np.ndarray:
    """The codes (n, D) of what `read` found; the map is laid out only if there is a place on it."""
    projection = lay_out() if any(one.ndim == 1 for one in found) else None
    made = [
        projection.to_codes(one) if projection is not None and one.ndim == 1 else model.encode(one)
        for one in found
    ]
    return np.concatenate(made)
