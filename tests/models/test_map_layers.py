"""The layers of a network with a map: convolutions that skip, waves, and a memory, each against its definition."""

import json
import math
from typing import Any

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from hypothesis import given, settings
from hypothesis import strategies as st

from aedesk.models.architecture import (
    Architecture,
    Conv,
    Dense,
    Flatten,
    Fourier,
    Layer,
    MaxPool,
    Memory,
    Upsample,
    compressing,
    mapping,
    plane,
)
from aedesk.models.autoencoder import Autoencoder
from aedesk.models.initialisation import initial_weights

BACK = (Dense(784, "linear"),)
ON_MAP = Architecture((Flatten(), Dense(5, "linear"), Memory(9)), (Fourier(3, 4), Dense(784, "linear")))
WEIGHING = Architecture((Flatten(), Dense(3, "linear"), Memory(7, outputs=7)), BACK)


def network_of(architecture: Architecture, **changes: np.ndarray) -> Autoencoder:
    network = Autoencoder(architecture)
    network.load_weights(initial_weights(architecture, 3) | changes)
    return network


def pictures(count: int = 4) -> torch.Tensor:
    return torch.rand(count, 1, 28, 28, generator=torch.Generator().manual_seed(1))


def maps_of(*layers: Layer) -> np.ndarray:
    """What comes out of these layers, the last of which is a convolution: (n, filters, H, W)."""
    network = network_of(Architecture((*layers, Flatten()), BACK))
    shape = list(network.architecture.steps())[len(layers) - 1].after
    with torch.no_grad():
        return network.encode(pictures()).reshape(-1, *shape).numpy()


def weighing(**changes: Any) -> Autoencoder:
    """A network whose code is how much each of seven memories counts."""
    at = "encoder.2"
    return network_of(WEIGHING, **{f"{at}.values": np.eye(7, dtype=np.float32), **changes})


@settings(max_examples=25)
@given(
    kernel=st.sampled_from([1, 3, 5, 7]),
    poolings=st.integers(0, 4),
    filters=st.integers(1, 5),
    activation=st.sampled_from(["linear", "gelu"]),
)
def test_a_convolution_with_stride_2_is_the_plain_one_at_every_second_place(
    kernel: int, poolings: int, filters: int, activation: Any
) -> None:
    before = [MaxPool()] * poolings  # 28, 14, 7, 4 and 2 pixels wide
    plain, skipping = (
        maps_of(*before, Conv(filters, kernel, "same", activation, stride)) for stride in (1, 2)
    )
    assert skipping.shape[2:] == (math.ceil(plain.shape[2] / 2),) * 2
    np.testing.assert_allclose(skipping, plain[:, :, ::2, ::2], atol=1e-5)


def test_a_convolution_with_stride_2_after_an_upsampling_is_computed_as_any_other() -> None:
    network = network_of(Architecture((Upsample(), Conv(3, stride=2), Flatten()), BACK))
    weights = network.copy_weights()
    large = F.interpolate(pictures(), scale_factor=2)
    convolved = F.conv2d(
        large, *(torch.tensor(weights[f"encoder.1.{part}"]) for part in ("weight", "bias")), 2, 1
    )
    for freeze in (lambda: None, network.freeze):
        freeze()
        torch.testing.assert_close(network.encode(pictures()), convolved.relu().flatten(1))


@pytest.mark.parametrize("make", [lambda: mapping(50), plane, lambda: compressing(8)])
def test_the_networks_with_a_map_survive_json(make: Any) -> None:
    architecture = make()
    assert Architecture.from_json(json.loads(json.dumps(architecture.to_json()))) == architecture


def test_a_description_from_before_there_were_strides_is_read_and_written_as_it_was() -> None:
    conv = {"kind": "conv", "filters": 4, "kernel": 3, "padding": "same", "activation": "relu"}
    old = {
        "encoder": [conv, {"kind": "flatten"}],
        "decoder": [{"kind": "dense", "outputs": 784, "activation": "linear"}],
    }
    architecture = Architecture.from_json(old)
    assert architecture.encoder[0] == Conv(4, stride=1)
    assert architecture.to_json() == old
    skipping = Architecture.from_json({**old, "encoder": [{**conv, "stride": 2}, {"kind": "flatten"}]})
    assert skipping.code_size == 4 * 14 * 14
    assert skipping.to_json()["encoder"][0] == {**conv, "stride": 2}


def test_what_a_map_needs_is_told_in_a_line() -> None:
    assert ON_MAP.summary() == "dense 5, memory 9, code 2, waves, dense 784"
    assert "memory 20,000, code 2, waves, dense" in mapping(20_000).summary()
    assert not ON_MAP.is_dense
    assert ON_MAP.parameters == 784 * 5 + 5 + 9 * 5 + 9 * 2 + 1 + (2 + 24) * 784 + 784


@settings(max_examples=30)
@given(
    points=st.lists(st.tuples(*[st.floats(-3, 3, width=32)] * 2), min_size=1, max_size=5),
    octaves=st.integers(1, 5),
    directions=st.integers(1, 4),
)
def test_waves_are_sines_and_cosines_of_all_directions_and_octaves(
    points: list[tuple[float, float]], octaves: int, directions: int
) -> None:
    architecture = Architecture((Flatten(), Dense(2)), (Fourier(octaves, directions), Dense(784, "linear")))
    count = 2 + 2 * octaves * directions
    picking = np.eye(784, count, dtype=np.float32)  # the first pixels show the features themselves
    network = network_of(architecture, **{"decoder.1.weight": picking})
    shown = network.decode_logits(torch.tensor(points)).flatten(1)[:, :count].detach().numpy()
    phases = [
        [
            2**octave
            * (x * math.cos(math.pi * turn / directions) + y * math.sin(math.pi * turn / directions))
            for octave in range(octaves)
            for turn in range(directions)
        ]
        for x, y in points
    ]
    expected = np.concatenate([points, np.sin(phases), np.cos(phases)], axis=1)
    np.testing.assert_allclose(shown, expected, atol=1e-4)


def test_a_code_learns_through_the_waves() -> None:
    network = network_of(ON_MAP).double()
    codes = torch.tensor([[0.3, -1.2], [0.0, 2.0]], dtype=torch.float64, requires_grad=True)
    assert torch.autograd.gradcheck(lambda codes: network.decode_logits(codes).sum((1, 2, 3)), codes)
    (slope,) = torch.autograd.grad(network.decode_logits(codes).square().sum(), codes)
    assert (slope != 0).all()


def test_a_memory_answers_with_the_mean_of_what_is_near() -> None:
    """Nadaraya (1964) and Watson (1964), by hand."""
    network = network_of(ON_MAP, **{"encoder.2.sharpness": np.array([0.7], np.float32)})
    weights = network.copy_weights()
    flat = pictures().flatten(1).numpy()
    features = flat @ weights["encoder.1.weight"].T + weights["encoder.1.bias"]
    squares = ((features[:, None] - weights["encoder.2.keys"]) ** 2).sum(2)
    near = np.exp(-squares * math.exp(0.7))
    expected = near @ weights["encoder.2.values"] / near.sum(1, keepdims=True)
    np.testing.assert_allclose(network.encode(pictures()).detach().numpy(), expected, atol=1e-5)


def test_every_part_of_a_memory_learns() -> None:
    network = network_of(ON_MAP)
    network.encode(pictures()).square().sum().backward()
    for name, parameter in network.named_parameters():
        if name.startswith("encoder.2"):
            assert parameter.grad is not None, name
            assert parameter.grad.abs().sum() > 0, name


def test_a_step_of_training_looks_at_half_of_the_memory_by_its_generator() -> None:
    network = weighing()

    def shares(seed: int, training: bool = True) -> np.ndarray:
        generator = torch.Generator().manual_seed(seed)
        return network.run(pictures(), training=training, generator=generator).codes.detach().numpy()

    assert (shares(1, training=False) > 0).all()
    counted = shares(1) > 0
    assert (counted.sum(1) == 4).all()  # of seven
    assert (counted == counted[0]).all()
    np.testing.assert_allclose(shares(1).sum(1), 1, rtol=1e-5)
    np.testing.assert_array_equal(shares(1), shares(1))
    drawn = np.array([shares(seed)[0] > 0 for seed in range(30)])
    assert drawn.any(axis=0).all()
    assert len(np.unique(drawn, axis=0)) > 5


def test_a_memory_of_one_is_never_left_out() -> None:
    one = Architecture((Flatten(), Dense(3), Memory(1)), BACK)
    network = network_of(one)
    value = network.copy_weights()["encoder.2.values"][0]
    codes = network.run(pictures(), training=True, generator=torch.Generator().manual_seed(0)).codes
    np.testing.assert_allclose(codes.detach().numpy(), np.tile(value, (4, 1)), rtol=1e-6)


def test_codes_and_waves_keep_their_digits_at_half_precision() -> None:
    network = network_of(ON_MAP)
    whole = network.run(pictures())
    with torch.autocast("cpu", torch.bfloat16):
        half = network.run(pictures())
    assert half.codes.dtype == torch.float32
    torch.testing.assert_close(half.codes, whole.codes, rtol=0, atol=0)
    # Where bfloat16 has steps of 1/8: a wave of 4 radians would be lost.
    far = torch.tensor([[30.001, -30.002]])
    with torch.autocast("cpu", torch.bfloat16):
        drawn = network.decode_logits(far).float()
    torch.testing.assert_close(drawn, network.decode_logits(far), rtol=0, atol=0.05)
