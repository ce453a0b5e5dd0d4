"""The gradients written by hand are the true ones: torch's autograd and finite differences agree."""

from typing import get_args

import numpy as np
import pytest
import torch
from hypothesis import example, given, settings
from hypothesis import strategies as st
from scratch import torch_reference
from scratch.torch_reference import Arrays, as_tensors, weights_of

from aedesk.errors import AedeskError
from aedesk.models.architecture import Architecture, convolutional, dense
from aedesk.models.autoencoder import Autoencoder
from aedesk.models.initialisation import initial_weights
from aedesk.models.layers import EPSILON, Activate, Activation, BatchNorm, Dense, Dropout, Flatten, Layer
from aedesk.models.presets import PRESETS
from aedesk.scratch.losses import LOSSES
from aedesk.scratch.network import Network
from aedesk.scratch.penalties import PENALTIES

PENALTY_WEIGHT = 0.7
DENSE_PRESETS = [name for name, preset in PRESETS.items() if preset.architecture.is_dense]


def images_of(count: int, seed: int) -> np.ndarray:
    """(count, 784) float64 in [0, 1], with the pure black and white that digits are full of."""
    return np.clip(np.random.default_rng(seed).normal(0.3, 0.6, (count, 784)), 0, 1)


def by_hand(network: Network, output: str, images: np.ndarray, loss: str, kind: str) -> tuple[float, Arrays]:
    """Reconstruction loss and weighted penalty together, and the gradient of every parameter."""
    encoded, outputs = network.forward(images, np.random.default_rng(11))
    value, doutputs = LOSSES[loss, output](outputs, images)
    dencoded = None
    if kind in PENALTIES:
        penalty, dencoded = PENALTIES[kind](encoded)
        value += PENALTY_WEIGHT * penalty
        dencoded *= PENALTY_WEIGHT
    return value, network.backward(doutputs, dencoded)


def assert_same_gradients(
    architecture: Architecture, seed: int, count: int, loss: str, kind: str = "plain"
) -> None:
    """Losses, gradients, and the running statistics that a forward leaves behind."""
    weights, images = weights_of(architecture, seed), images_of(count, seed)
    tensors, x = as_tensors(architecture, weights), torch.from_numpy(images)
    network = Network(architecture, weights)
    value, gradients = by_hand(network, architecture.output, images, loss, kind)

    outcome = torch_reference.run(architecture, tensors, x, np.random.default_rng(11))
    total = torch_reference.reconstruction(outcome.outputs, x, loss, architecture.output)
    total = total + PENALTY_WEIGHT * torch_reference.penalty(outcome, kind)
    total.backward()

    assert value == pytest.approx(total.item(), rel=1e-10)
    assert list(gradients) == list(architecture.parameter_shapes)
    expected = {name: tensors[name].grad.numpy() for name in gradients}
    steepest = max(np.abs(gradient).max() for gradient in expected.values())
    # A bias before a batch norm has no slope at all, but for rounding, which every further norm may magnify so much.
    norms = sum(isinstance(layer, BatchNorm) for layer in (*architecture.encoder, *architecture.decoder))
    rounding = 1e-10 * steepest * EPSILON ** (-max(0, norms - 1) / 2)
    for name, gradient in gradients.items():
        assert gradient.dtype == np.float64
        error = np.abs(gradient - expected[name]).max()
        assert error <= 1e-8 * np.abs(expected[name]).max() + rounding, name
    for name in architecture.tensor_shapes.keys() - gradients.keys():
        np.testing.assert_allclose(network.weights[name], tensors[name], rtol=1e-10, atol=1e-12, err_msg=name)


@pytest.mark.parametrize("loss", ["mse", "bce", "mae"])
@pytest.mark.parametrize("preset", DENSE_PRESETS)
def test_gradients_of_every_dense_preset_equal_autograd(preset: str, loss: str) -> None:
    assert_same_gradients(PRESETS[preset].architecture, seed=1, count=5, loss=loss)


@pytest.mark.parametrize("activation", get_args(Activation))
def test_gradients_through_every_activation_equal_autograd(activation: Activation) -> None:
    encoder = (Flatten(), Dense(9, activation), BatchNorm(), Activate(activation), Dense(4, activation))
    assert_same_gradients(Architecture(encoder, (Dense(9, activation), Dense(784, "linear"))), 2, 5, "mse")


activations = st.sampled_from(get_args(Activation))
extras = st.lists(
    st.one_of(
        st.just(BatchNorm()),
        st.builds(Dropout, st.sampled_from([0.0, 0.3, 0.8])),
        st.builds(Activate, activations),
    ),
    max_size=2,
)


@st.composite
def architectures(draw: st.DrawFn) -> Architecture:
    """Any dense network: with all that may stand between its layers, tied or variational or neither."""

    def stack(widths: list[int]) -> list[Layer]:
        return [layer for width in widths for layer in (Dense(width, draw(activations)), *draw(extras))]

    widths = draw(st.lists(st.integers(1, 12), max_size=3))
    encoder = [*draw(extras), Flatten(), *draw(extras), *stack(widths)]
    output = draw(st.sampled_from(["sigmoid", "linear"]))
    form = draw(st.sampled_from(["plain", "variational", "tied"] if widths else ["plain", "variational"]))
    if form == "variational":
        encoder.append(Dense(draw(st.integers(1, 6)), "linear"))
    hidden = widths[-2::-1] if form == "tied" else draw(st.lists(st.integers(1, 12), max_size=2))
    decoder = [*draw(extras), *stack(hidden), Dense(784, "linear")]
    return Architecture(
        tuple(encoder), tuple(decoder), variational=form == "variational", tied=form == "tied", output=output
    )


@settings(max_examples=150, deadline=None)
@example(dense(9, 4, 9, code_activation="linear").as_variational(), 0, 1, "mse", True)
@given(
    architecture=architectures(),
    seed=st.integers(0, 2**31),
    count=st.integers(1, 6),
    loss=st.sampled_from(["mse", "bce", "mae"]),
    penalised=st.booleans(),
)
def test_gradients_of_any_dense_network_of_any_kind_equal_autograd(
    architecture: Architecture, seed: int, count: int, loss: str, penalised: bool
) -> None:
    kind = "plain"
    if penalised:
        kind = "variational" if architecture.variational else "sparse"
    if loss == "bce" and architecture.output == "linear":
        loss = "mse"
    assert_same_gradients(architecture, seed, count, loss, kind)


@settings(max_examples=50, deadline=None)
@given(architecture=architectures(), seed=st.integers(0, 2**31), count=st.integers(1, 4))
def test_away_from_training_any_network_gives_what_torch_gives(
    architecture: Architecture, seed: int, count: int
) -> None:
    weights, images = weights_of(architecture, seed), images_of(count, seed)
    network = Network(architecture, weights)
    with torch.no_grad():
        expected = torch_reference.run(
            architecture, as_tensors(architecture, weights), torch.from_numpy(images)
        )
    encoded, outputs = network.apply(images)
    for ours, theirs in (
        (outputs, expected.outputs),
        (network.encode(images), expected.mean),
        (encoded[:, architecture.code_size :], expected.log_variance),
    ):
        if theirs is not None:
            np.testing.assert_allclose(ours, theirs, rtol=1e-9, atol=1e-9 * float(theirs.abs().max()))
    assert all(np.array_equal(network.weights[name], array) for name, array in weights.items())


@pytest.mark.parametrize("preset", DENSE_PRESETS)
def test_codes_and_outputs_equal_those_of_the_torch_network(preset: str) -> None:
    architecture = PRESETS[preset].architecture
    weights, images = weights_of(architecture, 5), images_of(6, 5)
    model = Autoencoder(architecture).double()
    model.load_weights(weights)
    with torch.no_grad():
        x = torch.from_numpy(images).reshape(-1, 1, 28, 28)
        codes, outputs = model.encode(x), model(x).reshape(-1, 784)
    network = Network(architecture, weights)
    np.testing.assert_allclose(network.encode(images), codes.numpy(), rtol=1e-10, atol=1e-12)
    np.testing.assert_allclose(network.apply(images)[1], outputs.numpy(), rtol=1e-9, atol=1e-11)


@pytest.mark.parametrize("loss", ["mse", "bce", "mae"])
def test_gradients_agree_with_central_finite_differences(loss: str) -> None:
    plain = dense(9, 4, 7, code_activation="linear")
    middle = (Dense(9, "silu"), BatchNorm(), Dropout(0.3), Dense(4, "linear"))
    architecture = Architecture((Flatten(), *middle), plain.decoder, variational=True)
    weights, images = weights_of(architecture, 3), images_of(4, 3)
    network, rng, h = Network(architecture, weights), np.random.default_rng(0), 1e-5
    _, gradients = by_hand(network, "sigmoid", images, loss, "variational")
    gradients = {name: array.copy() for name, array in gradients.items()}
    for name, gradient in gradients.items():
        weight = network.weights[name]
        for place in rng.integers(0, weight.size, 10):
            centre, values = weight.flat[place], []
            for shifted in (centre + h, centre - h):
                weight.flat[place] = shifted
                values.append(by_hand(network, "sigmoid", images, loss, "variational")[0])
            weight.flat[place] = centre
            slope = (values[0] - values[1]) / (2 * h)
            steepest = max(np.abs(gradient).max(), 1e-5)
            assert slope == pytest.approx(gradient.flat[place], abs=1e-5 * steepest), name


def test_a_backward_belongs_to_the_last_forward_whatever_was_run_in_between() -> None:
    encoder = (Flatten(), Dense(9, "tanh"), BatchNorm(), Dropout(0.5), Dense(4, "linear"))
    architecture = Architecture(encoder, (Dense(7), Dense(784, "linear")), variational=True)
    weights, images = weights_of(architecture, 3), images_of(4, 3)
    network = Network(architecture, weights)
    loss = LOSSES["mse", "sigmoid"]
    gradients = []
    for in_between in (False, True):
        _, outputs = network.forward(images, np.random.default_rng(0))
        _, doutputs = loss(outputs, images)
        if in_between:
            network.encode(images_of(7, 4))
            network.apply(images_of(7, 5))
        gradients.append({name: array.copy() for name, array in network.backward(doutputs).items()})
    for name, gradient in gradients[0].items():
        assert np.array_equal(gradient, gradients[1][name])


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("form", ["tied", "variational"])
def test_the_network_works_in_the_float_type_of_its_weights(form: str, dtype: type[np.floating]) -> None:
    layers = [layer for name in get_args(Activation) for layer in (Dense(6, name), BatchNorm(), Dropout(0.2))]
    hidden = [Dense(6, name) for name in get_args(Activation)[1:]]
    if form == "tied":
        architecture = Architecture((Flatten(), *layers), (*hidden, Dense(784, "linear")), tied=True)
    else:
        encoder = (Flatten(), *layers, Dense(3, "linear"))
        architecture = Architecture(encoder, (*hidden, Dense(784, "linear")), variational=True)
    network, images = Network(architecture, weights_of(architecture, 0, dtype)), images_of(4, 0).astype(dtype)
    encoded, outputs = network.forward(images, np.random.default_rng(0))
    penalty = PENALTIES["variational" if form == "variational" else "sparse"]
    _, dencoded = penalty(encoded)
    assert outputs.dtype == encoded.dtype == dencoded.dtype == network.encode(images).dtype == dtype
    for loss in ("mse", "bce", "mae"):
        _, outputs = network.forward(images, np.random.default_rng(0))
        _, doutputs = LOSSES[loss, "sigmoid"](outputs, images)
        assert doutputs.dtype == dtype
        assert {array.dtype for array in network.backward(doutputs, dencoded).values()} == {np.dtype(dtype)}
    assert {array.dtype for array in network.weights.values()} == {np.dtype(dtype)}


def test_a_convolutional_network_is_refused_in_words() -> None:
    architecture = convolutional()
    with pytest.raises(AedeskError, match="dense networks only; choose the PyTorch engine"):
        Network(architecture, initial_weights(architecture, 0))
