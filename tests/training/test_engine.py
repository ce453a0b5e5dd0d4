"""The torch engine: its steps are those of its recipe, and its figures are means over pixels."""

from dataclasses import replace

import numpy as np
import pytest
import torch
import torch.nn.functional as F

from aedesk.data.imageset import DataSet
from aedesk.models.architecture import Architecture, convolutional, dense
from aedesk.models.autoencoder import Autoencoder
from aedesk.models.initialisation import initial_weights
from aedesk.models.presets import Loss, Recipe
from aedesk.training import engine as engines
from aedesk.training.engine import TorchEngine
from aedesk.training.losses import reconstruction_loss

CPU = torch.device("cpu")
SMALL = dense(16, 4, 16)
DESCENT = Recipe(optimiser="sgd", learning_rate=0.01)


def engine_for(
    images: np.ndarray,
    recipe: Recipe = DESCENT,
    architecture: Architecture = SMALL,
    precision: torch.dtype = torch.float32,
) -> TorchEngine:
    return TorchEngine(architecture, recipe, initial_weights(architecture, 0), images, CPU, precision)


def floats(images: np.ndarray) -> np.ndarray:
    return images.astype(np.float32) / 255


@pytest.fixture(scope="module")
def images(digits: DataSet) -> np.ndarray:
    return digits.train.images[:120]


def by_hand(images: np.ndarray, recipe: Recipe, batches: list[np.ndarray]) -> dict[str, np.ndarray]:
    """The weights after steps by the textbook: gradient descent, or Adam with Keras' epsilon."""
    network = Autoencoder(SMALL).double()
    network.load_weights(initial_weights(SMALL, 0))
    moments = {name: (0.0, 0.0) for name, _ in network.named_parameters()}
    for t, which in enumerate(batches, 1):
        x = torch.from_numpy(floats(images[which])).double()[:, None]
        logits = network(x)
        if recipe.loss == "mse":
            errors = (logits.sigmoid() - x) ** 2
        else:
            y = logits.sigmoid()
            errors = -(x * y.log() + (1 - x) * (1 - y).log())
        loss = errors.sum() / len(x) / (784 if recipe.reduction == "mean" else 1)
        network.zero_grad()
        loss.backward()
        with torch.no_grad():
            for name, parameter in network.named_parameters():
                gradient = parameter.grad
                assert gradient is not None
                if recipe.optimiser == "sgd":
                    parameter -= recipe.learning_rate * gradient
                else:
                    m, v = moments[name]
                    m, v = 0.9 * m + 0.1 * gradient, 0.999 * v + 0.001 * gradient**2
                    moments[name] = m, v
                    parameter -= (
                        recipe.learning_rate * (m / (1 - 0.9**t)) / ((v / (1 - 0.999**t)).sqrt() + 1e-7)
                    )
    return {name: parameter.detach().numpy() for name, parameter in network.named_parameters()}


@pytest.mark.parametrize("loss", ["mse", "bce"])
@pytest.mark.parametrize("reduction", ["mean", "sum"])
@pytest.mark.parametrize("optimiser", ["sgd", "adam"])
def test_steps_are_those_of_the_recipe(images: np.ndarray, loss, reduction, optimiser) -> None:
    recipe = Recipe(loss=loss, reduction=reduction, optimiser=optimiser, learning_rate=2e-3)
    engine = engine_for(images, recipe)
    order = np.random.default_rng(1).permutation(len(images))
    engine.begin_epoch(order)
    cuts = [(0, 50), (50, 100), (100, 120)]
    for start, stop in cuts:
        engine.step(start, stop)
    expected = by_hand(images, recipe, [order[start:stop] for start, stop in cuts])
    for name, array in engine.weights().items():
        np.testing.assert_allclose(array, expected[name], rtol=1e-4, atol=2e-6, err_msg=name)


@pytest.mark.parametrize("loss", ["mse", "bce"])
@pytest.mark.parametrize("reduction", ["mean", "sum"])
def test_a_step_tells_the_loss_before_it_as_a_mean_over_pixels(images: np.ndarray, loss, reduction) -> None:
    engine = engine_for(images, replace(DESCENT, loss=loss, reduction=reduction))
    before = engine.evaluate(images[10:50])
    told = engine.step(10, 50)
    assert float(told) == pytest.approx(before, rel=1e-5)
    assert not told.requires_grad
    assert engine.evaluate(images[10:50]) < before


def test_the_evaluation_is_the_mean_over_all_images_whatever_the_chunks(
    images: np.ndarray, monkeypatch: pytest.MonkeyPatch
) -> None:
    engine = engine_for(images)
    rebuilt = engine.reconstruct(floats(images))
    expected = ((rebuilt - floats(images)) ** 2).mean()
    assert engine.evaluate(images) == pytest.approx(expected, rel=1e-5)
    monkeypatch.setattr(engines, "_CHUNK", 50)
    assert engine.evaluate(images) == pytest.approx(expected, rel=1e-5)


def test_looking_learns_nothing(images: np.ndarray) -> None:
    engine = engine_for(images)
    before = engine.weights()
    engine.evaluate(images)
    engine.reconstruct(floats(images))
    assert all(np.array_equal(before[name], array) for name, array in engine.weights().items())
    engine.step(0, 10)
    assert not all(np.array_equal(before[name], array) for name, array in engine.weights().items())


def test_the_users_images_are_read_and_nothing_else(images: np.ndarray) -> None:
    given, pixels = images.copy(), floats(images)
    engine = engine_for(given)
    engine.step(0, 10)
    engine.evaluate(given)
    engine.reconstruct(pixels)
    np.testing.assert_array_equal(given, images)
    np.testing.assert_array_equal(pixels, floats(images))


@pytest.mark.parametrize("architecture", [SMALL, convolutional()], ids=["dense", "conv"])
def test_bfloat16_changes_the_arithmetic_only(images: np.ndarray, architecture: Architecture) -> None:
    exact, rounded = (
        engine_for(images[:8], Recipe(), architecture, precision)
        for precision in (torch.float32, torch.bfloat16)
    )
    assert rounded.evaluate(images[:8]) == pytest.approx(exact.evaluate(images[:8]), rel=1e-2)
    assert rounded.evaluate(images[:8]) != exact.evaluate(images[:8])
    for engine in (exact, rounded):
        before = engine.evaluate(images[:8])
        for _ in range(3):
            assert engine.step(0, 8).dtype == torch.float32
        assert engine.evaluate(images[:8]) < before
        assert all(array.dtype == np.float32 for array in engine.weights().values())
        rebuilt = engine.reconstruct(floats(images[:2]))
        assert rebuilt.dtype == np.float32
        assert 0 <= rebuilt.min() <= rebuilt.max() <= 1


@pytest.mark.parametrize("loss", ["mse", "bce"])
def test_the_loss_stays_finite_and_exact_for_logits_that_round_to_certainty(loss: Loss) -> None:
    logits = torch.tensor([[-500.0, 500.0, 0.0]])
    images = torch.tensor([[0.0, 1.0, 0.5]])
    perfect = reconstruction_loss(logits, images, loss)
    assert perfect == pytest.approx(0 if loss == "mse" else np.log(2) / 3)
    wrong = reconstruction_loss(-logits, images, loss)
    assert wrong == pytest.approx(2 / 3 if loss == "mse" else (1000 + np.log(2)) / 3)
    assert F.binary_cross_entropy_with_logits(-logits, images).isfinite()
