"""A map that is known only by the places of its codes, as a projection."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property

import numpy as np

from aedesk.latent.interpolation import Interpolator
from aedesk.latent.metric import Metric

_WIDTH = 1.0  # of the places that belong together: where the kernels of t-SNE and UMAP have about halved


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
    def _metric(self) -> Metric:
        return Metric(self.codes)

    @cached_property
    def _points_of(self) -> Interpolator:
        return Interpolator(self._metric(self.codes), self.points)

    def to_points(self, codes: np.ndarray) -> np.ndarray:
        return self._points_of.mode(self._metric(codes), _WIDTH)  # a mean would fall between clusters

    def to_codes(self, points: np.ndarray) -> np.ndarray:
        return self._codes_at(points)
