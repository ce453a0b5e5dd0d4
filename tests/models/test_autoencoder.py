"""The torch network computes its description, layer by layer."""

from dataclasses import replace
from typing import get_args

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from torch import nn

from aedesk.models.architecture import (
    Activate,
    Activation,
    Architecture,
    BatchNorm,
    Conv,
    Dense,
    Dropout,
    Flatten,
    MaxPool,
    Reshape,
    Upsample,
    convolutional,
    dense,
)
from aedesk.models.autoencoder import Autoencoder
from aedesk.models.design import Design
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
NETWORKS = {
    "dense": dense(20, 4, 20, code_activation="linear"),
    "conv": convolutional(),
    "odd": ODD,
    "own dense": Design(
        widths=(20, 9), code=1, activation="gelu", dropout=0.5, batch_norm=True
    ).architecture(),
    "own conv": Design(layers="conv", filters=(3, 2, 3), code=5, dropout=0.5, batch_norm=True).architecture(),
    "tied": Design(widths=(20,), code=6, tied=True, batch_norm=True, output="linear").architecture(),
    "variational": Design(layers="conv", filters=(2,), code=3, activation="elu")
    .architecture()
    .as_variational(),
}
TORCH: dict[str, nn.Module] = {
    "linear": nn.Identity(),
    "relu": nn.ReLU(),
    "leaky-relu": nn.LeakyReLU(0.01),
    "elu": nn.ELU(),
    "gelu": nn.GELU("tanh"),
    "silu": nn.SiLU(),
    "tanh": nn.Tanh(),
    "sigmoid": nn.Sigmoid(),
}


def weights_for(architecture: Architecture, seed: int = 1) -> dict[str, np.ndarray]:
    """Weights of a network that has been trained a while: biases and statistics are anything."""
    rng = np.random.default_rng(seed)
    return {
        name: array if array.ndim > 1 else rng.uniform(0.2, 1.2, array.shape).astype(np.float32)
        for name, array in initial_weights(architecture, seed, "he").items()
    }


def network_for(architecture: Architecture, seed: int = 1) -> Autoencoder:
    network = Autoencoder(architecture)
    network.load_weights(weights_for(architecture, seed))
    return network


def pictures(count: int, dtype: torch.dtype = torch.float32) -> torch.Tensor:
    return torch.rand((count, 1, 28, 28), generator=torch.Generator().manual_seed(0), dtype=dtype)


def generator(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def plainly(
    architecture: Architecture, weights: dict[str, np.ndarray], images: torch.Tensor
) -> list[torch.Tensor]:
    """What is there after each layer, one naive call for each."""
    x, seen = images, []
    arrays = {name: torch.from_numpy(array).double() for name, array in weights.items()}
    for step in architecture.steps():
        layer = step.layer
        if isinstance(layer, Conv):
            x = F.conv2d(x, arrays[f"{step.name}.weight"], arrays[f"{step.name}.bias"], padding=layer.padding)
        elif isinstance(layer, Dense):
            tied = step.tied_to
            weight = arrays[f"{tied}.weight"].T if tied else arrays[f"{step.name}.weight"]
            x = x @ weight.T + arrays[f"{step.name}.bias"]
        elif isinstance(layer, BatchNorm):
            x = batch_norm(arrays, step.name, x).eval()(x)
        elif isinstance(layer, MaxPool):
            x = F.max_pool2d(x, 2, ceil_mode=True)
        elif isinstance(layer, Upsample):
            x = x.repeat_interleave(2, dim=2).repeat_interleave(2, dim=3)
        else:
            x = x.reshape(len(x), *step.after)
        if isinstance(layer, Dense | Conv | Activate):
            x = TORCH[layer.activation](x)
        assert x.shape[1:] == step.after
        seen.append(x)
    return seen


def batch_norm(arrays: dict[str, torch.Tensor], name: str, x: torch.Tensor) -> nn.Module:
    """Torch's own layer with these weights and statistics."""
    layer = nn.BatchNorm1d(x.shape[1]) if x.ndim == 2 else nn.BatchNorm2d(x.shape[1])
    state = {
        "weight": "weight",
        "bias": "bias",
        "running_mean": "running_mean",
        "running_var": "running_variance",
    }
    found = {theirs: arrays[f"{name}.{ours}"] for theirs, ours in state.items()}
    layer.load_state_dict({**found, "num_batches_tracked": torch.tensor(0)})
    return layer.to(x.dtype)


@pytest.mark.parametrize("name", NETWORKS)
def test_codes_and_logits_are_those_of_a_naive_run(name: str) -> None:
    architecture = NETWORKS[name]
    network = network_for(architecture).double()
    images = pictures(3, torch.float64)
    with torch.no_grad():
        seen = plainly(architecture, weights_for(architecture), images)
        codes = network.encode(images)
        assert codes.shape == (3, architecture.code_size)
        torch.testing.assert_close(codes, seen[len(architecture.encoder) - 1], rtol=1e-9, atol=1e-9)
        logits = network(images)
        assert logits.shape == (3, 1, 28, 28)
        torch.testing.assert_close(logits, seen[-1].reshape(3, 1, 28, 28), rtol=1e-9, atol=1e-9)
        torch.testing.assert_close(network.decode_logits(codes), logits)
        output = logits.clamp(0, 1) if architecture.output == "linear" else torch.sigmoid(logits)
        torch.testing.assert_close(network.decode(codes), output)


@pytest.mark.parametrize("activation", get_args(Activation))
def test_an_activation_is_torchs_own_wherever_it_stands(activation: Activation) -> None:
    architecture = Architecture(
        (Conv(2, activation=activation), Activate(activation), Flatten(), Dense(3, activation)),
        (Dense(784, "linear"),),
    )
    images = pictures(2, torch.float64) * 4 - 2
    seen = plainly(architecture, weights_for(architecture), images)
    with torch.no_grad():
        codes = network_for(architecture).double().encode(images)
    torch.testing.assert_close(codes, seen[3], rtol=1e-9, atol=1e-9)


@pytest.mark.parametrize("name", NETWORKS)
def test_parameters_have_the_names_and_shapes_of_the_description(name: str) -> None:
    network = Autoencoder(NETWORKS[name])
    found = {key: tuple(tensor.shape) for key, tensor in network.state_dict().items()}
    assert found == NETWORKS[name].tensor_shapes
    assert list(found) == list(NETWORKS[name].tensor_shapes)
    assert [key for key, _ in network.named_parameters()] == list(NETWORKS[name].parameter_shapes)
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
    network, images = network_for(NETWORKS[name]), pictures(3)
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


@pytest.mark.parametrize("shape", ["dense", "conv"])
def test_batch_norm_learns_and_remembers_as_torchs_own(shape: str) -> None:
    """Two batches: outputs, gradients and running statistics."""
    layers = (
        (Conv(3, activation="linear"), BatchNorm(), Flatten())
        if shape == "conv"
        else (Flatten(), BatchNorm())
    )
    architecture = Architecture(layers, (Dense(784, "linear"),))
    weights, place = weights_for(architecture), "encoder.1"
    network = network_for(architecture).double()
    arrays = {name: torch.from_numpy(array).double() for name, array in weights.items()}
    oracle: nn.Module | None = None
    for batch in pictures(10, torch.float64).split((6, 4)):
        before = batch.flatten(1)
        if shape == "conv":
            before = F.conv2d(batch, arrays["encoder.0.weight"], arrays["encoder.0.bias"], padding="same")
        oracle = oracle or batch_norm(arrays, place, before).train()
        ours, theirs = network.run(batch, training=True).codes, oracle(before).flatten(1)
        torch.testing.assert_close(ours, theirs)
        for one, codes in ((network, ours), (oracle, theirs)):
            one.zero_grad()
            codes.pow(3).sum().backward()
        for ours_name, theirs_name in (("weight", "weight"), ("bias", "bias")):
            ours_grad = network.get_parameter(f"{place}.{ours_name}").grad
            torch.testing.assert_close(ours_grad, oracle.get_parameter(theirs_name).grad)
    assert oracle is not None
    for ours_name, theirs_name in (("running_mean", "running_mean"), ("running_variance", "running_var")):
        ours_statistic = network.get_buffer(f"{place}.{ours_name}")
        torch.testing.assert_close(ours_statistic, oracle.get_buffer(theirs_name))
        assert not torch.equal(ours_statistic, arrays[f"{place}.{ours_name}"])


def test_a_batch_of_one_image_is_normalised_by_what_is_remembered() -> None:
    network = network_for(Design(widths=(20,), batch_norm=True).architecture())
    before = network.copy_weights()
    torch.testing.assert_close(network.run(pictures(1), training=True).logits, network(pictures(1)))
    assert all(np.array_equal(before[name], array) for name, array in network.copy_weights().items())


@pytest.mark.parametrize("name", NETWORKS)
def test_looking_is_without_chance_and_changes_nothing(name: str) -> None:
    network, images = network_for(NETWORKS[name]), pictures(4)
    before = network.copy_weights()
    with torch.no_grad():
        seen = network.run(images)
        torch.testing.assert_close(seen.logits, network(images))
        torch.testing.assert_close(seen.mean, network.encode(images))
        assert torch.equal(seen.codes, seen.mean)
    assert all(np.array_equal(before[key], array) for key, array in network.copy_weights().items())


@pytest.mark.parametrize("name", ["own dense", "own conv", "variational"])
def test_what_training_draws_follows_from_the_generator_alone(name: str) -> None:
    def logits(seed: int) -> torch.Tensor:
        with torch.no_grad():
            return (
                network_for(NETWORKS[name]).run(pictures(4), training=True, generator=generator(seed)).logits
            )

    before = torch.get_rng_state()
    assert torch.equal(logits(1), logits(1))
    assert not torch.equal(logits(1), logits(2))
    assert torch.equal(torch.get_rng_state(), before)


def test_dropout_drops_its_share_and_keeps_the_mean() -> None:
    network = network_for(Architecture((Flatten(), Dropout(0.3)), (Dense(784, "linear"),)))
    ones = torch.ones((500, 1, 28, 28))
    codes = network.run(ones, training=True, generator=generator()).codes.detach()
    assert codes.unique().tolist() == pytest.approx([0, 1 / 0.7])
    # 392,000 draws: a standard deviation of 0.0007.
    assert (codes == 0).float().mean().item() == pytest.approx(0.3, abs=0.004)
    assert torch.equal(network.encode(ones), ones.flatten(1))


def test_variational_codes_are_drawn_from_their_distribution() -> None:
    network = network_for(NETWORKS["variational"])
    images = pictures(1).expand(4000, -1, -1, -1)
    with torch.no_grad():
        way = network.run(images, training=True, generator=generator())
        assert way.log_variance is not None
        spread = (way.log_variance[0] / 2).exp()
        standard = (way.codes - way.mean) / spread
        torch.testing.assert_close(way.logits, network.decode_logits(way.codes))
    assert standard.mean(0).abs().max() < 5 / 4000**0.5
    assert (standard.var(0) - 1).abs().max() < 5 * (2 / 4000) ** 0.5
    correlation = torch.corrcoef(standard.T) - torch.eye(3)
    assert correlation.abs().max() < 0.1


def test_the_log_variance_comes_from_the_same_features_as_the_mean() -> None:
    architecture = dense(20, 4, 20).as_variational()
    weights = weights_for(architecture)
    network = network_for(architecture)
    swapped = dict(weights)
    for part in ("weight", "bias"):
        mean, spread = f"encoder.2.{part}", f"encoder.log_variance.{part}"
        swapped[mean], swapped[spread] = weights[spread], weights[mean]
    other = Autoencoder(architecture)
    other.load_weights(swapped)
    with torch.no_grad():
        log_variance = network.run(pictures(3)).log_variance
        assert log_variance is not None
        torch.testing.assert_close(other.encode(pictures(3)), log_variance)


def test_tied_weights_learn_from_both_of_their_places() -> None:
    tied, free = NETWORKS["tied"], replace(NETWORKS["tied"], tied=False)
    weights = weights_for(tied)
    network, oracle = network_for(tied), Autoencoder(free)
    copies = {
        f"{step.name}.weight": weights[f"{step.tied_to}.weight"].T.copy()
        for step in tied.steps()
        if step.tied_to
    }
    oracle.load_weights(weights | copies)
    for one in (network, oracle):
        (one.run(pictures(5), training=True).logits ** 2).mean().backward()
    names = {step.tied_to: step.name for step in tied.steps() if step.tied_to}
    assert len(names) == 2
    for encoder, decoder in names.items():
        first, second = (oracle.get_parameter(f"{name}.weight").grad for name in (encoder, decoder))
        assert first is not None
        assert second is not None
        torch.testing.assert_close(network.get_parameter(f"{encoder}.weight").grad, first + second.T)


@pytest.mark.parametrize("name", NETWORKS)
def test_every_parameter_learns(name: str) -> None:
    """Once and twice differentiated, as a contractive loss needs; only a bias before batch norm has no effect."""
    network = network_for(NETWORKS[name])
    images = pictures(6).requires_grad_()
    way = network.run(images, training=True, generator=generator())
    (slope,) = torch.autograd.grad(way.codes.sum(), images, create_graph=True)
    (way.logits.square().mean() + slope.square().sum()).backward()
    for key, parameter in network.named_parameters():
        assert parameter.grad is not None, key
        assert parameter.grad.isfinite().all(), key
        assert parameter.grad.any() or key.endswith(".bias"), key
