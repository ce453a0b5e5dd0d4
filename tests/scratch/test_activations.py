"""Every activation and its slope equal torch's, for numbers of any size."""

from typing import get_args

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scratch.torch_reference import ACTIVATIONS

from aedesk.models.layers import Activation
from aedesk.scratch.activations import FUNCTIONS, sigmoid

SIZES = np.array([-1e4, -200, -88, -17, -5, -1, -1e-3, 0, 1e-3, 1, 5, 17, 88, 200, 1e4])


def assert_as_in_torch(name: str, z: np.ndarray, rtol: float, atol: float) -> None:
    """Values and slopes, and that they are quiet, new arrays of the same type."""
    function, kept = FUNCTIONS[name], z.copy()
    with np.errstate(all="raise", under="ignore"):
        y = function.value(z)
        slope = function.slope(z, y)
    assert np.array_equal(z, kept)
    assert y.dtype == z.dtype
    tensor = torch.from_numpy(z).double().requires_grad_()
    expected = ACTIVATIONS[name](tensor)
    expected.sum().backward()
    np.testing.assert_allclose(y, expected.detach().numpy(), rtol=rtol, atol=atol)
    np.testing.assert_allclose(np.ones_like(z) * slope, tensor.grad.numpy(), rtol=rtol, atol=atol)


def test_every_activation_but_the_linear_one_is_there() -> None:
    assert {*FUNCTIONS, "linear"} == {*get_args(Activation)}


@pytest.mark.parametrize("name", FUNCTIONS)
@given(z=arrays(np.float64, (3, 4), elements=st.floats(-30, 30)))
def test_values_and_slopes_equal_autograd(name: str, z: np.ndarray) -> None:
    assert_as_in_torch(name, z, rtol=1e-10, atol=1e-13)


@pytest.mark.parametrize("name", FUNCTIONS)
def test_values_and_slopes_stay_exact_and_quiet_for_numbers_of_any_size(name: str) -> None:
    assert_as_in_torch(name, SIZES, rtol=1e-10, atol=1e-12)
    assert_as_in_torch(name, SIZES.astype(np.float32), rtol=1e-5, atol=1e-6)


@given(z=arrays(np.float32, 20, elements=st.floats(-(2.0**100), 2.0**100, width=32)))
def test_a_sigmoid_never_leaves_zero_to_one(z: np.ndarray) -> None:
    y = sigmoid(z)
    assert y.dtype == np.float32
    assert ((y >= 0) & (y <= 1)).all()
    np.testing.assert_allclose(y + sigmoid(-z), 1, atol=1e-6)
