"""The folded convolution is exactly the upsampling and the convolution that it stands for."""

import pytest
import torch
import torch.nn.functional as F
from hypothesis import given, settings
from hypothesis import strategies as st

from aedesk.models.convolution import fold, upsampled_conv


def plainly(x: torch.Tensor, weight: torch.Tensor, bias: torch.Tensor, padding: str) -> torch.Tensor:
    return F.conv2d(F.interpolate(x, scale_factor=2, mode="nearest"), weight, bias, padding=padding)


def as_one(x: torch.Tensor, weight: torch.Tensor, bias: torch.Tensor, padding: str) -> torch.Tensor:
    return upsampled_conv(x, fold(weight, bias), padding)


@settings(max_examples=60, deadline=None)
@given(
    number=st.integers(1, 3),
    channels=st.integers(1, 4),
    filters=st.integers(1, 4),
    height=st.integers(1, 9),
    width=st.integers(1, 9),
    padding=st.sampled_from(["same", "valid"]),
    seed=st.integers(0, 1000),
)
def test_values_and_gradients_are_those_of_the_two_layers(
    number: int, channels: int, filters: int, height: int, width: int, padding: str, seed: int
) -> None:
    if padding == "valid":  # a 3x3 kernel does not fit into the 2x2 picture that one pixel becomes
        height, width = max(height, 2), max(width, 2)
    random = torch.Generator().manual_seed(seed)

    def drawn(*shape: int) -> torch.Tensor:
        return torch.randn(shape, generator=random, dtype=torch.float64).requires_grad_()

    inputs = drawn(number, channels, height, width), drawn(filters, channels, 3, 3), drawn(filters)
    folded, plain = as_one(*inputs, padding), plainly(*inputs, padding)
    lost = 0 if padding == "same" else 2
    assert folded.shape == (number, filters, 2 * height - lost, 2 * width - lost)
    torch.testing.assert_close(folded, plain, rtol=1e-12, atol=1e-12)
    towards = torch.randn(plain.shape, generator=random, dtype=torch.float64)
    for ours, theirs in zip(
        torch.autograd.grad(folded, inputs, towards), torch.autograd.grad(plain, inputs, towards), strict=True
    ):
        torch.testing.assert_close(ours, theirs, rtol=1e-12, atol=1e-11)


@pytest.mark.parametrize("padding", ["same", "valid"])
def test_it_is_twice_differentiable(padding: str) -> None:
    random = torch.Generator().manual_seed(0)
    inputs = [
        torch.randn(shape, generator=random, dtype=torch.float64).requires_grad_()
        for shape in ((1, 2, 3, 2), (2, 2, 3, 3), (2,))
    ]
    assert torch.autograd.gradgradcheck(lambda *given: as_one(*given, padding), inputs)


def test_float32_and_memory_format_do_not_matter() -> None:
    random = torch.Generator().manual_seed(0)
    x = torch.randn((2, 8, 7, 7), generator=random)
    weight, bias = torch.randn((5, 8, 3, 3), generator=random), torch.randn(5, generator=random)
    expected = plainly(x, weight, bias, "same")
    for layout in (torch.contiguous_format, torch.channels_last):
        folded = as_one(x.contiguous(memory_format=layout), weight, bias, "same")
        assert folded.dtype == torch.float32
        torch.testing.assert_close(folded, expected, rtol=1e-4, atol=1e-4)
