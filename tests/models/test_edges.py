"""The quick first and last layers are exactly the torch layers that they stand for."""

import pytest
import torch
import torch.nn.functional as F
from hypothesis import given, settings
from hypothesis import strategies as st

from aedesk.models import edges
from aedesk.models.edges import first_conv, last_conv, rectified_and_pooled


def drawn(shape: tuple[int, ...], seed: int) -> torch.Tensor:
    return torch.randn(shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


def assert_same(quick: torch.Tensor, plain: torch.Tensor, inputs: list[torch.Tensor]) -> None:
    """In value and gradient."""
    torch.testing.assert_close(quick, plain, rtol=1e-11, atol=1e-11)
    towards = drawn(tuple(plain.shape), 9)
    for ours, theirs in zip(
        torch.autograd.grad(quick, inputs, towards), torch.autograd.grad(plain, inputs, towards), strict=True
    ):
        torch.testing.assert_close(ours, theirs, rtol=1e-10, atol=1e-10)


@pytest.fixture(autouse=True, scope="module")
def small_chunks() -> object:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(edges, "_CHUNK", 2)
        yield


@settings(max_examples=30, deadline=None)
@given(
    number=st.integers(1, 5),
    channels=st.integers(1, 3),
    rows=st.integers(1, 5),
    columns=st.integers(1, 5),
    seed=st.integers(0, 1000),
)
def test_pooling_is_that_of_torch(number: int, channels: int, rows: int, columns: int, seed: int) -> None:
    x = drawn((number, channels, 2 * rows, 2 * columns), seed).requires_grad_()
    assert_same(rectified_and_pooled(x), F.max_pool2d(x.relu(), 2), [x])


@settings(max_examples=30, deadline=None)
@given(
    number=st.integers(1, 5),
    filters=st.integers(1, 4),
    rows=st.integers(1, 5),
    columns=st.integers(1, 5),
    padding=st.sampled_from([0, 1]),
    seed=st.integers(0, 1000),
)
def test_the_first_layer_is_a_convolution_rectified_and_pooled(
    number: int, filters: int, rows: int, columns: int, padding: int, seed: int
) -> None:
    x = drawn((number, 1, 2 * rows + 2 - 2 * padding, 2 * columns + 2 - 2 * padding), seed)
    inputs = [
        drawn((filters, 1, 3, 3), seed + 1).requires_grad_(),
        drawn((filters,), seed + 2).requires_grad_(),
    ]
    plain = F.max_pool2d(F.conv2d(x, *inputs, padding=padding).relu(), 2)
    assert_same(first_conv(x, *inputs, padding), plain, inputs)


@settings(max_examples=30, deadline=None)
@given(
    number=st.integers(1, 5),
    channels=st.integers(1, 4),
    height=st.integers(2, 7),
    width=st.integers(2, 7),
    padding=st.sampled_from([0, 1]),
    seed=st.integers(0, 1000),
)
def test_the_last_layer_is_an_upsampling_and_a_convolution(
    number: int, channels: int, height: int, width: int, padding: int, seed: int
) -> None:
    shapes = (number, channels, height, width), (1, channels, 3, 3), (1,)
    inputs = [drawn(shape, seed + place).requires_grad_() for place, shape in enumerate(shapes)]
    plain = F.conv2d(F.interpolate(inputs[0], scale_factor=2), *inputs[1:], padding=padding)
    assert_same(last_conv(*inputs, padding), plain, inputs)


def test_of_equal_pixels_exactly_one_learns() -> None:
    x = torch.ones(1, 3, 4, 4, requires_grad=True)
    rectified_and_pooled(x).sum().backward()
    assert x.grad is not None
    windows = x.grad.unfold(2, 2, 2).unfold(3, 2, 2)
    assert windows.sum((4, 5)).eq(1).all()
    assert windows.flatten(4).amax(4).eq(1).all()


def test_what_is_below_zero_learns_nothing() -> None:
    x = -torch.ones(1, 2, 4, 4)
    x.requires_grad_()
    pooled = rectified_and_pooled(x)
    pooled.sum().backward()
    assert x.grad is not None
    assert not pooled.any()
    assert not x.grad.any()
