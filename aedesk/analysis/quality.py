"""The figures of a quality card: reconstruction error, PCA at equal size, and what codes tell of classes."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

import numpy as np

from aedesk.data.imageset import DataSet, ImageSet
from aedesk.errors import AedeskError, Cancelled
from aedesk.latent.neighbours import Neighbours

if TYPE_CHECKING:
    from aedesk.models.model import Model

Progress = Callable[[str, int, int], None]
"""Told what is being done, how much of it is done, and of how much."""
IsCancelled = Callable[[], bool]
Figures = dict[str, float | None]

PIXELS = 28 * 28
_NEIGHBOURS = 5
_CHUNK = 1000  # images at a time: bounds the memory, and is how often cancelling is looked at
_WINDOW = 7  # pixels, of SSIM


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
    watch = _Watch(progress, cancelled)
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

    The components are the leading eigenvectors of the 784x784 covariance, in float64, of which n images have
    at most n - 1; the reconstruction is not clipped. Raises Cancelled.
    """
    watch = _Watch(progress, cancelled)
    total = np.zeros(PIXELS)
    moment = np.zeros((PIXELS, PIXELS))
    for chunk in watch.chunks("fitting PCA", len(data.train)):
        flat = _flat(data.train, chunk)
        total += flat.sum(axis=0)
        moment += flat.T @ flat
    count = len(data.train)
    mean = total / count
    covariance = moment / count - np.outer(mean, mean)
    components = np.linalg.eigh(covariance)[1][:, ::-1][:, : min(size, count - 1)]
    squared = 0.0
    for chunk in watch.chunks("measuring PCA", len(data.test)):
        centred = _flat(data.test, chunk) - mean
        squared += float(((centred - centred @ components @ components.T) ** 2).sum())
    return squared / (len(data.test) * PIXELS)


def _reconstruction(model: Model, test: ImageSet, watch: _Watch) -> tuple[np.ndarray, Figures]:
    """The codes of all test images, and what their reconstructions are worth."""
    from skimage.metrics import structural_similarity

    codes, errors, similarities = [], [], []
    for chunk in watch.chunks("rebuilding the test images", len(test)):
        originals = test.pixels(chunk)
        codes.append(model.encode(originals))
        rebuilt = model.decode(codes[-1])
        errors.append(((rebuilt.astype(np.float64) - originals) ** 2).mean(axis=(1, 2)))
        similarities += [
            structural_similarity(*pair, win_size=_WINDOW, data_range=1.0)  # type: ignore[no-untyped-call]
            for pair in zip(originals, rebuilt, strict=True)
        ]
    per_image = np.concatenate(errors)
    with np.errstate(divide="ignore"):  # a perfect picture has infinitely many dB
        decibels = -10 * np.log10(per_image)
    figures: Figures = {
        "mse": float(per_image.mean()),
        "psnr": float(decibels.mean()),
        "ssim": float(np.mean(similarities)),
    }
    return np.concatenate(codes), figures


def _knn_accuracy(model: Model, data: DataSet, test_codes: np.ndarray, watch: _Watch) -> float:
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


def _flat(images: ImageSet, chunk: slice) -> np.ndarray:
    """The chosen images as (n, 784) float64 in [0, 1]."""
    return images.images[chunk].reshape(-1, PIXELS).astype(np.float64) / 255


class _Watch:
    """Cuts work into chunks; between two of them progress is told and cancelling is looked at."""

    def __init__(self, progress: Progress | None, cancelled: IsCancelled | None) -> None:
        self._progress = progress or _ignore
        self._cancelled = cancelled or _never

    def chunks(self, what: str, count: int) -> Iterator[slice]:
        for start in range(0, count, _CHUNK):
            if self._cancelled():
                raise Cancelled("The evaluation was cancelled.")
            self._progress(what, start, count)
            yield slice(start, start + _CHUNK)
        self._progress(what, count, count)


def _ignore(what: str, done: int, total: int) -> None:
    pass


def _never() -> bool:
    return False
