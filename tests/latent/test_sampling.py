import numpy as np
import pytest

from aedesk.errors import AedeskError, Cancelled
from aedesk.latent.atlas import Atlas
from aedesk.latent.sampling import SAMPLERS, Mixture, gaussian, kinds, mixture, sample


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


@pytest.mark.parametrize("kind", ["gaussian", "mixture"])
@pytest.mark.parametrize("temperature", [-0.1, 2.1, float("nan")])
def test_temperatures_go_from_zero_to_two(slanted: Atlas, kind: str, temperature: float) -> None:
    with pytest.raises(AedeskError, match="between 0 and 2"):
        sample(kind, slanted, 1, temperature=temperature)


@pytest.mark.parametrize("kind", ["gaussian", "mixture"])
def test_a_temperature_scales_what_the_seed_drew(slanted: Atlas, kind: str) -> None:
    cold, warm, hot = (sample(kind, slanted, 50, seed=3, temperature=t) for t in (0, 1, 2))
    np.testing.assert_allclose(hot - cold, 2 * (warm - cold), atol=1e-4)


def test_without_warmth_a_gaussian_gives_the_mean(slanted: Atlas) -> None:
    expected = np.tile(slanted.codes.mean(axis=0), (4, 1))
    np.testing.assert_allclose(sample("gaussian", slanted, 4, temperature=0), expected, atol=1e-5)


def test_without_warmth_a_mixture_gives_the_means_of_its_parts() -> None:
    rng = np.random.default_rng(0)
    atlas = atlas_of(np.concatenate([rng.normal(-10, 1, (500, 2)), rng.normal(10, 1, (500, 2))]))
    drawn = np.unique(mixture(atlas, 100, temperature=0, components=2), axis=0)
    np.testing.assert_allclose(drawn, [[-10, -10], [10, 10]], atol=0.2)


@pytest.mark.parametrize("numbers", [3, 200], ids=["full", "diagonal"])
def test_a_mixture_varies_like_its_atlas(numbers: int) -> None:
    rng = np.random.default_rng(0)
    atlas = atlas_of(rng.normal(size=(1000, numbers)) * np.linspace(0.5, 2, numbers) + 3)
    drawn = Mixture.fit(atlas, components=1).sample(4000, seed=1)
    np.testing.assert_allclose(drawn.mean(axis=0), atlas.codes.mean(axis=0), atol=0.2)
    np.testing.assert_allclose(drawn.std(axis=0), atlas.codes.std(axis=0), rtol=0.1)


def test_a_mixture_that_is_kept_draws_what_a_new_one_draws(slanted: Atlas) -> None:
    kept = Mixture.fit(slanted)
    for seed in (4, 5):
        expected = sample("mixture", slanted, 6, seed, 1.5)
        np.testing.assert_array_equal(kept.sample(6, seed, 1.5), expected)


def test_fitting_a_mixture_can_be_ended(slanted: Atlas) -> None:
    with pytest.raises(Cancelled):
        Mixture.fit(slanted, cancelled=lambda: True)


def test_only_a_model_with_a_prior_offers_it() -> None:
    assert kinds(prior=False) == ("mixture", "gaussian")
    assert sorted(kinds(prior=True)) == sorted(SAMPLERS)
