"""One step and many equal torch's optimisers."""

from functools import partial

import numpy as np
import pytest
import torch

from aedesk.scratch.optimisers import OPTIMISERS

TORCH = {"sgd": torch.optim.SGD, "adam": partial(torch.optim.Adam, eps=1e-7)}  # eps as in our torch engine


def drawn(seed: int, scale: float = 1.0) -> dict[str, np.ndarray]:
    rng = np.random.default_rng(seed)
    return {"weight": rng.normal(0, scale, (5, 7)), "bias": rng.normal(0, scale, 5)}


@pytest.mark.parametrize("steps", [1, 25])
@pytest.mark.parametrize("name", ["sgd", "adam"])
def test_steps_equal_those_of_torch_also_after_the_rate_has_changed(name: str, steps: int) -> None:
    weights = drawn(0)
    tensors = {key: torch.from_numpy(array.copy()).requires_grad_() for key, array in weights.items()}
    ours, theirs = OPTIMISERS[name](weights, 0.01), TORCH[name](tensors.values(), lr=0.01)
    for step in range(steps):
        if step == 10:
            ours.learning_rate = theirs.param_groups[0]["lr"] = 0.003
        gradients = drawn(step + 1, scale=10.0 ** (step % 5 - 4))
        for key, tensor in tensors.items():
            tensor.grad = torch.from_numpy(gradients[key].copy())
        ours.step(gradients)
        theirs.step()
    for key, array in weights.items():
        np.testing.assert_allclose(array, tensors[key].detach().numpy(), rtol=1e-12)


@pytest.mark.parametrize("name", ["sgd", "adam"])
def test_a_step_changes_the_arrays_in_place_and_keeps_float32(name: str) -> None:
    weights = {key: array.astype(np.float32) for key, array in drawn(0).items()}
    gradients = {key: array.astype(np.float32) for key, array in drawn(1).items()}
    held, before = dict(weights), {key: array.copy() for key, array in weights.items()}
    untouched = {key: array.copy() for key, array in gradients.items()}
    OPTIMISERS[name](weights, 0.1).step(gradients)
    for key, array in weights.items():
        assert array is held[key]
        assert array.dtype == np.float32
        assert not np.array_equal(array, before[key])
        assert np.array_equal(gradients[key], untouched[key])
