"""The torch engine's network, built from a description."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from functools import partial
from typing import NamedTuple

import numpy as np
import torch
import torch.nn.functional as F
from torch import nn

from aedesk.models.architecture import Architecture
from aedesk.models.convolution import fold, upsampled_conv
from aedesk.models.layers import (
    EPSILON,
    MOMENTUM,
    Activate,
    BatchNorm,
    Conv,
    Dense,
    Dropout,
    Layer,
    MaxPool,
    Reshape,
    Step,
    Upsample,
)

Folded = tuple[torch.Tensor, torch.Tensor]

_ACTIVATIONS: dict[str, Callable[[torch.Tensor], torch.Tensor]] = {
    "relu": F.relu,
    "leaky-relu": F.leaky_relu,
    "elu": F.elu,
    "gelu": partial(F.gelu, approximate="tanh"),
    "silu": F.silu,
    "tanh": torch.tanh,
    "sigmoid": torch.sigmoid,
}


class Pass(NamedTuple):
    """What comes of images on their way through. logits: (N, 1, 28, 28). codes: (N, D), those that were decoded.

    mean, log_variance: of a variational code, (N, D) float32; else the codes, and None.
    """

    logits: torch.Tensor
    codes: torch.Tensor
    mean: torch.Tensor
    log_variance: torch.Tensor | None


class Autoencoder(nn.Module):
    """Encoder and decoder for (N, 1, 28, 28) float32 images in [0, 1], ink = 1.

    Nothing is left to chance but in `run` with `training`: no dropout, running statistics, and codes at their means,
    whatever torch's own `train` and `eval` have been told.
    Its `state_dict` has the names and shapes of `architecture.tensor_shapes`. Until `load_weights`, it holds
    no numbers of any meaning.
    """

    def __init__(self, architecture: Architecture) -> None:
        super().__init__()
        self.architecture = architecture
        steps = list(architecture.steps())
        size = len(architecture.encoder)
        self.encoder, self.decoder = _modules(steps[:size]), _modules(steps[size:])
        self._encoding = list(_units(steps[:size], self.encoder, self.encoder))
        self._decoding = list(_units(steps[size:], self.decoder, self.encoder))
        self._has_maps = not architecture.is_dense
        self._folded: dict[nn.Module, Folded] = {}

    def encode(self, images: torch.Tensor) -> torch.Tensor:
        """(N, 1, 28, 28) -> codes (N, D); their means where they are variational."""
        return self._through(self._encoding, self._arranged(images))

    def decode_logits(self, codes: torch.Tensor) -> torch.Tensor:
        """Codes (N, D) -> (N, 1, 28, 28), what the last layer gives: logits where the output is a sigmoid."""
        return self._through(self._decoding, codes).reshape(-1, 1, 28, 28)

    def decode(self, codes: torch.Tensor) -> torch.Tensor:
        """Codes (N, D) -> images (N, 1, 28, 28) in [0, 1]."""
        logits = self.decode_logits(codes)
        return logits.sigmoid() if self.architecture.output == "sigmoid" else logits.clamp(0, 1)

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        """Images (N, 1, 28, 28) -> the last layer's answer, same shape."""
        return self.decode_logits(self.encode(images))

    def run(
        self, images: torch.Tensor, *, training: bool = False, generator: torch.Generator | None = None
    ) -> Pass:
        """Images (N, 1, 28, 28) all the way: what losses are taken on.

        training: with dropout, statistics of the batch (which move the running ones), and codes drawn around their
        means, by the numbers of `generator`, which is on the device of the images.
        """
        x = self._arranged(images)
        log_variance = None
        if self.architecture.variational:
            x = self._through(self._encoding[:-1], x, training, generator)
            spread = self.encoder["log_variance"]
            assert isinstance(spread, nn.Linear)
            # float32 from here on: half the digits of a log-variance would make steps in the exponential.
            log_variance = F.linear(x, spread.weight, spread.bias).float()
            codes = mean = self._through(self._encoding[-1:], x, training, generator).float()
            if training:  # Kingma & Welling 2014, section 2.4
                noise = torch.randn(mean.shape, generator=generator, device=mean.device)
                codes = mean + (log_variance / 2).exp() * noise
        else:
            codes = mean = self._through(self._encoding, x, training, generator)
        logits = self._through(self._decoding, codes, training, generator)
        return Pass(logits.reshape(-1, 1, 28, 28), codes, mean, log_variance)

    def load_weights(self, weights: dict[str, np.ndarray]) -> None:
        """Take over `weights` (copied), named and shaped as in the description."""
        self.load_state_dict({name: torch.from_numpy(array.copy()) for name, array in weights.items()})
        self._folded.clear()

    def copy_weights(self) -> dict[str, np.ndarray]:
        """The weights as NumPy arrays of their own, on the CPU."""
        return {
            name: tensor.detach().to("cpu", copy=True).contiguous().numpy()
            for name, tensor in self.state_dict().items()
        }

    def freeze(self) -> None:
        """No more training: what the weights alone decide is computed now, not at every pen stroke."""
        self.requires_grad_(False)
        for unit in (*self._encoding, *self._decoding):
            if unit.is_upsampled:
                self._folded[unit.module] = _fold(unit.module)

    def _arranged(self, images: torch.Tensor) -> torch.Tensor:
        """oneDNN and cuDNN both run these convolutions about twice as fast with channels last."""
        return images.contiguous(memory_format=torch.channels_last) if self._has_maps else images

    def _through(
        self,
        units: Sequence[_Unit],
        x: torch.Tensor,
        training: bool = False,
        generator: torch.Generator | None = None,
    ) -> torch.Tensor:
        for layer, module, weights, is_upsampled in units:
            if weights is not None:
                assert isinstance(module.bias, torch.Tensor)
                x = F.linear(x, weights.weight if weights is module else weights.weight.T, module.bias)
            elif is_upsampled:
                x = upsampled_conv(x, self._folded.get(module) or _fold(module), str(module.padding))
            elif isinstance(layer, Dropout):
                if training and layer.rate:
                    kept = torch.empty_like(x).bernoulli_(1 - layer.rate, generator=generator)
                    x = x * kept.div_(1 - layer.rate)
            elif isinstance(layer, BatchNorm):
                x = module(x, training)
            elif not isinstance(layer, Activate):
                x = module(x)
            if isinstance(layer, Dense | Conv | Activate) and layer.activation != "linear":
                x = _ACTIVATIONS[layer.activation](x)
        return x


class _Unit(NamedTuple):
    """A layer with the module that runs it.

    weights: a dense layer's own, or the one whose weight it shares. is_upsampled: the upsampling before this 3x3
    convolution runs as one with it.
    """

    layer: Layer
    module: nn.Module
    weights: nn.Linear | None
    is_upsampled: bool = False


class _Linear(nn.Linear):
    def reset_parameters(self) -> None:
        """Draw nothing: all weights come from `load_weights` (`skip_init` would import 0.3 s more of torch)."""


class _Conv2d(nn.Conv2d):
    def reset_parameters(self) -> None:
        """Draw nothing, as above."""


class _Bias(nn.Module):
    """What a tied layer has of its own."""

    def __init__(self, outputs: int) -> None:
        super().__init__()
        self.bias = nn.Parameter(torch.empty(outputs))


class _BatchNorm(nn.Module):
    """Batch normalisation over (N, D), or over the channels of (N, C, H, W)."""

    def __init__(self, features: int) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.empty(features))
        self.bias = nn.Parameter(torch.empty(features))
        self.running_mean: torch.Tensor
        self.running_variance: torch.Tensor
        self.register_buffer("running_mean", torch.empty(features))
        self.register_buffer("running_variance", torch.empty(features))

    def forward(self, x: torch.Tensor, training: bool) -> torch.Tensor:
        # A single number has no variance: the last batch of a set may be a single image.
        training = training and x.numel() > x.shape[1]
        return F.batch_norm(
            x, self.running_mean, self.running_variance, self.weight, self.bias, training, MOMENTUM, EPSILON
        )


def _modules(steps: list[Step]) -> nn.ModuleDict:
    """The modules of the layers, named by their places."""
    modules = nn.ModuleDict()
    for step in steps:
        modules[_place(step.name)] = _module(step)
        if step.is_mean:
            modules["log_variance"] = _Linear(step.before[0], step.after[0])
    return modules


def _module(step: Step) -> nn.Module:
    """The torch module that holds the parameters of a layer, if it has any."""
    layer = step.layer
    if isinstance(layer, Dense):
        return _Linear(step.before[0], layer.outputs) if step.tied_to is None else _Bias(layer.outputs)
    if isinstance(layer, Conv):
        return _Conv2d(step.before[0], layer.filters, layer.kernel, padding=layer.padding)
    if isinstance(layer, BatchNorm):
        return _BatchNorm(step.before[0])
    if isinstance(layer, MaxPool):
        return nn.MaxPool2d(2, ceil_mode=True)
    if isinstance(layer, Upsample):
        return nn.Upsample(scale_factor=2)
    if isinstance(layer, Reshape):
        return nn.Unflatten(1, layer.shape)
    return nn.Identity() if isinstance(layer, Dropout | Activate) else nn.Flatten()


def _units(steps: list[Step], modules: nn.ModuleDict, encoder: nn.ModuleDict) -> Iterator[_Unit]:
    upsampling = False
    for place, step in enumerate(steps):
        module = modules[str(place)]
        after = modules[str(place + 1)] if place + 1 < len(steps) else None
        if isinstance(module, nn.Upsample) and isinstance(after, nn.Conv2d) and after.kernel_size == (3, 3):
            upsampling = True
            continue
        weights = module if step.tied_to is None else encoder[_place(step.tied_to)]
        yield _Unit(step.layer, module, weights if isinstance(weights, nn.Linear) else None, upsampling)
        upsampling = False


def _place(name: str) -> str:
    """`encoder.1` -> `1`."""
    return name.rpartition(".")[2]


def _fold(module: nn.Module) -> Folded:
    assert isinstance(module, nn.Conv2d)
    assert module.bias is not None
    return fold(module.weight, module.bias)
