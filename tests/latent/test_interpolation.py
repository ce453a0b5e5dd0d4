import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aedesk.latent import interpolation
from aedesk.latent.interpolation import Interpolator
from aedesk.latent.neighbours import Neighbours


def test_the_mode_stays_with_the_majority() -> None:
    places = np.array([[0.0], [1.0], [2.0], [3.0], [100.0]])
    values = np.array([[0.0, 0.0], [0.1, 0.0], [0.0, 0.1], [50.0, 50.0], [50.0, 50.0]])
    interpolator = Interpolator(places, values, k=4)
    query = np.array([1.5])
    assert np.abs(interpolator.mode(query, 1.0)).max() < 0.2
    assert interpolator(query).max() > 1
    np.testing.assert_allclose(interpolator.mode(places, 1.0), values, atol=1e-6)


def test_coinciding_and_equally_far_places_have_finite_values() -> None:
    same = Interpolator(np.zeros((20, 2)), np.arange(20.0)[:, None], k=5)
    assert np.isfinite(same(np.array([[0.0, 0.0], [1.0, 1.0]]))).all()
    angles = np.linspace(0, 2 * np.pi, 8, endpoint=False)
    circle = Interpolator(np.stack([np.cos(angles), np.sin(angles)], 1), np.ones((8, 1)), k=5)
    np.testing.assert_allclose(circle(np.zeros(2)), 1)
    assert Interpolator(np.zeros((1, 2)), np.full((1, 3), 7.0))(np.ones(2)).tolist() == [[7, 7, 7]]


@settings(max_examples=60, deadline=None)
@given(
    n=st.integers(1, 80),
    k=st.integers(1, 15),
    grid=st.booleans(),
    seed=st.integers(0, 10_000),
)
def test_in_a_plane_the_tree_gives_what_the_exact_search_gives(n: int, k: int, grid: bool, seed: int) -> None:
    rng = np.random.default_rng(seed)
    if grid:  # many queries are equally far from several places, or upon one
        cells = rng.permutation(100)[:n]
        places = np.stack([cells % 10, cells // 10], axis=1).astype(np.float32)
        queries = np.concatenate([rng.integers(-1, 11, (20, 2)), rng.integers(-1, 11, (20, 2)) + 0.5])
    else:
        places = rng.normal(size=(n, 2)).astype(np.float32)
        queries = np.concatenate([rng.normal(size=(20, 2)), places])
    values = rng.normal(size=(n, 3)).astype(np.float32)
    _, distances = Neighbours(places).nearest(queries, k + 1)
    # Where the k + 1 nearest are all equally far, any k of them may decide.
    queries = queries[(n <= k) | (distances[:, 0] < 0.999 * distances[:, -1])]
    tree = Interpolator(places, values, k)
    exact = Interpolator(np.c_[places, np.zeros(n)], values, k)  # a third number keeps the tree away
    flat = np.c_[queries, np.zeros(len(queries))]
    np.testing.assert_allclose(tree(queries), exact(flat), atol=1e-4)
    if not grid:  # equal votes for two modes are a tie as well
        np.testing.assert_allclose(tree.mode(queries, 1.0), exact.mode(flat, 1.0), atol=1e-2)
    expected = Neighbours(places).nearest(queries, k)[1]
    np.testing.assert_allclose(tree.nearest(queries, k)[1], expected, atol=1e-6)


def test_places_in_a_plane_are_found_without_a_search_through_all(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(interpolation, "Neighbours", None)
    assert Interpolator(np.eye(2), np.eye(2))(np.eye(2)).tolist() == [[1, 0], [0, 1]]
