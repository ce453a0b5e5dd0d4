"""One step and many equal torch's optimisers, and a step can be taken up where another one ended."""

from functools import partial

import numpy as np
import pytest
import torch

from aedesk.errors import AedeskError
from aedesk.scratch.optimisers import OPTIMISERS

TORCH = {"sgd": torch.optim.SGD, "adam": partial(torch.optim.Adam, eps=1e-7)}  # eps as in our torch engine


def drawn(seed: int, scale: float = 1.0) -> dict[str, np.ndarray]:
    rng = np.random.default_rng(seed)
    return {"weight": rng.normal(0, scale, (5, 7)), "bias": rng.normal(0, scale, 5)}


def in_float32(arrays: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
    return {name: array.astype(np.float32) for name, array in arrays.items()}


@pytest.mark.parametrize("steps", [1, 25])
@pytest.mark.parametrize("name", ["sgd", "adam"])
def test_steps_equal_those_of_torch_also_after_the_rate_has_changed(name: str, steps: int) -> None:
    weights = drawn(0)
    tensors = {key: torch.from_numpy(array.copy()).requires_grad_() for key, array in weights.items()}
    ours, theirs = OPTIMISERS[name](weights), TORCH[name](tensors.values(), lr=0.01)
    for step in range(steps):
        rate = theirs.param_groups[0]["lr"] = 0.01 if step < 10 else 0.003
        gradients = drawn(step + 1, scale=10.0 ** (step % 5 - 4))
        for key, tensor in tensors.items():
            tensor.grad = torch.from_numpy(gradients[key].copy())
        ours.step(gradients, rate)
        theirs.step()
    for key, array in weights.items():
        np.testing.assert_allclose(array, tensors[key].detach().numpy(), rtol=1e-12)
    if name == "adam":
        state = ours.state()
        assert list(state) == ["steps", "mean.weight", "mean.bias", "square.weight", "square.bias"]
        for key, tensor in tensors.items():
            np.testing.assert_allclose(state[f"mean.{key}"], theirs.state[tensor]["exp_avg"], rtol=1e-12)
            np.testing.assert_allclose(state[f"square.{key}"], theirs.state[tensor]["exp_avg_sq"], rtol=1e-12)


@pytest.mark.parametrize("name", ["sgd", "adam"])
def test_a_step_changes_the_arrays_in_place_and_keeps_float32(name: str) -> None:
    weights, gradients = in_float32(drawn(0)), in_float32(drawn(1))
    held, before = dict(weights), {key: array.copy() for key, array in weights.items()}
    untouched = {key: array.copy() for key, array in gradients.items()}
    OPTIMISERS[name](weights).step(gradients, 0.1)
    for key, array in weights.items():
        assert array is held[key]
        assert array.dtype == np.float32
        assert not np.array_equal(array, before[key])
        assert np.array_equal(gradients[key], untouched[key])


@pytest.mark.parametrize("name", ["sgd", "adam"])
def test_a_new_optimiser_goes_on_bit_for_bit_from_the_state_of_another(name: str) -> None:
    weights = in_float32(drawn(0))
    optimiser = OPTIMISERS[name](weights)
    for step in range(3):
        optimiser.step(in_float32(drawn(step + 1)), 0.01)
    others = {key: array.copy() for key, array in weights.items()}
    state = optimiser.state()
    other = OPTIMISERS[name](others)
    other.load_state(state)
    kept = {key: array.copy() for key, array in state.items()}
    for step in range(3, 6):
        for one in (optimiser, other):
            one.step(in_float32(drawn(step + 1)), 0.01)
    assert all(np.array_equal(weights[key], others[key]) for key in weights)
    assert all(np.array_equal(state[key], array) for key, array in kept.items())


def test_the_state_of_adam_counts_steps_and_that_of_descent_is_empty() -> None:
    weights = drawn(0)
    adam = OPTIMISERS["adam"](weights)
    adam.step(drawn(1), 0.1)
    adam.step(drawn(2), 0.1)
    assert adam.state()["steps"].dtype == np.int64
    assert adam.state()["steps"].tolist() == [2]
    assert OPTIMISERS["sgd"](weights).state() == {}


def test_adam_begins_anew_without_a_state_and_descent_needs_none() -> None:
    weights = drawn(0)
    adam = OPTIMISERS["adam"](weights)
    adam.step(drawn(1), 0.1)
    OPTIMISERS["sgd"](weights).load_state(adam.state())
    adam.load_state({})
    assert adam.state()["steps"].tolist() == [0]
    assert not adam.state()["mean.weight"].any()


@pytest.mark.parametrize("broken", ["missing", "misshapen", "countless"])
def test_a_state_of_another_network_is_refused_whole_and_in_words(broken: str) -> None:
    adam = OPTIMISERS["adam"](drawn(0))
    adam.step(drawn(1), 0.1)
    before = adam.state()
    state = {name: array + 1 for name, array in before.items()}
    if broken == "misshapen":
        state["square.bias"] = np.zeros(6)
    else:
        del state["square.bias" if broken == "missing" else "steps"]
    with pytest.raises(AedeskError, match="optimiser's state is of another network"):
        adam.load_state(state)
    assert all(np.array_equal(before[name], array) for name, array in adam.state().items())
