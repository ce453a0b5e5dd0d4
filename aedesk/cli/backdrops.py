"""What lies behind the dots of a map in a figure: decoded digits, or how far the decoder can be trusted."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from aedesk.latent.atlas import Atlas
    from aedesk.latent.projection import Projection
    from aedesk.models.model import Model

KINDS = ("none", "digits", "trust")

_ACROSS = {"digits": 20, "trust": 60}  # cells over the width of the map
_MOST_HIGH = 3  # times as high as wide: a map that is nearly a line gets no thousands of rows
_MARGIN = 0.03  # of the larger side, around the points
_FAINT = 0.45  # of full ink: the dots before it are to be seen first
_DOUBTFUL = np.array([0.93, 0.72, 0.62])  # of a place of no trust; one of full trust is white


@dataclass(frozen=True, eq=False)
class Backdrop:
    """A picture (H, W, 3) in [0, 1], its upper row first, for the part of the map from `low` to `high`, both (x, y)."""

    picture: np.ndarray = field(repr=False)
    low: tuple[float, float]
    high: tuple[float, float]
    note: str


def draw(kind: str, projection: Projection, atlas: Atlas, model: Model) -> Backdrop | None:
    """A backdrop under all points of the map; None for the kind "none"."""
    if kind == "none":
        return None
    places, low, high = _cells(projection.points, _ACROSS[kind])
    rows, columns = places.shape[:2]
    if kind == "digits":
        digits = model.decode(projection.to_codes(places.reshape(-1, 2))).reshape(rows, columns, 28, 28)
        ink = digits.transpose(0, 2, 1, 3).reshape(rows * 28, columns * 28, 1)
        return Backdrop(1 - _FAINT * ink.repeat(3, axis=2), low, high, "with decoded digits")

    from aedesk.latent.trust import Trust

    trust = Trust(projection, atlas, model.encode, model.decode)
    score = trust.at(places.reshape(-1, 2)).score.reshape(rows, columns, 1)
    return Backdrop(
        _DOUBTFUL + score * (1 - _DOUBTFUL), low, high, "red where the decoder is not to be trusted"
    )


def _cells(points: np.ndarray, across: int) -> tuple[np.ndarray, tuple[float, float], tuple[float, float]]:
    """The middles of square cells over the points, (rows, columns, 2), the upper row first, and their corners."""
    sides = np.ptp(points, axis=0).astype(np.float64)
    margin = _MARGIN * sides.max() or 0.5
    low, high = points.min(axis=0) - margin, points.max(axis=0) + margin
    size = float(max((high - low)[0] / across, (high - low)[1] / across / _MOST_HIGH))
    columns, rows = np.ceil((high - low) / size - 1e-6).astype(int)
    middle, half = (low + high) / 2, np.array([columns, rows]) * size / 2
    left, bottom = (middle - half).tolist()
    right, top = (middle + half).tolist()
    x = left + size * (np.arange(columns) + 0.5)
    y = top - size * (np.arange(rows) + 0.5)
    return np.stack(np.meshgrid(x, y), axis=-1).astype(np.float32), (left, bottom), (right, top)
