"""The torch modules of layers: what holds their parameters, named by their places."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import nn

from aedesk.models.layers import (
    EPSILON,
    MOMENTUM,
    Activate,
    BatchNorm,
    Conv,
    Dense,
    Dropout,
    Fourier,
    MaxPool,
    Memory,
    Reshape,
    Step,
    Upsample,
)


class Linear(nn.Linear):
    def reset_parameters(self) -> None:
        """Draw nothing: all weights come from `load_weights` (`skip_init` would import 0.3 s more of torch)."""


class Conv2d(nn.Conv2d):
    def reset_parameters(self) -> None:
        """Draw nothing, as above."""


class Bias(nn.Module):
    """What a tied layer has of its own."""

    def __init__(self, outputs: int) -> None:
        super().__init__()
        self.bias = nn.Parameter(torch.empty(outputs))


class Waves(nn.Module):
    """The features of `Fourier`, (N, 2) -> (N, features) float32: a high frequency makes much of a small error."""

    def __init__(self, layer: Fourier) -> None:
        super().__init__()
        self.turns: torch.Tensor
        self.register_buffer("turns", torch.tensor(layer.waves).T.contiguous(), persistent=False)

    def forward(self, points: torch.Tensor) -> torch.Tensor:
        points = points.to(self.turns.dtype)
        with torch.autocast(points.device.type, enabled=False):
            phases = points @ self.turns
        return torch.cat([points, phases.sin(), phases.cos()], 1)


class MemoryModule(nn.Module):
    """Attention over (size) keys: (N, D) -> (N, outputs)."""

    def __init__(self, size: int, width: int, outputs: int) -> None:
        super().__init__()
        self.keys = nn.Parameter(torch.empty(size, width))
        self.values = nn.Parameter(torch.empty(size, outputs))
        self.sharpness = nn.Parameter(torch.empty(1))
        self._frozen: tuple[torch.Tensor, torch.Tensor] | None = None  # what keys and sharpness come to

    def freeze(self) -> None:
        """No more training: squares of the keys, and their scale, are computed now."""
        sharpness = self.sharpness.exp()
        self._frozen = -self.keys.square().sum(1) * sharpness, 2 * sharpness * self.keys

    def thaw(self) -> None:
        """Other keys, or training."""
        self._frozen = None

    def forward(self, x: torch.Tensor, training: bool, generator: torch.Generator | None) -> torch.Tensor:
        if self._frozen is not None:
            bias, scaled = self._frozen
            return F.linear(x, scaled, bias).softmax(1) @ self.values
        keys: torch.Tensor = self.keys
        values: torch.Tensor = self.values
        if training and len(keys) > 1:
            chosen = torch.randperm(len(keys), generator=generator, device=keys.device)[: -(-len(keys) // 2)]
            keys, values = keys[chosen], values[chosen]
        # |x - k|^2 less |x|^2, which the softmax does not see.
        nearness = torch.addmm(-keys.square().sum(1), x, keys.T, alpha=2) * self.sharpness.exp()
        return nearness.softmax(1) @ values


class BatchNormModule(nn.Module):
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


def modules_of(steps: list[Step]) -> nn.ModuleDict:
    """The modules of the layers, named by their places."""
    modules = nn.ModuleDict()
    for step in steps:
        modules[place_of(step.name)] = _module(step)
        if step.is_mean:
            modules["log_variance"] = Linear(step.before[0], step.after[0])
    return modules


def _module(step: Step) -> nn.Module:
    """The torch module that holds the parameters of a layer, if it has any."""
    layer = step.layer
    if isinstance(layer, Dense):
        return Linear(step.before[0], layer.outputs) if step.tied_to is None else Bias(layer.outputs)
    if isinstance(layer, Conv):
        padding = layer.padding if layer.stride == 1 else layer.kernel // 2
        return Conv2d(step.before[0], layer.filters, layer.kernel, layer.stride, padding)
    if isinstance(layer, Fourier):
        return Waves(layer)
    if isinstance(layer, Memory):
        return MemoryModule(layer.size, step.before[0], layer.outputs)
    if isinstance(layer, BatchNorm):
        return BatchNormModule(step.before[0])
    if isinstance(layer, MaxPool):
        return nn.MaxPool2d(2, ceil_mode=True)
    if isinstance(layer, Upsample):
        return nn.Upsample(scale_factor=2)
    if isinstance(layer, Reshape):
        return nn.Unflatten(1, layer.shape)
    return nn.Identity() if isinstance(layer, Dropout | Activate) else nn.Flatten()


def place_of(name: str) -> str:
    """`encoder.1` -> `1`."""
    return name.rpartition(".")[2]
