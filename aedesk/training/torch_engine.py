"""The engine that runs on torch."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import nullcontext

import numpy as np
import torch

from aedesk.data.corruption import corrupt
from aedesk.models.architecture import Architecture, Dropout, Memory
from aedesk.models.autoencoder import Autoencoder, Pass
from aedesk.models.presets import Recipe, mismatch
from aedesk.models.step import Seed, StepLoss, StepSettings
from aedesk.training.capture import Captured
from aedesk.training.dense_pass import DensePass, fits
from aedesk.training.filling import filling
from aedesk.training.flat import Flat
from aedesk.training.losses import distance_to, divergence, reconstruction_loss, slope, sparseness
from aedesk.training.optimiser import Optimiser
from aedesk.training.warping import warped

_REMEMBERED_PACE = 0.1  # of the learning rate, for an encoder with a memory
_CHUNK = 500  # images per pass where nothing is learnt: the maps of a convolution fit in memory


class TorchEngine:
    """Trains an `Autoencoder` on one device; the images lie there as one uint8 tensor.

    A recipe that is not for this network raises ValueError. TF32 is torch's own setting, and left as it is.
    """

    def __init__(
        self,
        architecture: Architecture,
        recipe: Recipe,
        weights: dict[str, np.ndarray],
        images: np.ndarray,
        device: torch.device,
        precision: torch.dtype = torch.float32,
        places: np.ndarray | None = None,
    ) -> None:
        if problem := mismatch(architecture, recipe):
            raise ValueError(problem)
        self._architecture = architecture
        self._recipe = recipe
        self._device = device
        self._network = Autoencoder(architecture).to(device)
        self._network.load_weights(weights)
        self._flat = Flat(self._network)
        self._written_out = (
            DensePass(architecture, recipe, self._flat, precision)
            if places is None and fits(architecture, recipe)
            else None
        )
        # Beside what is written out, such a network is only judged: exactly, which takes no time to speak of.
        self._precision = torch.float32 if self._written_out else precision
        self._images = torch.from_numpy(images).to(device)
        self._places = None if places is None else torch.from_numpy(places).to(device)
        self._order = torch.arange(len(images), device=device)
        self._steepness = images[0].size if recipe.reduction == "sum" else 1
        layers = (*architecture.encoder, *architecture.decoder)
        has_dropout = any(isinstance(layer, Dropout | Memory) for layer in layers)
        self._generator = torch.Generator(device)
        self._is_random = has_dropout or recipe.filling > 0 or recipe.kind in {"contractive", "variational"}
        # What is remembered is right from the start but for details, and its keys move together with their features.
        begun = any(isinstance(layer, Memory) for layer in architecture.encoder)
        self._optimiser = Optimiser(self._flat, recipe, _REMEMBERED_PACE if begun else 1.0)
        # One CUDA graph serves all steps alike: no number but the learning rate changes, and nothing is drawn.
        steps_differ = self._is_random or recipe.kind != "plain" or recipe.warp or recipe.guidance
        if device.type == "cuda" and not steps_differ:
            self._captured: Captured | None = Captured(recipe.batch_size, device)
        else:
            self._captured = None

    def begin_epoch(self, order: np.ndarray) -> None:
        self._order = torch.from_numpy(order).to(self._device)

    def step(self, start: int, stop: int, settings: StepSettings) -> StepLoss:
        self._optimiser.set_learning_rate(settings.learning_rate)
        chosen = self._order[start:stop]
        if self._captured and len(chosen) == self._captured.size:
            return self._captured(self._learn, chosen, settings)
        return self._learn(chosen, settings)

    def evaluate(self, images: np.ndarray, settings: StepSettings) -> StepLoss:
        reconstruction = penalty = 0.0
        # The slope of the codes is a gradient, which inference mode has none of.
        with nullcontext() if self._recipe.kind == "contractive" else torch.inference_mode():
            for place, chunk in enumerate(self._chunks(images)):
                seed = (settings.seed[0], 0, place)
                loss = self._told(self._loss(chunk, settings, seed, training=False))
                reconstruction += float(loss.reconstruction) * len(chunk)
                penalty += float(loss.penalty) * len(chunk)
        return StepLoss(reconstruction / len(images), penalty / len(images))

    @torch.inference_mode()
    def encode(self, images: np.ndarray) -> np.ndarray:
        codes = [self._network.encode(_pixels(chunk)).cpu().numpy() for chunk in self._chunks(images)]
        return np.concatenate([np.empty((0, self._architecture.code_size), np.float32), *codes])

    def weights(self) -> dict[str, np.ndarray]:
        return self._network.copy_weights()

    def optimiser_state(self) -> dict[str, np.ndarray]:
        return self._optimiser.state()

    def load_optimiser_state(self, state: dict[str, np.ndarray]) -> None:
        """Raises ValueError for arrays that are not those of this network's optimiser."""
        self._optimiser.load_state(state)

    def _told(self, loss: StepLoss) -> StepLoss:
        """A loss without the graph behind it: numbers, but a GPU may still be computing."""
        parts = [part.detach() if isinstance(part, torch.Tensor) else part for part in loss]
        return StepLoss(*(map(float, parts) if self._device.type == "cpu" else parts))

    def _seed(self, seed: Seed) -> None:
        """What is drawn next follows from `seed` alone."""
        if self._is_random:
            self._generator.manual_seed(int(np.random.SeedSequence(seed).generate_state(1, np.uint64)[0]))

    def _chunks(self, images: np.ndarray) -> Iterator[torch.Tensor]:
        for start in range(0, len(images), _CHUNK):
            yield torch.from_numpy(images[start : start + _CHUNK]).to(self._device)

    def _learn(self, chosen: torch.Tensor, settings: StepSettings) -> StepLoss:
        """One optimiser step on the images with these indices, at the learning rate that is set."""
        # Rows as they lie, not by `[chosen]`, which goes through them number by number.
        images = self._images.index_select(0, chosen)
        if self._written_out:
            clean = self._written_out.pixels(images)
            given = self._given(clean, settings, settings.seed, training=True)
            loss = StepLoss(self._written_out(given, clean, self._steepness), 0.0)
        else:
            places = None if self._places is None or not settings.guidance else self._places[chosen]
            loss = self._loss(images, settings, settings.seed, places, training=True)
            self._flat.gradients.zero_()
            torch.autograd.backward((loss.reconstruction + loss.penalty) * self._steepness)
        self._optimiser.step()
        return self._told(loss)

    def _given(
        self, clean: torch.Tensor, settings: StepSettings, seed: Seed, *, training: bool
    ) -> torch.Tensor:
        """What the network sees of clean pictures."""
        given = warped(clean, settings.warp, seed) if training and settings.warp else clean
        if self._recipe.kind == "denoising":
            return self._corrupted(given, settings.noise_level, seed)
        return given

    def _loss(
        self,
        images: torch.Tensor,
        settings: StepSettings,
        seed: Seed,
        places: torch.Tensor | None = None,
        *,
        training: bool,
    ) -> StepLoss:
        """Mean loss per pixel of (N, 28, 28) uint8 images; the network alone runs at lower precision.

        seed: what every random number of it follows from. places: (N, 2), where their codes are led to.
        """
        self._seed(seed)
        clean = _pixels(images)
        given = self._given(clean, settings, seed, training=training)
        if self._recipe.kind == "contractive":
            given = given.detach().requires_grad_()
        with self._lower_precision():
            way = self._network.run(given, training=training, generator=self._generator)
        logits = way.logits.float()
        reconstruction = reconstruction_loss(logits, clean, self._recipe.loss, self._architecture.output)
        penalty: torch.Tensor | float = 0.0
        if settings.penalty_weight and self._recipe.has_penalty:
            penalty = settings.penalty_weight * self._penalty(way, given)
        if places is not None:
            penalty = penalty + settings.guidance * distance_to(places, way.mean)
        if training and self._recipe.filling:
            penalty = penalty + self._recipe.filling * self._filling(way.mean, clean)
        return StepLoss(reconstruction, penalty)

    def _lower_precision(self) -> torch.autocast:
        # No weights kept in lower precision from one use to the next: a captured step would go on with old ones.
        return torch.autocast(
            self._device.type, self._precision, self._precision != torch.float32, self._device.type == "cpu"
        )

    def _filling(self, codes: torch.Tensor, clean: torch.Tensor) -> torch.Tensor:
        def decode(places: torch.Tensor) -> torch.Tensor:
            with self._lower_precision():
                return self._network.decode_logits(places).float()

        def loss(logits: torch.Tensor, pictures: torch.Tensor) -> torch.Tensor:
            return reconstruction_loss(logits, pictures, self._recipe.loss, self._architecture.output)

        return filling(codes.float(), clean, decode, loss, self._generator)

    def _penalty(self, way: Pass, images: torch.Tensor) -> torch.Tensor:
        if self._recipe.kind == "sparse":
            return sparseness(way.codes.float())
        if self._recipe.kind == "contractive":
            return slope(way.codes.float(), images, self._generator)
        assert way.log_variance is not None
        return divergence(way.mean, way.log_variance)

    def _corrupted(self, images: torch.Tensor, level: float, seed: Seed) -> torch.Tensor:
        """Drawn on the CPU: a run then sees the same noise on every device and engine, and there is one definition."""
        noisy = corrupt(
            images.squeeze(1).cpu().numpy(), self._recipe.noise, level, np.random.default_rng(list(seed))
        )
        return torch.from_numpy(noisy).unsqueeze(1).to(self._device)


def _pixels(images: torch.Tensor) -> torch.Tensor:
    """(N, 28, 28) uint8 -> (N, 1, 28, 28) float32 in [0, 1]."""
    return images.unsqueeze(1).to(torch.float32).div_(255)
