"""The NumPy engine: what the training loop drives in place of torch."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from aedesk.models.architecture import Architecture
from aedesk.models.presets import Recipe
from aedesk.scratch.losses import LOSSES
from aedesk.scratch.network import Network
from aedesk.scratch.optimisers import OPTIMISERS

CHUNK = 1000
"""Images per pass where nothing is learned: bounds the memory, whatever the size of the set."""


class NumpyEngine:
    """Trains a dense autoencoder on the CPU, one mini-batch at a time.

    weights: where to begin, name -> float32 array (copied). images: (N, 28, 28) uint8, ink = 255; they stay
    bytes, and a batch becomes float32 in [0, 1] when its turn comes.
    A network that is not dense raises AedeskError.
    """

    def __init__(
        self, architecture: Architecture, recipe: Recipe, weights: dict[str, np.ndarray], images: np.ndarray
    ) -> None:
        self._network = Network(architecture, {name: array.copy() for name, array in weights.items()})
        self._optimiser = OPTIMISERS[recipe.optimiser](self._network.weights, recipe.learning_rate)
        self._loss = LOSSES[recipe.loss]
        self._sums_over_pixels = recipe.reduction == "sum"
        self._images = images
        self._order = np.arange(len(images))

    @property
    def learning_rate(self) -> float:
        """The step size of the optimiser; it may be changed at any time."""
        return self._optimiser.learning_rate

    @learning_rate.setter
    def learning_rate(self, rate: float) -> None:
        self._optimiser.learning_rate = rate

    def begin_epoch(self, order: np.ndarray) -> None:
        """Take the training images in this order from now on; order: a permutation of their indices."""
        self._order = order

    # A run that diverges is told by its loss, which is then not finite, and not by warnings on stderr.
    @np.errstate(over="ignore", invalid="ignore")
    def step(self, start: int, stop: int) -> float:
        """One step of the optimiser on the images order[start:stop]; returns their mean loss per pixel."""
        batch = _pixels(self._images[self._order[start:stop]])
        loss, dlogits = self._loss(self._network.forward(batch), batch)
        if self._sums_over_pixels:
            dlogits *= batch.shape[1]
        self._optimiser.step(self._network.backward(dlogits))
        return loss

    @np.errstate(over="ignore", invalid="ignore")
    def evaluate(self, images: np.ndarray) -> float:
        """Mean loss per pixel of (N, 28, 28) uint8 images; nothing is learned from them."""
        total = 0.0
        for chunk in _chunks(images):
            batch = _pixels(chunk)
            loss, _ = self._loss(self._network.decode_logits(self._network.encode(batch)), batch)
            total += loss * len(chunk)
        return total / len(images)

    @np.errstate(over="ignore", invalid="ignore")
    def reconstruct(self, images: np.ndarray) -> np.ndarray:
        """(N, 28, 28) float32 images in [0, 1] -> their reconstructions, same shape, type and range."""
        rebuilt = np.empty_like(images)
        for chunk, out in zip(_chunks(images), _chunks(rebuilt), strict=True):
            codes = self._network.encode(chunk.reshape(len(chunk), -1))
            out[:] = self._network.decode(codes).reshape(out.shape)
        return rebuilt

    def weights(self) -> dict[str, np.ndarray]:
        """The weights as they are now, copied: training on does not change them."""
        return {name: array.copy() for name, array in self._network.weights.items()}


def _chunks(images: np.ndarray) -> Iterator[np.ndarray]:
    """Views of at most CHUNK images each, in order."""
    for start in range(0, len(images), CHUNK):
        yield images[start : start + CHUNK]


def _pixels(images: np.ndarray) -> np.ndarray:
    """(N, 28, 28) uint8 -> (N, 784) float32 in [0, 1]."""
    pixels = images.reshape(len(images), -1).astype(np.float32)
    pixels /= 255
    return pixels
