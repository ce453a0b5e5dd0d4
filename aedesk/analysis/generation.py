"""How many of the pictures that a model makes are digits: of codes that were drawn, and all over its map.

A judge decides (`analysis.judge`), who has no part in any model: a picture counts where one class is given a
probability over .9.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from aedesk.analysis.judge import DIGITS, SURE, Judge
from aedesk.analysis.watch import IsCancelled, Progress, Watch
from aedesk.latent.extent import fitted

if TYPE_CHECKING:
    from scipy.spatial import cKDTree

    from aedesk.latent.projection import Projection
    from aedesk.models.model import Model

SIDE = 64
"""Cells across and along of the grid on which a map is judged."""

_UNSURE = -1
# As `latent.trust` calls ground thin: the tenth point is more than three times as far as is usual among points.
_NEIGHBOURS, _FAR = 10, 3.0
_SAMPLE = 2000  # points that say what is usual


@dataclass(frozen=True)
class MapScore:
    """What a map shows, judged in the middle of each of side x side cells over all that is visible when it is fitted.

    sure: share of the cells whose digit the judge is sure of. dead: the largest connected area (cells that share an
    edge) where it is not, as a share of all cells. classes: of the cells that it is sure of, the share of each digit.
    balance: how evenly, from 0 where only one digit is to be found to 1 where all ten have as much room.
    near: share of the cells within the reach of the data. sure_near and dead_near: as above, of these cells alone.
    """

    sure: float
    dead: float
    balance: float
    near: float
    sure_near: float
    dead_near: float
    classes: tuple[float, ...]
    side: int


def sample_score(
    judge: Judge,
    model: Model,
    codes: np.ndarray,
    *,
    progress: Progress | None = None,
    cancelled: IsCancelled | None = None,
) -> float:
    """The share of codes (N, D), one or more, whose decoded picture the judge is sure of. Raises Cancelled."""
    sure = 0
    for chunk in Watch(progress, cancelled).chunks("judging samples", len(codes)):
        sure += int(judge.sure(model.decode(codes[chunk])).sum())
    return sure / len(codes)


def map_score(
    judge: Judge,
    model: Model,
    projection: Projection,
    *,
    side: int = SIDE,
    progress: Progress | None = None,
    cancelled: IsCancelled | None = None,
) -> MapScore:
    """What the judge says of all the places of a map of this model. Raises Cancelled."""
    from scipy.spatial import cKDTree

    places = visible_places(projection.points, side)
    labels = np.empty(len(places), np.int64)
    for chunk in Watch(progress, cancelled).chunks("judging the map", len(places)):
        probabilities = judge.probabilities(model.decode(projection.to_codes(places[chunk])))
        labels[chunk] = np.where(probabilities.max(axis=1) > SURE, probabilities.argmax(axis=1), _UNSURE)
    near = _near(cKDTree(np.asarray(projection.points, np.float64)), places)
    return score_of(labels.reshape(side, side), near.reshape(side, side))


def visible_places(points: np.ndarray, side: int = SIDE) -> np.ndarray:
    """The middles of side x side equal cells of what a fitted map shows, (side * side, 2) float32, row by row.

    points: (N, 2), of the map; all are visible, but for a thousandth on each side.
    """
    low, high = fitted(points)
    steps = (np.arange(side) + 0.5) / side
    grid = np.stack(np.meshgrid(steps, steps), axis=-1).reshape(-1, 2)
    places: np.ndarray = (low + grid * (high - low)).astype(np.float32)
    return places


def score_of(labels: np.ndarray, near: np.ndarray) -> MapScore:
    """The score of a map by its cells.

    labels: (side, side) whole numbers, the digit that the judge is sure of in each cell, or -1.
    near: (side, side) bool, whether the cell is within the reach of the data.
    """
    unsure = labels == _UNSURE
    reached = max(int(near.sum()), 1)
    counts = np.bincount(labels[~unsure], minlength=len(DIGITS))
    shares = counts / max(int(counts.sum()), 1)
    some = shares[shares > 0]
    return MapScore(
        sure=1 - float(unsure.mean()),
        dead=_largest_area(unsure) / unsure.size,
        balance=float(-(some * np.log(some)).sum() / np.log(len(DIGITS)))
        + 0.0,  # of one digit alone 0, not -0
        near=float(near.mean()),
        sure_near=int((near & ~unsure).sum()) / reached,
        dead_near=_largest_area(near & unsure) / reached,
        classes=tuple(shares.tolist()),
        side=len(labels),
    )


def _largest_area(cells: np.ndarray) -> int:
    """How many of the cells (side, side) bool lie in the largest area of cells that share an edge."""
    from scipy.ndimage import label

    areas, _ = label(cells)
    return int(np.bincount(areas.ravel())[1:].max(initial=0))


def _near(tree: cKDTree, places: np.ndarray) -> np.ndarray:
    """Whether places (n, 2) are about as close to the points of the tree as these are to each other, (n,) bool."""
    k = min(_NEIGHBOURS, tree.n)
    some = tree.data[:: max(1, tree.n // _SAMPLE)]
    usual = float(np.median(tree.query(some, k=[min(k + 1, tree.n)])[0]))  # a point is its own nearest
    near: np.ndarray = tree.query(places, k=[k])[0][:, 0] <= _FAR * usual
    return near
