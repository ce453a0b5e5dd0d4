"""Nearest-neighbour upsampling by 2 followed by a 3x3 convolution, at the low resolution.

Every 3x3 window of an upsampled picture sees only 2x2 different pixels, so the pair equals one 2x2
convolution with four times the filters, whose outputs interleave (Shi et al. 2016, sub-pixel convolution):
4/9 of the multiplications, and the large upsampled maps are never made.
"""

import torch
import torch.nn.functional as F

# Row a of an output pair reads the 2 low-resolution rows with these sums of the kernel's 3 rows.
_FOLD = torch.tensor([[[1.0, 1.0, 0.0], [0.0, 0.0, 1.0]], [[1.0, 0.0, 0.0], [0.0, 1.0, 1.0]]])


def fold(weight: torch.Tensor, bias: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """The kernel of the pair: weight (filters, C, 3, 3), bias (filters,) -> (4 filters, C, 2, 2), (4 filters,)."""
    sums = _FOLD.to(weight)
    filters, channels = weight.shape[:2]
    folded = torch.einsum("oikl,atk,bsl->oabits", weight, sums, sums)
    return folded.reshape(filters * 4, channels, 2, 2), bias.repeat_interleave(4)


def upsampled_conv(x: torch.Tensor, folded: tuple[torch.Tensor, torch.Tensor], padding: str) -> torch.Tensor:
    """`conv2d(upsample(x), weight, bias)` with `folded = fold(weight, bias)`.

    x: (N, C, H, W). padding: "same" -> (N, filters, 2H, 2W), "valid" -> (N, filters, 2H - 2, 2W - 2).
    """
    # Output block c of a row pair is upsampled rows 2c - 1 and 2c: the two around one low-resolution corner.
    corners = F.conv2d(x, *folded, padding=1 if padding == "same" else 0)
    blocks = F.pixel_shuffle(corners, 2)
    return blocks[..., 1:-1, 1:-1] if padding == "same" else blocks
