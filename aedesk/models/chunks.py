"""Images in chunks, and the memory that one chunk leaves to the next."""

from __future__ import annotations

from collections.abc import Iterator
from math import prod

import torch


class Scratch:
    """Memory that every chunk uses anew: to be given fresh memory takes longer than the sums that go into it."""

    def __init__(self, like: torch.Tensor) -> None:
        self._like = like
        self._kept: dict[str, torch.Tensor] = {}

    def __call__(self, name: str, *shape: int, is_zero: bool = False) -> torch.Tensor:
        """A tensor of that shape with whatever was left in it.

        is_zero: with zeros when first asked for by that name. Raises RuntimeError if it is larger than the first one.
        """
        if name not in self._kept:
            new = self._like.new_zeros if is_zero else self._like.new_empty
            self._kept[name] = new(prod(shape))
        return self._kept[name][: prod(shape)].view(shape)


def chunks(number: int, size: int) -> Iterator[slice]:
    """Slices of `size` images that cover `number`; the last one may be smaller."""
    for start in range(0, number, size):
        yield slice(start, min(start + size, number))
