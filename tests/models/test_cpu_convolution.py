"""Convolutions in training on a CPU: the same function as layer by layer, whatever stands around them."""

import pytest
import torch

from aedesk.models.architecture import Architecture
from aedesk.models.autoencoder import Autoencoder
from aedesk.models.initialisation import initial_weights
from aedesk.models.layers import (
    BatchNorm,
    Conv,
    Dense,
    Flatten,
    Layer,
    MaxPool,
    Reshape,
    Upsample,
)

CODE = (Flatten(), Dense(3, "linear"))
FROM_CODE = (Dense(784, "linear"),)
PICTURE = (Dense(49 * 2, "relu"), Reshape((2, 7, 7)))

ENCODERS: dict[str, tuple[Layer, ...]] = {
    "first": (Conv(4), MaxPool()),
    "one channel inside": (Conv(1), Conv(4), MaxPool()),
    "odd maps": (Conv(4), MaxPool(), MaxPool(), Conv(3), MaxPool()),
    "another activation": (Conv(4, activation="elu"), MaxPool()),
    "a batch norm between": (Conv(4), BatchNorm(), MaxPool()),
    "a stride": (Conv(4, stride=2), MaxPool()),
    "valid": (Conv(4, padding="valid"), MaxPool()),
}
DECODERS: dict[str, tuple[Layer, ...]] = {
    "upsampled": (*PICTURE, Upsample(), Conv(4), Upsample(), Conv(1, activation="linear")),
    "another activation": (
        *PICTURE,
        Upsample(),
        Conv(4, activation="tanh"),
        Upsample(),
        Conv(1, activation="linear"),
    ),
    "one channel then pooled": (
        Dense(784, "relu"),
        Reshape((1, 28, 28)),
        Conv(4),
        MaxPool(),
        Upsample(),
        Conv(1, activation="linear"),
    ),
}
NETWORKS = {
    **{f"encoder: {name}": Architecture((*layers, *CODE), FROM_CODE) for name, layers in ENCODERS.items()},
    **{f"decoder: {name}": Architecture(CODE, layers) for name, layers in DECODERS.items()},
}


def outcome(architecture: Architecture, *, quick: bool) -> tuple[torch.Tensor, dict[str, torch.Tensor]]:
    """The logits of some pictures, and the gradients of their sum of squares; float64."""
    network = Autoencoder(architecture)
    network.load_weights(initial_weights(architecture, 0))
    network.double()
    network._is_frozen = not quick
    pictures = torch.rand(5, 1, 28, 28, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    logits = network.run(pictures, training=True).logits
    logits.square().sum().backward()
    gradients = {name: parameter.grad for name, parameter in network.named_parameters()}
    assert None not in gradients.values()
    return logits.detach(), gradients


@pytest.mark.parametrize("name", NETWORKS)
def test_output_and_every_gradient_are_those_of_the_layers_one_by_one(name: str) -> None:
    (logits, gradients), (expected, others) = (
        outcome(NETWORKS[name], quick=quick) for quick in (True, False)
    )
    torch.testing.assert_close(logits, expected)
    torch.testing.assert_close(gradients, others)


def test_what_asks_for_the_gradient_of_images_can_be_differentiated_again() -> None:
    """As the contractive penalty does; here with maps after a dense layer as well."""
    encoder = (
        Flatten(),
        Dense(49, "tanh"),
        Reshape((1, 7, 7)),
        Upsample(),
        Conv(2, activation="tanh"),
        Flatten(),
    )
    architecture = Architecture(encoder, FROM_CODE)
    slopes = []
    for is_frozen in (False, True):
        network = Autoencoder(architecture)
        network.load_weights(initial_weights(architecture, 0))
        network._is_frozen = is_frozen
        images = torch.rand(3, 1, 28, 28, generator=torch.Generator().manual_seed(0)).requires_grad_()
        codes = network.run(images).codes
        (slope,) = torch.autograd.grad(codes.sum(), images, create_graph=True)
        slope.square().sum().backward()
        slopes.append(network.encoder["4"].weight.grad)
    assert slopes[1].abs().sum() > 0
    torch.testing.assert_close(slopes[0], slopes[1])
