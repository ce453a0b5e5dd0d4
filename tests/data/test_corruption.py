"""What may befall a picture: each kind does what it says, as much as it is told, and nothing else."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.ndimage import gaussian_filter

from aedesk.data.corruption import BLUR, KINDS, MOST, corrupt
from aedesk.data.imageset import DataSet

kinds = st.sampled_from([*KINDS, "mixed"])
seeds = st.integers(0, 2**32 - 1)
strengths = st.floats(0, 1, width=32)
pictures = st.builds(
    lambda seed, count, ink: (
        np.random.default_rng(seed).random((count, 28, 28)).astype(np.float32)
        * (np.random.default_rng(seed + 1).random((count, 28, 28)) < ink)
    ).astype(np.float32),
    st.integers(0, 1000),
    st.integers(0, 4),
    st.sampled_from([0.0, 0.01, 0.2, 1.0]),
)


def rng(seed: int = 0) -> np.random.Generator:
    return np.random.default_rng(seed)


@pytest.fixture(scope="module")
def some(digits: DataSet) -> np.ndarray:
    return digits.test.pixels(slice(300))


@settings(max_examples=60)
@given(pictures, kinds, strengths, seeds)
def test_whatever_befalls_them_pictures_stay_finite_pictures_and_the_originals_stay(
    images: np.ndarray, kind: str, strength: float, seed: int
) -> None:
    before = images.copy()
    damaged = corrupt(images, kind, strength, rng(seed))
    assert damaged.shape == images.shape
    assert damaged.dtype == images.dtype
    assert np.isfinite(damaged).all()
    assert np.array_equal(images, before)
    assert not np.shares_memory(damaged, images)
    assert np.array_equal(damaged, corrupt(images, kind, strength, rng(seed)))


@settings(max_examples=40)
@given(pictures, kinds, seeds)
def test_of_strength_0_nothing_befalls_them(images: np.ndarray, kind: str, seed: int) -> None:
    assert np.abs(corrupt(images, kind, 0, rng(seed)) - images).max(initial=0) < 1e-6


@settings(max_examples=40)
@given(pictures, st.sampled_from(["masking", "occlusion", "strokes"]), strengths, seeds)
def test_what_takes_away_leaves_each_pixel_or_takes_all_of_it(
    images: np.ndarray, kind: str, strength: float, seed: int
) -> None:
    damaged = corrupt(images, kind, strength, rng(seed))
    assert np.all((damaged == images) | (damaged == 0))


@pytest.mark.parametrize("kind", [*KINDS, "mixed"])
def test_stronger_damage_leaves_less_of_the_picture(some: np.ndarray, kind: str) -> None:
    errors = [((corrupt(some, kind, s, rng(1)) - some) ** 2).mean() for s in (0.1, 0.3, 0.6, 1)]
    assert errors == sorted(errors)
    assert errors[0] > 0
    assert errors[-1] > 2 * errors[0]


def test_gaussian_noise_has_its_deviation_at_every_pixel_and_is_not_clipped(some: np.ndarray) -> None:
    noise = corrupt(some, "gaussian", 0.5, rng()) - some
    assert noise.mean() == pytest.approx(0, abs=0.005)
    assert noise.std() == pytest.approx(0.5, rel=0.01)
    assert noise[:, 0].std() == pytest.approx(0.5, rel=0.05)
    assert corrupt(some, "gaussian", 0.5, rng()).min() < -1


@pytest.mark.parametrize("strength", [0.2, 0.7])
def test_salt_falls_as_often_as_pepper(some: np.ndarray, strength: float) -> None:
    ink = np.full_like(some, 0.5)
    damaged = corrupt(ink, "salt-pepper", strength, rng())
    assert (damaged == 1).mean() == pytest.approx(strength / 2, rel=0.03)
    assert (damaged == 0).mean() == pytest.approx(strength / 2, rel=0.03)
    assert set(np.unique(damaged)) == {0, 0.5, 1}


def test_masking_loses_its_share_of_the_pixels(some: np.ndarray) -> None:
    damaged = corrupt(np.ones_like(some), "masking", 0.3, rng())
    assert (damaged == 0).mean() == pytest.approx(0.3, rel=0.02)


def test_speckle_grows_with_the_ink_and_leaves_the_paper_clean(some: np.ndarray) -> None:
    damaged = corrupt(some, "speckle", 0.4, rng())
    assert np.all(damaged[some == 0] == 0)
    inked = some > 0.2
    assert (damaged[inked] / some[inked]).std() == pytest.approx(0.4, rel=0.03)


def test_blur_is_the_gaussian_filter_of_others(some: np.ndarray) -> None:
    for strength in (0.1, 0.4, 1.0):
        sigma = BLUR * strength
        expected = [gaussian_filter(image, sigma, mode="constant", truncate=8) for image in some[:20]]
        assert np.abs(corrupt(some[:20], "blur", strength, rng()) - expected).max() < 2e-3


@pytest.mark.parametrize(("strength", "edge"), [(0.25, 7), (0.5, 14), (1.0, 28)])
def test_a_block_covers_a_square_of_its_size_that_touches_the_ink(strength: float, edge: int) -> None:
    images = np.ones((200, 28, 28), np.float32)
    gone = corrupt(images, "occlusion", strength, rng()) == 0
    widths, heights = gone.any(axis=1).sum(axis=1), gone.any(axis=2).sum(axis=1)
    assert np.array_equal(gone.sum(axis=(1, 2)), widths * heights)
    # It may reach beyond the picture, but its middle lies within.
    assert widths.max() == heights.max() == edge
    assert min(widths.min(), heights.min()) >= edge // 2


def test_a_block_lies_on_the_ink(some: np.ndarray) -> None:
    assert np.all(corrupt(some, "occlusion", 0.2, rng()).sum(axis=(1, 2)) < some.sum(axis=(1, 2)))


@pytest.mark.parametrize("strength", [0.1, 0.3, 0.6])
def test_strokes_lose_their_share_of_the_ink_and_not_much_more(some: np.ndarray, strength: float) -> None:
    left = corrupt(some, "strokes", strength, rng()).sum(axis=(1, 2)) / some.sum(axis=(1, 2))
    assert left.max() <= 1 - strength + 1e-4
    assert left.mean() > 1 - strength - 0.25


def test_missing_strokes_are_holes_not_scattered_pixels(some: np.ndarray) -> None:
    gone = (corrupt(some, "strokes", 0.3, rng()) != some).astype(np.int64)
    beside = gone[:, 1:] * gone[:, :-1]
    assert beside.sum() > 0.5 * gone.sum()


def test_the_mixture_befalls_pictures_in_different_ways_at_different_strengths(some: np.ndarray) -> None:
    damaged = corrupt(some, "mixed", 0.7, rng())
    on_paper = np.abs(damaged[:, 0]).max(axis=1)  # in the first row is no ink
    assert 0.25 < (on_paper > 0).mean() < 0.75
    deviations = damaged[:, 0].std(axis=1)
    assert deviations.max() < 0.9
    assert deviations[deviations > 0].min() < 0.1


@pytest.mark.parametrize(
    ("kind", "strength"), [("fog", 0.5), ("blur", 1.01), ("gaussian", -0.1), ("mixed", np.nan)]
)
def test_another_kind_or_strength_is_refused(some: np.ndarray, kind: str, strength: float) -> None:
    with pytest.raises(ValueError, match=r"no corruption|a strength of"):
        corrupt(some, kind, strength, rng())  # type: ignore[arg-type]


def test_the_mixture_befalls_a_single_picture_too(some: np.ndarray) -> None:
    for seed in range(20):
        assert corrupt(some[:1], "mixed", 0.7, rng(seed)).shape == (1, 28, 28)


def test_every_kind_has_a_strongest_form(some: np.ndarray) -> None:
    assert set(MOST) == {*KINDS, "mixed"}
    for kind, most in MOST.items():
        assert np.isfinite(corrupt(some[:5], kind, most, rng())).all()
