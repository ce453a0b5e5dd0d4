"""The sheet of samples: what it is drawn by, that the latest wish wins, and that it goes with its model."""

import numpy as np
import pytest
from PIL import Image

from aedesk.app.loading import MapWish
from aedesk.app.samples import Samples
from aedesk.errors import AedeskError
from aedesk.latent import mixture, sampling
from aedesk.storage.runs import Run
from aedesk.training.config import TrainingConfig
from aedesk.training.session import run_training


@pytest.fixture
def samples(bench):
    samples = Samples(bench.explorer, bench.jobs)
    samples.problems = []
    samples.failed.connect(samples.problems.append)
    return samples


@pytest.fixture(scope="session")
def variational(digits, tmp_path_factory):
    """A run with variational codes of two numbers. Not to be written to."""
    run = Run.create(tmp_path_factory.mktemp("runs") / "vae")
    config = TrainingConfig.of("dense-2d", data="digits", epochs=2, device="cpu", kind="variational")
    for _ in run_training(config, digits, run):
        pass
    return run.path


@pytest.fixture
def fits(monkeypatch):
    """Grows by one for each mixture that is fitted."""
    fits = []
    fit = mixture.Mixture.fit

    def counted(*args, **options):
        fits.append(args)
        return fit(*args, **options)

    monkeypatch.setattr(mixture.Mixture, "fit", counted)
    return fits


def drawn(bench, samples, **wish):
    samples.draw(**wish)
    bench.settle()
    assert not samples.is_busy
    return samples.sheet


def test_without_a_model_nothing_is_drawn(bench, samples):
    assert samples.kinds == ()
    samples.draw()
    samples.surprise()
    assert not samples.is_busy
    assert not bench.jobs.are_running


@pytest.mark.parametrize(("name", "kind"), [("vanilla-64", "gaussian"), ("dense-2d", "mixture")])
def test_a_sheet_shows_decoded_codes_and_where_they_lie(bench, samples, name, kind):
    active = bench.load(name)
    assert samples.kinds == ("mixture", "gaussian")
    sheet = drawn(bench, samples, kind=kind, seed=3, count=9, temperature=0.7)
    np.testing.assert_allclose(sheet.codes, sampling.sample(kind, active.atlas, 9, 3, 0.7), rtol=1e-6)
    np.testing.assert_allclose(sheet.images, active.model.decode(sheet.codes), atol=1e-6)
    np.testing.assert_allclose(sheet.points, active.projection.to_points(sheet.codes), rtol=1e-4, atol=1e-4)
    assert (sheet.kind, sheet.seed, sheet.temperature) == (kind, 3, 0.7)
    assert (samples.kind, samples.seed, samples.temperature, samples.count) == (kind, 3, 0.7, 9)


def test_what_is_not_said_stays_as_it_was(bench, samples):
    bench.load("dense-2d")
    drawn(bench, samples, kind="gaussian", seed=5)
    sheet = drawn(bench, samples, temperature=0.5)
    assert len(sheet.codes) == 24
    assert (sheet.kind, sheet.seed, sheet.temperature) == ("gaussian", 5, 0.5)


def test_the_same_seed_draws_the_same_and_a_surprise_another(bench, samples):
    bench.load("dense-2d")
    first = drawn(bench, samples, kind="gaussian", seed=5)
    np.testing.assert_array_equal(drawn(bench, samples, seed=5).codes, first.codes)
    seeds = set()
    for _ in range(4):
        samples.surprise()
        bench.settle()
        seeds.add(samples.sheet.seed)
        assert samples.seed == samples.sheet.seed
    assert len(seeds) > 1


def test_a_mixture_is_fitted_once_for_a_model(bench, samples, flat, run, fits):
    bench.load(flat)
    for seed in range(3):
        samples.draw(kind="mixture", seed=seed)  # the first two are overtaken while it is being fitted
    bench.settle()
    drawn(bench, samples, temperature=0.2)
    bench.load(run)
    bench.load(flat)
    drawn(bench, samples, kind="mixture")
    assert len(fits) == 1


def test_a_mixture_is_there_in_the_next_window_as_well(bench, flat, fits):
    bench.load(flat)
    sheets = [drawn(bench, Samples(bench.explorer, bench.jobs), kind="mixture", seed=1) for _ in range(2)]
    np.testing.assert_array_equal(sheets[0].codes, sheets[1].codes)
    assert len(fits) == 1


def test_a_shipped_model_brings_its_mixture(bench, samples, fits):
    bench.load("dense-2d")
    assert drawn(bench, samples).kind == "mixture"
    assert not fits


def test_a_variational_model_is_sampled_by_its_prior_first(bench, samples, variational, fits):
    active = bench.load(variational)
    assert samples.kinds == ("prior", "mixture", "gaussian")
    sheet = drawn(bench, samples, seed=3, count=9, temperature=0.7)
    assert sheet.kind == "prior"
    noise = np.random.default_rng(3).standard_normal((9, 2), np.float32)
    np.testing.assert_allclose(sheet.codes, 0.7 * noise, rtol=1e-5)
    np.testing.assert_allclose(sheet.images, active.model.decode(sheet.codes), atol=1e-6)
    assert not fits


def test_a_sampler_that_was_chosen_stays_where_the_next_model_has_it(bench, samples, flat, variational):
    bench.load(flat)
    drawn(bench, samples)
    assert samples.kind == "mixture"
    bench.load(variational)
    assert samples.kind == "prior"  # nobody has chosen the mixture
    drawn(bench, samples, kind="gaussian")
    bench.load(flat)
    assert samples.kind == "gaussian"
    bench.load(variational)
    assert samples.kind == "gaussian"


def test_a_model_whose_run_has_got_another_name_is_sampled_all_the_same(bench, samples, with_atlas):
    folder = with_atlas()
    bench.load(folder)
    folder.rename(folder.with_name("renamed"))
    assert drawn(bench, samples, kind="mixture").codes.shape == (24, 32)
    assert not samples.problems


def test_the_latest_wish_wins(bench, samples):
    bench.load("dense-2d")
    sheets = []
    samples.changed.connect(lambda _: sheets.append(samples.sheet))
    for seed in range(6):
        samples.draw(kind="mixture", seed=seed)
        assert samples.is_busy
    bench.settle()
    assert [sheet.seed for sheet in sheets if sheet is not None] == [5]


def test_another_model_drops_the_sheet_even_one_on_its_way(bench, samples):
    flat = bench.load("dense-2d")
    drawn(bench, samples, kind="gaussian")
    bench.load("vanilla-64")
    assert samples.sheet is None
    samples.draw(kind="mixture")
    bench.explorer.model_changed.emit(flat)
    bench.settle()
    assert samples.sheet is None
    assert not samples.is_busy
    assert drawn(bench, samples).codes.shape == (24, 2)


def test_another_map_lays_the_samples_out_anew(bench, samples):
    active = bench.load("dense-2d")
    codes = drawn(bench, samples, kind="gaussian").codes
    bench.explorer.set_projection(MapWish("pca"))
    bench.settle()
    projection = bench.explorer.active.projection
    assert projection.kind == "pca"
    assert samples.sheet.codes is codes
    np.testing.assert_array_equal(samples.sheet.points, projection.to_points(codes))
    samples.draw(kind="mixture")
    bench.explorer.model_changed.emit(active)  # while the sheet is on its way
    bench.settle()
    assert samples.sheet.kind == "mixture"
    np.testing.assert_array_equal(samples.sheet.points, samples.sheet.codes)


@pytest.mark.parametrize(
    ("wish", "words"),
    [
        ({"kind": "prior"}, "no prior"),
        ({"kind": "dice"}, "no sampler 'dice'"),
        ({"temperature": 2.1}, "between 0 and 2"),
        ({"temperature": float("nan")}, "between 0 and 2"),
        ({"seed": -1}, "0 or more"),
        ({"count": 0}, "from 1 to"),
    ],
)
def test_what_cannot_be_drawn_by_is_refused_and_changes_nothing(bench, samples, wish, words):
    bench.load("dense-2d")
    before = samples.kind, samples.temperature, samples.seed, samples.count
    with pytest.raises(AedeskError, match=words):
        samples.draw(**wish)
    assert (samples.kind, samples.temperature, samples.seed, samples.count) == before
    assert not samples.is_busy


def test_a_sheet_is_saved_as_a_picture(bench, samples, tmp_path):
    bench.load("dense-2d")
    with pytest.raises(AedeskError, match="no samples to save"):
        samples.save(tmp_path / "samples.png")
    sheet = drawn(bench, samples, kind="gaussian", count=5)
    samples.save(tmp_path / "samples.png")
    with Image.open(tmp_path / "samples.png") as picture:
        pixels = np.asarray(picture, np.float32) / 255
    assert pixels.shape == (2 * 224, 3 * 224)
    np.testing.assert_allclose(pixels[228::8, 228:448:8], sheet.images[4], atol=1 / 255)
    assert not pixels[224:, 448:].any()


def test_what_goes_wrong_in_the_background_is_told(bench, samples, monkeypatch):
    def fail(*args, **options):
        raise AedeskError("no mixture today")

    bench.load("dense-2d")
    monkeypatch.setattr("aedesk.latent.mixture.mixture_for", fail)
    samples.draw(kind="mixture")
    bench.settle()
    assert [str(problem) for problem in samples.problems] == ["no mixture today"]
    assert not samples.is_busy
