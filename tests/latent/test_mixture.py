"""The mixture that samples are drawn from: how well it fits, and that it is fitted once."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aedesk import paths
from aedesk.errors import AedeskError, Cancelled
from aedesk.latent import em, mixture
from aedesk.latent.atlas import Atlas
from aedesk.latent.mixture import MIXTURE, Mixture, known, load, mixture_for, save
from aedesk.storage import tensors


def atlas_of(codes: np.ndarray, fingerprint: str = "mine") -> Atlas:
    labels = np.zeros(len(codes), np.int64)
    return Atlas(codes.astype(np.float32), labels, ("a",), "random", fingerprint)


def two_heaps(each: int = 500) -> np.ndarray:
    rng = np.random.default_rng(0)
    return np.concatenate([rng.normal(-10, 1, (each, 2)), rng.normal(10, 1, (each, 2))])


@pytest.fixture(scope="module")
def atlas() -> Atlas:
    return atlas_of(np.random.default_rng(0).normal(size=(400, 3)) * [1, 2, 3] + 5)


@pytest.fixture
def fits(monkeypatch: pytest.MonkeyPatch) -> list[object]:
    """Grows by one for each mixture that is fitted."""
    fits: list[object] = []
    fit = em.fit
    monkeypatch.setattr(em, "fit", lambda *given, **named: fits.append(given) or fit(*given, **named))
    return fits


# --- what it is ---


def test_it_keeps_to_the_heaps_where_codes_are() -> None:
    drawn = Mixture.fit(two_heaps(), components=2).sample(500)
    assert (np.abs(drawn.mean(axis=1)) > 5).all()
    assert 0.4 < (drawn.mean(axis=1) > 0).mean() < 0.6


def test_without_warmth_it_gives_the_means_of_its_parts() -> None:
    drawn = np.unique(Mixture.fit(two_heaps(), components=2).sample(100, temperature=0), axis=0)
    np.testing.assert_allclose(drawn, [[-10, -10], [10, 10]], atol=0.2)


@pytest.mark.parametrize("components", [1, 5])
@pytest.mark.parametrize("numbers", [3, 200], ids=["all numbers", "in 64 directions"])
def test_it_varies_like_its_codes(numbers: int, components: int) -> None:
    rng = np.random.default_rng(0)
    hidden = rng.normal(size=(3000, 3)) ** 3 @ rng.normal(size=(3, numbers))
    codes = hidden * np.linspace(0.5, 2, numbers) + 3
    drawn = Mixture.fit(codes, components=components).sample(8000, seed=1)
    np.testing.assert_allclose(drawn.mean(axis=0), codes.mean(axis=0), atol=0.2 * codes.std())
    np.testing.assert_allclose(drawn.std(axis=0), codes.std(axis=0), rtol=0.12)


@pytest.mark.parametrize("scale", [1e-6, 1.0, 1e6])
def test_the_scale_of_codes_does_not_matter(atlas: Atlas, scale: float) -> None:
    drawn = Mixture.fit(atlas.codes * np.float32(scale)).sample(20)
    np.testing.assert_allclose(drawn / scale, Mixture.fit(atlas.codes).sample(20), rtol=1e-2, atol=1e-2)


def test_codes_that_are_all_the_same_are_drawn_again() -> None:
    np.testing.assert_allclose(Mixture.fit(np.full((50, 3), 7.0)).sample(9), 7, atol=1e-5)


@pytest.mark.filterwarnings("ignore:Best performing")
def test_it_explains_new_codes_as_well_as_the_one_of_scikit_learn() -> None:
    from sklearn.mixture import GaussianMixture

    rng = np.random.default_rng(0)
    heaps = rng.normal(size=(6, 4)) * 2
    shapes = rng.normal(size=(6, 4, 4)) / 2
    which = rng.integers(6, size=6000)
    codes = heaps[which] + np.einsum("nd,ndk->nk", rng.normal(size=(6000, 4)), shapes[which])
    codes /= codes.std()
    theirs = GaussianMixture(12, random_state=0, reg_covar=1e-4, max_iter=10).fit(codes[:4000])
    ours = em.fit(codes[:4000], 12)
    assert ours.log_likelihood(codes[4000:]) == pytest.approx(theirs.score(codes[4000:]), abs=0.05)
    assert ours.weights.sum() == pytest.approx(1)


def test_the_density_of_a_single_component_is_that_of_its_normal_distribution() -> None:
    from scipy.stats import multivariate_normal

    rng = np.random.default_rng(0)
    codes = (rng.normal(size=(500, 3)) @ rng.normal(size=(3, 3))).astype(np.float32)
    found = em.fit(codes, 1)
    expected = multivariate_normal(found.means[0], found.factors[0] @ found.factors[0].T).logpdf(codes)
    np.testing.assert_allclose(found.log_shares(codes)[:, 0], expected, atol=1e-3)


def test_fitting_can_be_ended_between_any_two_steps(atlas: Atlas) -> None:
    asked = []
    with pytest.raises(Cancelled):
        mixture_for(atlas, cancelled=lambda: asked.append(0) or len(asked) == 4)
    assert known(atlas) is None


def test_how_far_it_is_goes_up_to_the_end(atlas: Atlas) -> None:
    told: list[tuple[int, int]] = []
    Mixture.fit(atlas.codes, progress=lambda _, done, total: told.append((done, total)))
    assert told == [(done, 10) for done in range(11)]


# --- its file ---


@settings(max_examples=20)
@given(
    numbers=st.integers(1, 70),
    codes=st.integers(1, 40),
    components=st.integers(1, 4),
    least=st.sampled_from([-1e9, 0.0]),
    seed=st.integers(0, 99),
)
def test_what_is_kept_draws_what_was_fitted(
    tmp_path_factory, numbers: int, codes: int, components: int, least: float, seed: int
) -> None:
    path = tmp_path_factory.mktemp("kept") / MIXTURE
    drawn = np.maximum(np.random.default_rng(seed).normal(size=(codes, numbers)), least)
    fitted = Mixture.fit(drawn, "mine", components)
    save(fitted, path)
    kept = load(path, "mine", numbers)
    for temperature in (0.0, 1.0, 1.7):
        np.testing.assert_array_equal(kept.sample(9, seed, temperature), fitted.sample(9, seed, temperature))
    save(kept, path.with_name("again"))
    assert path.with_name("again").read_bytes() == path.read_bytes()


@pytest.mark.parametrize("size", [1, 2, 32, 64, 65, 128, 392, 1024, 4096])
def test_a_file_takes_at_most_250_kilobytes_where_codes_are_many(size: int, monkeypatch, tmp_path) -> None:
    def fit(numbers: np.ndarray, components: int, **_: object) -> em.Gaussians:
        rank = numbers.shape[1]
        factors = np.broadcast_to(np.eye(rank, dtype=np.float32), (components, rank, rank))
        return em.Gaussians(
            np.full(components, 1 / components, np.float32), np.zeros((components, rank)), factors
        )

    monkeypatch.setattr(em, "fit", fit)
    monkeypatch.setattr(mixture, "_components", lambda count, size, of=mixture._components: of(60_000, size))
    save(Mixture.fit(np.random.default_rng(0).normal(size=(100, size))), tmp_path / MIXTURE)
    assert (tmp_path / MIXTURE).stat().st_size < (250_000 if size <= 1024 else 400_000)


@pytest.mark.parametrize(
    "spoilt",
    [
        {"weights": None},
        {"weights": np.full(3, -1, np.float32)},
        {"means": np.zeros((0, 3), np.float16)},
        {"means": np.zeros((6, 2), np.float16)},
        {"centre": np.zeros(4, np.float32)},
        {"factors": np.zeros((6, 5), np.uint8)},
        {"factors": np.zeros((6, 45), np.float16)},
        {"factors_scale": np.full(45, -1, np.float32)},
        {"factors_offset": None},
        {"directions": np.zeros((2, 9), np.uint8)},
    ],
    ids=str,
)
@pytest.mark.parametrize("numbers", [3, 9, 70])
def test_arrays_that_do_not_fit_together_are_refused_in_one_line(
    tmp_path: Path, spoilt: dict[str, np.ndarray | None], numbers: int
) -> None:
    if numbers == 3 and {"factors_scale", "factors_offset"} & spoilt.keys():
        return  # small factors have neither
    path = tmp_path / MIXTURE
    save(Mixture.fit(np.random.default_rng(0).normal(size=(50, numbers)), "mine"), path)
    card, arrays = tensors.read(path, "mixture")
    arrays = {name: array for name, array in (arrays | spoilt).items() if array is not None}
    tensors.write(path, "mixture", arrays, card)
    with pytest.raises(AedeskError, match=r"not a mixture that aedesk can use: .+") as refusal:
        load(path)
    assert len(str(refusal.value).splitlines()) == 1


@pytest.mark.parametrize("change", [{"unit": 0.0}, {"unit": "1"}, {"non_negative": 1}, {"model": 3}], ids=str)
def test_a_description_of_an_unknown_form_is_refused(atlas: Atlas, tmp_path: Path, change) -> None:
    path = tmp_path / MIXTURE
    save(Mixture.fit(atlas.codes, "mine"), path)
    card, arrays = tensors.read(path, "mixture")
    tensors.write(path, "mixture", arrays, card | change)
    with pytest.raises(AedeskError, match="not a mixture"):
        load(path)


# --- where it is found ---


def test_it_is_fitted_once_for_an_atlas(atlas: Atlas, fits) -> None:
    first = mixture_for(atlas)
    again = mixture_for(replace(atlas))
    assert len(fits) == 1
    np.testing.assert_array_equal(first.sample(5), again.sample(5))
    mixture_for(atlas_of(atlas.codes + 1))
    assert len(fits) == 2


def test_one_beside_the_model_comes_before_the_cache(atlas: Atlas, tmp_path: Path, fits) -> None:
    mixture_for(atlas)
    save(Mixture.fit(atlas.codes, "mine", 1), tmp_path / MIXTURE)
    assert len(mixture_for(atlas, tmp_path / "model.safetensors")) == 1
    assert len(mixture_for(atlas)) > 1


def test_one_of_another_model_or_a_damaged_one_is_passed_over(atlas: Atlas, tmp_path: Path) -> None:
    model = tmp_path / "model.safetensors"
    save(Mixture.fit(atlas.codes, "another's", 1), tmp_path / MIXTURE)
    assert known(atlas, model) is None
    save(Mixture.fit(atlas.codes, "mine", 1), tmp_path / MIXTURE)
    assert known(atlas, model) is not None
    (tmp_path / MIXTURE).write_bytes((tmp_path / MIXTURE).read_bytes()[:-9])
    assert known(atlas, model) is None
    assert len(mixture_for(atlas, model)) > 1


def test_a_shipped_one_is_found_by_its_model_alone(atlas: Atlas, tmp_path: Path, monkeypatch, fits) -> None:
    monkeypatch.setattr(paths, "weights", lambda: tmp_path)
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "model.safetensors").touch()
    save(Mixture.fit(atlas.codes, "mine"), tmp_path / "mine" / MIXTURE)
    del fits[:]
    assert mixture_for(atlas) is not None
    assert not fits
    mixture_for(atlas_of(atlas.codes, ""))  # a model that nobody knows has none that is shipped
    assert len(fits) == 1


def test_where_nothing_can_be_kept_it_is_fitted_all_the_same(atlas: Atlas, tmp_path, monkeypatch) -> None:
    (tmp_path / "file").touch()
    monkeypatch.setattr(paths, "cache", lambda: tmp_path / "file")
    assert mixture_for(atlas).sample(3).shape == (3, 3)
