"""A smooth function through known values: between a map and the codes, in either direction."""

from __future__ import annotations

import numpy as np

from aedesk.latent.neighbours import Neighbours

_FLOOR = 1e-6  # keeps some weight where all neighbours are equally far
_BLUR = 0.05  # of the values' standard deviation: the median moves smoothly past values closer than this
_ITERATIONS = 20


class Interpolator:
    """Weighted means of the values at the k nearest places; continuous, and exact at every place.

    places: (N, a). values: (N, b). The weight ((R - d) / (R d))^2 of a place at distance d vanishes at the
    distance R of the (k + 1)-th nearest, so that nothing jumps when neighbours change (Franke & Nielson 1980,
    modified Shepard). Weights are convex: the answer is never outside the range of the values around it.
    """

    def __init__(self, places: np.ndarray, values: np.ndarray, k: int = 12) -> None:
        self._neighbours = Neighbours(places)
        self._values = np.ascontiguousarray(values, np.float32)
        self._k = k

    def __call__(self, queries: np.ndarray) -> np.ndarray:
        """Queries (n, a) or (a,) -> values (n, b) float32."""
        values, weights = self._around(queries)
        return _mean(values, weights).astype(np.float32)

    def median(self, queries: np.ndarray) -> np.ndarray:
        """The weighted geometric median of the values instead of their mean, (n, b) float32.

        It stays with the majority where the values around a query lie in groups far apart, and a mean would
        fall between them. By Weiszfeld's iteration; exact at every place as well.
        """
        values, weights = self._around(queries)
        blur = (_BLUR * self._values.std()) ** 2 + np.finfo(np.float64).tiny
        median = _mean(values, weights)
        for _ in range(_ITERATIONS):
            squares = ((values - median[:, None]) ** 2).sum(axis=2)
            pulls = weights / np.sqrt(squares + blur)
            median = _mean(values, pulls / pulls.sum(axis=1, keepdims=True))
        return median.astype(np.float32)

    def _around(self, queries: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Values (n, k, b) at the nearest places, and their weights (n, k)."""
        indices, distances = self._neighbours.nearest(queries, self._k + 1)
        if len(self._neighbours) > self._k:
            radius, indices, distances = distances[:, -1:], indices[:, :-1], distances[:, :-1]
        else:
            radius = 2 * distances[:, -1:]
        return self._values[indices], _weights(distances.astype(np.float64), radius.astype(np.float64))


def _mean(values: np.ndarray, weights: np.ndarray) -> np.ndarray:
    mean: np.ndarray = np.einsum("nk,nkb->nb", weights, values)
    return mean


def _weights(distances: np.ndarray, radius: np.ndarray) -> np.ndarray:
    """Distances (n, k), nearest first, and R (n, 1) -> weights (n, k) that sum to 1."""
    nearest = distances[:, :1]
    exact = (distances == 0).astype(np.float64)
    with np.errstate(divide="ignore", invalid="ignore"):  # where a place is met exactly, `exact` is taken
        weights = (np.maximum((radius - distances) / radius, _FLOOR) * nearest / distances) ** 2
    weights = np.where(nearest == 0, exact, weights)
    normalised: np.ndarray = weights / weights.sum(axis=1, keepdims=True)
    return normalised
