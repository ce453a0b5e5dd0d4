"""The map of codes that move while a network learns: each like the one before, so that the eye can follow."""

from __future__ import annotations

import numpy as np

from aedesk.latent import pca


def follow(codes: np.ndarray, before: np.ndarray | None = None) -> np.ndarray:
    """Codes (N, D) -> their places (N, 2) float32: the codes themselves where D is 2, else their principal components.

    before: (N, 2), the places of the same images a moment ago. Principal components have no sign of their own, and turn
    into each other where their variances cross; so they are turned and mirrored as a whole to lie as close to `before`
    as they can (orthogonal Procrustes, Schonemann 1966).
    """
    if codes.shape[1] == 2:
        return np.array(codes, np.float32)
    points = pca.fit(codes).points
    if before is None or len(before) != len(points):
        return points
    u, _, v = np.linalg.svd(points.T.astype(np.float64) @ before.astype(np.float64))
    turned: np.ndarray = (points @ (u @ v)).astype(np.float32)
    return turned
