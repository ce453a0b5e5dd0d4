import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aedesk.data.imageset import DataSet
from aedesk.latent.atlas import atlas_for
from aedesk.latent.metric import Metric
from aedesk.latent.neighbours import Neighbours
from aedesk.storage.library import load_model, resolve


@settings(max_examples=40, deadline=None)
@given(n=st.integers(2, 40), size=st.integers(1, 8), seed=st.integers(0, 1000))
def test_different_codes_stay_different_and_inside_the_unit_ball(n: int, size: int, seed: int) -> None:
    codes = np.random.default_rng(seed).normal(size=(n, size)) * np.logspace(-1, 1, size)
    found = Metric(codes)(codes)
    assert found.shape == codes.shape
    assert (np.linalg.norm(found, axis=1) < 1).all()
    assert len(np.unique(found, axis=0)) == n


def test_codes_that_grow_differ_ever_less() -> None:
    metric = Metric(np.random.default_rng(0).normal(size=(100, 5)))
    steps = np.diff(metric(np.arange(1, 9)[:, None] * np.ones(5)), axis=0)
    assert (np.diff(np.linalg.norm(steps, axis=1)) < 0).all()


@pytest.mark.parametrize(
    "codes", [np.zeros((9, 3)), np.ones((9, 3)), np.arange(9.0)[:, None], 1e6 * np.eye(3)], ids=str
)
def test_odd_codes_are_compared_in_finite_numbers(codes: np.ndarray) -> None:
    metric = Metric(codes)
    assert np.isfinite(metric(codes)).all()
    assert np.isfinite(metric(codes[0] + 1)).all()


@pytest.mark.parametrize("name", ["dense-32", "deep-64", "vanilla-64"])
def test_the_nearest_code_is_of_the_same_class_more_often(name: str, mnist: DataSet) -> None:
    atlas = atlas_for(resolve(name))
    assert atlas is not None
    digits = mnist.test[np.arange(0, 10_000, 4)]
    codes = load_model(resolve(name)).encode(digits.images)
    metric = Metric(atlas.codes)

    def share(known: np.ndarray, new: np.ndarray) -> float:
        return float((Neighbours(known, atlas.labels).predict(new, 1) == digits.labels).mean())

    assert share(metric(atlas.codes), metric(codes)) > share(atlas.codes, codes) + 0.005
