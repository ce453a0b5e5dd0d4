"""Codes that are drawn to places: the pull, and the steps of the engine that take it."""

import numpy as np
import pytest
import torch

from aedesk.data.imageset import DataSet
from aedesk.models.architecture import Architecture, Dense, Flatten, Memory, dense
from aedesk.models.initialisation import initial_weights
from aedesk.models.presets import Recipe
from aedesk.models.step import StepLoss, StepSettings
from aedesk.training.losses import distance_to
from aedesk.training.torch_engine import TorchEngine

FLAT = dense(8, 2, code_activation="linear")
DESCENT = Recipe(optimiser="sgd", learning_rate=1.0)
CPU = torch.device("cpu")


@pytest.fixture(scope="module")
def images(digits: DataSet) -> np.ndarray:
    return digits.train.images[:30]


@pytest.fixture(scope="module")
def places() -> np.ndarray:
    return np.random.default_rng(0).standard_normal((30, 2)).astype(np.float32)


def engine_for(
    images: np.ndarray, places: np.ndarray | None, architecture: Architecture = FLAT, recipe: Recipe = DESCENT
) -> TorchEngine:
    return TorchEngine(architecture, recipe, initial_weights(architecture, 0), images, CPU, places=places)


def at(guidance: float, rate: float = 1.0) -> StepSettings:
    return StepSettings(rate, 0.0, 0.0, (7, 1, 0), guidance=guidance)


def numbers(loss: StepLoss) -> tuple[float, float]:
    return float(loss.reconstruction), float(loss.penalty)


def test_the_pull_grows_with_the_distance_and_then_stays() -> None:
    distances = torch.tensor([0.0, 0.01, 0.05, 0.1, 0.5, 3.0])
    codes = torch.stack([distances, torch.zeros(6)], 1).requires_grad_()
    far = distance_to(torch.zeros(6, 2), codes)
    by_hand = [
        distance**2 / 2 if distance < 0.1 else 0.1 * (distance - 0.05) for distance in distances.tolist()
    ]
    assert far.item() == pytest.approx(sum(by_hand) / 12, rel=1e-5)  # a mean over all 12 numbers
    (pull,) = torch.autograd.grad(far * 12, codes)
    np.testing.assert_allclose(pull[:, 0], [0, 0.01, 0.05, 0.1, 0.1, 0.1], rtol=1e-5)


def test_a_step_is_drawn_to_the_places_of_its_own_images(images: np.ndarray, places: np.ndarray) -> None:
    order = np.random.default_rng(1).permutation(30)
    engine = engine_for(images, places)
    engine.begin_epoch(order)
    codes = engine.encode(images)
    chosen = order[10:20]
    told = engine.step(10, 20, at(2.5))
    expected = 2.5 * distance_to(torch.from_numpy(places[chosen]), torch.from_numpy(codes[chosen]))
    assert numbers(told)[1] == pytest.approx(expected.item(), rel=1e-5)


def test_without_guidance_or_places_nothing_is_drawn(images: np.ndarray, places: np.ndarray) -> None:
    after = []
    for where, guidance in ((places, 0.0), (None, 3.0), (None, 0.0), (places, 3.0)):
        engine = engine_for(images, where)
        told = engine.step(0, 30, at(guidance))
        assert (numbers(told)[1] > 0) == (where is not None and guidance > 0)
        after.append(engine.weights()["encoder.1.weight"])
    np.testing.assert_allclose(after[0], after[1], atol=1e-7)  # without places another path has been taken
    np.testing.assert_array_equal(after[1], after[2])
    assert not np.allclose(after[0], after[3], atol=1e-5)


def test_the_validation_loss_knows_no_places(images: np.ndarray, places: np.ndarray) -> None:
    assert engine_for(images, places).evaluate(images, at(9.0)) == engine_for(images, None).evaluate(
        images, at(0.0)
    )


def test_an_encoder_with_a_memory_learns_at_a_tenth_of_the_rate(images: np.ndarray) -> None:
    remembering = Architecture((Flatten(), Dense(4, "linear"), Memory(20)), (Dense(784, "linear"),))
    for architecture, pace in ((remembering, 0.1), (FLAT, 1.0)):
        weights = initial_weights(architecture, 0)
        slopes = gradients(architecture, weights, images)
        engine = engine_for(images, None, architecture)
        engine.step(0, 30, at(0.0, rate=0.5))
        for name, array in engine.weights().items():
            rate = 0.5 * pace if name.startswith("encoder") else 0.5
            np.testing.assert_allclose(array - weights[name], -rate * slopes[name], atol=1e-6)


def gradients(
    architecture: Architecture, weights: dict[str, np.ndarray], images: np.ndarray
) -> dict[str, np.ndarray]:
    """Of the loss that a step of `at` descends."""
    engine = TorchEngine(architecture, DESCENT, weights, images, CPU)
    engine.step(0, len(images), at(0.0, 0.0))
    slopes = engine._flat.views(engine._flat.gradients)
    return {name: slope.numpy().copy() for name, slope in slopes.items()}
