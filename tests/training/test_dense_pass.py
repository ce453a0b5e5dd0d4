"""Dense networks with every derivative written out: autograd is the oracle."""

from dataclasses import replace
from typing import get_args

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from aedesk.models.architecture import Architecture, convolutional, dense
from aedesk.models.autoencoder import Autoencoder
from aedesk.models.design import Design
from aedesk.models.initialisation import initial_weights
from aedesk.models.layers import Dense, Flatten
from aedesk.models.presets import PRESETS, Loss, Recipe
from aedesk.training.dense_pass import DensePass, fits
from aedesk.training.flat import Flat
from aedesk.training.losses import reconstruction_loss

DENSE = ["dense-2d", "dense-32", "vanilla-64", "deep-64", "mlp-128", "dense-64"]
SHORT = Recipe()


def by_both(
    architecture: Architecture,
    recipe: Recipe,
    precision: torch.dtype,
    count: int,
    seed: int,
    steepness: float,
) -> tuple[list[float], list[dict[str, torch.Tensor]]]:
    """Loss and gradients, as written out and by autograd: of float64 weights at that precision, else of float32."""
    dtype = torch.float64 if precision == torch.float64 else torch.float32
    clean = torch.rand(count, 1, 28, 28, generator=torch.Generator().manual_seed(seed)).to(dtype)
    seen = (clean + 0.3).clamp(0, 1) if recipe.kind == "denoising" else clean
    losses, gradients = [], []
    for is_written_out in (True, False):
        network = Autoencoder(architecture)
        network.load_weights(initial_weights(architecture, seed))
        network.to(dtype)
        flat = Flat(network)
        if is_written_out:
            loss = DensePass(architecture, recipe, flat, precision)(seen, clean, steepness)
        else:
            loss = reconstruction_loss(network.run(seen).logits, clean, recipe.loss, architecture.output)
            (loss * steepness).backward()
        losses.append(float(loss.detach()))
        gradients.append(flat.views(flat.gradients))
    return losses, gradients


@given(
    widths=st.lists(st.integers(1, 40), min_size=1, max_size=3),
    activation=st.sampled_from(["relu", "leaky-relu", "elu", "tanh", "sigmoid", "linear"]),
    output=st.sampled_from(["sigmoid", "linear"]),
    loss=st.sampled_from(get_args(Loss)),
    kind=st.sampled_from(["plain", "denoising"]),
    count=st.integers(1, 9),
    seed=st.integers(0, 99),
    steepness=st.sampled_from([1.0, 784.0]),
)
def test_loss_and_gradients_are_those_of_autograd(
    widths, activation, output, loss, kind, count, seed, steepness
) -> None:
    if loss == "bce":
        output = "sigmoid"
    design = Design(widths=tuple(widths), code=3, activation=activation, output=output)
    recipe = Recipe(loss=loss, kind=kind)
    assert fits(design.architecture(), recipe)
    losses, (mine, expected) = by_both(design.architecture(), recipe, torch.float64, count, seed, steepness)
    assert losses[0] == pytest.approx(losses[1], rel=1e-12)
    for name, gradient in expected.items():
        np.testing.assert_allclose(mine[name], gradient, rtol=1e-8, atol=1e-14, err_msg=name)


@pytest.mark.parametrize("name", DENSE)
def test_in_bfloat16_the_gradients_of_every_dense_preset_point_the_same_way(name: str) -> None:
    preset = PRESETS[name]
    losses, (mine, expected) = by_both(preset.architecture, preset.recipe, torch.bfloat16, 64, 1, 1.0)
    assert losses[0] == pytest.approx(losses[1], rel=2e-3)
    for array, gradient in expected.items():
        assert mine[array].dtype == torch.float32
        likeness = torch.cosine_similarity(mine[array].flatten(), gradient.flatten(), 0)
        assert float(likeness) > 0.99, array


def test_a_small_layer_that_gives_the_code_is_exact_in_bfloat16() -> None:
    architecture = dense(128, 2, 128)
    network = Autoencoder(architecture)
    network.load_weights(initial_weights(architecture, 0))
    one = DensePass(architecture, SHORT, Flat(network), torch.bfloat16)
    types = [layer.weight.dtype for layer in one._layers]
    assert types == [torch.bfloat16, torch.float32, torch.bfloat16, torch.bfloat16]


def test_an_encoder_without_a_dense_layer_is_none_the_worse() -> None:
    through = Architecture((Flatten(),), (Dense(784, "linear"),))
    assert fits(through, SHORT)
    losses, (mine, expected) = by_both(through, SHORT, torch.float64, 5, 0, 1.0)
    assert losses[0] == pytest.approx(losses[1], rel=1e-12)
    np.testing.assert_allclose(mine["decoder.0.weight"], expected["decoder.0.weight"], rtol=1e-8, atol=1e-14)


@pytest.mark.parametrize("name", DENSE)
def test_every_dense_preset_is_trained_so(name: str) -> None:
    assert fits(PRESETS[name].architecture, PRESETS[name].recipe)


@pytest.mark.parametrize(
    ("design", "recipe"),
    [
        (Design(widths=(8,), code=2, dropout=0.1), SHORT),
        (Design(widths=(8,), code=2, batch_norm=True), SHORT),
        (Design(widths=(8,), code=2, tied=True), SHORT),
        (Design(widths=(8,), code=2, activation="gelu"), SHORT),
        (Design(widths=(8,), code=2), replace(SHORT, kind="sparse")),
        (Design(widths=(8,), code=2), replace(SHORT, kind="contractive")),
        (Design(widths=(8,), code=2), replace(SHORT, guidance=0.1)),
        (Design(widths=(8,), code=2), replace(SHORT, filling=0.1)),
    ],
)
def test_what_it_does_not_know_is_left_to_autograd(design: Design, recipe: Recipe) -> None:
    assert not fits(design.architecture(), recipe)


def test_convolutions_are_left_to_autograd() -> None:
    assert not fits(convolutional(), SHORT)


def test_a_batch_after_one_of_another_size_is_learnt_from_alone() -> None:
    """An epoch's last batch is a smaller one, and each size has memory of its own."""
    preset = PRESETS["dense-64"]
    network = Autoencoder(preset.architecture)
    network.load_weights(initial_weights(preset.architecture, 0))
    flat = Flat(network)
    one = DensePass(preset.architecture, preset.recipe, flat, torch.float32)
    images = torch.randint(256, (7, 28, 28), dtype=torch.uint8, generator=torch.Generator().manual_seed(0))

    def learnt(some: torch.Tensor) -> tuple[float, torch.Tensor]:
        clean = one.pixels(some)
        return float(one(clean, clean, 1.0)), flat.gradients.clone()

    loss, gradients = learnt(images)
    learnt(images[:3])
    again, same = learnt(images)
    assert again == loss
    assert torch.equal(same, gradients)


def test_pixels_are_those_that_a_picture_has_everywhere() -> None:
    preset = PRESETS["dense-2d"]
    one = DensePass(preset.architecture, preset.recipe, Flat(Autoencoder(preset.architecture)), torch.float32)
    images = torch.arange(256, dtype=torch.uint8).repeat(49).reshape(16, 28, 28)
    np.testing.assert_array_equal(one.pixels(images)[:, 0], images.numpy().astype(np.float32) / 255)


@pytest.mark.parametrize("size", [6.0, 15.0, 40.0])
def test_a_nearly_perfect_picture_has_no_loss_below_zero(size: float) -> None:
    """Whether a pixel is sure or surer than numbers tell apart."""
    from aedesk.training.dense_pass import _cross_entropy

    clean = (torch.rand(64, 784, generator=torch.Generator().manual_seed(0)) > 0.8).float()
    logits = (2 * clean - 1) * size
    expected = float(torch.nn.functional.binary_cross_entropy_with_logits(logits, clean, reduction="sum"))
    loss = float(_cross_entropy(logits.clone(), clean, torch.empty_like(clean)))
    assert loss >= 0
    assert loss == pytest.approx(expected, rel=1e-2, abs=1e-6 * clean.numel() * size)
