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
from aedesk.models.cpu_convolution import quick_conv
from aedesk.models.layers import (
    Activate,
    BatchNorm,
    Conv,
    Dense,
    Dropout,
    Layer,
    Step,
)
from aedesk.models.modules import MemoryModule, modules_of, place_of

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
        self.encoder, self.decoder = modules_of(steps[:size]), modules_of(steps[size:])
        self._encoding = list(_units(steps[:size], self.encoder, self.encoder))
        self._decoding = list(_units(steps[size:], self.decoder, self.encoder))
        dense = [place for place, unit in enumerate(self._encoding) if isinstance(unit.layer, Dense)]
        self._exact_from = dense[-1] if dense else len(self._encoding)
        self._has_maps = any(isinstance(step.layer, Conv) for step in steps)
        self._folded: dict[nn.Module, Folded] = {}
        self._is_frozen = False

    def encode(self, images: torch.Tensor) -> torch.Tensor:
        """(N, 1, 28, 28) -> codes (N, D); their means where they are variational."""
        return self._codes(self.features(images), twice=images.requires_grad)

    def features(self, images: torch.Tensor) -> torch.Tensor:
        """(N, 1, 28, 28) -> what comes into the encoder's last dense layer, (N, F)."""
        units = self._encoding[: self._exact_from]
        return self._through(units, self._arranged(images), twice=images.requires_grad)

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
        twice = images.requires_grad
        units = self._encoding[: self._exact_from]
        x = self._through(units, self._arranged(images), training, generator, twice=twice)
        log_variance = None
        if self.architecture.variational:
            spread = self.encoder["log_variance"]
            assert isinstance(spread, nn.Linear)
            # Half the digits of a log-variance would make steps in the exponential.
            with torch.autocast(x.device.type, enabled=False):
                log_variance = F.linear(x.to(_dtype(spread)), spread.weight, spread.bias)
        codes = mean = self._codes(x, training, generator, twice=twice)
        if training and log_variance is not None:  # Kingma & Welling 2014, section 2.4
            noise = torch.randn(mean.shape, generator=generator, device=mean.device)
            codes = mean + (log_variance / 2).exp() * noise
        logits = self._through(self._decoding, codes, training, generator)
        return Pass(logits.reshape(-1, 1, 28, 28), codes, mean, log_variance)

    def load_weights(self, weights: dict[str, np.ndarray]) -> None:
        """Take over `weights` (copied), named and shaped as in the description."""
        self.load_state_dict({name: torch.from_numpy(array.copy()) for name, array in weights.items()})
        self._folded.clear()
        self._is_frozen = False
        for module in self.modules():
            if isinstance(module, MemoryModule):
                module.thaw()

    def copy_weights(self) -> dict[str, np.ndarray]:
        """The weights as NumPy arrays of their own, on the CPU."""
        return {
            name: tensor.detach().to("cpu", copy=True).contiguous().numpy()
            for name, tensor in self.state_dict().items()
        }

    def freeze(self) -> None:
        """No more training: what the weights alone decide is computed now, not at every pen stroke."""
        self.requires_grad_(False)
        self._is_frozen = True
        for unit in (*self._encoding, *self._decoding):
            if unit.is_upsampled:
                self._folded[unit.module] = _fold(unit.module)
            if isinstance(unit.module, MemoryModule):
                unit.module.freeze()

    def _codes(
        self,
        x: torch.Tensor,
        training: bool = False,
        generator: torch.Generator | None = None,
        *,
        twice: bool,
    ) -> torch.Tensor:
        """The last dense layer of the encoder and what follows it, (N, D) float32 whatever ran before: with the 8 bits
        of bfloat16 a map would have no more than some hundred different places across."""
        units = self._encoding[self._exact_from :]
        if not units:
            return x
        with torch.autocast(x.device.type, enabled=False):
            return self._through(units, x.to(_dtype(units[0].module)), training, generator, twice=twice)

    def _arranged(self, images: torch.Tensor) -> torch.Tensor:
        """oneDNN and cuDNN both run these convolutions about twice as fast with channels last."""
        return images.contiguous(memory_format=torch.channels_last) if self._has_maps else images

    def _through(
        self,
        units: Sequence[_Unit],
        x: torch.Tensor,
        training: bool = False,
        generator: torch.Generator | None = None,
        *,
        twice: bool = False,
    ) -> torch.Tensor:
        """twice: whether this can be differentiated twice; what asks for the gradient of images may do so."""
        # Single pictures, which frozen networks are for, gain nothing.
        is_quick = x.device.type == "cpu" and not self._is_frozen and not twice
        for layer, module, weights, is_upsampled, is_pooled in units:
            if is_quick and isinstance(module, nn.Conv2d) and (is_upsampled or is_pooled):
                assert isinstance(layer, Conv)
                x = quick_conv(x, module, _ACTIVATIONS.get(layer.activation), is_upsampled, is_pooled)
                continue
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
            elif isinstance(module, MemoryModule):
                x = module(x, training, generator)
            elif not isinstance(layer, Activate):
                x = module(x)
            if isinstance(layer, Dense | Conv | Activate) and layer.activation != "linear":
                x = _ACTIVATIONS[layer.activation](x)
            if is_pooled:
                x = F.max_pool2d(x, 2, ceil_mode=True)
        return x


class _Unit(NamedTuple):
    """A layer with the module that runs it.

    weights: a dense layer's own, or the one whose weight it shares. is_upsampled: the upsampling before this 3x3
    convolution runs as one with it. is_pooled: so does the pooling after it.
    """

    layer: Layer
    module: nn.Module
    weights: nn.Linear | None
    is_upsampled: bool = False
    is_pooled: bool = False


def _units(steps: list[Step], modules: nn.ModuleDict, encoder: nn.ModuleDict) -> Iterator[_Unit]:
    upsampling = pooled = False
    for place, step in enumerate(steps):
        module = modules[str(place)]
        if pooled:
            pooled = False
            continue
        after = modules[str(place + 1)] if place + 1 < len(steps) else None
        if isinstance(module, nn.Upsample) and _is_plain_3x3(after):
            upsampling = True
            continue
        pooled = isinstance(module, nn.Conv2d) and isinstance(after, nn.MaxPool2d)
        weights = module if step.tied_to is None else encoder[place_of(step.tied_to)]
        yield _Unit(
            step.layer, module, weights if isinstance(weights, nn.Linear) else None, upsampling, pooled
        )
        upsampling = False


def _is_plain_3x3(module: nn.Module | None) -> bool:
    return isinstance(module, nn.Conv2d) and (module.kernel_size, module.stride) == ((3, 3), (1, 1))


def _dtype(module: nn.Module) -> torch.dtype:
    """Of the module's numbers: float32, whatever autocast makes of what comes in."""
    return next(module.parameters()).dtype


def _fold(module: nn.Module) -> Folded:
    assert isinstance(module, nn.Conv2d)
    assert module.bias is not None
    return fold(module.weight, module.bias)
