"""Losses and penalties are exact, quiet for any numbers, and their definitions are those of the recipes."""

import numpy as np
import pytest
import torch
from scratch import torch_reference

from aedesk.scratch.losses import LOSSES
from aedesk.scratch.penalties import PENALTIES


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize(("loss", "output"), LOSSES)
def test_losses_stay_exact_and_quiet_for_outputs_of_any_size(
    loss: str, output: str, dtype: type[np.floating]
) -> None:
    outputs = np.array([[-1e4, -200, -88, -5, 0.5, 5, 88, 200, 1e4]], dtype).repeat(2, axis=0)
    images = np.stack([np.zeros(9, dtype), np.ones(9, dtype)])
    z = torch.from_numpy(outputs).double().requires_grad_()
    expected = torch_reference.reconstruction(z, torch.from_numpy(images).double(), loss, output)
    expected.backward()
    with np.errstate(all="raise", under="ignore"):
        value, gradient = LOSSES[loss, output](outputs, images)
    assert isinstance(value, float)
    assert value == pytest.approx(expected.item(), rel=1e-6)
    assert gradient.dtype == dtype
    np.testing.assert_allclose(gradient, z.grad.numpy(), rtol=1e-5, atol=1e-7)


def test_the_sparse_penalty_is_the_mean_size_of_the_numbers_of_a_code() -> None:
    value, gradient = PENALTIES["sparse"](np.array([[1.0, -2.0, 0.0], [0.0, 3.0, 0.0]]))
    assert value == 1.0
    assert np.array_equal(gradient * 6, [[1, -1, 0], [0, 1, 0]])


def test_the_variational_penalty_is_the_divergence_of_a_code_per_pixel() -> None:
    standard = np.zeros((3, 4))
    value, gradient = PENALTIES["variational"](standard)
    assert value == 0
    assert not gradient.any()
    # One number of N(2, 1) and one of N(0, e^2), for each of two images: 2 and (e^2 - 3) / 2.
    value, _ = PENALTIES["variational"](np.array([[2.0, 0.0, 0.0, 2.0]] * 2))
    assert value == pytest.approx((2 + (np.exp(2) - 3) / 2) / 784)
