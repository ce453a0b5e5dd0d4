"""What a decoder is to show between the islands of a flat map, where no code of a training image lies."""

from __future__ import annotations

from collections.abc import Callable

import torch

_EMPTY = (
    0.25  # from the nearest code of the batch, in standard deviations of a guided map: farther off is a gap
)
_BEYOND = 0.1  # of the map's extent, on each side: the window shows a margin
_EACH = 2  # images for each place that is tried; some of the places lie on islands, and are not counted


def filling(
    codes: torch.Tensor,
    pictures: torch.Tensor,
    decode: Callable[[torch.Tensor], torch.Tensor],
    loss: Callable[[torch.Tensor, torch.Tensor], torch.Tensor],
    generator: torch.Generator,
) -> torch.Tensor:
    """How far places in the gaps are from showing the picture of the nearest code: a mean over them.

    codes: (N, 2), of pictures (N, 1, 28, 28); no gradient goes to them. decode: places (n, 2) -> logits (n, 1, 28, 28).
    loss: of logits against pictures, a mean. A gap so becomes the meeting of its two shores, with a line between them,
    not a mixture of both that is no digit.
    """
    codes = codes.detach()
    low, high = codes.amin(0), codes.amax(0)
    extent = high - low
    drawn = torch.rand((max(1, len(codes) // _EACH), 2), generator=generator, device=codes.device)
    places = low - _BEYOND * extent + drawn * (1 + 2 * _BEYOND) * extent
    distances, nearest = torch.cdist(places, codes).min(1)
    gaps = distances > _EMPTY
    if not gaps.any():
        return torch.zeros((), device=codes.device)
    return loss(decode(places[gaps]), pictures[nearest[gaps]])
