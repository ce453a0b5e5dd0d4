"""Memory that is used again, step by step and chunk by chunk."""

from __future__ import annotations

from math import prod

import torch


class Workspace:
    """Tensors by name, with whatever was left in them: to be given fresh memory takes longer than to fill it.

    Of one owner, in one thread. What is asked for by a name must not be in use when it is asked for again.
    """

    def __init__(self, dtype: torch.dtype, device: torch.device) -> None:
        self._dtype, self._device = dtype, device
        self._kept: dict[object, torch.Tensor] = {}

    def __call__(self, name: object, *shape: int, is_zero: bool = False) -> torch.Tensor:
        """A tensor of that shape; is_zero: with zeros when it is made, which is when it is larger than ever before."""
        size, kept = prod(shape), self._kept.get(name)
        if kept is None or len(kept) < size:
            new = torch.zeros if is_zero else torch.empty
            kept = self._kept[name] = new(size, dtype=self._dtype, device=self._device)
        return kept[:size].view(shape)
