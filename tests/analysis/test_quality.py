"""The figures of a quality card, held against other people's implementations of the same definitions."""

from __future__ import annotations

import math

import numpy as np
import pytest
from skimage.metrics import mean_squared_error, peak_signal_noise_ratio, structural_similarity
from sklearn.decomposition import PCA
from sklearn.manifold import trustworthiness as sklearn_trustworthiness

from aedesk.analysis import quality
from aedesk.analysis.pca import PixelPca
from aedesk.data.imageset import DataSet, ImageSet
from aedesk.errors import AedeskError, Cancelled
from aedesk.models.checkpoint import Checkpoint
from aedesk.models.initialisation import initial_weights
from aedesk.models.model import Model
from aedesk.models.presets import PRESETS


def untrained(preset: str) -> Model:
    architecture = PRESETS[preset].architecture
    return Model(Checkpoint(preset, architecture, initial_weights(architecture, 0)))


def small(data: DataSet, train: int, test: int) -> DataSet:
    return DataSet("small", data.train[:train], data.test[:test])


@pytest.fixture(scope="module")
def figures(digits: DataSet) -> quality.Figures:
    return quality.evaluate(untrained("vanilla-64"), digits)


@pytest.fixture(scope="module")
def pca_errors(mnist: DataSet) -> np.ndarray:
    """On real test images, with 0 to 784 components."""
    return PixelPca.fit(mnist.train).errors(mnist.test)


def test_reconstruction_figures_are_scikit_images_mean_over_images(digits: DataSet, figures) -> None:
    originals = digits.test.pixels().astype(np.float64)
    rebuilt = untrained("vanilla-64").reconstruct(digits.test.pixels()).astype(np.float64)
    pairs = list(zip(originals, rebuilt, strict=True))
    assert figures["mse"] == pytest.approx(mean_squared_error(originals, rebuilt))
    psnr = [peak_signal_noise_ratio(*pair, data_range=1) for pair in pairs]
    assert figures["psnr"] == pytest.approx(np.mean(psnr))
    ssim = [structural_similarity(*pair, win_size=7, data_range=1) for pair in pairs]
    assert figures["ssim"] == pytest.approx(np.mean(ssim), rel=1e-4)


def test_pca_agrees_with_scikit_learn(digits: DataSet, figures) -> None:
    train, test = (part.pixels().reshape(-1, 784).astype(np.float64) for part in (digits.train, digits.test))
    pca = PCA(64, svd_solver="full").fit(train)
    expected = ((pca.inverse_transform(pca.transform(test)) - test) ** 2).mean()
    assert figures["pca_mse"] == pytest.approx(expected, rel=1e-6)


def test_pca_knows_no_more_components_than_its_images_have(digits: DataSet) -> None:
    data = small(digits, 5, 30)
    train, test = (part.pixels().reshape(-1, 784).astype(np.float64) for part in (data.train, data.test))
    pca = PCA(4, svd_solver="full").fit(train)
    expected = ((pca.inverse_transform(pca.transform(test)) - test) ** 2).mean()
    assert quality.pca_error(data, 64) == pytest.approx(expected, rel=1e-6)


@pytest.mark.parametrize(("size", "published"), [(2, 0.0557), (32, 0.0168), (64, 0.0090), (128, 0.0042)])
def test_pca_on_mnist_is_what_is_published(pca_errors: np.ndarray, size: int, published: float) -> None:
    assert pca_errors[size] == pytest.approx(published, abs=5e-5)


def test_neighbours_are_found_among_training_codes_only(digits: DataSet, figures) -> None:
    model = untrained("vanilla-64")
    reference = model.encode(digits.train.pixels()).astype(np.float64)
    queries = model.encode(digits.test.pixels()).astype(np.float64)
    squares = (queries**2).sum(1)[:, None] - 2 * queries @ reference.T + (reference**2).sum(1)
    votes = digits.train.labels[np.argsort(squares, axis=1)[:, :5]]
    counts = np.stack([(votes == label).sum(axis=1) for label in range(10)], axis=1)
    # Among equal counts the class of the nearest of them wins.
    first = np.stack(
        [np.where((votes == label).any(1), (votes == label).argmax(1), 9) for label in range(10)], 1
    )
    guesses = (counts * 10 - first).argmax(axis=1)
    assert figures["knn_accuracy"] == pytest.approx(
        (guesses == digits.test.labels).mean(), abs=1.1 / len(queries)
    )
    assert figures["nn_accuracy"] == pytest.approx(
        (votes[:, 0] == digits.test.labels).mean(), abs=1.1 / len(queries)
    )
    strange = ImageSet(digits.train.images, (digits.train.labels + 1) % 10, digits.train.classes)
    shifted = quality.evaluate(model, DataSet("shifted", strange, digits.test))
    assert shifted["knn_accuracy"] < 0.1 < figures["knn_accuracy"]


@pytest.mark.parametrize("preset", ["vanilla-64", "dense-2d"])
def test_trustworthiness_is_that_of_scikit_learn(digits: DataSet, preset: str) -> None:
    codes = untrained(preset).encode(digits.test.pixels())
    flat = digits.test.pixels().reshape(len(codes), -1).astype(np.float64)
    expected = sklearn_trustworthiness(flat, codes.astype(np.float64), n_neighbors=12)
    assert quality.trustworthiness(digits.test.pixels(), codes) == pytest.approx(expected, abs=1e-6)


def test_numbers_of_a_plain_code_are_active_from_a_hundredth_of_the_largest_variance_on() -> None:
    codes = np.random.default_rng(0).standard_normal((5000, 4)) * [50.0, 5.5, 4.5, 0.0] + 3
    assert quality.active_dimensions(codes.astype(np.float32), variational=False) == 2
    assert quality.active_dimensions(np.ones((10, 4), np.float32), variational=False) == 0


def test_numbers_of_a_variational_code_are_active_where_their_means_vary() -> None:
    codes = np.random.default_rng(0).standard_normal((5000, 4)) * [1.0, 0.11, 0.09, 0.0]
    assert quality.active_dimensions(codes.astype(np.float32), variational=True) == 2


def test_the_sizes_are_those_of_the_network(figures) -> None:
    assert (figures["code_size"], figures["parameters"]) == (64, 784 * 64 + 64 + 64 * 784 + 784)


def test_a_code_larger_than_the_picture_has_no_pca_and_a_caveat(digits: DataSet) -> None:
    figures = quality.evaluate(untrained("conv"), small(digits, 20, 10))
    assert figures["pca_mse"] is None
    assert figures["code_size"] == 1024
    assert "compresses nothing" in (quality.caveat(1024) or "")
    assert quality.caveat(128) is None


def test_a_handful_of_images_is_enough(digits: DataSet) -> None:
    figures = quality.evaluate(untrained("dense-2d"), small(digits, 3, 1))
    assert figures.pop("trustworthiness") is None  # 12 neighbours need 25 images
    assert all(value is not None and math.isfinite(value) for value in figures.values())


def test_without_test_images_there_is_nothing_to_judge(digits: DataSet) -> None:
    with pytest.raises(AedeskError, match="small needs"):
        quality.evaluate(untrained("dense-2d"), small(digits, 3, 0))


def test_progress_ends_where_it_said_it_would(digits: DataSet) -> None:
    told: dict[str, list[tuple[int, int]]] = {}
    quality.evaluate(
        untrained("dense-2d"),
        digits,
        progress=lambda what, done, total: told.setdefault(what, []).append((done, total)),
    )
    assert len(told) == 7
    for steps in told.values():
        assert steps == sorted(steps)
        assert steps[0][0] == 0
        assert steps[-1][0] == steps[-1][1]


def test_a_cancelled_evaluation_ends_at_the_next_chunk(digits: DataSet) -> None:
    asked: list[str] = []
    with pytest.raises(Cancelled):
        quality.evaluate(
            untrained("dense-2d"),
            digits,
            progress=lambda what, done, total: asked.append(what),
            cancelled=lambda: "fitting PCA" in asked,
        )
    assert asked.count("fitting PCA") == 1
