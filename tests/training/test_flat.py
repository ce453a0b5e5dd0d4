"""All parameters in one array: the network is the same, and what is done to the array is done to it."""

import numpy as np
import pytest
import torch

from aedesk.models.architecture import Architecture, convolutional, dense
from aedesk.models.autoencoder import Autoencoder
from aedesk.models.design import Design
from aedesk.models.initialisation import initial_weights
from aedesk.training.flat import Flat

TIED = Design(widths=(16,), code=4, tied=True).architecture()
ARCHITECTURES = {"dense": dense(16, 3, 16), "conv": convolutional(), "tied": TIED}


def network_of(architecture: Architecture) -> Autoencoder:
    network = Autoencoder(architecture)
    network.load_weights(initial_weights(architecture, 0))
    return network


@pytest.fixture(params=ARCHITECTURES)
def architecture(request: pytest.FixtureRequest) -> Architecture:
    return ARCHITECTURES[request.param]


def test_a_network_keeps_its_weights_and_takes_others(architecture: Architecture) -> None:
    network = network_of(architecture)
    Flat(network)
    for seed in (0, 1):
        weights = initial_weights(architecture, seed)
        network.load_weights(weights)
        for name, array in network.copy_weights().items():
            np.testing.assert_array_equal(array, weights[name], err_msg=name)


def test_what_is_done_to_the_array_is_done_to_the_network(architecture: Architecture) -> None:
    network = network_of(architecture)
    before = network.copy_weights()
    flat = Flat(network)
    flat.values.mul_(2)
    for name, parameter in network.named_parameters():
        np.testing.assert_array_equal(parameter.detach().numpy(), before[name] * 2, err_msg=name)


def test_gradients_of_a_pass_lie_in_the_array_and_nowhere_else(architecture: Architecture) -> None:
    network, other = network_of(architecture), network_of(architecture)
    flat = Flat(network)
    pictures = torch.rand(4, 1, 28, 28, generator=torch.Generator().manual_seed(0))
    for one in (network, other):
        one(pictures).square().mean().backward()
    expected = {name: parameter.grad for name, parameter in other.named_parameters()}
    for name, gradient in flat.views(flat.gradients).items():
        assert gradient.data_ptr() % 64 == 0
        np.testing.assert_array_equal(gradient, expected[name], err_msg=name)
    total = sum(parameter.square().sum() for parameter in expected.values())
    assert float(flat.gradients.square().sum()) == pytest.approx(float(total), rel=1e-5)


def test_the_encoder_comes_first(architecture: Architecture) -> None:
    network = network_of(architecture)
    flat = Flat(network)
    flat.values[: flat.size("encoder.")] *= 2
    before = initial_weights(architecture, 0)
    for name, parameter in network.named_parameters():
        factor = 2 if name.startswith("encoder.") else 1
        np.testing.assert_array_equal(parameter.detach().numpy(), before[name] * factor, err_msg=name)
    assert flat.size("nothing.") == 0
    assert flat.size("") == len(flat.values)
