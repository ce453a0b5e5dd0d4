"""A smooth function through known values: between a map and the codes, in either direction."""

from __future__ import annotations

from typing import Any

import numpy as np

from aedesk.latent.neighbours import Neighbours

_FLOOR = 1e-6  # keeps some weight where all neighbours are equally far
_SHIFTS = 10  # towards a mode


class Interpolator:
    """Weighted means of the values at the k nearest places; continuous, and exact at every place.

    places: (N, a). values: (N, b). The weight ((R - d) / (R d))^2 of a place at distance d vanishes at the
    distance R of the (k + 1)-th nearest, so that nothing jumps when neighbours change (Franke & Nielson 1980,
    modified Shepard). Weights are convex: the answer is never outside the range of the values around it.
    """

    def __init__(self, places: np.ndarray, values: np.ndarray, k: int = 12) -> None:
        self._places = _Plane(places) if places.shape[1] == 2 else Neighbours(places)
        self._values = np.ascontiguousarray(values, np.float32)
        self._k = k

    def __call__(self, queries: np.ndarray) -> np.ndarray:
        """Queries (n, a) or (a,) -> values (n, b) float32."""
        values, weights = self._around(queries)
        return _mean(values, weights).astype(np.float32)

    def mode(self, queries: np.ndarray, width: float) -> np.ndarray:
        """Where the values around a query are densest, instead of their mean: (n, b) float32.

        It stays with one group of values where they lie in several far apart, and a mean would fall between them.
        width: how far apart values belong together, of a Cauchy kernel. By the mean shift from the densest of the
        values (Cheng 1995); exact at every place as well, but not continuous: it leaps from one group to another.
        """
        values, weights = self._around(queries)
        kernels = 1 / (1 + _squares(values[:, :, None], values[:, None]) / width**2)  # (n, k, k)
        densest = np.einsum("nij,nj->ni", kernels, weights).argmax(axis=1)
        mode = values[np.arange(len(values)), densest].astype(np.float64)
        for _ in range(_SHIFTS):
            pulls = weights / (1 + _squares(values, mode[:, None]) / width**2) ** 2
            mode = _mean(values, pulls / pulls.sum(axis=1, keepdims=True))
        return np.asarray(mode, np.float32)

    def nearest(self, queries: np.ndarray, k: int) -> tuple[np.ndarray, np.ndarray]:
        """Queries (n, a) or (a,) -> indices (n, k) and distances (n, k) of the nearest places, nearest first."""
        return self._places.nearest(queries, k)

    def _around(self, queries: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Values (n, k, b) at the nearest places, and their weights (n, k)."""
        indices, distances = self._places.nearest(queries, self._k + 1)
        if len(self._places) > self._k:
            radius, indices, distances = distances[:, -1:], indices[:, :-1], distances[:, :-1]
        else:
            radius = 2 * distances[:, -1:]
        return self._values[indices], _weights(distances.astype(np.float64), radius.astype(np.float64))


class _Plane:
    """`Neighbours` of places in a plane, by a tree: a thousandth of the time among 60,000."""

    def __init__(self, places: np.ndarray) -> None:
        from scipy.spatial import cKDTree

        self._tree: Any = cKDTree(np.asarray(places, np.float32))

    def __len__(self) -> int:
        return int(self._tree.n)

    def nearest(self, places: np.ndarray, k: int) -> tuple[np.ndarray, np.ndarray]:
        """Places (n, 2) or (2,) -> indices (n, k) and distances (n, k), nearest first."""
        queries = np.asarray(places, np.float32).reshape(
            -1, 2
        )  # rounded as the tree's are: a place meets itself
        distances, indices = self._tree.query(queries, np.arange(1, min(k, len(self)) + 1))
        return indices, distances


def _squares(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """Squared distances between values (..., b)."""
    squares: np.ndarray = ((a - b) ** 2).sum(axis=-1)
    return squares


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
