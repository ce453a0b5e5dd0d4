"""First weights: their distribution, and that a seed settles them for both engines."""

import hashlib
import math

import numpy as np
import pytest
import torch

from aedesk.models.architecture import Architecture, convolutional, dense
from aedesk.models.design import Design
from aedesk.models.initialisation import initial_weights
from aedesk.models.presets import PRESETS, Recipe
from aedesk.models.step import StepSettings
from aedesk.scratch.engine import NumpyEngine
from aedesk.training.torch_engine import TorchEngine

FIRST_WEIGHTS = {
    "dense-2d": "97ae8ac1",
    "dense-32": "6f916ce4",
    "mlp-128": "1415d5f0",
    "dense-64": "68415320",
    "conv": "8a9133da",
}


def fans(shape: tuple[int, ...]) -> tuple[int, int]:
    """(fan in, fan out) of a weight, by Keras' definition."""
    return shape[1] * math.prod(shape[2:]), shape[0] * math.prod(shape[2:])


@pytest.mark.parametrize("architecture", [dense(256, 64, 256), convolutional()], ids=["dense", "conv"])
def test_glorot_weights_fill_their_interval_and_stay_inside(architecture: Architecture) -> None:
    for name, array in initial_weights(architecture, 0).items():
        if name.endswith("weight"):
            bound = math.sqrt(6 / sum(fans(array.shape)))
            assert np.abs(array).max() <= bound * (1 + 1e-6)
            assert np.abs(array).max() > 0.98 * bound
            assert abs(array.mean()) < 5 * bound / math.sqrt(3 * array.size)
            assert array.std() == pytest.approx(bound / math.sqrt(3), rel=0.05)


@pytest.mark.parametrize("architecture", [dense(256, 64, 256), convolutional()], ids=["dense", "conv"])
def test_he_weights_are_normal_with_variance_two_over_fan_in(architecture: Architecture) -> None:
    for name, array in initial_weights(architecture, 0, "he").items():
        if name.endswith("weight"):
            deviation = math.sqrt(2 / fans(array.shape)[0])
            assert array.std() == pytest.approx(deviation, rel=0.1)
            within = (
                np.abs(array) < deviation
            ).mean()  # 68.3 % of a normal distribution, 57.7 % of a uniform
            assert within == pytest.approx(0.683, abs=0.04)


@pytest.mark.parametrize("kind", ["glorot", "he"])
def test_the_seed_settles_every_number(kind) -> None:
    one, same, other = (initial_weights(dense(8, 2, 8), seed, kind) for seed in (3, 3, 4))
    assert list(one) == list(dense(8, 2, 8).parameter_shapes)
    for name, array in one.items():
        assert array.dtype == np.float32
        np.testing.assert_array_equal(array, same[name])
        if name.endswith("weight"):
            assert not np.array_equal(array, other[name])


def test_biases_are_zero_but_for_the_output_bias() -> None:
    weights = initial_weights(dense(8, 2, 8), 0, output_bias=-1.9)
    last = list(weights)[-1]
    assert weights[last].dtype == np.float32
    np.testing.assert_array_equal(weights[last], np.full(784, -1.9, np.float32))
    assert not any(array.any() for name, array in weights.items() if name.endswith("bias") and name != last)
    plain = initial_weights(dense(8, 2, 8), 0)
    assert not plain[last].any()
    assert all(np.array_equal(weights[name], plain[name]) for name in weights if name != last)


@pytest.mark.parametrize("name", PRESETS)
def test_every_preset_gets_the_arrays_that_it_describes(name: str) -> None:
    preset = PRESETS[name]
    weights = initial_weights(preset.architecture, 0, preset.recipe.initialisation)
    assert {name: array.shape for name, array in weights.items()} == preset.architecture.tensor_shapes
    assert all(np.isfinite(array).all() for array in weights.values())


def test_both_engines_begin_at_the_same_weights_and_share_none_of_them() -> None:
    weights = initial_weights(dense(8, 2, 8), 5)
    images = np.zeros((4, 28, 28), np.uint8)
    ours = NumpyEngine(dense(8, 2, 8), Recipe(), weights, images)
    theirs = TorchEngine(dense(8, 2, 8), Recipe(), weights, images, torch.device("cpu"))
    for name, array in weights.items():
        np.testing.assert_array_equal(ours.weights()[name], array)
        np.testing.assert_array_equal(theirs.weights()[name], array)
    before = {name: array.copy() for name, array in weights.items()}
    for engine in (ours, theirs):
        engine.step(0, 4, StepSettings.of(Recipe(), (0, 1, 0)))
        assert not np.array_equal(engine.weights()["decoder.1.bias"], before["decoder.1.bias"])
    assert all(np.array_equal(weights[name], before[name]) for name in weights)


@pytest.mark.parametrize("kind", ["glorot", "he"])
def test_batch_norm_begins_as_the_identity(kind) -> None:
    architecture = Design(widths=(8,), code=2, batch_norm=True).architecture()
    weights = initial_weights(architecture, 0, kind, output_bias=-1.9)
    assert list(weights) == list(architecture.tensor_shapes)
    for place in ("encoder.2", "decoder.1"):
        for name, value in {"weight": 1, "bias": 0, "running_mean": 0, "running_variance": 1}.items():
            np.testing.assert_array_equal(weights[f"{place}.{name}"], np.full(8, value, np.float32))
    assert set(weights["decoder.3.bias"]) == {np.float32(-1.9)}


@pytest.mark.parametrize("kind", ["glorot", "he"])
def test_a_variational_code_begins_with_a_small_log_variance(kind) -> None:
    weights = initial_weights(dense(200, 50, 200).as_variational(), 0, kind)
    log_variance = weights["encoder.log_variance.weight"]
    bound = math.sqrt(6 / 250)
    assert 0.98 * bound < np.abs(log_variance).max() <= bound * (1 + 1e-6)
    assert not weights["encoder.log_variance.bias"].any()
    assert not np.array_equal(log_variance, weights["encoder.2.weight"])


def test_the_same_seed_draws_what_it_drew_for_the_models_that_are_shipped() -> None:
    """Digests taken when networks had nothing but weights and biases."""
    for name, digest in FIRST_WEIGHTS.items():
        preset = PRESETS[name]
        weights = initial_weights(preset.architecture, 0, preset.recipe.initialisation)
        found = hashlib.sha256(b"".join(array.tobytes() for array in weights.values())).hexdigest()
        assert found.startswith(digest), name
