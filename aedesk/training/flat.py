"""All parameters of a network in one array: an optimiser then makes one pass over memory, not one per tensor."""

from __future__ import annotations

import torch
from torch import nn

_ALIGNED = 64  # numbers: every tensor begins at a cache line, whatever its type


class Flat:
    """Takes over the parameters of a network on its device: they and their gradients become views of one array each.

    values, gradients: 1-D, in the parameters' order, padded with zeros, which stay zeros under every optimiser.
    """

    def __init__(self, network: nn.Module) -> None:
        parameters = dict(network.named_parameters())
        self._shapes = {name: parameter.shape for name, parameter in parameters.items()}
        self._places: dict[str, slice] = {}
        size = 0
        for name, parameter in parameters.items():
            self._places[name] = slice(size, size + parameter.numel())
            size += -(-parameter.numel() // _ALIGNED) * _ALIGNED
        some = next(iter(parameters.values()))
        self.values = torch.zeros(size, dtype=some.dtype, device=some.device)
        self.gradients = self.zeros()
        values, gradients = self.views(self.values), self.views(self.gradients)
        for name, parameter in parameters.items():
            parameter.data = values[name].copy_(parameter.detach())
            parameter.grad = gradients[name]

    def zeros(self, dtype: torch.dtype | None = None) -> torch.Tensor:
        """Another array that is arranged as `values` is, of the same type or of this one."""
        return torch.zeros_like(self.values, dtype=dtype)

    def views(self, array: torch.Tensor) -> dict[str, torch.Tensor]:
        """Name -> its part, in the parameter's shape, of an array that is arranged as `values` is."""
        return {name: array[place].view(self._shapes[name]) for name, place in self._places.items()}

    def size(self, prefix: str) -> int:
        """How much of `values` is taken by the parameters, the first ones, whose names begin with the prefix."""
        others = [place.start for name, place in self._places.items() if not name.startswith(prefix)]
        return min(others, default=len(self.values))
