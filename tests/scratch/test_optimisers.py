"""One step and many equal torch's optimisers, and a step can be taken up where another one ended."""

from functools import partial

import numpy as np
import pytest
import torch

from aedesk.errors import AedeskError
from aedesk.scratch.optimisers import OPTIMISERS, Optimiser
from aedesk.scratch.vector import length, parts

TORCH = {"sgd": torch.optim.SGD, "adam": partial(torch.optim.Adam, eps=1e-7)}  # eps as in our torch engine
SHAPES = {"weight": (5, 7), "bias": (5,)}


def drawn(seed: int, scale: float = 1.0) -> np.ndarray:
    return np.random.default_rng(seed).normal(0, scale, length(SHAPES))


def in_float32(seed: int) -> np.ndarray:
    return drawn(seed).astype(np.float32)


def optimiser_of(name: str, parameters: np.ndarray) -> Optimiser:
    return OPTIMISERS[name](parameters, SHAPES)


def test_the_parts_of_a_vector_lie_one_after_another_and_a_matrix_column_by_column() -> None:
    vector = np.arange(length(SHAPES))
    arrays = parts(vector, SHAPES)
    assert {name: array.shape for name, array in arrays.items()} == SHAPES
    assert np.array_equal(arrays["weight"], vector[:35].reshape(7, 5).T)
    assert np.array_equal(arrays["bias"], vector[35:])
    arrays["weight"][4, 6] = -1
    assert vector[34] == -1


@pytest.mark.parametrize("steps", [1, 25])
@pytest.mark.parametrize("name", ["sgd", "adam"])
def test_steps_equal_those_of_torch_also_after_the_rate_has_changed(name: str, steps: int) -> None:
    parameters = drawn(0)
    weights = parts(parameters, SHAPES)
    tensors = {key: torch.from_numpy(array.copy()).requires_grad_() for key, array in weights.items()}
    ours, theirs = optimiser_of(name, parameters), TORCH[name](tensors.values(), lr=0.01)
    for step in range(steps):
        rate = theirs.param_groups[0]["lr"] = 0.01 if step < 10 else 0.003
        gradient = drawn(step + 1, scale=10.0 ** (step % 5 - 4))
        for key, part in parts(gradient, SHAPES).items():
            tensors[key].grad = torch.from_numpy(part.copy())
        ours.step(gradient, rate)
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
def test_a_step_changes_the_parameters_in_place_and_keeps_float32(name: str) -> None:
    parameters = in_float32(0)
    weights, before = parts(parameters, SHAPES), parameters.copy()
    optimiser = optimiser_of(name, parameters)
    optimiser.step(in_float32(1), 0.1)
    assert parameters.dtype == np.float32
    assert (parameters != before).all()
    assert np.array_equal(weights["weight"].T.ravel(), parameters[:35])
    assert all(array.dtype == np.float32 for key, array in optimiser.state().items() if key != "steps")


@pytest.mark.parametrize("name", ["sgd", "adam"])
def test_a_new_optimiser_goes_on_bit_for_bit_from_the_state_of_another(name: str) -> None:
    parameters = in_float32(0)
    optimiser = optimiser_of(name, parameters)
    for step in range(3):
        optimiser.step(in_float32(step + 1), 0.01)
    others = parameters.copy()
    state = optimiser.state()
    other = optimiser_of(name, others)
    other.load_state(state)
    kept = {key: array.copy() for key, array in state.items()}
    for step in range(3, 6):
        for one in (optimiser, other):
            one.step(in_float32(step + 1), 0.01)
    assert np.array_equal(parameters, others)
    assert all(np.array_equal(state[key], array) for key, array in kept.items())


def test_the_state_of_adam_counts_steps_and_that_of_descent_is_empty() -> None:
    adam = optimiser_of("adam", drawn(0))
    adam.step(drawn(1), 0.1)
    adam.step(drawn(2), 0.1)
    assert adam.state()["steps"].dtype == np.int64
    assert adam.state()["steps"].tolist() == [2]
    assert optimiser_of("sgd", drawn(0)).state() == {}


def test_adam_begins_anew_without_a_state_and_descent_needs_none() -> None:
    adam = optimiser_of("adam", drawn(0))
    adam.step(drawn(1), 0.1)
    optimiser_of("sgd", drawn(0)).load_state(adam.state())
    adam.load_state({})
    assert adam.state()["steps"].tolist() == [0]
    assert not adam.state()["mean.weight"].any()


@pytest.mark.parametrize("broken", ["missing", "misshapen", "countless"])
def test_a_state_of_another_network_is_refused_whole_and_in_words(broken: str) -> None:
    adam = optimiser_of("adam", drawn(0))
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
