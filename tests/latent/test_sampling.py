import numpy as np
import pytest

from aedesk.errors import AedeskError
from aedesk.latent.atlas import Atlas
from aedesk.latent.sampling import SAMPLERS, check_kind, gaussian, kinds, prior, sample


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


def test_samples_of_a_prior_are_standard_normal_whatever_the_atlas(slanted: Atlas) -> None:
    codes = sample("prior", slanted, 20_000)
    np.testing.assert_allclose(codes.mean(axis=0), 0, atol=0.03)
    np.testing.assert_allclose(np.cov(codes.T), np.eye(3), atol=0.05)
    np.testing.assert_array_equal(prior(3, 20_000), codes)


@pytest.mark.parametrize("kind", SAMPLERS)
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


@pytest.mark.parametrize("kind", SAMPLERS)
def test_negative_samples_stay_where_the_code_is_linear(slanted: Atlas, kind: str) -> None:
    assert sample(kind, slanted, 100).min() < 0


@pytest.mark.parametrize("kind", SAMPLERS)
@pytest.mark.parametrize("shape", [(1, 3), (4, 200), (5, 1)], ids=["one code", "wide codes", "one number"])
def test_few_codes_are_enough(kind: str, shape: tuple[int, int]) -> None:
    drawn = sample(kind, atlas_of(np.random.default_rng(0).normal(size=shape)), 6)
    assert drawn.shape == (6, shape[1])
    assert np.isfinite(drawn).all()


@pytest.mark.parametrize(
    ("kind", "variational", "words"),
    [
        ("prior", False, "no prior"),
        ("dice", False, "of: mixture, gaussian"),
        ("dice", True, "prior, mixture"),
    ],
)
def test_a_sampler_that_a_model_does_not_have_is_refused_in_words(
    kind: str, variational: bool, words: str
) -> None:
    with pytest.raises(AedeskError, match=words):
        check_kind(kind, variational)


def test_every_sampler_that_is_offered_is_there() -> None:
    for variational in (False, True):
        for kind in kinds(prior=variational):
            check_kind(kind, variational)


def test_an_unknown_sampler_draws_nothing(slanted: Atlas) -> None:
    with pytest.raises(AedeskError, match="no sampler 'dice'"):
        sample("dice", slanted, 1)


@pytest.mark.parametrize("kind", SAMPLERS)
def test_no_samples_at_all_are_refused(slanted: Atlas, kind: str) -> None:
    with pytest.raises(AedeskError, match="1 or more"):
        sample(kind, slanted, 0)


@pytest.mark.parametrize("kind", SAMPLERS)
@pytest.mark.parametrize("temperature", [-0.1, 2.1, float("nan")])
def test_temperatures_go_from_zero_to_two(slanted: Atlas, kind: str, temperature: float) -> None:
    with pytest.raises(AedeskError, match="between 0 and 2"):
        sample(kind, slanted, 1, temperature=temperature)


@pytest.mark.parametrize("kind", SAMPLERS)
def test_a_temperature_scales_what_the_seed_drew(slanted: Atlas, kind: str) -> None:
    cold, warm, hot = (sample(kind, slanted, 50, seed=3, temperature=t) for t in (0, 1, 2))
    np.testing.assert_allclose(hot - cold, 2 * (warm - cold), atol=1e-4)


@pytest.mark.parametrize("kind", ["gaussian", "prior"])
def test_without_warmth_one_normal_distribution_gives_its_mean(slanted: Atlas, kind: str) -> None:
    mean = np.zeros(3) if kind == "prior" else slanted.codes.mean(axis=0)
    drawn = sample(kind, slanted, 4, temperature=0)
    np.testing.assert_allclose(drawn, np.tile(mean, (4, 1)), atol=1e-5)


def test_only_a_model_with_a_prior_offers_it_and_before_all_others() -> None:
    assert kinds(prior=False) == ("mixture", "gaussian")
    assert kinds(prior=True)[0] == "prior"
    assert sorted(kinds(prior=True)) == sorted(SAMPLERS)
