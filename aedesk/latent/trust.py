"""How far a place of a map can be believed: whether training codes lie around it, and whether its digit leads back."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

if TYPE_CHECKING:
    from aedesk.latent.atlas import Atlas
    from aedesk.latent.projection import Projection

_K = 10  # neighbours on the map by which density is judged
_SAMPLE = 2000  # points whose own neighbourhoods say what is usual
# Where either is passed, the score has lost half. About 95% of the codes of any shipped model stay below both.
_FAR = 3.0  # times the usual distance of the k-th neighbour
_ASTRAY = 0.06  # of the map's extent
_MIXED = 0.7  # of the neighbours are of one class at the most, where classes meet


@dataclass(frozen=True, eq=False)
class Report:
    """What is known of n places, each (n,) float64.

    density: of the map's points around the place, relative to what is usual around the points themselves, in [0, 1].
    distance: of the k-th nearest point, in units of what is usual. drift: from the place to where its decoded digit is
    encoded, in the same units; share: the same, as a share of the map's extent. score: in [0, 1], both together.
    """

    density: np.ndarray
    distance: np.ndarray
    drift: np.ndarray
    share: np.ndarray
    score: np.ndarray


Ground = Literal["solid", "thin", "shaky", "hole"]


@dataclass(frozen=True)
class Verdict:
    """What is to be said of one place.

    score: as of `Report`. ground: "solid" where codes are near and the digit leads back, "thin" where codes are far,
    "shaky" where the digit leads elsewhere, "hole" where both is so. words: why, in one or two plain sentences.
    """

    score: float
    ground: Ground
    words: str


class Trust:
    """Judges places of a map.

    atlas: of the map's points, in their order. encode: pictures (n, 28, 28) -> codes (n, D). decode: the way back.
    """

    def __init__(
        self,
        projection: Projection,
        atlas: Atlas,
        encode: Callable[[np.ndarray], np.ndarray],
        decode: Callable[[np.ndarray], np.ndarray],
    ) -> None:
        from scipy.spatial import cKDTree

        points = np.asarray(projection.points, np.float64)
        if len(points) != len(atlas):
            raise ValueError(f"a map of {len(points)} points, but {len(atlas)} codes")
        self._projection = projection
        self._atlas = atlas
        self._encode, self._decode = encode, decode
        self._tree = cKDTree(points)
        self._k = min(_K, len(points))
        self._extent = float(np.linalg.norm(np.ptp(points, axis=0))) or 1.0
        self._usual = _usual_distance(self._tree, points, self._extent)

    def at(self, places: np.ndarray) -> Report:
        """What is known of places (n, 2) or (2,)."""
        places = np.asarray(places, np.float64).reshape(-1, 2)
        distance = self._neighbours(places)[0] / self._usual
        codes = self._projection.to_codes(places.astype(np.float32))
        back = self._projection.to_points(self._encode(self._decode(codes)))
        drift = np.linalg.norm(back - places, axis=1)
        share = drift / self._extent
        return Report(
            density=1 / np.maximum(distance, 1) ** 2,  # as many points on so much more of the map
            distance=distance,
            drift=drift / self._usual,
            share=share,
            score=1 / (1 + (distance / _FAR) ** 4) / (1 + (share / _ASTRAY) ** 2),
        )

    def judge(self, place: np.ndarray) -> Verdict:
        """Whether the place (2,) can be believed, and why or why not."""
        place = np.asarray(place, np.float64).reshape(1, 2)
        report = self.at(place)
        distance, share, score = (float(of[0]) for of in (report.distance, report.share, report.score))
        near = f"the {self._k} nearest of {len(self._atlas):,} training codes lie"
        far = f"{near} up to {distance:.1f} times as far away as is usual"
        back = "the digit decoded at this place re-encodes"
        away = f"{share:{'.1%' if share < 0.02 else '.0%'}} of the map away"
        if distance > _FAR and share > _ASTRAY:
            return Verdict(score, "hole", f"A hole: {far}, and {back} {away}.")
        if distance > _FAR:
            return Verdict(score, "thin", f"Thin ground: {far}; but {back} close by, {away}.")
        meeting = self._meeting(place)
        if share > _ASTRAY:
            return Verdict(score, "shaky", f"Shaky ground: {near} close by, but {back} {away}.{meeting}")
        words = f"Solid ground: {near} as close as is usual, and {back} close by, {away}.{meeting}"
        return Verdict(score, "solid", words)

    def _neighbours(self, places: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """The distances (n,) of the k-th nearest points, and the indices (n, k) of all k."""
        distances, indices = self._tree.query(places, k=list(range(1, self._k + 1)))
        return distances[:, -1], indices

    def _meeting(self, place: np.ndarray) -> str:
        """A sentence about the classes around a place (1, 2), if there are several."""
        labels = self._atlas.labels[self._neighbours(place)[1][0]]
        counts = np.bincount(labels)
        order = np.argsort(-counts, kind="stable")
        if counts[order[0]] > _MIXED * self._k:
            return ""
        parts = [
            f"{counts[label]} of class {self._atlas.classes[label]}" for label in order[:3] if counts[label]
        ]
        return f" Classes meet here: {', '.join(parts)}."


def _usual_distance(tree: Any, points: np.ndarray, extent: float) -> float:
    """The median distance of a point to its k-th neighbour, above 0 also where points coincide."""
    if len(points) < 2:
        return extent
    some = points[:: max(1, len(points) // _SAMPLE)]
    distances, _ = tree.query(some, k=[min(_K + 1, len(points))])  # a point is its own nearest
    return max(float(np.median(distances)), 1e-6 * extent)
