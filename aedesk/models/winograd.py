"""Nearest-neighbour upsampling by 2 followed by a 3x3 convolution, by a sixth of its multiplications.

A block of 2x2 pixels becomes 4x4, of which each sees the pixel in the middle and one beside it. In one dimension, with
x0, x1, x2 the pixels before upsampling and w the kernel's numbers, the four outputs are

    a = m + (w0 + w1) (x0 - x1)    b = m + w0 (x0 - x1)    c = m + w2 (x2 - x1)    d = m + (w1 + w2) (x2 - x1)

with m = (w0 + w1 + w2) x1 in common: 5 products instead of 12, and 25 instead of 144 in two (the way of Winograd 1980).
They make nine large matrix products, which a processor does at its peak; before and after there are only sums, with
weights 1 and -1, so that half precision suffices.

Everything in here has channels last, (N, H, W, C), and goes through the images in chunks that stay in the cache.
"""

from __future__ import annotations

from typing import Any

import torch
from torch.autograd.function import once_differentiable

from aedesk.models.chunks import chunks
from aedesk.models.workspace import Workspace

_CHUNK = 4096  # pixels before upsampling: what lies between two sums then stays in the cache

# Rows, or columns, of `_transformed`, by what they are multiplied with: x0 - x1, x1, x2 - x1.
_KINDS = (slice(0, 2), slice(2, 3), slice(3, 5))


def upsampled_conv(
    x: torch.Tensor, weight: torch.Tensor, bias: torch.Tensor, padding: int, relu: bool
) -> torch.Tensor:
    """`conv2d(upsample(x), weight, bias, padding=padding)`, with a ReLU if so.

    x: (N, C, H, W) with channels last; weight: (filters, C, 3, 3). Multiplies in the precision of x. It has no second
    derivative.
    """
    image: torch.Tensor = _UpsampledConv.apply(x.permute(0, 2, 3, 1), weight, bias, padding, relu)
    return image.permute(0, 3, 1, 2)


class _UpsampledConv(torch.autograd.Function):
    @staticmethod
    def forward(
        ctx: Any, x: torch.Tensor, weight: torch.Tensor, bias: torch.Tensor, padding: int, relu: bool
    ) -> torch.Tensor:
        number, height, width, _ = x.shape
        kernels = _kernels(weight, x.dtype)
        bias = bias.to(x.dtype)
        lost = 2 - 2 * padding
        image = x.new_empty(number, 2 * height - lost, 2 * width - lost, len(weight))
        scratch = Workspace(x.dtype, x.device)
        for chunk in chunks(number, max(1, _CHUNK // (height * width))):
            inputs = _input(_padded(x[chunk], padding, scratch), scratch)
            products = _products(inputs, kernels, scratch)
            products[1][1] += bias
            whole = _output(products, len(weight), scratch)
            inside = whole[:, padding : padding + image.shape[1], padding : padding + image.shape[2]]
            if relu:
                torch.clamp_min(inside, 0, out=image[chunk])
            else:
                image[chunk] = inside
        ctx.save_for_backward(x, weight, image)
        ctx.padding, ctx.relu = padding, relu
        return image

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, gradient: torch.Tensor) -> tuple[torch.Tensor | None, ...]:
        x, weight, image = ctx.saved_tensors
        padding = ctx.padding
        number, height, width, _ = x.shape
        filters, channels = weight.shape[:2]
        kernels = _kernels(weight, x.dtype)
        to_kernels = [[torch.zeros_like(k, dtype=weight.dtype) for k in row] for row in kernels]
        to_bias = torch.zeros_like(weight[:, 0, 0, 0])
        to_x = torch.empty_like(x)
        scratch = Workspace(x.dtype, x.device)
        for chunk in chunks(number, max(1, _CHUNK // (height * width))):
            padded = _padded(x[chunk], padding, scratch)
            inputs = _input(padded, scratch)
            rows, columns = inputs[1][1].shape[1:3]
            whole = scratch("image", len(padded), 4 * rows, 4 * columns, filters, is_zero=True)
            inside = whole[:, padding : padding + image.shape[1], padding : padding + image.shape[2]]
            if ctx.relu:
                torch.ops.aten.threshold_backward.grad_input(
                    gradient[chunk], image[chunk], 0, grad_input=inside
                )
            else:
                inside.copy_(gradient[chunk])
            shape = (padded.shape[1] - 1) // 2, (padded.shape[2] - 1) // 2
            products = _output_back(whole, *shape, scratch)
            to_bias += products[1][1].sum((0, 1, 2, 3, 4), dtype=weight.dtype)
            for r in range(3):
                for s in range(3):
                    given = products[r][s].view(-1, kernels[r][s].shape[1])
                    here = scratch(f"kernel {r} {s}", *kernels[r][s].shape)
                    torch.mm(inputs[r][s].view(-1, channels).T, given, out=here)
                    to_kernels[r][s] += here
                    torch.mm(given, kernels[r][s].T, out=inputs[r][s].view(-1, channels))
            to_padded = _input_back(inputs, padded, scratch)
            to_x[chunk] = to_padded[:, padding : padding + x.shape[1], padding : padding + x.shape[2]]
        together = weight.new_empty(5, 5, channels, filters)
        for r, down in enumerate(_KINDS):
            for s, across in enumerate(_KINDS):
                block = to_kernels[r][s].view(channels, *together[down, across].shape[:2], filters)
                together[down, across] = block.permute(1, 2, 0, 3)
        to_rows = torch.stack([_transformed_back(row) for row in together])
        to_weight = _transformed_back(to_rows).permute(3, 2, 0, 1).contiguous()
        return to_x, to_weight, to_bias, None, None


def _kernels(weight: torch.Tensor, dtype: torch.dtype) -> list[list[torch.Tensor]]:
    """By kind of rows and of columns: (C, outputs * F)."""
    rows = _transformed(weight.permute(2, 3, 1, 0).contiguous())
    kernels = torch.stack([_transformed(row) for row in rows]).to(dtype)
    channels = weight.shape[1]
    return [[kernels[r, s].permute(2, 0, 1, 3).reshape(channels, -1) for s in _KINDS] for r in _KINDS]


def _input(x: torch.Tensor, scratch: Workspace) -> list[list[torch.Tensor]]:
    """(n, H, W, C) -> by kind of rows and of columns, (n, rows, columns, C)."""
    return [_three(down, 2, scratch, f"both {r}") for r, down in enumerate(_three(x, 1, scratch, "down"))]


def _three(x: torch.Tensor, dimension: int, scratch: Workspace, name: str) -> list[torch.Tensor]:
    """Of each odd pixel: what the one before has more, itself, what the one after has more."""
    middle = _every_second(x, dimension, 1)
    after = _every_second(x, dimension, 2)
    before = _every_second(x, dimension, 0).narrow(dimension, 0, middle.shape[dimension])
    out = [scratch(f"{name} {k}", *part.shape) for k, part in enumerate((before, middle, after))]
    torch.sub(before, middle, out=out[0])
    out[1].copy_(middle)
    torch.sub(after, middle.narrow(dimension, 0, after.shape[dimension]), out=out[2])
    return out


def _every_second(x: torch.Tensor, dimension: int, start: int) -> torch.Tensor:
    return x[(slice(None),) * dimension + (slice(start, None, 2),)]


def _input_back(given: list[list[torch.Tensor]], like: torch.Tensor, scratch: Workspace) -> torch.Tensor:
    """The gradient of `_input`."""
    down = [_three_back(row, like.shape[2], 2, scratch, f"to down {r}") for r, row in enumerate(given)]
    return _three_back(down, like.shape[1], 1, scratch, "to padded")


def _three_back(
    given: list[torch.Tensor], size: int, dimension: int, scratch: Workspace, name: str
) -> torch.Tensor:
    before, middle, after = given
    shape = list(middle.shape)
    shape[dimension] = size
    x = scratch(name, *shape)
    even, odd = _every_second(x, dimension, 0), _every_second(x, dimension, 1)
    even.narrow(dimension, 0, before.shape[dimension]).copy_(before)
    if size % 2:
        even.narrow(dimension, before.shape[dimension], 1).zero_()
    even.narrow(dimension, 1, after.shape[dimension]).add_(after)
    torch.sub(middle, before, out=odd)
    odd.narrow(dimension, 0, after.shape[dimension]).sub_(after)
    return x


def _products(
    inputs: list[list[torch.Tensor]], kernels: list[list[torch.Tensor]], scratch: Workspace
) -> list[list[torch.Tensor]]:
    """By kind, (n, rows, columns, outputs * F)."""
    products: list[list[torch.Tensor]] = [[], [], []]
    for r in range(3):
        for s in range(3):
            channels, outputs = kernels[r][s].shape
            product = scratch(f"product {r} {s}", *inputs[r][s].shape[:3], outputs)
            torch.mm(inputs[r][s].view(-1, channels), kernels[r][s], out=product.view(-1, outputs))
            products[r].append(product)
    return products


def _output(products: list[list[torch.Tensor]], filters: int, scratch: Workspace) -> torch.Tensor:
    """-> (n, 4 rows, 4 columns, F); what is outside an odd number of tiles is anything."""
    number, rows, columns, _ = products[1][1].shape
    for s in range(3):
        middle = products[1][s].unsqueeze(3)
        for r in (0, 2):
            part = products[r][s].view(*products[r][s].shape[:3], 2, middle.shape[4])
            part += middle[:, : part.shape[1]]
    image = scratch("image", number, rows, 4, columns, 4, filters)
    for r in (0, 2):
        height = products[r][1].shape[1]
        middle = products[r][1].view(number, height, columns, 2, 1, filters).transpose(2, 3)
        for s in (0, 2):
            width = products[r][s].shape[2]
            part = products[r][s].view(number, height, width, 2, 2, filters).transpose(2, 3)
            torch.add(part, middle[:, :, :, :width], out=image[:, :height, r : r + 2, :width, s : s + 2])
    return image.view(number, 4 * rows, 4 * columns, filters)


def _output_back(image: torch.Tensor, after: int, right: int, scratch: Workspace) -> list[list[torch.Tensor]]:
    """The gradient of `_output`: by kind, (n, rows, columns, outputs, outputs, F)."""
    number, height, width, filters = image.shape
    rows, columns = height // 4, width // 4
    image = image.view(number, rows, 4, columns, 4, filters)
    products: list[list[torch.Tensor]] = [[], [], []]
    for r, down in ((0, rows), (2, after)):
        left = scratch(f"product {r} 0", number, down, columns, 2, 2, filters)
        left.copy_(image[:, :down, r : r + 2, :, 0:2].transpose(2, 3))
        beyond = scratch(f"product {r} 2", number, down, right, 2, 2, filters)
        beyond.copy_(image[:, :down, r : r + 2, :right, 2:4].transpose(2, 3))
        middle = scratch(f"product {r} 1", number, down, columns, 2, 1, filters)
        torch.add(left[..., 0:1, :], left[..., 1:2, :], out=middle)
        middle[:, :, :right] += beyond[..., 0:1, :]
        middle[:, :, :right] += beyond[..., 1:2, :]
        products[r] = [left, middle, beyond]
    for s in range(3):
        above, below = products[0][s], products[2][s]
        middle = scratch(f"product 1 {s}", *above.shape[:3], 1, *above.shape[4:])
        torch.add(above[..., 0:1, :, :], above[..., 1:2, :, :], out=middle)
        middle[:, :after] += below[..., 0:1, :, :]
        middle[:, :after] += below[..., 1:2, :, :]
        products[1].append(middle)
    return products


def _transformed(kernel: torch.Tensor) -> torch.Tensor:
    """(3, ...) -> (5, ...): what is multiplied by x0 - x1 (two of them), by x1, and by x2 - x1 (two)."""
    first, middle, last = kernel
    before, after = first + middle, middle + last
    return torch.stack((before, first, before + last, last, after))


def _transformed_back(given: torch.Tensor) -> torch.Tensor:
    """The gradient of `_transformed`."""
    before, first, every, last, after = given
    return torch.stack((before + first + every, before + every + after, every + last + after))


def _padded(x: torch.Tensor, padding: int, scratch: Workspace) -> torch.Tensor:
    """(n, H, W, C) with a rim of zeros, in scratch memory: no part of the images."""
    if not padding:
        return x
    number, height, width, channels = x.shape
    shape = number, height + 2 * padding, width + 2 * padding, channels
    padded = scratch("padded", *shape, is_zero=True)
    padded[:, padding : padding + height, padding : padding + width] = x
    return padded
