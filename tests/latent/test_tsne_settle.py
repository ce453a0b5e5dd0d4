"""One new code on a finished t-SNE map, against openTSNE's own way of placing it."""

import numpy as np
import openTSNE
import pytest

from aedesk.data.imageset import DataSet
from aedesk.latent import settling
from aedesk.latent.metric import Metric
from aedesk.latent.tsne import TSne


@pytest.fixture(scope="module")
def pixels(digits: DataSet) -> np.ndarray:
    """Real digits of 28 x 28 brought to 49 numbers."""
    return digits.train.images.reshape(-1, 7, 4, 7, 4).mean(axis=(2, 4)).reshape(-1, 49) / 64


def features(pixels: np.ndarray) -> np.ndarray:
    """What the map compares of the 600 that it is made from, and of others."""
    return Metric(pixels[:600])(pixels).astype(np.float64)


@pytest.fixture(scope="module")
def embedding(pixels: np.ndarray) -> openTSNE.TSNEEmbedding:
    return openTSNE.TSNE(n_iter=250, negative_gradient_method="bh", random_state=0).fit(
        features(pixels)[:600]
    )


@pytest.fixture(scope="module")
def tsne_map(pixels: np.ndarray, embedding: openTSNE.TSNEEmbedding) -> TSne:
    return TSne(pixels[:600].astype(np.float32), np.array(embedding, np.float32))


def test_affinities_are_those_of_opentsne() -> None:
    rng = np.random.default_rng(0)
    distances = np.sort(rng.random((8, 15)) * np.logspace(-2, 2, 8)[:, None] + 0.01, axis=1)
    expected = openTSNE._tsne.compute_gaussian_perplexity(distances, np.array([5.0]))
    found = np.stack([settling.affinities(row) for row in distances])
    np.testing.assert_allclose(found, np.asarray(expected), atol=1e-5)


@pytest.mark.parametrize("distances", [np.zeros(15), np.ones(15), np.ones(2), np.array([0.5])], ids=len)
def test_affinities_to_neighbours_equally_far_are_equal(distances: np.ndarray) -> None:
    np.testing.assert_allclose(settling.affinities(distances), 1 / len(distances))


def test_from_the_same_start_a_code_settles_where_opentsne_lets_it(
    pixels: np.ndarray, embedding: openTSNE.TSNEEmbedding, tsne_map: TSne
) -> None:
    new = pixels[600:680]
    start = tsne_map.to_points(new)
    partial = embedding.prepare_partial(
        features(pixels)[600:680], initialization=start.astype(np.float64), perplexity=5
    )
    expected = partial.optimize(250, learning_rate=0.1, exaggeration=1.5, momentum=0.8, max_grad_norm=0.25)
    found = np.stack([tsne_map.settle(code) for code in new])
    extent = np.ptp(tsne_map.points, axis=0).max()
    apart = np.linalg.norm(found - expected, axis=1) / extent
    moved = np.linalg.norm(found - start, axis=1) / extent
    assert np.quantile(apart, 0.9) < 0.01
    assert np.median(apart) < 0.1 * np.median(moved)  # where it began would not do


def test_a_code_settles_from_wherever_it_is_told_to_begin(pixels: np.ndarray, tsne_map: TSne) -> None:
    code = pixels[610].astype(np.float32)
    rest = tsne_map.settle(code)
    assert rest.shape == (2,)
    assert rest.dtype == np.float32
    near = tsne_map.settle(code, start=rest + np.array([0.3, -0.2]))
    assert np.linalg.norm(near - rest) < 0.05
    np.testing.assert_array_equal(tsne_map.settle(code), rest)


def test_settling_copes_with_a_map_of_few_points() -> None:
    few = TSne(np.eye(3, dtype=np.float32), np.array([[0, 0], [1, 0], [0, 1]], np.float32))
    assert np.isfinite(few.settle(np.full(3, 0.2, np.float32))).all()
    same = TSne(np.ones((12, 3), np.float32), np.zeros((12, 2), np.float32))
    assert np.isfinite(same.settle(np.ones(3, np.float32))).all()
