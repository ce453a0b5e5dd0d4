"""The NumPy engine learns from real digits, and torch would take the same steps."""

import subprocess
import sys
import tracemalloc
import warnings
from dataclasses import replace
from functools import partial

import numpy as np
import pytest
import torch
import torch.nn.functional as F

from aedesk.data.imageset import DataSet
from aedesk.errors import AedeskError
from aedesk.models.architecture import convolutional, dense
from aedesk.models.autoencoder import Autoencoder
from aedesk.models.initialisation import initial_weights
from aedesk.models.presets import Recipe
from aedesk.scratch import engine as engine_module
from aedesk.scratch.engine import NumpyEngine

ARCHITECTURE = dense(32, 8, 32)
DESCENT = Recipe(optimiser="sgd", learning_rate=0.02, batch_size=64, initialisation="he", reduction="sum")
ADAM = Recipe(learning_rate=2e-3, batch_size=64)


def engine_for(images: np.ndarray, recipe: Recipe, seed: int = 0) -> NumpyEngine:
    return NumpyEngine(
        ARCHITECTURE, recipe, initial_weights(ARCHITECTURE, seed, recipe.initialisation), images
    )


def run_epochs(engine: NumpyEngine, count: int, epochs: int, batch: int = 64) -> list[float]:
    """The mean training loss of each epoch."""
    losses = []
    for epoch in range(1, epochs + 1):
        engine.begin_epoch(np.random.default_rng([0, epoch]).permutation(count))
        total = 0.0
        for start in range(0, count, batch):
            stop = min(start + batch, count)
            total += engine.step(start, stop) * (stop - start)
        losses.append(total / count)
    return losses


def torch_steps(recipe: Recipe, images: np.ndarray, batches: list[np.ndarray]) -> dict[str, np.ndarray]:
    """The weights after torch has taken the same steps."""
    model = Autoencoder(ARCHITECTURE)
    model.load_weights(initial_weights(ARCHITECTURE, 0, recipe.initialisation))
    kind = {"sgd": torch.optim.SGD, "adam": partial(torch.optim.Adam, eps=1e-7)}[recipe.optimiser]
    optimiser = kind(model.parameters(), lr=recipe.learning_rate)
    for which in batches:
        x = torch.from_numpy(images[which].astype(np.float32) / 255)[:, None]
        z = model(x)
        if recipe.loss == "mse":
            per_image = F.mse_loss(z.sigmoid(), x, reduction="none")
        else:
            per_image = F.binary_cross_entropy_with_logits(z, x, reduction="none")
        per_image = per_image.flatten(1)
        loss = (per_image.sum(1) if recipe.reduction == "sum" else per_image.mean(1)).mean()
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
    return model.copy_weights()


@pytest.mark.parametrize("loss", ["mse", "bce"])
@pytest.mark.parametrize("recipe", [DESCENT, ADAM], ids=["descent-sum", "adam-mean"])
def test_the_engine_takes_the_steps_that_torch_takes(digits: DataSet, recipe: Recipe, loss: str) -> None:
    recipe, images = replace(recipe, loss=loss), digits.train.images
    order = np.random.default_rng(7).permutation(len(images))
    engine = engine_for(images, recipe)
    engine.begin_epoch(order)
    for start in (0, 64, 128):
        engine.step(start, start + 64)
    expected = torch_steps(recipe, images, [order[start : start + 64] for start in (0, 64, 128)])
    for name, weight in engine.weights().items():
        np.testing.assert_allclose(weight, expected[name], rtol=1e-4, atol=2e-5, err_msg=name)


@pytest.mark.parametrize("loss", ["mse", "bce"])
@pytest.mark.parametrize("recipe", [DESCENT, ADAM], ids=["descent-sum", "adam-mean"])
def test_the_loss_falls_on_real_digits(digits: DataSet, recipe: Recipe, loss: str) -> None:
    images = digits.train.images
    engine = engine_for(images, replace(recipe, loss=loss))
    before = engine.evaluate(digits.test.images)
    losses = run_epochs(engine, len(images), epochs=4)
    assert losses == sorted(losses, reverse=True)
    assert engine.evaluate(digits.test.images) < 0.75 * before


def test_a_step_returns_the_loss_before_it_as_a_mean_over_pixels_whatever_the_reduction(
    digits: DataSet,
) -> None:
    images = digits.train.images[:50]
    for reduction in ("mean", "sum"):
        engine = engine_for(images, replace(DESCENT, reduction=reduction))
        before = engine.evaluate(images)
        rebuilt = engine.reconstruct(images.astype(np.float32) / 255)
        assert before == pytest.approx(np.mean((rebuilt - images / 255) ** 2), rel=1e-5)
        assert engine.step(0, 50) == pytest.approx(before, rel=1e-5)


def test_an_epoch_takes_the_images_in_the_order_given(digits: DataSet) -> None:
    images = digits.train.images[:8]
    engine = engine_for(images, replace(DESCENT, learning_rate=0.0))
    order = np.array([5, 2, 7, 0, 1, 3, 4, 6])
    engine.begin_epoch(order)
    assert engine.step(1, 3) == pytest.approx(engine.evaluate(images[[2, 7]]), rel=1e-6)
    assert engine.step(6, 8) == pytest.approx(engine.evaluate(images[[4, 6]]), rel=1e-6)


@pytest.mark.parametrize("recipe", [DESCENT, ADAM], ids=["descent-sum", "adam-mean"])
def test_the_same_seed_gives_the_same_weights_bit_for_bit(digits: DataSet, recipe: Recipe) -> None:
    images = digits.train.images[:200]
    first, again, other = (engine_for(images, recipe, seed) for seed in (1, 1, 2))
    assert run_epochs(first, 200, 2) == run_epochs(again, 200, 2)
    run_epochs(other, 200, 2)
    for name, weight in first.weights().items():
        assert np.array_equal(weight, again.weights()[name])
        assert not np.array_equal(weight, other.weights()[name])


def test_weights_go_in_and_come_out_as_copies_in_float32(digits: DataSet) -> None:
    begin = initial_weights(ARCHITECTURE, 0, "he")
    kept = {name: array.copy() for name, array in begin.items()}
    engine = NumpyEngine(ARCHITECTURE, DESCENT, begin, digits.train.images[:64])
    taken = engine.weights()
    engine.step(0, 64)
    for name, shape in ARCHITECTURE.parameter_shapes.items():
        assert np.array_equal(begin[name], kept[name])
        assert np.array_equal(taken[name], kept[name])
        assert not np.array_equal(engine.weights()[name], kept[name])
        assert engine.weights()[name].dtype == np.float32
        assert engine.weights()[name].shape == shape


def test_training_images_stay_bytes_and_are_not_copied() -> None:
    images = np.zeros((20_000, 28, 28), np.uint8)
    tracemalloc.start()
    try:
        engine_for(images, DESCENT).step(0, 64)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < images.nbytes / 4


def test_evaluating_and_rebuilding_many_images_go_in_pieces_with_the_same_result(
    digits: DataSet, monkeypatch: pytest.MonkeyPatch
) -> None:
    images = digits.train.images[:100]
    pixels = images.astype(np.float32) / 255
    engine = engine_for(images, DESCENT)
    loss, rebuilt = engine.evaluate(images), engine.reconstruct(pixels)
    assert rebuilt.shape == (100, 28, 28)
    assert rebuilt.dtype == np.float32
    assert 0 <= rebuilt.min() <= rebuilt.max() <= 1
    monkeypatch.setattr(engine_module, "CHUNK", 33)
    assert engine.evaluate(images) == pytest.approx(loss, rel=1e-6)
    np.testing.assert_allclose(engine.reconstruct(pixels), rebuilt, rtol=1e-4, atol=1e-6)


def test_the_learning_rate_can_be_changed_between_steps(digits: DataSet) -> None:
    engine = engine_for(digits.train.images[:64], DESCENT)
    assert engine.learning_rate == 0.02
    engine.learning_rate = 0.0
    before = engine.weights()
    engine.step(0, 64)
    assert all(np.array_equal(before[name], weight) for name, weight in engine.weights().items())
    engine.learning_rate = 0.01
    engine.step(0, 64)
    assert not all(np.array_equal(before[name], weight) for name, weight in engine.weights().items())


def test_a_run_that_diverges_is_told_by_its_loss_and_not_by_warnings(digits: DataSet) -> None:
    engine = engine_for(digits.train.images[:64], replace(DESCENT, loss="bce", learning_rate=1e30))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        losses = [engine.step(0, 64) for _ in range(4)]
        assert not np.isfinite(losses[-1])
        assert not np.isfinite(engine.evaluate(digits.test.images))
        engine.reconstruct(digits.test.images[:2].astype(np.float32) / 255)


def test_a_convolutional_network_is_refused_in_words(digits: DataSet) -> None:
    with pytest.raises(AedeskError, match="use --engine torch"):
        NumpyEngine(convolutional(), ADAM, initial_weights(convolutional(), 0), digits.train.images)


def test_the_engine_trains_without_torch_being_imported() -> None:
    program = """
import pkgutil, sys, importlib
import numpy as np
import aedesk.scratch
for module in pkgutil.iter_modules(aedesk.scratch.__path__):
    importlib.import_module(f"aedesk.scratch.{module.name}")
from aedesk.models.architecture import dense
from aedesk.models.initialisation import initial_weights
from aedesk.models.presets import Recipe
from aedesk.scratch.engine import NumpyEngine
engine = NumpyEngine(dense(4), Recipe(), initial_weights(dense(4), 0), np.zeros((8, 28, 28), np.uint8))
engine.step(0, 8)
sys.exit("torch" in sys.modules)
"""
    assert subprocess.run([sys.executable, "-c", program], timeout=60).returncode == 0
