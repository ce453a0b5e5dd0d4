"""The NumPy engine: what the training loop drives in place of torch."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from aedesk.data.corruption import corrupt
from aedesk.errors import AedeskError
from aedesk.models.architecture import Architecture, Dropout
from aedesk.models.presets import Recipe, mismatch
from aedesk.models.step import StepLoss, StepSettings
from aedesk.scratch.losses import LOSSES
from aedesk.scratch.network import Network
from aedesk.scratch.optimisers import OPTIMISERS
from aedesk.scratch.penalties import PENALTIES

CHUNK = 500
"""Images per pass where nothing is learned: they stay in the cache, whatever the size of the set."""


class NumpyEngine:
    """Trains a dense autoencoder on the CPU, one mini-batch at a time.

    weights: where to begin, name -> float32 array (copied). images: (N, 28, 28) uint8, ink = 255; they stay
    bytes, and a batch becomes float32 in [0, 1] when its turn comes.
    A network or a recipe that NumPy alone cannot train raises AedeskError.
    """

    def __init__(
        self, architecture: Architecture, recipe: Recipe, weights: dict[str, np.ndarray], images: np.ndarray
    ) -> None:
        if recipe.kind == "contractive":
            raise AedeskError(
                "the contractive penalty needs the PyTorch engine; choose that one (torch), or another kind"
            )
        if problem := mismatch(architecture, recipe):
            raise AedeskError(problem)
        self._network = Network(architecture, weights)
        self._optimiser = OPTIMISERS[recipe.optimiser](
            self._network.parameters, architecture.parameter_shapes
        )
        self._loss = LOSSES[recipe.loss, architecture.output]
        self._penalty = PENALTIES.get(recipe.kind)
        self._noise = recipe.noise if recipe.kind == "denoising" else None
        has_dropout = any(isinstance(step.layer, Dropout) for step in architecture.steps())
        self._is_random = has_dropout or recipe.kind in {"denoising", "variational"}
        self._generator = np.random.default_rng(0)
        self._sums_over_pixels = recipe.reduction == "sum"
        self._code_size = architecture.code_size
        self._images = images
        self._order = np.arange(len(images))

    def begin_epoch(self, order: np.ndarray) -> None:
        """Take the training images in this order from now on; order: a permutation of their indices."""
        self._order = order

    # A run that diverges is told by its loss, which is then not finite, and not by warnings on stderr.
    @np.errstate(over="ignore", invalid="ignore")
    def step(self, start: int, stop: int, settings: StepSettings) -> StepLoss:
        """One step of the optimiser on the images order[start:stop]; returns the loss before it."""
        if self._is_random:  # a new generator takes as long as a small layer
            self._generator = np.random.default_rng(list(settings.seed))
        rng = self._generator
        images = _pixels(self._images[self._order[start:stop]])
        encoded, outputs = self._network.forward(self._seen(images, settings, rng), rng)
        reconstruction, doutputs = self._loss(outputs, images)
        penalty, dencoded = self._penalty_of(encoded, settings)
        if self._sums_over_pixels:
            doutputs *= images.shape[1]
            dencoded = None if dencoded is None else dencoded * images.shape[1]
        self._network.backward(doutputs, dencoded)
        self._optimiser.step(self._network.gradient, settings.learning_rate)
        return StepLoss(reconstruction, penalty)

    @np.errstate(over="ignore", invalid="ignore")
    def evaluate(self, images: np.ndarray, settings: StepSettings) -> StepLoss:
        """The loss of (N, 28, 28) uint8 images; nothing is learned from them, and nothing left to chance.

        Noise is drawn from (seed of the run, 0, number of the chunk): the same after every epoch.
        """
        reconstruction = penalty = 0.0
        for number, chunk in enumerate(_chunks(images)):
            clean = _pixels(chunk)
            rng = np.random.default_rng([settings.seed[0], 0, number])
            encoded, outputs = self._network.apply(self._seen(clean, settings, rng))
            reconstruction += self._loss(outputs, clean)[0] * len(chunk)
            penalty += self._penalty_of(encoded, settings)[0] * len(chunk)
        return StepLoss(reconstruction / len(images), penalty / len(images))

    @np.errstate(over="ignore", invalid="ignore")
    def encode(self, images: np.ndarray) -> np.ndarray:
        """(N, 28, 28) uint8 images -> their codes (N, D) float32; means where the code is variational."""
        codes = np.empty((len(images), self._code_size), np.float32)
        for chunk, part in zip(_chunks(images), _chunks(codes), strict=True):
            part[:] = self._network.encode(_pixels(chunk))
        return codes

    def weights(self) -> dict[str, np.ndarray]:
        """Parameters and running statistics as they are now, copied: training on does not change them."""
        return {name: array.copy() for name, array in self._network.weights.items()}

    def optimiser_state(self) -> dict[str, np.ndarray]:
        """A copy of what the optimiser remembers, named as in every engine; empty for gradient descent."""
        return self._optimiser.state()

    def load_optimiser_state(self, state: dict[str, np.ndarray]) -> None:
        """Take over what `optimiser_state` gave, here or in another engine."""
        self._optimiser.load_state(state)

    def _seen(self, images: np.ndarray, settings: StepSettings, rng: np.random.Generator) -> np.ndarray:
        """What the network is given of clean images: the same, or a noisy copy."""
        if self._noise is None:
            return images
        return corrupt(images.reshape(-1, 28, 28), self._noise, settings.noise_level, rng).reshape(
            images.shape
        )

    def _penalty_of(self, encoded: np.ndarray, settings: StepSettings) -> tuple[float, np.ndarray | None]:
        """What the kind adds to the loss, weighted, and its gradient with respect to what the encoder gave."""
        if self._penalty is None or not settings.penalty_weight:
            return 0.0, None
        penalty, gradient = self._penalty(encoded)
        gradient *= settings.penalty_weight
        return penalty * settings.penalty_weight, gradient


def _chunks(rows: np.ndarray) -> Iterator[np.ndarray]:
    """Views of at most CHUNK rows each, in order."""
    for start in range(0, len(rows), CHUNK):
        yield rows[start : start + CHUNK]


def _pixels(images: np.ndarray) -> np.ndarray:
    """(N, 28, 28) uint8 -> (N, 784) float32 in [0, 1]."""
    pixels = images.reshape(len(images), -1).astype(np.float32)
    pixels /= 255
    return pixels
