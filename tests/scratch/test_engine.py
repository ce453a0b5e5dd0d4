"""The NumPy engine learns from real digits, torch would take the same steps, and a run can change engines."""

import subprocess
import sys
import tracemalloc
import warnings
from collections.abc import Iterable
from dataclasses import replace
from functools import partial

import numpy as np
import pytest
import torch
from scratch import torch_reference
from scratch.torch_reference import Arrays, as_tensors

from aedesk.data.imageset import DataSet
from aedesk.errors import AedeskError
from aedesk.models.architecture import Architecture, convolutional, dense
from aedesk.models.initialisation import initial_weights
from aedesk.models.layers import Activate, BatchNorm, Dense, Dropout, Flatten
from aedesk.models.presets import Recipe
from aedesk.models.step import StepSettings
from aedesk.scratch import engine as engine_module
from aedesk.scratch.engine import NumpyEngine
from aedesk.training.engine import Engine
from aedesk.training.torch_engine import TorchEngine

PLAIN = dense(32, 8, 32, code_activation="linear")
TIED = Architecture((Flatten(), Dense(32), Dense(8, "linear")), (Dense(32), Dense(784, "linear")), tied=True)
RICH = Architecture(
    (Flatten(), Dense(32, "linear"), BatchNorm(), Activate("silu"), Dropout(0.2), Dense(8, "tanh")),
    (Dense(32, "gelu"), BatchNorm(), Dropout(0.2), Dense(784, "linear")),
    output="linear",
)
DESCENT = Recipe(optimiser="sgd", learning_rate=0.02, batch_size=64, initialisation="he", reduction="sum")
ADAM = Recipe(learning_rate=2e-3, batch_size=64)

WAYS: dict[str, tuple[Architecture, Recipe]] = {
    "descent-sum": (PLAIN, DESCENT),
    "adam-mean": (PLAIN, ADAM),
    "bce": (PLAIN, replace(ADAM, loss="bce")),
    "mae": (PLAIN, replace(ADAM, loss="mae")),
    "gaussian": (PLAIN, replace(ADAM, kind="denoising", noise="gaussian", noise_level=0.4)),
    "masking": (PLAIN, replace(ADAM, kind="denoising", noise="masking", noise_level=0.4)),
    "salt-pepper": (PLAIN, replace(ADAM, kind="denoising", noise="salt-pepper", noise_level=0.2)),
    "sparse": (PLAIN, replace(ADAM, kind="sparse", sparsity=0.01)),
    "sparse-sum": (PLAIN, replace(DESCENT, kind="sparse", sparsity=0.01)),
    "variational": (PLAIN.as_variational(), replace(ADAM, kind="variational", beta=0.5)),
    "tied": (TIED, ADAM),
    "rich": (RICH, replace(DESCENT, learning_rate=1e-3)),
}
"""Every kind, loss and noise at least once, and networks with all that may stand between layers."""
every_way = pytest.mark.parametrize(("architecture", "recipe"), WAYS.values(), ids=WAYS)


def engine_for(
    images: np.ndarray, recipe: Recipe, architecture: Architecture = PLAIN, seed: int = 0
) -> NumpyEngine:
    weights = initial_weights(architecture, seed, recipe.initialisation)
    return NumpyEngine(architecture, recipe, weights, images)


def at(recipe: Recipe, epoch: int = 1, step: int = 0) -> StepSettings:
    return StepSettings.of(recipe, (0, epoch, step))


def run_steps(engine: Engine, recipe: Recipe, steps: Iterable[int], batch: int = 64) -> list[float]:
    """The loss before each of these steps, all in one epoch."""
    losses = (engine.step(step * batch, (step + 1) * batch, at(recipe, step=step)) for step in steps)
    return [float(reconstruction) + float(penalty) for reconstruction, penalty in losses]


def run_epochs(engine: Engine, recipe: Recipe, count: int, epochs: int, batch: int = 64) -> list[float]:
    """The mean training loss of each epoch."""
    losses = []
    for epoch in range(1, epochs + 1):
        engine.begin_epoch(np.random.default_rng([0, epoch]).permutation(count))
        total = 0.0
        for step, start in enumerate(range(0, count, batch)):
            stop = min(start + batch, count)
            total += sum(engine.step(start, stop, at(recipe, epoch, step))) * (stop - start)
        losses.append(total / count)
    return losses


def assert_near(weights: Arrays, others: Arrays) -> None:
    assert weights.keys() == others.keys()
    for name, weight in weights.items():
        np.testing.assert_allclose(weight, others[name], rtol=1e-3, atol=3e-5, err_msg=name)


def assert_same(arrays: Arrays, others: Arrays) -> None:
    assert arrays.keys() == others.keys()
    for name, array in arrays.items():
        assert np.array_equal(array, others[name]), name


def torch_steps(
    architecture: Architecture, recipe: Recipe, images: np.ndarray, batches: list[np.ndarray]
) -> tuple[Arrays, list[float]]:
    """The weights after torch has taken the same steps with the same random numbers, and the losses before them."""
    tensors = as_tensors(architecture, initial_weights(architecture, 0, recipe.initialisation))
    kind = {"sgd": torch.optim.SGD, "adam": partial(torch.optim.Adam, eps=1e-7)}[recipe.optimiser]
    parameters = [tensors[name] for name in architecture.parameter_shapes]
    optimiser, losses = kind(parameters, lr=recipe.learning_rate), []
    for step, which in enumerate(batches):
        rng = np.random.default_rng([0, 1, step])
        clean = images[which].reshape(-1, 784).astype(np.float32) / 255
        given = torch.from_numpy(torch_reference.noisy(clean, recipe, rng))
        outcome = torch_reference.run(architecture, tensors, given, rng)
        loss = torch_reference.reconstruction(
            outcome.outputs, torch.from_numpy(clean), recipe.loss, architecture.output
        )
        loss = loss + recipe.penalty_weight * torch_reference.penalty(outcome, recipe.kind)
        optimiser.zero_grad()
        (loss * (784 if recipe.reduction == "sum" else 1)).backward()
        optimiser.step()
        losses.append(loss.item())
    return {name: tensor.detach().numpy() for name, tensor in tensors.items()}, losses


@every_way
def test_the_engine_takes_the_steps_that_torch_takes(
    digits: DataSet, architecture: Architecture, recipe: Recipe
) -> None:
    images = digits.train.images
    order = np.random.default_rng(7).permutation(len(images))
    engine = engine_for(images, recipe, architecture)
    engine.begin_epoch(order)
    losses = run_steps(engine, recipe, range(3))
    batches = [order[start : start + 64] for start in (0, 64, 128)]
    weights, expected = torch_steps(architecture, recipe, images, batches)
    assert losses == pytest.approx(expected, rel=1e-4)
    assert_near(engine.weights(), weights)


@every_way
def test_the_loss_falls_on_real_digits(digits: DataSet, architecture: Architecture, recipe: Recipe) -> None:
    images = digits.train.images
    engine = engine_for(images, recipe, architecture)
    before = sum(engine.evaluate(digits.test.images, at(recipe)))
    losses = run_epochs(engine, recipe, len(images), epochs=4)
    assert losses == sorted(losses, reverse=True)
    assert sum(engine.evaluate(digits.test.images, at(recipe))) < 0.75 * before


DETERMINISTIC = ["descent-sum", "adam-mean", "bce", "mae", "sparse", "tied"]


@pytest.mark.parametrize("way", DETERMINISTIC)
def test_a_run_without_chance_takes_the_same_path_in_both_engines_and_can_change_between_them(
    digits: DataSet, way: str
) -> None:
    architecture, recipe = WAYS[way]
    images, weights = digits.train.images, initial_weights(architecture, 0, recipe.initialisation)
    numpy_alone: Engine = NumpyEngine(architecture, recipe, weights, images)
    torch_alone: Engine = TorchEngine(architecture, recipe, weights, images, torch.device("cpu"))
    losses = run_steps(numpy_alone, recipe, range(3))
    assert losses == pytest.approx(run_steps(torch_alone, recipe, range(3)), rel=1e-4)

    in_torch = TorchEngine(architecture, recipe, numpy_alone.weights(), images, torch.device("cpu"))
    in_torch.load_optimiser_state(numpy_alone.optimiser_state())
    in_numpy = NumpyEngine(architecture, recipe, torch_alone.weights(), images)
    in_numpy.load_optimiser_state(torch_alone.optimiser_state())
    engines = (numpy_alone, torch_alone, in_torch, in_numpy)
    for engine in engines:
        run_steps(engine, recipe, range(3, 6))
        assert_near(engine.weights(), numpy_alone.weights())
        assert_near(engine.optimiser_state(), numpy_alone.optimiser_state())
        np.testing.assert_allclose(
            engine.encode(images[:9]), numpy_alone.encode(images[:9]), rtol=1e-3, atol=1e-3
        )
        evaluated = engine.evaluate(digits.test.images, at(recipe))
        assert evaluated == pytest.approx(numpy_alone.evaluate(digits.test.images, at(recipe)), rel=1e-4)


@every_way
def test_a_run_goes_on_bit_for_bit_from_weights_and_optimiser_state(
    digits: DataSet, architecture: Architecture, recipe: Recipe
) -> None:
    images = digits.train.images[:400]
    engine = engine_for(images, recipe, architecture)
    run_steps(engine, recipe, range(3))
    other = NumpyEngine(architecture, recipe, engine.weights(), images)
    other.load_optimiser_state(engine.optimiser_state())
    other.evaluate(images, at(recipe))  # leaves no trace
    other.encode(images)
    assert run_steps(engine, recipe, range(3, 6)) == run_steps(other, recipe, range(3, 6))
    assert_same(engine.weights(), other.weights())
    assert_same(engine.optimiser_state(), other.optimiser_state())


@every_way
def test_the_same_seed_gives_the_same_weights_bit_for_bit(
    digits: DataSet, architecture: Architecture, recipe: Recipe
) -> None:
    images = digits.train.images[:200]
    first, again, other = (engine_for(images, recipe, architecture, seed) for seed in (1, 1, 2))
    np.random.seed(5)  # somebody else's numbers
    losses = run_epochs(first, recipe, 200, 2)
    np.random.seed(6)
    assert run_epochs(again, recipe, 200, 2) == losses
    assert run_epochs(other, recipe, 200, 2) != losses
    assert_same(first.weights(), again.weights())


@pytest.mark.parametrize("way", ["gaussian", "masking", "salt-pepper", "variational", "rich"])
def test_what_is_left_to_chance_differs_from_step_to_step_but_not_in_evaluating(
    digits: DataSet, way: str
) -> None:
    architecture, recipe = WAYS[way]
    still = replace(recipe, learning_rate=0.0)
    engine = engine_for(digits.train.images[:64], recipe, architecture)
    losses = [engine.step(0, 64, at(still, step=step)) for step in (0, 1, 0)]
    assert losses[0] == losses[2] != losses[1]
    statistics = NumpyEngine(architecture, recipe, engine.weights(), digits.train.images[:64])
    for later in (at(still, epoch=2), at(still, epoch=3, step=9)):
        assert engine.evaluate(digits.test.images, later) == statistics.evaluate(
            digits.test.images, at(still)
        )


def test_a_step_returns_the_loss_before_it_as_a_mean_over_pixels_whatever_the_reduction(
    digits: DataSet,
) -> None:
    images = digits.train.images[:50]
    pixels = images.reshape(-1, 784) / 255
    weights = initial_weights(PLAIN, 0, "he")
    for reduction in ("mean", "sum"):
        recipe = replace(DESCENT, reduction=reduction, kind="sparse", sparsity=0.1)
        engine = NumpyEngine(PLAIN, recipe, weights, images)
        outcome = torch_reference.run(PLAIN, as_tensors(PLAIN, weights), torch.from_numpy(pixels).float())
        rebuilt = outcome.outputs.detach().sigmoid().numpy()
        expected = (np.mean((rebuilt - pixels) ** 2), 0.1 * outcome.code.abs().mean().item())
        assert engine.evaluate(images, at(recipe)) == pytest.approx(expected, rel=1e-5)
        assert engine.step(0, 50, at(recipe)) == pytest.approx(expected, rel=1e-5)


def test_noise_and_the_weight_of_a_penalty_follow_the_settings_of_a_step(digits: DataSet) -> None:
    images = digits.train.images[:64]
    architecture, recipe = WAYS["gaussian"]
    engine = engine_for(images, recipe, architecture)
    clean = engine_for(images, replace(recipe, kind="plain"), architecture).evaluate(images, at(recipe))
    quiet, loud = (replace(at(recipe), noise_level=level) for level in (0.0, 2.0))
    assert engine.evaluate(images, quiet) == clean
    assert engine.evaluate(images, loud).reconstruction > clean.reconstruction

    architecture, recipe = WAYS["variational"]
    engine = engine_for(images, recipe, architecture)
    once, twice, never = (replace(at(recipe), penalty_weight=weight) for weight in (1.0, 2.0, 0.0))
    penalty = engine.evaluate(images, once).penalty
    assert penalty > 0
    assert engine.evaluate(images, twice).penalty == pytest.approx(2 * penalty)
    assert engine.evaluate(images, never).penalty == 0
    engine.step(0, 64, never)
    assert engine.evaluate(images, once).penalty != penalty


def test_an_epoch_takes_the_images_in_the_order_given(digits: DataSet) -> None:
    images, still = digits.train.images[:8], replace(DESCENT, learning_rate=0.0)
    engine = engine_for(images, DESCENT)
    order = np.array([5, 2, 7, 0, 1, 3, 4, 6])
    engine.begin_epoch(order)
    for start, stop, which in ((1, 3, [2, 7]), (6, 8, [4, 6])):
        expected = engine.evaluate(images[which], at(still))
        assert engine.step(start, stop, at(still)) == pytest.approx(expected, rel=1e-6)


def test_weights_go_in_and_come_out_as_copies_in_float32(digits: DataSet) -> None:
    begin = initial_weights(RICH, 0, "he")
    kept = {name: array.copy() for name, array in begin.items()}
    engine = NumpyEngine(RICH, ADAM, begin, digits.train.images[:64])
    taken = engine.weights()
    engine.step(0, 64, at(ADAM))
    state = engine.optimiser_state()
    kept_state = {name: array.copy() for name, array in state.items()}
    engine.step(0, 64, at(ADAM))
    assert_same(begin, kept)
    assert_same(taken, kept)
    assert_same(state, kept_state)
    for name, shape in RICH.tensor_shapes.items():
        assert not np.array_equal(engine.weights()[name], kept[name]), name
        assert engine.weights()[name].dtype == np.float32
        assert engine.weights()[name].shape == shape


def test_a_single_image_is_normalised_by_the_running_statistics_which_then_stay(digits: DataSet) -> None:
    engine = engine_for(digits.train.images, ADAM, RICH)
    engine.step(0, 64, at(ADAM))
    before = engine.weights()
    assert np.isfinite(engine.step(64, 65, at(ADAM)).reconstruction)
    for name, array in engine.weights().items():
        assert np.array_equal(array, before[name]) == ("running" in name), name


def test_training_images_stay_bytes_and_are_not_copied() -> None:
    images = np.zeros((20_000, 28, 28), np.uint8)
    tracemalloc.start()
    try:
        engine_for(images, DESCENT).step(0, 64, at(DESCENT))
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < images.nbytes / 4


@pytest.mark.parametrize("way", ["adam-mean", "sparse", "variational", "rich"])
def test_evaluating_and_encoding_many_images_go_in_pieces_with_the_same_result(
    digits: DataSet, monkeypatch: pytest.MonkeyPatch, way: str
) -> None:
    architecture, recipe = WAYS[way]
    images = digits.train.images[:100]
    engine = engine_for(images, recipe, architecture)
    loss, codes = engine.evaluate(images, at(recipe)), engine.encode(images)
    assert codes.shape == (100, 8)
    assert codes.dtype == np.float32
    monkeypatch.setattr(engine_module, "CHUNK", 33)
    assert engine.evaluate(images, at(recipe)) == pytest.approx(loss, rel=1e-6)
    np.testing.assert_allclose(engine.encode(images), codes, rtol=1e-4, atol=1e-6)
    assert engine.encode(images[:0]).shape == (0, 8)


@pytest.mark.parametrize("way", ["bce", "variational", "rich"])
def test_a_run_that_diverges_is_told_by_its_loss_and_not_by_warnings(digits: DataSet, way: str) -> None:
    architecture, recipe = WAYS[way]
    recipe = replace(recipe, optimiser="sgd", learning_rate=1e30)
    engine = engine_for(digits.train.images[:64], recipe, architecture)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        losses = [engine.step(0, 64, at(recipe)).reconstruction for _ in range(4)]
        assert not np.isfinite(losses[-1])
        assert not np.isfinite(engine.evaluate(digits.test.images, at(recipe)).reconstruction)
        engine.encode(digits.test.images[:2])


def test_what_numpy_alone_cannot_train_is_refused_in_words() -> None:
    def refused(architecture: Architecture, recipe: Recipe, words: str) -> None:
        with pytest.raises(AedeskError, match=words):
            engine_for(np.zeros((4, 28, 28), np.uint8), recipe, architecture)

    refused(convolutional(), ADAM, "choose the PyTorch engine")
    refused(PLAIN, replace(ADAM, kind="contractive"), "choose that one")
    refused(PLAIN, replace(ADAM, kind="variational"), "needs a network with a variational code")
    refused(RICH, replace(ADAM, loss="bce"), "needs the sigmoid output")


def test_an_optimiser_state_of_another_network_is_refused_in_words() -> None:
    images = np.zeros((4, 28, 28), np.uint8)
    state = engine_for(images, ADAM, RICH).optimiser_state()
    with pytest.raises(AedeskError, match="optimiser's state is of another network"):
        engine_for(images, ADAM).load_optimiser_state(state)


def test_the_engine_trains_without_torch_or_scipy_being_imported() -> None:
    program = """
import pkgutil, sys, importlib
import numpy as np
import aedesk.scratch
for module in pkgutil.iter_modules(aedesk.scratch.__path__):
    importlib.import_module(f"aedesk.scratch.{module.name}")
from aedesk.models.architecture import dense
from aedesk.models.initialisation import initial_weights
from aedesk.models.presets import Recipe
from aedesk.models.step import StepSettings
from aedesk.scratch.engine import NumpyEngine
engine = NumpyEngine(dense(4), Recipe(), initial_weights(dense(4), 0), np.zeros((8, 28, 28), np.uint8))
engine.step(0, 8, StepSettings.of(Recipe(), (0, 1, 0)))
sys.exit("torch" in sys.modules or "scipy" in sys.modules)
"""
    assert subprocess.run([sys.executable, "-c", program], timeout=60).returncode == 0
