"""Where codes of two numbers are led while a network learns: the t-SNE map of the training images themselves."""

from __future__ import annotations

import hashlib
from collections.abc import Callable

import numpy as np

from aedesk import paths
from aedesk.errors import AedeskError
from aedesk.latent import tsne
from aedesk.storage.cached import cached

_KIND = "guide"
_METHOD = 1  # raised when the same images get other places than before: those of before are passed over
_COMPONENTS = 50  # of PCA, that stand for the pixels
_TURNS = 200  # of the map, while it is made normal
_STEP = 0.3  # of the way, at each turn

Progress = Callable[[str, int, int], None]


def places(
    images: np.ndarray,
    *,
    normal: bool = False,
    progress: Progress | None = None,
    cancelled: Callable[[], bool] | None = None,
) -> np.ndarray:
    """A place for each image (N, 28, 28) uint8 by its pixels: (N, 2) float32, kept in the cache.

    They have mean 0, and variance 1 over both numbers. No label is used. normal: spread like a standard normal
    distribution, as the codes of a variational network are to be; else as t-SNE leaves them, in islands. Some minutes
    for 60,000 images. Raises AedeskError if there are too few images for a map, Cancelled if ended.
    """
    if len(images) < tsne.FEWEST:
        raise AedeskError(
            f"A guided map needs {tsne.FEWEST} training images or more, and there are {len(images)}; "
            "use more, or set the guidance to 0."
        )
    path = paths.cache() / "guides" / f"{_name(images)}.safetensors"
    shape = (len(images), 2)
    found = cached(path, _KIND, "places", shape, np.float32, lambda: _laid_out(images, progress, cancelled))
    return made_normal(found) if normal else found


def _components(images: np.ndarray) -> np.ndarray:
    """The first principal components of images (N, 28, 28) uint8: (N, 50) float32."""
    flat = images.reshape(len(images), -1).astype(np.float32) / 255
    flat -= flat.mean(axis=0)
    _, directions = np.linalg.eigh(flat.T @ flat)
    return np.ascontiguousarray(flat @ directions[:, ::-1][:, :_COMPONENTS], np.float32)


def made_normal(points: np.ndarray) -> np.ndarray:
    """Points (N, 2) moved until they are spread like a standard normal distribution; neighbours stay neighbours.

    By iterative Gaussianisation (Laparra et al. 2011): the map is turned by one angle after another, and along each
    axis every point goes a part of the way to where its rank would be in a normal distribution.
    """
    from scipy.special import ndtri

    moved = np.asarray(points, np.float64)
    count = len(moved)
    aims = ndtri((np.arange(count) + 0.5) / count)
    angles = np.random.default_rng(0).uniform(0, np.pi, _TURNS)
    for angle in angles:
        turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
        turned = moved @ turn
        for axis in range(2):
            order = np.argsort(turned[:, axis], kind="stable")
            turned[order, axis] += _STEP * (aims - turned[order, axis])
        moved = turned @ turn.T
    return moved.astype(np.float32)


def _laid_out(
    images: np.ndarray, progress: Progress | None, cancelled: Callable[[], bool] | None
) -> np.ndarray:
    def told(done: int, total: int, _: np.ndarray | None) -> None:
        if progress is not None:
            progress("laying out the training images", done, total)

    told(0, 1, None)
    points = tsne.layout(_components(images), as_they_are=True, progress=told, cancelled=cancelled)
    points -= points.mean(axis=0)
    return np.asarray(points / points.std(), np.float32)


def _name(images: np.ndarray) -> str:
    known = hashlib.sha256(np.ascontiguousarray(images).data)
    known.update(f"{_METHOD}".encode())
    return known.hexdigest()[:32]
