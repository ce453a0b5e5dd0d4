"""Pictures a little moved and turned, the same whenever a run sees them."""

import numpy as np
import pytest
import torch

from aedesk.data.imageset import DataSet
from aedesk.models.architecture import Architecture, Conv, Dense, Flatten, dense
from aedesk.models.initialisation import initial_weights
from aedesk.models.presets import Kind, Recipe
from aedesk.models.step import StepSettings
from aedesk.training.torch_engine import TorchEngine
from aedesk.training.warping import warped

SEED = (7, 1, 0)


@pytest.fixture(scope="module")
def pictures(digits: DataSet) -> torch.Tensor:
    return torch.from_numpy(digits.train.pixels(slice(0, 60)))[:, None]


def test_a_strength_of_0_leaves_the_pictures_as_they_are(pictures: torch.Tensor) -> None:
    torch.testing.assert_close(warped(pictures, 0.0, SEED), pictures, rtol=0, atol=1e-5)


def test_the_same_seed_gives_the_same_warp_and_another_another(pictures: torch.Tensor) -> None:
    first = warped(pictures, 0.05, SEED)
    assert torch.equal(first, warped(pictures.clone(), 0.05, SEED))
    for other in ((8, 1, 0), (7, 2, 0), (7, 1, 1)):
        assert not torch.equal(first, warped(pictures, 0.05, other))
    twins = pictures[:1].repeat(2, 1, 1, 1)
    one, other_one = warped(twins, 0.05, SEED)
    assert not torch.equal(one, other_one)


def test_a_little_warp_moves_a_picture_by_about_a_pixel(pictures: torch.Tensor) -> None:
    rows, columns = np.indices((28, 28))

    def centre(images: torch.Tensor) -> np.ndarray:
        ink = images[:, 0].numpy()
        return np.stack([(ink * along).sum((1, 2)) / ink.sum((1, 2)) for along in (rows, columns)], 1)

    moved = np.linalg.norm(centre(warped(pictures, 0.08, SEED)) - centre(pictures), axis=1)
    assert 0.5 < np.median(moved) < 2
    after = warped(pictures, 0.08, SEED)
    assert after.shape == pictures.shape
    assert 0 <= after.min() <= after.max() <= 1
    assert float(after.sum()) == pytest.approx(float(pictures.sum()), rel=0.05)


# Its first weight alone decides about the picture: one number learns, and its gradient tells which input it saw.
THROUGH = Architecture((Conv(1, 1, activation="linear"), Flatten()), (Dense(784, "linear"),))


def stepped(images: np.ndarray, warp: float, kind: Kind = "plain") -> dict[str, np.ndarray]:
    """The weights after one step of training."""
    recipe = Recipe(optimiser="sgd", learning_rate=1.0, kind=kind)
    engine = TorchEngine(THROUGH, recipe, initial_weights(THROUGH, 0), images, torch.device("cpu"))
    engine.step(0, len(images), StepSettings(1.0, 0.3, 0.01, SEED, warp=warp))
    return engine.weights()


def test_a_step_sees_the_warped_picture_and_rebuilds_the_one_that_it_was(digits: DataSet) -> None:
    images = digits.train.images[:20]
    weights = {
        name: torch.tensor(array, requires_grad=True) for name, array in initial_weights(THROUGH, 0).items()
    }
    clean = torch.from_numpy(images)[:, None] / 255
    seen = warped(clean, 0.1, SEED) * weights["encoder.0.weight"].view(1) + weights["encoder.0.bias"]
    logits = seen.flatten(1) @ weights["decoder.0.weight"].T + weights["decoder.0.bias"]
    (logits.sigmoid() - clean.flatten(1)).square().mean().backward()
    after = stepped(images, 0.1)
    for name, weight in weights.items():
        assert weight.grad is not None
        np.testing.assert_allclose(after[name], (weight - weight.grad).detach(), atol=1e-6)


@pytest.mark.parametrize("kind", ["plain", "denoising", "sparse", "contractive"])
def test_every_kind_learns_from_warped_pictures(kind: Kind, digits: DataSet) -> None:
    images = digits.train.images[:20]
    with_warp, without = stepped(images, 0.1, kind), stepped(images, 0.0, kind)
    assert not np.array_equal(with_warp["encoder.0.weight"], without["encoder.0.weight"])


def test_what_is_judged_is_not_warped(digits: DataSet) -> None:
    images = digits.train.images[:20]
    engine = TorchEngine(dense(8), Recipe(), initial_weights(dense(8), 0), images, torch.device("cpu"))
    plain, with_warp = (
        StepSettings(1e-3, 0.3, 0.0, SEED, warp, guidance) for warp, guidance in ((0, 0), (1, 9))
    )
    assert engine.evaluate(images, plain) == engine.evaluate(images, with_warp)
