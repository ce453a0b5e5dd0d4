"""What the training loop asks of an engine, and the engine that runs on torch."""

from __future__ import annotations

from typing import Protocol, SupportsFloat

import numpy as np
import torch

from aedesk.models.architecture import Architecture
from aedesk.models.autoencoder import Autoencoder
from aedesk.models.presets import Recipe
from aedesk.training.losses import reconstruction_loss

_CHUNK = 1000  # images per pass where nothing is learnt: the maps of a convolution fit in memory


class Engine(Protocol):
    """A network, its optimiser and its training images. Images are (N, 28, 28)."""

    learning_rate: float

    def begin_epoch(self, order: np.ndarray) -> None:
        """Take the training images in `order`, a permutation of their indices, from now on."""

    def step(self, start: int, stop: int) -> SupportsFloat:
        """One optimiser step on images `start` to `stop` of the order; their mean loss per pixel, read when needed."""

    def evaluate(self, images: np.ndarray) -> float:
        """The mean loss per pixel of uint8 images."""

    def reconstruct(self, images: np.ndarray) -> np.ndarray:
        """Float32 images in [0, 1] -> their reconstructions."""

    def weights(self) -> dict[str, np.ndarray]:
        """A copy of every parameter."""


class TorchEngine:
    """Trains an `Autoencoder` on one device; the images lie there as one uint8 tensor."""

    def __init__(
        self,
        architecture: Architecture,
        recipe: Recipe,
        weights: dict[str, np.ndarray],
        images: np.ndarray,
        device: torch.device,
        precision: torch.dtype = torch.float32,
    ) -> None:
        self._recipe = recipe
        self._device = device
        self._precision = precision
        self._network = Autoencoder(architecture).to(device)
        self._network.load_weights(weights)
        self._images = torch.from_numpy(images).to(device)
        self._order = torch.arange(len(images), device=device)
        parameters = self._network.parameters()
        if recipe.optimiser == "adam":
            # eps as in Keras, where the recipes come from.
            self._optimiser: torch.optim.Optimizer = torch.optim.Adam(
                parameters, lr=recipe.learning_rate, eps=1e-7, fused=True
            )
        else:
            self._optimiser = torch.optim.SGD(parameters, lr=recipe.learning_rate, fused=True)
        self._steepness = images[0].size if recipe.reduction == "sum" else 1

    @property
    def learning_rate(self) -> float:
        return float(self._optimiser.param_groups[0]["lr"])

    @learning_rate.setter
    def learning_rate(self, rate: float) -> None:
        for group in self._optimiser.param_groups:
            group["lr"] = rate

    def begin_epoch(self, order: np.ndarray) -> None:
        self._order = torch.from_numpy(order).to(self._device)

    def step(self, start: int, stop: int) -> torch.Tensor:
        loss = self._loss(self._images[self._order[start:stop]])
        self._optimiser.zero_grad()
        torch.autograd.backward(loss * self._steepness)
        self._optimiser.step()
        return loss.detach()

    @torch.inference_mode()
    def evaluate(self, images: np.ndarray) -> float:
        total = 0.0
        for start in range(0, len(images), _CHUNK):
            chunk = torch.from_numpy(images[start : start + _CHUNK]).to(self._device)
            total += self._loss(chunk).item() * len(chunk)
        return total / len(images)

    @torch.inference_mode()
    def reconstruct(self, images: np.ndarray) -> np.ndarray:
        batch = torch.from_numpy(images).to(self._device).unsqueeze(1)
        rebuilt: np.ndarray = self._network(batch).sigmoid().squeeze(1).cpu().numpy()
        return rebuilt

    def weights(self) -> dict[str, np.ndarray]:
        return self._network.copy_weights()

    def _loss(self, images: torch.Tensor) -> torch.Tensor:
        """Mean loss per pixel of (N, 28, 28) uint8 images; the network alone runs at lower precision."""
        batch = images.unsqueeze(1).to(torch.float32).div_(255)
        with torch.autocast(self._device.type, self._precision, enabled=self._precision != torch.float32):
            logits = self._network(batch)
        return reconstruction_loss(logits.float(), batch, self._recipe.loss)
