"""The figures of a model alone: how it rebuilds, PCA at equal size, and what codes tell of classes and neighbours."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from aedesk.analysis import fidelity
from aedesk.analysis.pca import PIXELS, PixelPca
from aedesk.analysis.watch import IsCancelled, Progress, Watch
from aedesk.data.imageset import DataSet, ImageSet
from aedesk.errors import AedeskError
from aedesk.latent.neighbours import Neighbours

if TYPE_CHECKING:
    from aedesk.models.model import Model

Figures = dict[str, float | None]

TRUSTED = 5000
"""Test images that trustworthiness is taken on, the first ones: every one is compared with every other."""

_NEIGHBOURS = 5
_TRUST_NEIGHBOURS = 12
_ACTIVE_VARIANCE = (
    0.01  # of the mean of a variational code, whose prior has a variance of 1 (Burda et al. 2016)
)
_ACTIVE_SHARE = 0.01  # of the largest variance of a plain code, whose scale means nothing
_ROWS = 500  # of a matrix of distances at a time


@dataclass(frozen=True, eq=False)
class Codes:
    """The codes of all training and of all test images, (N, D) float32 each."""

    train: np.ndarray = field(repr=False)
    test: np.ndarray = field(repr=False)


def evaluate(
    model: Model,
    data: DataSet,
    codes: Codes | None = None,
    *,
    progress: Progress | None = None,
    cancelled: IsCancelled | None = None,
) -> Figures:
    """Judge `model` on `data.test`; `data.train` serves PCA and the neighbours as reference only.

    mse: mean over all pixels. psnr: dB at peak 1, per image, then the mean; None where every picture is rebuilt
    exactly. ssim: 7x7 window, mean over images. pca_mse: `pca_error` at the same code size; None where the code has
    more numbers than the picture has pixels. knn_accuracy, nn_accuracy: share of test images with the class of most of
    the 5 nearest training codes, of the nearest. trustworthiness, active_dimensions: by the functions of that name.
    code_size, parameters: of the network. codes: of `encode`, if they are there already.
    Raises Cancelled, and AedeskError where a part of `data` is empty.
    """
    watch = Watch(progress, cancelled)
    codes = codes or encode(model, data, progress=progress, cancelled=cancelled)
    figures = _reconstruction(model, data.test, codes.test, watch)
    figures["pca_mse"] = None
    if model.code_size <= PIXELS:
        figures["pca_mse"] = pca_error(data, model.code_size, progress=progress, cancelled=cancelled)
    figures |= _neighbours(data, codes, watch)
    figures["trustworthiness"] = trustworthiness(
        data.test.pixels(slice(TRUSTED)), codes.test[:TRUSTED], progress=progress, cancelled=cancelled
    )
    figures["active_dimensions"] = active_dimensions(codes.test, model.architecture.variational)
    return {**figures, "code_size": model.code_size, "parameters": model.architecture.parameters}


def encode(
    model: Model, data: DataSet, *, progress: Progress | None = None, cancelled: IsCancelled | None = None
) -> Codes:
    """The codes of all images. Raises Cancelled, and AedeskError where a part of `data` is empty."""
    if not len(data.train) or not len(data.test):
        raise AedeskError(f"{data.name} needs training and test images to judge a model on.")
    watch = Watch(progress, cancelled)
    found = []
    for what, images in (("training", data.train), ("test", data.test)):
        codes = np.empty((len(images), model.code_size), np.float32)
        for chunk in watch.chunks(f"encoding the {what} images", len(images)):
            codes[chunk] = model.encode(images.images[chunk])
        found.append(codes)
    return Codes(*found)


def caveat(code_size: int) -> str | None:
    """What honesty adds to the figures of a code that saves nothing; None for any smaller code."""
    if code_size < PIXELS:
        return None
    return (
        f"its code of {code_size:,} numbers is no smaller than the picture's {PIXELS} pixels: "
        "it compresses nothing"
    )


def pca_error(
    data: DataSet, size: int, *, progress: Progress | None = None, cancelled: IsCancelled | None = None
) -> float:
    """The per-pixel MSE on `data.test` of PCA with `size` components fitted on `data.train`.

    Of n images it has at most n - 1 components; the reconstruction is not clipped. Raises Cancelled.
    """
    pca = PixelPca.fit(data.train, size, progress=progress, cancelled=cancelled)
    return float(pca.errors(data.test, progress=progress, cancelled=cancelled)[-1])


def trustworthiness(
    images: np.ndarray,
    codes: np.ndarray,
    *,
    progress: Progress | None = None,
    cancelled: IsCancelled | None = None,
) -> float | None:
    """Whether neighbours by their codes (n, D) are neighbours by the pixels of the images (n, 28, 28): 1 if all are.

    Each of the 12 nearest codes costs as much as its picture is too far down among the nearest pictures (Venna & Kaski
    2001, as scikit-learn has it). None of fewer images than 25, where it is not defined. Raises Cancelled.
    """
    count, k = len(codes), _TRUST_NEIGHBOURS
    if k >= count / 2:
        return None
    lost = 0
    for rows in Watch(progress, cancelled).chunks("comparing neighbours", count, _ROWS):
        by_code = _distances(codes.astype(np.float64), rows)  # of few numbers, which are often all but as far
        nearest = np.argpartition(by_code, k - 1, axis=1)[:, :k]
        by_pixels = _distances(images.reshape(count, -1).astype(np.float32), rows)
        for place in nearest.T:
            bound = np.take_along_axis(by_pixels, place[:, None], axis=1)
            nearer = (by_pixels < bound).sum(axis=1)
            lost += int(np.maximum(nearer + 1 - k, 0).sum())
    return 1 - 2 / (count * k * (2 * count - 3 * k - 1)) * lost


def active_dimensions(codes: np.ndarray, variational: bool) -> int:
    """How many of the numbers of codes (N, D) tell of the picture.

    Of a variational code, whose means these are: those whose variance is above 0.01 (Burda et al. 2016, section 5.1).
    Of any other, whose scale is its own: those whose variance is at least 1 % of the largest.
    """
    variances = codes.astype(np.float64).var(axis=0)
    if variational:
        return int((variances > _ACTIVE_VARIANCE).sum())
    return int((variances >= _ACTIVE_SHARE * variances.max()).sum()) if variances.max() > 0 else 0


def _reconstruction(model: Model, test: ImageSet, codes: np.ndarray, watch: Watch) -> Figures:
    """What the reconstructions of all test images are worth."""
    errors, decibels, similarities = [], [], []
    for chunk in watch.chunks("rebuilding the test images", len(test)):
        originals = test.pixels(chunk)
        rebuilt = model.decode(codes[chunk])
        errors.append(fidelity.mse(rebuilt, originals))
        decibels.append(fidelity.psnr(rebuilt, originals))
        similarities.append(fidelity.ssim(rebuilt, originals))
    psnr = float(np.concatenate(decibels).mean())
    return {
        "mse": float(np.concatenate(errors).mean()),
        "psnr": psnr if np.isfinite(psnr) else None,
        "ssim": float(np.concatenate(similarities).mean()),
    }


def _neighbours(data: DataSet, codes: Codes, watch: Watch) -> Figures:
    """What the classes of the nearest training codes are right about."""
    reference = Neighbours(codes.train)
    right_by_most = right_by_one = 0
    for chunk in watch.chunks("finding neighbours", len(data.test)):
        votes = data.train.labels[reference.nearest(codes.test[chunk], _NEIGHBOURS)[0]]
        labels = data.test.labels[chunk]
        right_by_most += int((_majority(votes) == labels).sum())
        right_by_one += int((votes[:, 0] == labels).sum())
    count = len(data.test)
    return {"knn_accuracy": right_by_most / count, "nn_accuracy": right_by_one / count}


def _majority(votes: np.ndarray) -> np.ndarray:
    """Votes (n, k), the nearest first -> what most are for, (n,); of equals, what the nearest of them is for."""
    counts = (votes[:, :, None] == votes[:, None, :]).sum(axis=2)
    winners: np.ndarray = np.take_along_axis(votes, counts.argmax(axis=1)[:, None], axis=1).ravel()
    return winners


def _distances(points: np.ndarray, rows: slice) -> np.ndarray:
    """Points (n, D) -> for some of them, squared distances to all, (r, n); to itself it is infinite."""
    points = points - points.mean(axis=0)  # small numbers: less is lost where squares are subtracted
    norms = np.einsum("nd,nd->n", points, points)
    distances: np.ndarray = norms[rows, None] + norms - 2 * points[rows] @ points.T
    own = np.arange(len(points))[rows]
    distances[own - rows.start, own] = np.inf
    return distances
