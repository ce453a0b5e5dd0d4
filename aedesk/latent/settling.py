"""Where one new code comes to rest on a t-SNE map whose points stay."""

from __future__ import annotations

import numpy as np

# Those of openTSNE's `transform`.
NEIGHBOURS = 15
_PERPLEXITY = NEIGHBOURS / 3
_EXAGGERATION = 1.5
_STEPS = 250
_LEARNING_RATE = 0.1
_MOMENTUM = 0.8
_STEEPEST = 0.25
_GAIN_UP, _GAIN_DOWN, _LEAST_GAIN = 0.2, 0.8, 0.01

_HALVINGS = 40  # of the interval that the precision is in


def settle(indices: np.ndarray, distances: np.ndarray, points: np.ndarray, start: np.ndarray) -> np.ndarray:
    """The place (2,) float32 to which gradient descent leads from `start` (2,).

    indices, distances: (1, k), of the code's nearest among those of the map. points: (N, 2), all of the map.
    The objective and the descent are those of openTSNE (Policar et al. 2024): the Kullback-Leibler divergence of
    the code's affinities to its nearest from the t-distributed ones of its place to all points, without a factor of 4.
    """
    near = points[indices[0]].astype(np.float64)
    attraction = _EXAGGERATION * affinities(distances[0])
    repulsion = _Repulsion(points)
    place = np.array(start, np.float64)
    update, gains = np.zeros(2), np.ones(2)
    for _ in range(_STEPS):
        apart = place - near
        pull = attraction / (1 + (apart**2).sum(axis=1))
        gradient = pull @ apart - repulsion.at(place)
        gradient *= min(1.0, _STEEPEST / (np.sqrt(gradient @ gradient) + 1e-6))
        turned = np.sign(update) != np.sign(gradient)
        gains = np.where(turned, gains + _GAIN_UP, gains * _GAIN_DOWN + _LEAST_GAIN)
        update = _MOMENTUM * update - _LEARNING_RATE * gains * gradient
        place += update
    return place.astype(np.float32)


def affinities(distances: np.ndarray) -> np.ndarray:
    """Distances (k,), nearest first -> Gaussian affinities (k,) that sum to 1, of perplexity 5 (or k / 3 if k < 5)."""
    wanted = np.log(_PERPLEXITY if len(distances) >= _PERPLEXITY else len(distances) / 3)
    squares = distances.astype(np.float64) ** 2
    squares -= squares[0]  # changes no affinity, and keeps the largest from vanishing
    squares /= squares.mean() or 1.0
    low, high = -20.0, 20.0  # the logarithm of the precision
    for _ in range(_HALVINGS):
        middle = (low + high) / 2
        scaled = np.exp(middle) * squares
        weights = np.exp(-scaled)
        total = weights.sum()
        entropy = scaled @ weights / total + np.log(total)
        low, high = (middle, high) if entropy > wanted else (low, middle)
    shares: np.ndarray = weights / total
    return shares


class _Repulsion:
    """The push of all points (N, 2) on a place, in float32 and without new arrays: it is wanted 250 times."""

    def __init__(self, points: np.ndarray) -> None:
        self._points = np.ascontiguousarray(points.T, np.float32)
        self._apart = np.empty_like(self._points)
        self._squares = np.empty_like(self._points)
        self._q = np.empty(len(points), np.float32)

    def at(self, place: np.ndarray) -> np.ndarray:
        """Sum of q^2 (place - point) over sum of q, where q = 1 / (1 + distance^2): (2,) float64."""
        np.subtract(place.astype(np.float32)[:, None], self._points, out=self._apart)
        np.multiply(self._apart, self._apart, out=self._squares)
        np.add(self._squares[0], self._squares[1], out=self._q)
        self._q += 1
        np.reciprocal(self._q, out=self._q)
        total = float(self._q.sum())
        np.multiply(self._q, self._q, out=self._q)
        push: np.ndarray = (self._apart @ self._q).astype(np.float64)
        return push / total
