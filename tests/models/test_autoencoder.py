"""The torch network computes its description, layer by layer."""

import numpy as np
import pytest
import torch
import torch.nn.functional as F

from aedesk.models.architecture import (
    Architecture,
    Conv,
    Dense,
    Flatten,
    MaxPool,
    Reshape,
    Upsample,
    convolutional,
    dense,
)
from aedesk.models.autoencoder import Autoencoder
from aedesk.models.initialisation import initial_weights

ODD = Architecture(
    (
        Conv(3, kernel=1),
        MaxPool(),
        Conv(4, kernel=5, padding="valid"),
        Upsample(),
        MaxPool(),
        Flatten(),
        Dense(6),
    ),
    (
        Dense(49, "linear"),
        Reshape((1, 7, 7)),
        Upsample(),
        Upsample(),
        Conv(2, padding="valid"),
        Conv(2, activation="linear"),
        Upsample(),
        Conv(3, kernel=1),
        Flatten(),
        Dense(784, "linear"),
    ),
)
NETWORKS = {"dense": dense(20, 4, 20, code_activation="linear"), "conv": convolutional(), "odd": ODD}


def plainly(
    architecture: Architecture, weights: dict[str, np.ndarray], images: torch.Tensor
) -> list[torch.Tensor]:
    """What is there after each layer, one naive call for each."""
    x, seen = images, []
    for step in architecture.steps():
        layer = step.layer
        if isinstance(layer, Dense | Conv):
            weight, bias = (
                torch.from_numpy(weights[f"{step.name}.{part}"]).double() for part in ("weight", "bias")
            )
            if isinstance(layer, Conv):
                x = F.conv2d(x, weight, bias, padding=layer.padding)
            x = x @ weight.T + bias if isinstance(layer, Dense) else x
            x = x.clamp(min=0) if layer.activation == "relu" else x
        elif isinstance(layer, MaxPool):
            x = F.max_pool2d(x, 2, ceil_mode=True)
        elif isinstance(layer, Upsample):
            x = x.repeat_interleave(2, dim=2).repeat_interleave(2, dim=3)
        else:
            x = x.reshape(len(x), *step.after)
        assert x.shape[1:] == step.after
        seen.append(x)
    return seen


@pytest.mark.parametrize("name", NETWORKS)
def test_codes_and_logits_are_those_of_a_naive_run(name: str) -> None:
    architecture = NETWORKS[name]
    weights = initial_weights(architecture, 1, "he", output_bias=-0.5)
    network = Autoencoder(architecture).double()
    network.load_weights(weights)
    images = torch.rand((3, 1, 28, 28), generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    with torch.no_grad():
        seen = plainly(architecture, weights, images)
        codes = network.encode(images)
        assert codes.shape == (3, architecture.code_size)
        torch.testing.assert_close(codes, seen[len(architecture.encoder) - 1], rtol=1e-9, atol=1e-9)
        logits = network(images)
        assert logits.shape == (3, 1, 28, 28)
        torch.testing.assert_close(logits, seen[-1].reshape(3, 1, 28, 28), rtol=1e-9, atol=1e-9)
        torch.testing.assert_close(network.decode_logits(codes), logits)
        torch.testing.assert_close(network.decode(codes), torch.sigmoid(logits))


@pytest.mark.parametrize("name", NETWORKS)
def test_parameters_have_the_names_and_shapes_of_the_description(name: str) -> None:
    network = Autoencoder(NETWORKS[name])
    found = {key: tuple(tensor.shape) for key, tensor in network.state_dict().items()}
    assert found == NETWORKS[name].parameter_shapes
    assert list(found) == list(NETWORKS[name].parameter_shapes)
    assert sum(parameter.numel() for parameter in network.parameters()) == NETWORKS[name].parameters


def test_weights_go_in_and_out_as_copies() -> None:
    weights = initial_weights(dense(4), 0)
    network = Autoencoder(dense(4))
    network.load_weights(weights)
    copies = network.copy_weights()
    expected = initial_weights(dense(4), 0)
    for name, array in weights.items():
        assert copies[name].dtype == np.float32
        np.testing.assert_array_equal(copies[name], expected[name])
        array += 1
        copies[name] += 2
    for name, array in network.copy_weights().items():
        np.testing.assert_array_equal(array, expected[name])


@pytest.mark.parametrize("name", NETWORKS)
def test_a_frozen_network_answers_the_same_and_learns_nothing(name: str) -> None:
    network = Autoencoder(NETWORKS[name])
    network.load_weights(initial_weights(NETWORKS[name], 1))
    images = torch.rand((3, 1, 28, 28), generator=torch.Generator().manual_seed(0))
    before = network(images).detach()
    network.freeze()
    torch.testing.assert_close(network(images), before)
    assert not network(images).requires_grad
    assert not any(parameter.requires_grad for parameter in network.parameters())


def test_a_frozen_network_takes_other_weights_all_the_same() -> None:
    images = torch.rand((2, 1, 28, 28), generator=torch.Generator().manual_seed(0))
    network, fresh = Autoencoder(ODD), Autoencoder(ODD)
    network.load_weights(initial_weights(ODD, 1))
    network.freeze()
    for one in (network, fresh):
        one.load_weights(initial_weights(ODD, 2))
    torch.testing.assert_close(network(images), fresh(images).detach())


def test_weights_of_another_network_are_refused() -> None:
    with pytest.raises(RuntimeError, match="size mismatch"):
        Autoencoder(dense(4)).load_weights(initial_weights(dense(5), 0))


def test_a_relu_code_is_never_negative_and_a_linear_one_is() -> None:
    images = torch.rand((50, 1, 28, 28), generator=torch.Generator().manual_seed(0))
    codes = {}
    for activation in ("relu", "linear"):
        architecture = dense(20, 4, 20, code_activation=activation)
        network = Autoencoder(architecture)
        network.load_weights(initial_weights(architecture, 0))
        codes[activation] = network.encode(images).detach()
    assert codes["relu"].min() == 0
    assert codes["linear"].min() < 0
    torch.testing.assert_close(codes["relu"], codes["linear"].clamp(min=0))


@pytest.mark.parametrize("name", NETWORKS)
def test_building_a_network_draws_no_random_numbers(name: str) -> None:
    before = torch.get_rng_state()
    Autoencoder(NETWORKS[name])
    assert torch.equal(torch.get_rng_state(), before)
