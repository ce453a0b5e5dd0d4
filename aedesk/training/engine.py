"""What the training loop asks of an engine. No torch in here."""

from __future__ import annotations

from typing import Protocol

import numpy as np

from aedesk.models.step import StepLoss, StepSettings


class Engine(Protocol):
    """A network, its optimiser and its training images. Images are (N, 28, 28)."""

    def begin_epoch(self, order: np.ndarray) -> None:
        """Take the training images in `order`, a permutation of their indices, from now on."""

    def step(self, start: int, stop: int, settings: StepSettings) -> StepLoss:
        """One optimiser step on images `start` to `stop` of the order; their loss before it, read when needed."""

    def evaluate(self, images: np.ndarray, settings: StepSettings) -> StepLoss:
        """The loss of uint8 images, as numbers, with nothing left to chance: no dropout, codes at their means, and
        the noise of a denoising network always the same."""

    def encode(self, images: np.ndarray) -> np.ndarray:
        """uint8 images -> their codes (N, D) float32; means where the code is variational."""

    def weights(self) -> dict[str, np.ndarray]:
        """A copy of every array of the network: its parameters, and running statistics where it has them."""

    def optimiser_state(self) -> dict[str, np.ndarray]:
        """A copy of what the optimiser remembers: `steps` (1,) int64, `mean.NAME` and `square.NAME` of every parameter
        for Adam, nothing for SGD. The same names for every engine."""

    def load_optimiser_state(self, state: dict[str, np.ndarray]) -> None:
        """Take over what `optimiser_state` gave, here or in another engine or on another device."""
