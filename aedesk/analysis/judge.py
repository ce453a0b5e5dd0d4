"""The judge: a digit classifier of its own that tells which digit a picture shows, and how sure that is.

It has no part in training any autoencoder and shares no weights with one, so it can say from outside how many of
the pictures that a model makes are digits at all. It learned from MNIST's training images only
(`analysis.judge_training`), its confidence was calibrated on images held out of them, and it stays as it is.
Unlike a plain classifier it is not sure of blank paper and noise, and of blurred digits more seldom.
"""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from aedesk import paths
from aedesk.data.imageset import ImageSet
from aedesk.errors import AedeskError
from aedesk.storage import tensors

if TYPE_CHECKING:
    from torch import Tensor

SURE = 0.9
"""The probability above which the judge is sure of a class."""
DIGITS = tuple("0123456789")
"""The classes it tells apart, by the names that data sets give them."""
STAGES: tuple[tuple[int, int, int], ...] = ((5, 2, 2), (3, 1, 1), (3, 2, 1), (3, 1, 1), (3, 1, 0))
"""Kernel, stride and padding of the convolutions, a ReLU after each: 28 -> 14, 14, 7, 7, 5 pixels; then the mean
over all places, and a linear layer to the classes."""

_KIND = "judge"
_CHUNK = 512  # images at a time: what they become inside fits the caches
_BINS = 15  # of the calibration error, as in Guo et al. 2017


@dataclass(frozen=True, eq=False)
class Judge:
    """A classifier of digits, ready to be asked.

    arrays: the float32 numbers of every layer by name, `kernel0` (out, in, k, k), `bias0` (out,) and so on for
    each of `STAGES`, then `weights` (10, C) and `bias` (10,); batch norm is folded into them.
    temperature: by which the scores are divided (Guo et al. 2017, "On Calibration of Modern Neural Networks").
    made: how it was made, JSON-safe: data, seed, epochs, seconds, machine, command, and what it reached.
    """

    arrays: Mapping[str, np.ndarray]
    temperature: float
    made: Mapping[str, object]

    @classmethod
    def load(cls, path: str | os.PathLike[str] | None = None) -> Judge:
        """The judge that is shipped, or the one in `path`. Raises AedeskError."""
        path = shipped() if path is None else Path(path)
        card, arrays = tensors.read(path, _KIND)
        arrays = {name: array.astype(np.float32) for name, array in arrays.items()}
        temperature, made = card.get("temperature"), card.get("made")
        if not _fits(arrays) or not isinstance(made, dict):
            raise AedeskError(
                f"{path}: not a judge that this aedesk can ask; update aedesk, or train it again"
            )
        if not isinstance(temperature, float) or temperature <= 0:
            raise AedeskError(f"{path}: a judge without a temperature above 0; train it again")
        return cls(arrays, temperature, made)

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write the judge, its weights in half precision, whole or not at all. Raises AedeskError."""
        halves = {name: array.astype(np.float16) for name, array in self.arrays.items()}
        tensors.write(path, _KIND, halves, {"temperature": self.temperature, "made": dict(self.made)})

    @property
    def parameters(self) -> int:
        """How many numbers it has learned."""
        return sum(array.size for array in self.arrays.values())

    def scores(self, images: np.ndarray) -> np.ndarray:
        """Images (N, 28, 28), ink = 1 -> a score for each class, (N, 10) float32, before any temperature.

        Images are clipped to [0, 1], as a screen shows them.
        """
        import torch

        if images.ndim != 3 or images.shape[1:] != (28, 28):
            raise ValueError(f"images must be (N, 28, 28), not {images.shape}")
        layers = {
            name: torch.from_numpy(np.ascontiguousarray(array)).contiguous(
                memory_format=torch.channels_last if array.ndim == 4 else torch.contiguous_format
            )
            for name, array in self.arrays.items()
        }
        scores = np.empty((len(images), len(DIGITS)), np.float32)
        with torch.inference_mode():
            for start in range(0, len(images), _CHUNK):
                chunk = np.clip(images[start : start + _CHUNK], 0, 1).astype(np.float32, order="C")
                scores[start : start + _CHUNK] = _forward(layers, torch.from_numpy(chunk)).numpy()
        return scores

    def probabilities(self, images: np.ndarray) -> np.ndarray:
        """Images (N, 28, 28), ink = 1 -> how likely each class is held to be, (N, 10) float32; rows add up to 1."""
        return softened(self.scores(images), self.temperature)

    def sure(self, images: np.ndarray) -> np.ndarray:
        """Images (N, 28, 28), ink = 1 -> whether one class has a probability over `SURE`, (N,) bool."""
        sure: np.ndarray = self.probabilities(images).max(axis=1, initial=0) > SURE
        return sure

    def measure(self, images: ImageSet) -> dict[str, float]:
        """How good it is on these images of digits.

        accuracy: share told rightly. calibration_error: as it is asked; uncalibrated_error: at a temperature of 1.
        sure: share that it is sure of. Raises AedeskError where the images are not of the ten digits, or none.
        """
        check_digits(images)
        scores = self.scores(images.pixels())
        probabilities = softened(scores, self.temperature)
        return {
            "accuracy": float((scores.argmax(axis=1) == images.labels).mean()),
            "calibration_error": calibration_error(probabilities, images.labels),
            "uncalibrated_error": calibration_error(softened(scores, 1.0), images.labels),
            "sure": float((probabilities.max(axis=1) > SURE).mean()),
            "temperature": self.temperature,
        }


def knows(classes: Sequence[str]) -> bool:
    """Whether these classes are the ten digits in their order: what the judge can be asked about."""
    return tuple(classes) == DIGITS


def check_digits(images: ImageSet) -> None:
    """Raise AedeskError unless there are images, and they are of the ten digits."""
    if not knows(images.classes):
        raise AedeskError(
            "The judge knows the digits 0 to 9 only, and these images have other classes; choose mnist or digits."
        )
    if not len(images):
        raise AedeskError("There are no images to ask the judge about; choose another data set.")


def shipped() -> Path:
    """The file of the judge that comes with aedesk."""
    return paths.weights() / "judge.safetensors"


def softened(scores: np.ndarray, temperature: float) -> np.ndarray:
    """The softmax of scores (N, 10) divided by `temperature`: (N, 10), each row positive and adding up to 1."""
    scaled = scores / np.float32(temperature)
    powers = np.exp(scaled - scaled.max(axis=1, keepdims=True))
    probabilities: np.ndarray = powers / powers.sum(axis=1, keepdims=True)
    return probabilities


def calibration_error(probabilities: np.ndarray, labels: np.ndarray) -> float:
    """The expected calibration error, from 0 to 1: how far confidence and accuracy are apart in the mean.

    probabilities: (N, 10), rows adding up to 1. labels: (N,). In 15 bins of equal width over the confidence, each
    weighed by its images (Guo et al. 2017, equation 3).
    """
    confidence = probabilities.max(axis=1)
    right = probabilities.argmax(axis=1) == labels
    # A bin takes its upper end but not its lower one.
    bins = np.clip(np.ceil(confidence * _BINS).astype(int) - 1, 0, _BINS - 1)
    gaps = np.bincount(bins, weights=right.astype(float) - confidence, minlength=_BINS)
    return float(np.abs(gaps).sum() / max(len(labels), 1))


def _forward(layers: Mapping[str, Tensor], images: Tensor) -> Tensor:
    """Images (n, 28, 28) -> scores (n, 10)."""
    from torch.nn import functional

    x = images[:, None]
    for stage, (_, stride, padding) in enumerate(STAGES):
        x = functional.conv2d(x, layers[f"kernel{stage}"], layers[f"bias{stage}"], stride, padding).relu_()
    return functional.linear(x.mean(dim=(2, 3)), layers["weights"], layers["bias"])


def _fits(arrays: Mapping[str, np.ndarray]) -> bool:
    """Whether these are all the layers of a judge, each of a shape that takes what the one before gives."""
    expected: dict[str, tuple[int, ...]] = {}
    channels = 1
    for stage, (kernel, _, _) in enumerate(STAGES):
        name = f"bias{stage}"
        if name not in arrays or arrays[name].ndim != 1:
            return False
        width = len(arrays[name])
        expected |= {f"kernel{stage}": (width, channels, kernel, kernel), name: (width,)}
        channels = width
    expected |= {"weights": (len(DIGITS), channels), "bias": (len(DIGITS),)}
    return {name: array.shape for name, array in arrays.items()} == expected
