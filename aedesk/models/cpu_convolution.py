"""How convolutions are trained on a CPU: each as one with the upsampling before it and the pooling after it."""

from __future__ import annotations

from collections.abc import Callable

import torch
import torch.nn.functional as F
from torch import nn

from aedesk.models.edges import first_conv, last_conv, rectified_and_pooled
from aedesk.models.winograd import upsampled_conv


def quick_conv(
    x: torch.Tensor,
    conv: nn.Conv2d,
    activation: Callable[[torch.Tensor], torch.Tensor] | None,
    is_upsampled: bool,
    is_pooled: bool,
) -> torch.Tensor:
    """`max_pool2d(activation(conv(upsample(x))), 2, ceil_mode=True)`, with or without the outer and the inner part.

    x: (N, C, H, W) with channels last. conv: 3x3 with stride 1 where it is upsampled. Has no second derivative.
    """
    if torch.is_autocast_enabled("cpu"):
        x = x.to(torch.get_autocast_dtype("cpu"))
    assert conv.bias is not None
    padding = int(conv.padding == "same")
    is_relu = activation is F.relu
    if is_upsampled:
        with torch.autocast("cpu", enabled=False):  # the sums of a kernel keep all their digits
            if len(conv.weight) == 1:
                x = last_conv(x, conv.weight, conv.bias, padding)
                is_relu = False
            else:
                x = upsampled_conv(x, conv.weight, conv.bias, padding, is_relu)
    elif is_relu and not x.requires_grad and _sees_one_channel(conv) and _is_even(x):
        with torch.autocast("cpu", enabled=False):
            return first_conv(x, conv.weight, conv.bias, padding)
    else:
        x = conv(x)
        if is_relu and _is_even(x):
            return rectified_and_pooled(x)
        is_relu = False
    if activation is not None and not is_relu:
        x = activation(x)
    return F.max_pool2d(x, 2, ceil_mode=True) if is_pooled else x


def _sees_one_channel(conv: nn.Conv2d) -> bool:
    return (conv.in_channels, conv.kernel_size, conv.stride) == (1, (3, 3), (1, 1))


def _is_even(x: torch.Tensor) -> bool:
    return x.shape[2] % 2 == x.shape[3] % 2 == 0
