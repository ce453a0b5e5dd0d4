import numpy as np
import pytest

from aedesk.errors import AedeskError
from aedesk.latent.atlas import Atlas
from aedesk.latent.sampling import gaussian, mixture, sample


def atlas_of(codes: np.ndarray) -> Atlas:
    return Atlas(codes.astype(np.float32), np.zeros(len(codes), np.int64), ("a",), "random")


@pytest.fixture(scope="module")
def slanted() -> Atlas:
    rng = np.random.default_rng(0)
    return atlas_of(rng.normal(size=(2000, 3)) @ rng.normal(size=(3, 3)) + [5, -5, 0])


def test_gaussian_samples_have_the_mean_and_covariance_of_the_atlas(slanted: Atlas) -> None:
    codes = gaussian(slanted, 20_000)
    np.testing.assert_allclose(codes.mean(axis=0), slanted.codes.mean(axis=0), atol=0.06)
    np.testing.assert_allclose(np.cov(codes.T), np.cov(slanted.codes.T), atol=0.15)


def test_a_mixture_keeps_to_the_clusters_where_a_gaussian_falls_between() -> None:
    rng = np.random.default_rng(0)
    atlas = atlas_of(np.concatenate([rng.normal(-10, 1, (500, 2)), rng.normal(10, 1, (500, 2))]))
    assert (np.abs(mixture(atlas, 500, components=2).mean(axis=1)) > 5).all()
    assert not (np.abs(gaussian(atlas, 500).mean(axis=1)) > 5).all()


@pytest.mark.parametrize("kind", ["gaussian", "mixture"])
def test_the_seed_decides_the_samples(slanted: Atlas, kind: str) -> None:
    one, again, other = (sample(kind, slanted, 5, seed) for seed in (1, 1, 2))
    assert one.shape == (5, 3)
    assert one.dtype == np.float32
    np.testing.assert_array_equal(one, again)
    assert not np.array_equal(one, other)


@pytest.mark.parametrize("kind", ["gaussian", "mixture"])
def test_samples_are_not_negative_where_codes_went_through_a_relu(kind: str) -> None:
    codes = np.maximum(np.random.default_rng(0).normal(size=(200, 4)), 0)
    codes[:, 2] = 0  # a unit that never fires
    drawn = sample(kind, atlas_of(codes), 300)
    assert drawn.min() == 0
    assert drawn[:, 2].max() < 0.1


def test_negative_samples_stay_where_the_code_is_linear(slanted: Atlas) -> None:
    assert sample("gaussian", slanted, 100).min() < 0


@pytest.mark.parametrize("kind", ["gaussian", "mixture"])
@pytest.mark.parametrize("shape", [(1, 3), (4, 200)], ids=["one code", "more numbers than codes"])
def test_few_codes_are_enough(kind: str, shape: tuple[int, int]) -> None:
    drawn = sample(kind, atlas_of(np.random.default_rng(0).normal(size=shape)), 6)
    assert drawn.shape == (6, shape[1])
    assert np.isfinite(drawn).all()


@pytest.mark.parametrize(("kind", "words"), [("prior", "no prior"), ("dice", "gaussian, mixture, prior")])
def test_a_sampler_that_does_not_apply_is_refused_in_words(slanted: Atlas, kind: str, words: str) -> None:
    with pytest.raises(AedeskError, match=words):
        sample(kind, slanted, 1)


def test_no_samples_at_all_are_refused(slanted: Atlas) -> None:
    with pytest.raises(AedeskError, match="1 or more"):
        sample("gaussian", slanted, 0)
