"""The upsampling and the convolution by few products are exactly the two layers that they stand for."""

import pytest
import torch
import torch.nn.functional as F
from hypothesis import given, settings
from hypothesis import strategies as st

from aedesk.models import winograd
from aedesk.models.winograd import upsampled_conv


def plainly(
    x: torch.Tensor, weight: torch.Tensor, bias: torch.Tensor, padding: int, relu: bool
) -> torch.Tensor:
    image = F.conv2d(F.interpolate(x, scale_factor=2, mode="nearest"), weight, bias, padding=padding)
    return image.relu() if relu else image


def drawn(shape: tuple[int, ...], seed: int, dtype: torch.dtype = torch.float64) -> torch.Tensor:
    random = torch.Generator().manual_seed(seed)
    return torch.randn(shape, generator=random, dtype=torch.float64).to(dtype)


@settings(max_examples=60, deadline=None)
@given(
    number=st.integers(1, 5),
    channels=st.integers(1, 4),
    filters=st.integers(1, 4),
    height=st.integers(1, 9),
    width=st.integers(1, 9),
    padding=st.sampled_from([0, 1]),
    relu=st.booleans(),
    pixels=st.sampled_from([1, 100, 4096]),
    seed=st.integers(0, 1000),
)
def test_values_and_gradients_are_those_of_the_two_layers_however_large_the_chunks(
    number: int,
    channels: int,
    filters: int,
    height: int,
    width: int,
    padding: int,
    relu: bool,
    pixels: int,
    seed: int,
) -> None:
    if not padding:  # a 3x3 kernel does not fit into the 2x2 picture that one pixel becomes
        height, width = max(height, 2), max(width, 2)
    shapes = (number, channels, height, width), (filters, channels, 3, 3), (filters,)
    inputs = [drawn(shape, seed + place).requires_grad_() for place, shape in enumerate(shapes)]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(winograd, "_CHUNK", pixels)
        quick = upsampled_conv(*inputs, padding, relu)
        plain = plainly(*inputs, padding, relu)
        torch.testing.assert_close(quick, plain, rtol=1e-11, atol=1e-11)
        towards = drawn(tuple(plain.shape), seed)
        ours = torch.autograd.grad(quick, inputs, towards)
    for mine, theirs in zip(ours, torch.autograd.grad(plain, inputs, towards), strict=True):
        torch.testing.assert_close(mine, theirs, rtol=1e-10, atol=1e-10)


def test_half_precision_loses_at_most_a_bit_more_than_in_the_two_layers() -> None:
    exact = drawn((4, 32, 8, 8), 0).relu(), drawn((16, 32, 3, 3), 1) / 17, drawn((16,), 2)
    x = exact[0].bfloat16().contiguous(memory_format=torch.channels_last)
    weight, bias = exact[1].float(), exact[2].float()
    answer = plainly(*exact, 0, False)
    plain = plainly(x, weight.bfloat16(), bias.bfloat16(), 0, False)
    quick = upsampled_conv(x, weight, bias, 0, False)
    assert quick.dtype == torch.bfloat16
    assert (quick - answer).square().mean() < 4 * (plain - answer).square().mean()


def test_its_layout_is_the_one_that_it_takes() -> None:
    x = drawn((2, 3, 4, 4), 0).contiguous(memory_format=torch.channels_last)
    image = upsampled_conv(x, drawn((5, 3, 3, 3), 1), drawn((5,), 2), 1, True)
    assert image.is_contiguous(memory_format=torch.channels_last)


def test_a_second_derivative_is_refused() -> None:
    inputs = [drawn(shape, 0).requires_grad_() for shape in ((1, 2, 3, 3), (2, 2, 3, 3), (2,))]
    (slope,) = torch.autograd.grad(
        upsampled_conv(*inputs, 1, False).square().sum(), inputs[0], create_graph=True
    )
    with pytest.raises(RuntimeError, match="once_differentiable"):
        slope.sum().backward()
