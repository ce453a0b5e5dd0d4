"""The torch engine: its steps are those of its recipe, and its figures are means over pixels."""

from dataclasses import replace
from typing import get_args

import numpy as np
import pytest
import torch
import torch.nn.functional as F

from aedesk.data.corruption import MOST
from aedesk.data.imageset import DataSet
from aedesk.models.architecture import Architecture, convolutional, dense
from aedesk.models.autoencoder import Autoencoder
from aedesk.models.design import Design
from aedesk.models.initialisation import initial_weights
from aedesk.models.presets import Kind, Loss, Noise, Recipe
from aedesk.models.step import StepSettings
from aedesk.training import torch_engine as engines
from aedesk.training.losses import divergence, reconstruction_loss, slope, sparseness
from aedesk.training.torch_engine import TorchEngine

CPU = torch.device("cpu")
SMALL = dense(16, 4, 16)
OWN = Design(widths=(16,), code=4, activation="elu", dropout=0.2, batch_norm=True).architecture()
OWN_CONV = Design(layers="conv", filters=(2, 3), code=3, dropout=0.2, batch_norm=True).architecture()
DESCENT = Recipe(optimiser="sgd", learning_rate=0.01)
KINDS = get_args(Kind)


def architecture_for(kind: Kind, architecture: Architecture = OWN) -> Architecture:
    return architecture.as_variational() if kind == "variational" else architecture


def engine_for(
    images: np.ndarray,
    recipe: Recipe = DESCENT,
    architecture: Architecture = SMALL,
    precision: torch.dtype = torch.float32,
) -> TorchEngine:
    return TorchEngine(architecture, recipe, initial_weights(architecture, 0), images, CPU, precision)


def at(recipe: Recipe = DESCENT, step: int = 0) -> StepSettings:
    return StepSettings.of(recipe, (7, 1, step))


def floats(images: np.ndarray) -> np.ndarray:
    return images.astype(np.float32) / 255


def same(one: dict[str, np.ndarray], other: dict[str, np.ndarray]) -> bool:
    return list(one) == list(other) and all(np.array_equal(one[name], other[name]) for name in one)


@pytest.fixture(scope="module")
def images(digits: DataSet) -> np.ndarray:
    return digits.train.images[:120]


def by_hand(images: np.ndarray, recipe: Recipe, batches: list[np.ndarray]) -> dict[str, np.ndarray]:
    """The weights after steps by the textbook: gradient descent, or Adam with Keras' epsilon."""
    network = Autoencoder(SMALL).double()
    network.load_weights(initial_weights(SMALL, 0))
    moments = {name: (0.0, 0.0) for name, _ in network.named_parameters()}
    for t, which in enumerate(batches, 1):
        x = torch.from_numpy(floats(images[which])).double()[:, None]
        y = network(x).sigmoid()
        errors = {
            "mse": (y - x) ** 2,
            "mae": (y - x).abs(),
            "bce": -(x * y.log() + (1 - x) * (1 - y).log()),
        }[recipe.loss]
        loss = errors.sum() / len(x) / (784 if recipe.reduction == "mean" else 1)
        network.zero_grad()
        loss.backward()
        with torch.no_grad():
            for name, parameter in network.named_parameters():
                gradient = parameter.grad
                assert gradient is not None
                if recipe.optimiser == "sgd":
                    parameter -= recipe.learning_rate * gradient
                else:
                    m, v = moments[name]
                    m, v = 0.9 * m + 0.1 * gradient, 0.999 * v + 0.001 * gradient**2
                    moments[name] = m, v
                    parameter -= (
                        recipe.learning_rate * (m / (1 - 0.9**t)) / ((v / (1 - 0.999**t)).sqrt() + 1e-7)
                    )
    return {name: parameter.detach().numpy() for name, parameter in network.named_parameters()}


@pytest.mark.parametrize("loss", ["mse", "bce", "mae"])
@pytest.mark.parametrize("reduction", ["mean", "sum"])
@pytest.mark.parametrize("optimiser", ["sgd", "adam"])
def test_steps_are_those_of_the_recipe(images: np.ndarray, loss, reduction, optimiser) -> None:
    recipe = Recipe(loss=loss, reduction=reduction, optimiser=optimiser, learning_rate=2e-3)
    engine = engine_for(images, recipe)
    order = np.random.default_rng(1).permutation(len(images))
    engine.begin_epoch(order)
    cuts = [(0, 50), (50, 100), (100, 120)]
    for start, stop in cuts:
        engine.step(start, stop, at(recipe))
    expected = by_hand(images, recipe, [order[start:stop] for start, stop in cuts])
    for name, array in engine.weights().items():
        np.testing.assert_allclose(array, expected[name], rtol=1e-4, atol=4e-6, err_msg=name)


@pytest.mark.parametrize("loss", ["mse", "bce", "mae"])
@pytest.mark.parametrize("reduction", ["mean", "sum"])
def test_a_step_tells_the_loss_before_it_as_a_mean_over_pixels(images: np.ndarray, loss, reduction) -> None:
    engine = engine_for(images, replace(DESCENT, loss=loss, reduction=reduction))
    before = engine.evaluate(images[10:50], at())
    told = engine.step(10, 50, at())
    assert float(told.reconstruction) == pytest.approx(before.reconstruction, rel=1e-5)
    assert told.penalty == before.penalty == 0
    assert isinstance(told.reconstruction, float)
    assert engine.evaluate(images[10:50], at()).reconstruction < before.reconstruction


def test_the_learning_rate_of_a_step_is_its_own(images: np.ndarray) -> None:
    weights = []
    for rate in (0.5, 1.0):
        engine = engine_for(images)
        before = engine.weights()
        engine.step(0, 50, replace(at(), learning_rate=rate))
        weights.append({name: array - before[name] for name, array in engine.weights().items()})
    for name, moved in weights[0].items():
        np.testing.assert_allclose(2 * moved, weights[1][name], rtol=1e-3, atol=2e-7)


@pytest.mark.parametrize("kind", KINDS)
def test_the_evaluation_is_the_mean_over_all_images_whatever_the_chunks(
    images: np.ndarray, monkeypatch: pytest.MonkeyPatch, kind: Kind
) -> None:
    recipe = Recipe(kind=kind, noise_level=0.0, contraction=0.0)
    engine = engine_for(images, recipe, architecture_for(kind))
    whole = engine.evaluate(images, at(recipe))
    monkeypatch.setattr(engines, "_CHUNK", 50)
    assert engine.evaluate(images, at(recipe)) == pytest.approx(whole, rel=1e-5)


def test_the_evaluation_is_that_of_the_pictures_by_hand(images: np.ndarray) -> None:
    """Running statistics, no dropout, codes at their means, and the penalty on top."""
    recipe = Recipe(kind="variational", beta=0.5)
    architecture = architecture_for("variational")
    engine = engine_for(images, recipe, architecture)
    for step in range(3):
        engine.step(0, 60, at(recipe, step))
    network = Autoencoder(architecture)
    network.load_weights(engine.weights())
    x = torch.from_numpy(floats(images))[:, None]
    with torch.no_grad():
        way = network.run(x)
        assert way.log_variance is not None
        rebuilt = network.decode(network.encode(x))
        beyond = torch.distributions.kl_divergence(
            torch.distributions.Normal(way.mean, (way.log_variance / 2).exp()),
            torch.distributions.Normal(0, 1),
        )
    told = engine.evaluate(images, at(recipe))
    assert told.reconstruction == pytest.approx(((rebuilt - x) ** 2).mean().item(), rel=1e-5)
    assert told.penalty == pytest.approx(0.5 * beyond.sum(1).mean().item() / 784, rel=1e-5)
    np.testing.assert_allclose(engine.encode(images), network.encode(x).detach(), rtol=1e-4, atol=1e-6)


@pytest.mark.parametrize("kind", KINDS)
def test_looking_learns_nothing_and_says_the_same_twice(images: np.ndarray, kind: Kind) -> None:
    recipe = Recipe(kind=kind)
    engine = engine_for(images, recipe, architecture_for(kind))
    before = engine.weights()
    told = engine.evaluate(images, at(recipe))
    assert engine.evaluate(images, at(recipe, step=5)) == told
    np.testing.assert_array_equal(engine.encode(images), engine.encode(images))
    assert same(before, engine.weights())
    engine.step(0, 10, at(recipe))
    assert not same(before, engine.weights())


def test_no_images_have_no_codes(images: np.ndarray) -> None:
    assert engine_for(images).encode(images[:0]).shape == (0, 4)


def test_the_users_images_are_read_and_nothing_else(images: np.ndarray) -> None:
    given = images.copy()
    for kind in KINDS:
        engine = engine_for(given, Recipe(kind=kind), architecture_for(kind))
        engine.step(0, 10, at(Recipe(kind=kind)))
        engine.evaluate(given, at(Recipe(kind=kind)))
        engine.encode(given)
        np.testing.assert_array_equal(given, images)


@pytest.mark.parametrize("optimiser", ["sgd", "adam"])
@pytest.mark.parametrize("architecture", [OWN, OWN_CONV], ids=["dense", "conv"])
@pytest.mark.parametrize("kind", KINDS)
def test_a_run_goes_on_to_the_bit_from_its_weights_and_optimiser(
    images: np.ndarray, kind: Kind, architecture: Architecture, optimiser
) -> None:
    recipe = Recipe(kind=kind, optimiser=optimiser)
    network = architecture_for(kind, architecture)
    whole = engine_for(images, recipe, network)
    for step in range(3):
        whole.step(0, 40, at(recipe, step))
    second = TorchEngine(network, recipe, whole.weights(), images, CPU)
    second.load_optimiser_state(whole.optimiser_state())
    assert same(second.optimiser_state(), whole.optimiser_state())
    for step in range(3, 6):
        told = [tuple(map(float, engine.step(40, 80, at(recipe, step)))) for engine in (whole, second)]
        assert told[0] == told[1]
    assert same(whole.weights(), second.weights())
    assert same(whole.optimiser_state(), second.optimiser_state())


def test_the_optimisers_memory_is_named_after_the_parameters(images: np.ndarray) -> None:
    engine = engine_for(images, Recipe(), OWN)
    state = engine.optimiser_state()
    shapes = OWN.parameter_shapes
    assert state["steps"].tolist() == [0]
    assert state["steps"].dtype == np.int64
    assert {name: array.shape for name, array in state.items()} == {
        "steps": (1,),
        **{f"mean.{name}": shape for name, shape in shapes.items()},
        **{f"square.{name}": shape for name, shape in shapes.items()},
    }
    assert not any(array.any() for array in state.values())
    engine.load_optimiser_state(state)
    engine.step(0, 10, at())
    again = engine_for(images, Recipe(), OWN)
    again.step(0, 10, at())
    assert same(engine.weights(), again.weights())
    assert engine.optimiser_state()["steps"].tolist() == [1]
    assert engine_for(images, DESCENT).optimiser_state() == {}


def test_anothers_memory_is_refused(images: np.ndarray) -> None:
    engine = engine_for(images, Recipe())
    for foreign in ({}, engine_for(images, Recipe(), dense(8)).optimiser_state()):
        with pytest.raises(ValueError, match="optimiser"):
            engine.load_optimiser_state(foreign)
    with pytest.raises(ValueError, match="optimiser"):
        engine_for(images, DESCENT).load_optimiser_state(engine.optimiser_state())


@pytest.mark.parametrize("kind", ["denoising", "contractive", "variational", "plain"])
def test_what_is_drawn_in_a_step_follows_from_its_seed_alone(images: np.ndarray, kind: Kind) -> None:
    recipe = Recipe(kind=kind)

    def after(seed: tuple[int, int, int], *earlier: tuple[int, int, int]) -> dict[str, np.ndarray]:
        engine = engine_for(images, recipe, architecture_for(kind))
        for other in earlier:
            engine.evaluate(images[:20], StepSettings.of(recipe, other))
        engine.step(0, 40, StepSettings.of(recipe, seed))
        return engine.weights()

    torch.manual_seed(0)
    one = after((3, 1, 2))
    torch.manual_seed(1)
    assert same(one, after((3, 1, 2), (9, 9, 9)))
    for other in ((4, 1, 2), (3, 2, 2), (3, 1, 3), (2**63 - 1, 1, 2)):
        assert not same(one, after(other))


def corrupted(images: np.ndarray, noise: Noise, level: float) -> torch.Tensor:
    engine = engine_for(images, Recipe(kind="denoising", noise=noise))
    clean = torch.from_numpy(floats(images))[:, None]
    return engine._corrupted(clean, level, (1, 1, 1)) - clean


def test_each_noise_is_as_strong_as_it_says() -> None:
    grey = np.full((200, 28, 28), 102, np.uint8)  # 0.4; 156,800 pixels
    gaussian = corrupted(grey, "gaussian", 0.3)
    assert gaussian.mean().abs() < 5 * 0.3 / 156_800**0.5
    assert gaussian.std().item() == pytest.approx(0.3, rel=0.02)
    masked = corrupted(grey, "masking", 0.3)
    assert masked.unique().tolist() == pytest.approx([-0.4, 0])
    assert (masked < 0).float().mean().item() == pytest.approx(0.3, abs=0.01)
    spots = corrupted(grey, "salt-pepper", 0.3)
    assert spots.unique().tolist() == pytest.approx([-0.4, 0, 0.6])
    assert [(spots < 0).float().mean().item(), (spots > 0).float().mean().item()] == pytest.approx(
        [0.15, 0.15], abs=0.006
    )
    for noise in MOST:
        assert not corrupted(grey, noise, 0.0).any()


def test_a_denoising_network_is_judged_against_the_clean_picture(images: np.ndarray) -> None:
    """With every pixel masked, the clean picture is all that is left to aim at."""
    recipe = Recipe(kind="denoising", noise="masking", noise_level=1.0)
    engine = engine_for(images, recipe)
    dark = engine_for(np.zeros_like(images)).encode(np.zeros_like(images))
    network = Autoencoder(SMALL)
    network.load_weights(engine.weights())
    with torch.no_grad():
        rebuilt = network.decode(torch.from_numpy(dark))[:, 0].numpy()
    expected = ((rebuilt - floats(images)) ** 2).mean()
    assert engine.evaluate(images, at(recipe)).reconstruction == pytest.approx(expected, rel=1e-5)
    assert float(engine.step(0, 120, at(recipe)).reconstruction) == pytest.approx(expected, rel=1e-5)


@pytest.mark.parametrize("reduction", ["mean", "sum"])
@pytest.mark.parametrize("kind", ["sparse", "contractive", "variational"])
def test_a_step_descends_the_loss_and_the_penalty_together(images: np.ndarray, kind: Kind, reduction) -> None:
    recipe = replace(DESCENT, kind=kind, sparsity=0.7, contraction=0.7, beta=0.7, reduction=reduction)
    architecture = architecture_for(kind, SMALL)
    engine = engine_for(images, recipe, architecture)
    before = engine.weights()
    engine.step(0, 30, at(recipe))
    network = Autoencoder(architecture)
    network.load_weights(before)
    draw = engine._generator
    engine._seed(at().seed)
    x = torch.from_numpy(floats(images[:30]))[:, None].requires_grad_()
    way = network.run(x, training=True, generator=draw)
    loss = ((way.logits.sigmoid() - x.detach()) ** 2).mean()
    if kind == "sparse":
        loss = loss + 0.7 * sparseness(way.codes)
    elif kind == "contractive":
        loss = loss + 0.7 * slope(way.codes, x, draw)
    else:
        assert way.log_variance is not None
        loss = loss + 0.7 * divergence(way.mean, way.log_variance)
    loss.backward()
    steep = 784 if reduction == "sum" else 1
    for name, parameter in network.named_parameters():
        assert parameter.grad is not None
        moved = engine.weights()[name] - before[name]
        np.testing.assert_allclose(moved, -0.01 * steep * parameter.grad, rtol=1e-3, atol=2e-6, err_msg=name)


@pytest.mark.parametrize(("kind", "small"), [("sparse", 0.5), ("contractive", 0.5), ("variational", 0.9)])
def test_a_penalty_makes_its_own_figure_smaller(images: np.ndarray, kind: Kind, small: float) -> None:
    """Trained with the weight and with a thousandth of it, then measured by the same."""
    weight = {"sparse": 0.03, "contractive": 0.3, "variational": 0.3}[kind]
    figures = []
    for penalty_weight in (weight, weight / 1000):
        recipe = Recipe(kind=kind, learning_rate=3e-3)
        engine = engine_for(images, recipe, architecture_for(kind, SMALL))
        for step in range(60):
            engine.step(0, 120, replace(at(recipe, step), penalty_weight=penalty_weight))
        figures.append(engine.evaluate(images, replace(at(recipe), penalty_weight=1.0)).penalty)
    assert figures[0] < small * figures[1]


@pytest.mark.parametrize("kind", ["sparse", "contractive", "variational"])
def test_a_penalty_of_no_weight_is_none(images: np.ndarray, kind: Kind) -> None:
    recipe = Recipe(kind=kind, sparsity=0, contraction=0, beta=0)
    engine = engine_for(images, recipe, architecture_for(kind))
    assert engine.step(0, 20, at(recipe)).penalty == 0
    assert engine.evaluate(images[:20], at(recipe)).penalty == 0


def test_the_divergence_is_that_of_torchs_distributions() -> None:
    draw = torch.Generator().manual_seed(0)
    mean, log_variance = torch.randn((2, 9, 5), generator=draw, dtype=torch.float64) * 2
    normal = torch.distributions.Normal
    expected = (
        torch.distributions.kl_divergence(normal(mean, (log_variance / 2).exp()), normal(0, 1)).sum(1).mean()
    )
    assert divergence(mean, log_variance).item() == pytest.approx(expected.item() / 784, rel=1e-6)
    assert divergence(torch.zeros(2, 3), torch.zeros(2, 3)) == 0


def test_the_estimated_slope_is_the_exact_one_on_average() -> None:
    network = Autoencoder(SMALL)
    network.load_weights(initial_weights(SMALL, 0))
    images = torch.rand((3, 1, 28, 28), generator=torch.Generator().manual_seed(0))
    exact = 0.0
    for image in images:
        jacobian = torch.autograd.functional.jacobian(network.encode, image[None])
        exact += jacobian.square().sum().item() / 3 / 784
    draw = torch.Generator().manual_seed(1)
    x = images.requires_grad_()
    drawn = torch.stack([slope(network.encode(x), x, draw).detach() for _ in range(600)])
    assert drawn.std() > 0.05 * exact
    assert abs(drawn.mean().item() - exact) < 4 * drawn.std().item() / 600**0.5


@pytest.mark.parametrize("architecture", [SMALL, convolutional(), OWN_CONV], ids=["dense", "conv", "own"])
def test_bfloat16_changes_the_arithmetic_only(images: np.ndarray, architecture: Architecture) -> None:
    exact, rounded = (
        engine_for(images[:8], Recipe(), architecture, precision)
        for precision in (torch.float32, torch.bfloat16)
    )
    figures = [engine.step(0, 8, at(Recipe())).reconstruction for engine in (exact, rounded)]
    assert figures[1] == pytest.approx(figures[0], rel=1e-2)
    assert figures[1] != figures[0]
    for engine in (exact, rounded):
        before = engine.evaluate(images[:8], at()).reconstruction
        for step in range(8):
            engine.step(0, 8, at(Recipe(), step))
        assert engine.evaluate(images[:8], at()).reconstruction < before
        assert all(array.dtype == np.float32 for array in engine.weights().values())
        assert engine.encode(images[:2]).dtype == np.float32


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_learns_in_bfloat16(images: np.ndarray, kind: Kind) -> None:
    recipe = Recipe(kind=kind, contraction=0.1)
    engine = engine_for(images, recipe, architecture_for(kind, OWN_CONV), torch.bfloat16)
    for step in range(3):
        assert np.isfinite([float(part) for part in engine.step(0, 30, at(recipe, step))]).all()
    assert all(np.isfinite(array).all() for array in engine.weights().values())


@pytest.mark.parametrize("loss", ["mse", "bce", "mae"])
def test_the_loss_stays_finite_and_exact_for_logits_that_round_to_certainty(loss: Loss) -> None:
    logits = torch.tensor([[-500.0, 500.0, 0.0]])
    images = torch.tensor([[0.0, 1.0, 0.5]])
    perfect = reconstruction_loss(logits, images, loss)
    assert perfect == pytest.approx(np.log(2) / 3 if loss == "bce" else 0)
    wrong = reconstruction_loss(-logits, images, loss)
    assert wrong == pytest.approx((1000 + np.log(2)) / 3 if loss == "bce" else 2 / 3)
    assert F.binary_cross_entropy_with_logits(-logits, images).isfinite()


@pytest.mark.parametrize("loss", ["mse", "mae"])
def test_a_linear_output_is_judged_as_it_is(images: np.ndarray, loss: Loss) -> None:
    architecture = replace(SMALL, output="linear")
    engine = engine_for(images, Recipe(loss=loss), architecture)
    network = Autoencoder(architecture)
    network.load_weights(engine.weights())
    x = torch.from_numpy(floats(images))[:, None]
    with torch.no_grad():
        errors = network(x) - x
    expected = errors.square().mean() if loss == "mse" else errors.abs().mean()
    assert engine.evaluate(images, at()).reconstruction == pytest.approx(expected.item(), rel=1e-5)


@pytest.mark.parametrize(
    ("recipe", "architecture", "words"),
    [
        (Recipe(kind="variational"), SMALL, "needs a network with a variational code"),
        (Recipe(kind="sparse"), SMALL.as_variational(), "by the variational kind only"),
        (Recipe(loss="bce"), replace(SMALL, output="linear"), "needs the sigmoid output"),
    ],
    ids=["no variational code", "a variational code", "cross-entropy of a linear output"],
)
def test_a_recipe_for_another_network_is_refused_in_words(
    images: np.ndarray, recipe: Recipe, architecture: Architecture, words: str
) -> None:
    with pytest.raises(ValueError, match=words):
        engine_for(images, recipe, architecture)


def test_a_last_batch_of_one_image_is_learnt_too(images: np.ndarray) -> None:
    for architecture in (OWN, OWN_CONV):
        engine = engine_for(images, Recipe(), architecture)
        before = engine.weights()
        assert np.isfinite(float(engine.step(0, 1, at()).reconstruction))
        assert not same(before, engine.weights())
