"""What noise does to pictures, and how often."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from aedesk.scratch.noise import NOISES

GREY = np.full((150, 784), 0.4, np.float32)
levels = st.floats(0, 1)


def noisy(noise: str, level: float, images: np.ndarray = GREY, seed: int = 0) -> np.ndarray:
    return NOISES[noise](images, level, np.random.default_rng(seed))


@pytest.mark.parametrize("noise", NOISES)
@given(level=levels, seed=st.integers(0, 100))
def test_noise_leaves_the_picture_alone_keeps_its_form_and_follows_from_the_seed(
    noise: str, level: float, seed: int
) -> None:
    images = np.random.default_rng(3).random((5, 784), np.float32)
    kept = images.copy()
    first = noisy(noise, level, images, seed)
    assert np.array_equal(images, kept)
    assert first.shape == images.shape
    assert first.dtype == np.float32
    assert np.array_equal(first, noisy(noise, level, images, seed))


@pytest.mark.parametrize("noise", NOISES)
def test_no_noise_changes_nothing(noise: str) -> None:
    assert np.array_equal(noisy(noise, 0.0), GREY)


def test_gaussian_noise_has_the_deviation_of_its_level_and_is_not_clipped() -> None:
    added = noisy("gaussian", 0.5) - GREY
    assert added.mean() == pytest.approx(0, abs=0.012)
    assert added.std() == pytest.approx(0.5, abs=0.012)
    assert np.mean(np.abs(added) < 0.5) == pytest.approx(0.6827, abs=0.012)
    assert (GREY + added).min() < 0
    assert (GREY + added).max() > 1


@given(level=levels)
def test_masking_empties_a_share_of_the_pixels_and_leaves_the_rest(level: float) -> None:
    masked = noisy("masking", level)
    assert {*np.unique(masked)} <= {np.float32(0), np.float32(0.4)}
    assert np.mean(masked == 0) == pytest.approx(level, abs=0.012)


@given(level=levels)
def test_salt_and_pepper_come_in_equal_shares_and_leave_the_rest(level: float) -> None:
    seasoned = noisy("salt-pepper", level)
    assert {*np.unique(seasoned)} <= {np.float32(0), np.float32(1), np.float32(0.4)}
    assert np.mean(seasoned == 0) == pytest.approx(level / 2, abs=0.012)
    assert np.mean(seasoned == 1) == pytest.approx(level / 2, abs=0.012)
