"""The figures of a quality card: reconstruction error, PCA at equal size, and what codes tell of classes."""

from __future__ import annotations

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

_NEIGHBOURS = 5


def evaluate(
    model: Model,
    data: DataSet,
    *,
    progress: Progress | None = None,
    cancelled: IsCancelled | None = None,
) -> Figures:
    """Judge `model` on `data.test`; `data.train` serves PCA and the neighbours as reference only.

    mse: mean over all pixels. psnr: dB at peak 1, per image, then the mean. ssim: 7x7 window, mean over
    images. pca_mse: `pca_error` at the same code size; None where the code has more numbers than the picture
    has pixels. knn_accuracy: share of test images with the class of most of the 5 nearest training codes.
    code_size, parameters: of the network.
    Raises Cancelled, and AedeskError where a part of `data` is empty.
    """
    if not len(data.train) or not len(data.test):
        raise AedeskError(f"{data.name} needs training and test images to judge a model on.")
    watch = Watch(progress, cancelled)
    size = model.code_size
    test_codes, figures = _reconstruction(model, data.test, watch)
    figures["pca_mse"] = None
    if size <= PIXELS:
        figures["pca_mse"] = pca_error(data, size, progress=progress, cancelled=cancelled)
    figures["knn_accuracy"] = _knn_accuracy(model, data, test_codes, watch)
    return {**figures, "code_size": size, "parameters": model.architecture.parameters}


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


def _reconstruction(model: Model, test: ImageSet, watch: Watch) -> tuple[np.ndarray, Figures]:
    """The codes of all test images, and what their reconstructions are worth."""
    codes, errors, decibels, similarities = [], [], [], []
    for chunk in watch.chunks("rebuilding the test images", len(test)):
        originals = test.pixels(chunk)
        codes.append(model.encode(originals))
        rebuilt = model.decode(codes[-1])
        errors.append(fidelity.mse(rebuilt, originals))
        decibels.append(fidelity.psnr(rebuilt, originals))
        similarities.append(fidelity.ssim(rebuilt, originals))
    figures: Figures = {
        "mse": float(np.concatenate(errors).mean()),
        "psnr": float(np.concatenate(decibels).mean()),
        "ssim": float(np.concatenate(similarities).mean()),
    }
    return np.concatenate(codes), figures


def _knn_accuracy(model: Model, data: DataSet, test_codes: np.ndarray, watch: Watch) -> float:
    """The share of `test_codes` that most of their nearest training codes put into the right class."""
    reference = np.empty((len(data.train), model.code_size), np.float32)
    for chunk in watch.chunks("encoding the training images", len(data.train)):
        reference[chunk] = model.encode(data.train.pixels(chunk))
    neighbours = Neighbours(reference, data.train.labels)
    right = 0
    for chunk in watch.chunks("finding neighbours", len(data.test)):
        guesses = neighbours.predict(test_codes[chunk], _NEIGHBOURS)
        right += int((guesses == data.test.labels[chunk]).sum())
    return right / len(data.test)
