"""The first layers of a convolutional encoder and the last of its decoder, for training on a CPU.

Where there is one channel there is little to multiply: what takes the time is memory. The maps of the first convolution
are pooled before they are rectified and while they are in the cache; the last one multiplies before it upsamples.
Functions here take and give (N, C, H, W) with channels last, and have no second derivative.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
from torch.autograd.function import once_differentiable

from aedesk.models.chunks import chunks
from aedesk.models.workspace import Workspace

_CHUNK = 16  # images: their maps, 28x28 by 64 channels, then stay in the cache

# Upsampled, a pixel adds to 4x4 outputs: in one dimension, by these sums of the kernel's three numbers.
_SPREAD = torch.tensor([[0.0, 0, 1], [0, 1, 1], [1, 1, 0], [1, 0, 0]])


def rectified_and_pooled(x: torch.Tensor) -> torch.Tensor:
    """`max_pool2d(relu(x), 2)` for an even height and width. Of equal pixels, the first in the first row of them is
    taken for the largest."""
    pooled: torch.Tensor = _Pool.apply(x.permute(0, 2, 3, 1))
    return pooled.permute(0, 3, 1, 2)


def first_conv(x: torch.Tensor, weight: torch.Tensor, bias: torch.Tensor, padding: int) -> torch.Tensor:
    """`max_pool2d(relu(conv2d(x, weight, bias, padding=padding)), 2)` for one channel, and an even height and width.

    weight: (filters, 1, 3, 3). Multiplies in the precision of x: images, which get no gradient.
    """
    pooled: torch.Tensor = _FirstConv.apply(x.squeeze(1), weight, bias, padding)
    return pooled.permute(0, 3, 1, 2)


def last_conv(x: torch.Tensor, weight: torch.Tensor, bias: torch.Tensor, padding: int) -> torch.Tensor:
    """`conv2d(upsample(x), weight, bias, padding=padding)` for one filter. weight: (1, C, 3, 3)."""
    image: torch.Tensor = _LastConv.apply(x.permute(0, 2, 3, 1), weight, bias, padding)
    return image.unsqueeze(1)


class _Pool(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, x: torch.Tensor) -> torch.Tensor:
        number, height, width, channels = x.shape
        x = x.reshape(number, height // 2, 2, width // 2, 2, channels)
        pooled = x.new_empty(number, height // 2, width // 2, channels)
        # Which of two is larger is all that is kept of what is pooled.
        down = x.new_empty(number, height // 2, width // 2, 2, channels)
        across = torch.empty_like(pooled)
        scratch = Workspace(x.dtype, x.device)
        for chunk in chunks(number, _CHUNK):
            above, below = x[chunk].unbind(2)
            larger = scratch("larger", *above.shape)
            torch.sub(below, above, out=down[chunk])
            torch.maximum(above, below, out=larger)
            left, right = larger.unbind(3)
            torch.sub(right, left, out=across[chunk])
            torch.maximum(left, right, out=pooled[chunk]).relu_()
        ctx.save_for_backward(pooled, down, across)
        return pooled

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, gradient: torch.Tensor) -> torch.Tensor:
        pooled, down, across = ctx.saved_tensors
        number, rows, columns, channels = pooled.shape
        gradient = gradient.contiguous()
        to_x: torch.Tensor = pooled.new_empty(number, rows, 2, columns, 2, channels)
        scratch = Workspace(pooled.dtype, pooled.device)
        for chunk in chunks(number, _CHUNK):
            given = _passed_on(gradient[chunk], pooled[chunk], scratch("given", *gradient[chunk].shape))
            larger = scratch("larger", *down[chunk].shape)
            _shared(given, across[chunk], larger.unbind(3))
            _shared(larger, down[chunk], to_x[chunk].unbind(2))
        return to_x.view(number, 2 * rows, 2 * columns, channels)


class _FirstConv(torch.autograd.Function):
    @staticmethod
    def forward(
        ctx: Any, x: torch.Tensor, weight: torch.Tensor, bias: torch.Tensor, padding: int
    ) -> torch.Tensor:
        number, filters = len(x), len(weight)
        rows, columns = ((size + 2 * padding - 2) // 2 for size in x.shape[1:])
        patches = _patches(torch.nn.functional.pad(x, (padding,) * 4), rows, columns)
        kernels = _placed(weight[:, 0]).to(x.dtype)
        bias = bias.to(x.dtype)
        pooled = x.new_empty(number, rows, columns, filters)
        across, down = x.new_empty(2, *pooled.shape), torch.empty_like(pooled)
        scratch = Workspace(x.dtype, x.device)
        for chunk in chunks(number, _CHUNK):
            seen = patches[:, chunk].flatten(1).T
            size = chunk.stop - chunk.start
            maps = scratch("maps", 2, 2, size, rows, columns, filters)
            for block, kernel in zip(maps.view(4, -1, filters), kernels.flatten(0, 1), strict=True):
                torch.addmm(bias, seen, kernel, out=block)
            larger = scratch("larger", 2, size, rows, columns, filters)
            for row in range(2):
                torch.sub(maps[row, 1], maps[row, 0], out=across[row, chunk])
            torch.maximum(maps[:, 0], maps[:, 1], out=larger)
            torch.sub(larger[1], larger[0], out=down[chunk])
            torch.maximum(larger[0], larger[1], out=pooled[chunk]).relu_()
        ctx.save_for_backward(patches, weight, pooled, across, down)
        return pooled

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, gradient: torch.Tensor) -> tuple[torch.Tensor | None, ...]:
        patches, weight, pooled, across, down = ctx.saved_tensors
        number, filters = len(pooled), len(weight)
        gradient = gradient.contiguous()
        to_kernels = weight.new_zeros(4, 16, filters)
        to_bias = weight.new_zeros(filters)
        scratch = Workspace(pooled.dtype, pooled.device)
        for chunk in chunks(number, _CHUNK):
            given = _passed_on(gradient[chunk], pooled[chunk], scratch("given", *gradient[chunk].shape))
            to_bias += given.sum((0, 1, 2), dtype=weight.dtype)
            larger = scratch("larger", 2, *given.shape)
            _shared(given, down[chunk], larger.unbind())
            maps = scratch("maps", 2, 2, *given.shape)
            for row in range(2):
                _shared(larger[row], across[row, chunk], maps[row].unbind())
            seen = patches[:, chunk].flatten(1)
            for place, block in enumerate(maps.view(4, -1, filters)):
                to_kernels[place] += seen @ block
        to_weight = torch.zeros_like(weight[:, 0])
        blocks = to_kernels.view(2, 2, 4, 4, filters)
        for row in range(2):
            for column in range(2):
                to_weight += blocks[row, column, row : row + 3, column : column + 3].permute(2, 0, 1)
        return None, to_weight.unsqueeze(1), to_bias, None


class _LastConv(torch.autograd.Function):
    @staticmethod
    def forward(
        ctx: Any, x: torch.Tensor, weight: torch.Tensor, bias: torch.Tensor, padding: int
    ) -> torch.Tensor:
        number, height, width, channels = x.shape
        x = x.contiguous()
        kernel = _spread(weight[0]).to(x.dtype)
        parts = (kernel @ x.view(-1, channels).T).view(4, 4, number, height, width)
        image = x.new_zeros(number, height + 1, 2, width + 1, 2)
        for row in range(4):
            for column in range(4):
                down, across = row // 2, column // 2
                image[:, down : down + height, row % 2, across : across + width, column % 2] += parts[
                    row, column
                ]
        ctx.save_for_backward(x, weight)
        ctx.lost = 2 - padding
        inside = slice(ctx.lost, -ctx.lost)
        return image.view(number, 2 * height + 2, 2 * width + 2)[:, inside, inside] + bias.to(x.dtype)

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, gradient: torch.Tensor) -> tuple[torch.Tensor | None, ...]:
        x, weight = ctx.saved_tensors
        _, height, width, channels = x.shape
        whole = torch.nn.functional.pad(gradient, (ctx.lost,) * 4)
        parts = _patches(whole, height, width).view(16, -1)
        to_x = parts.T @ _spread(weight[0]).to(x.dtype)
        to_kernel = (parts @ x.view(-1, channels)).to(weight.dtype).view(4, 4, channels)
        sums = _SPREAD.to(weight)
        to_weight = torch.einsum("ak,abc,bl->ckl", sums, to_kernel, sums)
        return to_x.view(x.shape), to_weight.unsqueeze(0), gradient.sum(dtype=weight.dtype).view(1), None


def _spread(weight: torch.Tensor) -> torch.Tensor:
    """(C, 3, 3) -> (16, C), by where in the 4x4 outputs."""
    sums = _SPREAD.to(weight)
    return torch.einsum("ak,ckl,bl->abc", sums, weight, sums).flatten(0, 1)


def _placed(weight: torch.Tensor) -> torch.Tensor:
    """(F, 3, 3) -> (2, 2, 16, F): the kernel for each of 2x2 neighbours, in the 4x4 pixels they see together."""
    placed = weight.new_zeros(2, 2, 4, 4, len(weight))
    for row in range(2):
        for column in range(2):
            placed[row, column, row : row + 3, column : column + 3] = weight.permute(1, 2, 0)
    return placed.flatten(2, 3)


def _patches(x: torch.Tensor, rows: int, columns: int) -> torch.Tensor:
    """(N, H, W) -> (16, N, rows, columns): each pixel of 4x4 ones, two pixels from one patch to the next."""
    parts = [
        x[:, row : row + 2 * rows : 2, column : column + 2 * columns : 2]
        for row in range(4)
        for column in range(4)
    ]
    return torch.stack(parts)


def _passed_on(gradient: torch.Tensor, rectified: torch.Tensor, out: torch.Tensor) -> torch.Tensor:
    """The gradient of a ReLU, given what came of it."""
    given: torch.Tensor = torch.ops.aten.threshold_backward.grad_input(gradient, rectified, 0, grad_input=out)
    return given


def _shared(gradient: torch.Tensor, excess: torch.Tensor, out: Sequence[torch.Tensor]) -> None:
    """The gradient of the larger of two: to the second where it had an excess over the first, else to the first."""
    torch.ops.aten.threshold_backward.grad_input(gradient, excess, 0, grad_input=out[1])
    torch.sub(gradient, out[1], out=out[0])
