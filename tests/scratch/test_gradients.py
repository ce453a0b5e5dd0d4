"""The gradients written by hand are the true ones: torch's autograd and finite differences agree."""

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from hypothesis import given, settings
from hypothesis import strategies as st

from aedesk.errors import AedeskError
from aedesk.models.architecture import Architecture, Dense, Flatten, convolutional, dense
from aedesk.models.autoencoder import Autoencoder
from aedesk.models.initialisation import initial_weights
from aedesk.models.presets import PRESETS
from aedesk.scratch.losses import LOSSES, sigmoid
from aedesk.scratch.network import Network

Arrays = dict[str, np.ndarray]


def weights_of(architecture: Architecture, seed: int) -> Arrays:
    """float64 weights, with biases that are not zero."""
    rng = np.random.default_rng(seed)
    return {
        name: array.astype(np.float64) + (rng.normal(0, 0.1, array.shape) if name.endswith("bias") else 0)
        for name, array in initial_weights(architecture, seed, "he").items()
    }


def images_of(count: int, seed: int) -> np.ndarray:
    """(count, 784) float64 in [0, 1], with the pure black and white that digits are full of."""
    return np.clip(np.random.default_rng(seed).normal(0.3, 0.6, (count, 784)), 0, 1)


def by_hand(
    architecture: Architecture, weights: Arrays, images: np.ndarray, loss: str
) -> tuple[float, Arrays]:
    network = Network(architecture, weights)
    value, dlogits = LOSSES[loss](network.forward(images), images)
    return value, network.backward(dlogits)


def by_torch(
    architecture: Architecture, weights: Arrays, images: np.ndarray, loss: str
) -> tuple[float, Arrays]:
    model = Autoencoder(architecture).double()
    model.load_weights(weights)
    x = torch.from_numpy(images).reshape(-1, 1, 28, 28)
    logits = model(x)
    value = (
        F.mse_loss(logits.sigmoid(), x) if loss == "mse" else F.binary_cross_entropy_with_logits(logits, x)
    )
    value.backward()
    return value.item(), {name: weight.grad.numpy() for name, weight in model.named_parameters()}


def assert_same_gradients(architecture: Architecture, seed: int, count: int, loss: str) -> None:
    weights, images = weights_of(architecture, seed), images_of(count, seed)
    value, gradients = by_hand(architecture, weights, images, loss)
    expected_value, expected = by_torch(architecture, weights, images, loss)
    assert value == pytest.approx(expected_value, rel=1e-12)
    assert list(gradients) == list(architecture.parameter_shapes)
    for name, gradient in gradients.items():
        assert gradient.dtype == np.float64
        error = np.abs(gradient - expected[name]).max()
        assert error <= 1e-8 * np.abs(expected[name]).max(), name


@pytest.mark.parametrize("loss", ["mse", "bce"])
@pytest.mark.parametrize("preset", [name for name, preset in PRESETS.items() if preset.architecture.is_dense])
def test_gradients_of_every_dense_preset_equal_autograd(preset: str, loss: str) -> None:
    assert_same_gradients(PRESETS[preset].architecture, seed=1, count=5, loss=loss)


layers = st.builds(Dense, st.integers(1, 24), st.sampled_from(["linear", "relu"]))


@settings(max_examples=40, deadline=None)
@given(
    encoder=st.lists(layers, max_size=3),
    hidden=st.lists(layers, max_size=3),
    seed=st.integers(0, 2**31),
    count=st.integers(1, 6),
    loss=st.sampled_from(["mse", "bce"]),
)
def test_gradients_of_any_dense_network_equal_autograd(
    encoder: list[Dense], hidden: list[Dense], seed: int, count: int, loss: str
) -> None:
    architecture = Architecture((Flatten(), *encoder), (*hidden, Dense(784, "linear")))
    assert_same_gradients(architecture, seed, count, loss)


@pytest.mark.parametrize("loss", ["mse", "bce"])
def test_gradients_agree_with_central_finite_differences(loss: str) -> None:
    architecture = dense(9, 4, 7)
    weights, images = weights_of(architecture, 3), images_of(4, 3)
    _, gradients = by_hand(architecture, weights, images, loss)
    network, rng, h = Network(architecture, weights), np.random.default_rng(0), 1e-5
    for name, weight in weights.items():
        scale = np.abs(gradients[name]).max()
        for place in rng.integers(0, weight.size, 10):
            centre, values = weight.flat[place], []
            for shifted in (centre + h, centre - h):
                weight.flat[place] = shifted
                values.append(LOSSES[loss](network.forward(images), images)[0])
            weight.flat[place] = centre
            slope = (values[0] - values[1]) / (2 * h)
            assert slope == pytest.approx(gradients[name].flat[place], abs=1e-6 * scale), name


def test_a_backward_belongs_to_the_last_forward_whatever_was_encoded_in_between() -> None:
    architecture = dense(9, 4, 7)
    weights, images = weights_of(architecture, 3), images_of(4, 3)
    _, expected = by_hand(architecture, weights, images, "mse")
    network = Network(architecture, weights)
    _, dlogits = LOSSES["mse"](network.forward(images), images)
    network.decode(network.encode(images_of(7, 4)))
    for name, gradient in network.backward(dlogits).items():
        assert np.array_equal(gradient, expected[name])


def test_encoding_and_decoding_equal_torch() -> None:
    architecture = PRESETS["dense-2d"].architecture
    weights, images = weights_of(architecture, 5), images_of(6, 5)
    network, model = Network(architecture, weights), Autoencoder(architecture).double()
    model.load_weights(weights)
    with torch.no_grad():
        codes = model.encode(torch.from_numpy(images).reshape(-1, 1, 28, 28))
        rebuilt = model.decode(codes).reshape(-1, 784)
    assert network.encode(images).shape == (6, 2)
    np.testing.assert_allclose(network.encode(images), codes.numpy(), rtol=1e-10, atol=1e-12)
    np.testing.assert_allclose(network.decode(codes.numpy()), rebuilt.numpy(), rtol=1e-10)
    assert np.array_equal(network.forward(images), network.decode_logits(network.encode(images)))


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_the_network_works_in_the_float_type_of_its_weights(dtype: type[np.floating]) -> None:
    architecture = dense(6, 3, 6)
    weights = {name: array.astype(dtype) for name, array in weights_of(architecture, 0).items()}
    network, images = Network(architecture, weights), images_of(2, 0)
    logits = network.forward(images)
    for loss in LOSSES.values():
        _, dlogits = loss(logits, images.astype(dtype))
        assert dlogits.dtype == dtype
        assert {gradient.dtype for gradient in network.backward(dlogits).values()} == {np.dtype(dtype)}
    assert logits.dtype == network.encode(images).dtype == sigmoid(logits).dtype == dtype


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("loss", ["mse", "bce"])
def test_losses_stay_exact_and_quiet_for_logits_of_any_size(loss: str, dtype: type[np.floating]) -> None:
    logits = np.array([[-1e4, -200, -88, -5, 0, 5, 88, 200, 1e4]], dtype).repeat(2, axis=0)
    images = np.stack([np.zeros(9, dtype), np.ones(9, dtype)])
    z = torch.from_numpy(logits).double().requires_grad_()
    x = torch.from_numpy(images).double()
    expected = F.mse_loss(z.sigmoid(), x) if loss == "mse" else F.binary_cross_entropy_with_logits(z, x)
    expected.backward()
    with np.errstate(all="raise", under="ignore"):
        value, gradient = LOSSES[loss](logits, images)
    assert value == pytest.approx(expected.item(), rel=1e-6)
    np.testing.assert_allclose(gradient, z.grad.numpy(), rtol=1e-5, atol=1e-7)


def test_a_convolutional_network_is_refused_in_words() -> None:
    architecture = convolutional()
    with pytest.raises(AedeskError, match="dense networks only; use --engine torch"):
        Network(architecture, initial_weights(architecture, 0))
