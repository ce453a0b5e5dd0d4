"""Mended pictures: filters held against scikit-image, their tuning, and how all of them are measured."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from skimage.filters import median
from skimage.metrics import peak_signal_noise_ratio, structural_similarity
from skimage.restoration import denoise_tv_chambolle

from aedesk.analysis import denoising
from aedesk.analysis.denoising import Comparison
from aedesk.data.corruption import corrupt
from aedesk.data.imageset import DataSet
from aedesk.errors import AedeskError, Cancelled
from aedesk.models.checkpoint import Checkpoint
from aedesk.models.initialisation import initial_weights
from aedesk.models.model import Model
from aedesk.models.presets import PRESETS


def untrained(preset: str) -> Model:
    architecture = PRESETS[preset].architecture
    return Model(Checkpoint(preset, architecture, initial_weights(architecture, 0)))


def noisy(clean: np.ndarray, strength: float = 0.5, seed: int = 0) -> np.ndarray:
    return corrupt(clean, "gaussian", strength, np.random.default_rng(seed))


@pytest.fixture(scope="module")
def digits(digits: DataSet) -> DataSet:
    """Few to tune on: it takes a while."""
    return DataSet("digits", digits.train[:30], digits.test)


@pytest.fixture(scope="module")
def comparison(digits: DataSet) -> Comparison:
    return denoising.compare([untrained("dense-32")], digits, "gaussian", 0.5, limit=60, seed=3)


@pytest.mark.parametrize("size", [3, 5, 7])
def test_the_median_is_scikit_images(digits: DataSet, size: int) -> None:
    images = noisy(digits.test.pixels(slice(5)))
    expected = [median(image, np.ones((size, size)), mode="nearest") for image in images]
    assert np.array_equal(denoising.median(images, size), np.clip(expected, 0, 1))


@pytest.mark.parametrize("weight", [0.05, 0.4, 3])
def test_total_variation_is_scikit_images(digits: DataSet, weight: float) -> None:
    images = noisy(digits.test.pixels(slice(5)))
    expected = [denoise_tv_chambolle(image, weight=weight) for image in images]
    assert np.array_equal(denoising.total_variation(images, weight), np.clip(expected, 0, 1))


@settings(max_examples=15)
@given(st.integers(0, 10**6), st.floats(0, 3), st.sampled_from(denoising.FILTERS), st.integers(0, 2))
def test_a_filter_answers_with_a_picture_whatever_it_gets(
    seed: int, spread: float, method: denoising.Filter, count: int
) -> None:
    images = (np.random.default_rng(seed).standard_normal((count, 28, 28)) * spread).astype(np.float32)
    for setting in denoising.SETTINGS[method][:: max(1, len(denoising.SETTINGS[method]) // 3)]:
        mended = denoising.filtered(method, images, setting)
        assert mended.shape == images.shape
        assert mended.dtype == np.float32
        assert not len(mended) or (mended.min() >= 0 and mended.max() <= 1)


@pytest.mark.parametrize("method", denoising.FILTERS)
def test_the_best_setting_is_the_one_with_the_highest_mean_psnr(
    digits: DataSet, method: denoising.Filter, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(denoising, "_CHUNK", 7)
    clean = digits.train.pixels()
    damaged = noisy(clean)
    scores = {
        setting: np.mean(
            [
                peak_signal_noise_ratio(one, other, data_range=1)
                for one, other in zip(clean, denoising.filtered(method, damaged, setting), strict=True)
            ]
        )
        for setting in denoising.SETTINGS[method]
    }
    assert denoising.best_setting(method, clean, damaged) == max(scores, key=lambda setting: scores[setting])


def test_the_best_setting_of_more_noise_smooths_more(digits: DataSet) -> None:
    clean = digits.train.pixels(slice(20))
    weights = [denoising.best_setting("tv", clean, noisy(clean, strength)) for strength in (0.05, 0.3, 1)]
    assert weights == sorted(weights)
    assert weights[0] < weights[2]


def test_where_nothing_is_wrong_the_setting_is_still_one_of_them(digits: DataSet) -> None:
    blank = np.zeros((3, 28, 28), np.float32)
    for method in denoising.FILTERS:
        assert denoising.best_setting(method, blank, blank) in denoising.SETTINGS[method]


def test_a_model_takes_noise_far_outside_the_range_of_pictures(digits: DataSet) -> None:
    damaged = digits.test.pixels(slice(3)) + 9 * np.random.default_rng(0).standard_normal((3, 28, 28))
    mended = denoising.denoise(untrained("dense-32"), damaged)
    assert mended.shape == (3, 28, 28)
    assert np.isfinite(mended).all()


def test_the_figures_are_scikit_images_of_the_pictures_that_were_tested(digits: DataSet) -> None:
    compared = denoising.compare([untrained("dense-32")], digits, "gaussian", 0.5, seed=3, limit=40)
    clean = digits.test.at_most(40).pixels()
    damaged = noisy(clean, seed=3)
    assert compared.images == 40
    mended = [damaged]
    for outcome, method in zip(compared.outcomes[1:3], denoising.FILTERS, strict=True):
        setting = next(
            one
            for one in denoising.SETTINGS[method]
            if denoising.setting_words(method, one) == outcome.setting
        )
        mended.append(denoising.filtered(method, damaged, setting))
    mended.append(denoising.denoise(untrained("dense-32"), damaged))
    for outcome, images in zip(compared.outcomes, mended, strict=True):
        psnr = [peak_signal_noise_ratio(*pair, data_range=1) for pair in zip(clean, images, strict=True)]
        ssim = [
            structural_similarity(*pair, win_size=7, data_range=1) for pair in zip(clean, images, strict=True)
        ]
        assert outcome.psnr == pytest.approx(np.array(psnr), rel=1e-4)
        assert outcome.ssim == pytest.approx(np.array(ssim), abs=1e-4)
        assert outcome.mean_psnr == pytest.approx(np.mean(psnr), rel=1e-4)
        assert outcome.psnr_of_mean == pytest.approx(-10 * np.log10(((images - clean) ** 2).mean()), rel=1e-4)


def test_filters_are_tuned_on_training_images_alone(digits: DataSet) -> None:
    """Test images of another world change no setting."""
    strange = DataSet("strange", digits.train, digits.test[:20])
    inverted = DataSet(
        "inverted",
        digits.train,
        type(digits.test)(255 - digits.test.images[:20], digits.test.labels[:20], digits.test.classes),
    )
    settings_of = [
        [one.setting for one in denoising.compare([], data, "gaussian", 0.3).outcomes]
        for data in (strange, inverted)
    ]
    assert settings_of[0] == settings_of[1]


def test_the_examples_are_those_of_the_clean_pictures(comparison: Comparison) -> None:
    assert [one.name for one in comparison.outcomes] == [
        "Damaged",
        "Median filter",
        "Total variation",
        "dense-32",
    ]
    assert len(comparison.clean) == 8
    for outcome in comparison.outcomes:
        assert outcome.examples.shape == comparison.clean.shape
    residual = comparison.outcomes[0].examples - comparison.clean
    assert residual.std() == pytest.approx(0.5, rel=0.1)


def test_the_better_filter_is_the_bar(comparison: Comparison) -> None:
    filters = comparison.outcomes[1:3]
    assert comparison.best_filter.mean_psnr == max(one.mean_psnr for one in filters)
    assert comparison.gain(comparison.best_filter) == 0
    assert comparison.gain(comparison.outcomes[0]) < 0


def test_the_table_tells_every_figure_and_how_it_was_made(comparison: Comparison) -> None:
    records = comparison.table().records()
    assert [one["method"] for one in records] == [one.name for one in comparison.outcomes]
    for record, outcome in zip(records, comparison.outcomes, strict=True):
        assert record["psnr"] == outcome.mean_psnr
        assert (record["data"], record["noise"], record["strength"]) == ("digits", "gaussian", 0.5)
        assert (record["seed"], record["test_images"]) == (3, 60)


def test_the_same_seed_gives_the_same_figures(digits: DataSet) -> None:
    def tables(seed: int) -> str:
        return denoising.compare([], digits, "strokes", 0.4, limit=12, seed=seed).table().to_csv()

    assert tables(5) == tables(5)
    assert tables(5) != tables(6)


def test_of_strength_0_the_damaged_pictures_are_perfect(digits: DataSet) -> None:
    compared = denoising.compare([], digits, "gaussian", 0, limit=5)
    assert compared.outcomes[0].mean_psnr == np.inf
    assert compared.table().records()[0]["psnr"] is None
    assert compared.outcomes[0].ssim.tolist() == [1.0] * 5


def test_a_handful_of_images_is_enough(digits: DataSet) -> None:
    few = DataSet("few", digits.train[:2], digits.test[:1])
    compared = denoising.compare([], few, "blur", 0.3)
    assert (compared.images, compared.tuned_on) == (1, 2)


@pytest.mark.parametrize("part", ["train", "test"])
def test_an_empty_part_is_told(digits: DataSet, part: str) -> None:
    parts = {"train": digits.train, "test": digits.test, part: digits.test[:0]}
    with pytest.raises(AedeskError, match="hollow needs"):
        denoising.compare([], DataSet("hollow", **parts), "gaussian", 0.5)


def test_a_sweep_compares_at_each_strength(digits: DataSet) -> None:
    swept = denoising.sweep([], digits, "gaussian", strengths=(0.1, 0.5), limit=10, seed=2)
    assert [one.strength for one in swept] == [0.1, 0.5]
    again = denoising.compare([], digits, "gaussian", 0.5, limit=10, seed=2)
    assert swept[1].table() == again.table()


def test_the_work_tells_how_far_it_is_and_ends_when_it_is_not_wanted(digits: DataSet) -> None:
    told: list[tuple[str, int, int]] = []

    def progress(*news: Any) -> None:
        told.append(news)

    denoising.compare([], digits, "gaussian", 0.5, limit=150, progress=progress)
    assert list(dict.fromkeys(news[0] for news in told)) == [
        "tuning the median filter",
        "tuning the total variation",
        "mending the test images",
    ]
    assert all(0 <= done <= total for _, done, total in told)
    for end in (1, 10, len(told) - 2):
        seen: list[Any] = []
        with pytest.raises(Cancelled):
            denoising.compare(
                [],
                digits,
                "gaussian",
                0.5,
                limit=150,
                progress=lambda *news: seen.append(news),  # noqa: B023
                cancelled=lambda: len(seen) >= end,  # noqa: B023
            )
        assert len(seen) == end


def test_on_mnist_the_filters_reach_what_is_known_of_them(mnist: DataSet) -> None:
    compared = denoising.compare([], mnist, "gaussian", 0.5, limit=300)
    median_filter, variation = compared.outcomes[1:]
    assert median_filter.mean_psnr == pytest.approx(14.2, abs=0.3)
    assert variation.mean_psnr == pytest.approx(16.0, abs=0.3)
