"""A map that is known only by the places of its codes, as a projection."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property

import numpy as np

from aedesk.latent.interpolation import Interpolator

_WIDTH = 1.0  # of the places that belong together: where the kernels of t-SNE and UMAP have about halved
_BEND = 0.5  # of the mean length of a code: shorter ones are told apart by length, longer ones by direction


@dataclass(frozen=True, eq=False)
class Placed:
    """For new codes, and between the points of the map, the nearest decide.

    codes: (N, D) of the atlas. points: (N, 2), their places.
    """

    codes: np.ndarray = field(repr=False)
    points: np.ndarray

    @cached_property
    def _codes_at(self) -> Interpolator:
        return Interpolator(self.points, self.codes)

    @cached_property
    def _bend(self) -> float:
        return bend_of(self.codes)

    @cached_property
    def _points_of(self) -> Interpolator:
        return Interpolator(self._bent(self.codes), self.points)

    def _bent(self, codes: np.ndarray) -> np.ndarray:
        return bent(np.asarray(codes, np.float32).reshape(-1, self.codes.shape[1]), self._bend)

    def to_points(self, codes: np.ndarray) -> np.ndarray:
        return self._points_of.mode(self._bent(codes), _WIDTH)  # a mean would fall between clusters

    def to_codes(self, points: np.ndarray) -> np.ndarray:
        return self._codes_at(points)


def bend_of(codes: np.ndarray) -> float:
    """The length at which `bent` bends codes that are like these, (N, D)."""
    return _BEND * float(np.linalg.norm(codes, axis=1).mean()) or 1.0


def bent(codes: np.ndarray, bend: float) -> np.ndarray:
    """Codes (n, D), drawn into the unit ball: near ones then look alike more often, (n, D) float32.

    A thicker or darker stroke makes a code longer more than it turns it, so that the direction says more about the
    class than the length does: with every shipped model a test digit's nearest code is more often of its class.
    """
    squares = (codes**2).sum(axis=1, keepdims=True)
    return np.asarray(codes / np.sqrt(squares + bend**2), np.float32)
