"""The map of largest variance."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from typing import Literal

import numpy as np

from aedesk.latent.interpolation import Interpolator

Inverse = Literal["local", "exact"]


@dataclass(frozen=True, eq=False)
class Pca:
    """The two directions of largest variance of the atlas codes, as a projection.

    mean: (D,). axes: (2, D), orthonormal; the largest entry of each is positive. inverse: "local"
    interpolates the atlas codes around a place, so that a picture is like those nearby; "exact" gives the one
    code in the plane of the axes, whose place is the one asked for.
    """

    codes: np.ndarray = field(repr=False)
    mean: np.ndarray
    axes: np.ndarray
    inverse: Inverse = "local"
    kind: Literal["pca"] = field(default="pca", init=False)

    @cached_property
    def points(self) -> np.ndarray:
        return self.to_points(self.codes)

    @cached_property
    def _codes_at(self) -> Interpolator:
        return Interpolator(self.points, self.codes)

    def to_points(self, codes: np.ndarray) -> np.ndarray:
        centred = np.asarray(codes, np.float32).reshape(-1, len(self.mean)) - self.mean
        points: np.ndarray = centred @ self.axes.T
        return points

    def to_codes(self, points: np.ndarray) -> np.ndarray:
        places = np.asarray(points, np.float32).reshape(-1, 2)
        return self._codes_at(places) if self.inverse == "local" else places @ self.axes + self.mean


def fit(codes: np.ndarray, inverse: Inverse = "local") -> Pca:
    """Codes (N, D) -> their first two principal axes, from the eigenvectors of the covariance in float64."""
    mean = codes.mean(axis=0, dtype=np.float64)
    centred = codes - mean
    _, vectors = np.linalg.eigh(centred.T @ centred)  # eigenvalues ascend
    axes = vectors[:, ::-1][:, :2].T
    if len(axes) < 2:  # codes of one number lie on a line
        axes = np.vstack([axes, np.zeros_like(axes)])
    largest = np.take_along_axis(axes, np.abs(axes).argmax(axis=1)[:, None], axis=1)
    axes = axes * np.where(largest < 0, -1, 1)
    return Pca(codes, mean.astype(np.float32), axes.astype(np.float32), inverse)
