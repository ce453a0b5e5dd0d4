"""The torch engine's network, built from a description."""

from itertools import pairwise

import numpy as np
import torch
import torch.nn.functional as F
from torch import nn

from aedesk.models.architecture import Architecture, Conv, Dense, Layer, MaxPool, Reshape, Step, Upsample
from aedesk.models.convolution import fold, upsampled_conv

Folded = tuple[torch.Tensor, torch.Tensor]


class Autoencoder(nn.Module):
    """Encoder and decoder for (N, 1, 28, 28) float32 images in [0, 1], ink = 1.

    Its `state_dict` has the names and shapes of `architecture.parameter_shapes`. Until `load_weights`, it holds
    no numbers of any meaning.
    """

    def __init__(self, architecture: Architecture) -> None:
        super().__init__()
        self.architecture = architecture
        steps = list(architecture.steps())
        size = len(architecture.encoder)
        self.encoder = nn.ModuleList(_module(step) for step in steps[:size])
        self.decoder = nn.ModuleList(_module(step) for step in steps[size:])
        self._has_maps = not architecture.is_dense
        self._folded: dict[nn.Module, Folded] = {}

    def encode(self, images: torch.Tensor) -> torch.Tensor:
        """(N, 1, 28, 28) -> codes (N, D)."""
        if self._has_maps:  # oneDNN and cuDNN both run these convolutions about twice as fast this way
            images = images.contiguous(memory_format=torch.channels_last)
        return self._run(self.architecture.encoder, self.encoder, images)

    def decode_logits(self, codes: torch.Tensor) -> torch.Tensor:
        """Codes (N, D) -> (N, 1, 28, 28) logits; the picture is their sigmoid."""
        return self._run(self.architecture.decoder, self.decoder, codes).reshape(-1, 1, 28, 28)

    def decode(self, codes: torch.Tensor) -> torch.Tensor:
        """Codes (N, D) -> images (N, 1, 28, 28) in [0, 1]."""
        return self.decode_logits(codes).sigmoid()

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        """Images (N, 1, 28, 28) -> logits of their reconstructions, same shape: what a loss is taken on."""
        return self.decode_logits(self.encode(images))

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
        self.eval().requires_grad_(False)
        for modules in (self.encoder, self.decoder):
            for before, module in pairwise(modules):
                if _run_as_one(before, module):
                    self._folded[module] = _fold(module)

    def _run(self, layers: tuple[Layer, ...], modules: nn.ModuleList, x: torch.Tensor) -> torch.Tensor:
        """Apply the layers in order; an upsampling and the 3x3 convolution after it run as one."""
        upsampling = False
        for place, (layer, module) in enumerate(zip(layers, modules, strict=True)):
            if upsampling:
                x = upsampled_conv(x, self._folded.get(module) or _fold(module), str(module.padding))
                upsampling = False
            elif place + 1 < len(modules) and _run_as_one(module, modules[place + 1]):
                upsampling = True
                continue
            else:
                x = module(x)
            if isinstance(layer, Dense | Conv) and layer.activation == "relu":
                x = F.relu(x)
        return x


class _Linear(nn.Linear):
    def reset_parameters(self) -> None:
        """Draw nothing: all weights come from `load_weights` (`skip_init` would import 0.3 s more of torch)."""


class _Conv2d(nn.Conv2d):
    def reset_parameters(self) -> None:
        """Draw nothing, as above."""


def _module(step: Step) -> nn.Module:
    """The torch module that holds the parameters of a layer, at the layer's own place in the list."""
    layer = step.layer
    if isinstance(layer, Dense):
        return _Linear(step.before[0], layer.outputs)
    if isinstance(layer, Conv):
        return _Conv2d(step.before[0], layer.filters, layer.kernel, padding=layer.padding)
    if isinstance(layer, MaxPool):
        return nn.MaxPool2d(2, ceil_mode=True)
    if isinstance(layer, Upsample):
        return nn.Upsample(scale_factor=2)
    if isinstance(layer, Reshape):
        return nn.Unflatten(1, layer.shape)
    return nn.Flatten()


def _run_as_one(module: nn.Module, after: nn.Module) -> bool:
    """Whether the two are an upsampling and a 3x3 convolution."""
    return isinstance(module, nn.Upsample) and isinstance(after, nn.Conv2d) and after.kernel_size == (3, 3)


def _fold(module: nn.Module) -> Folded:
    assert isinstance(module, nn.Conv2d)
    assert module.bias is not None
    return fold(module.weight, module.bias)
