"""What two pictures do not have in common even where strokes may bend, held against the definition in plain loops."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import ndimage

from aedesk.analysis.bending import apart, strength
from aedesk.data.imageset import DataSet


def by_definition(picture: np.ndarray, other: np.ndarray) -> tuple[float, np.ndarray]:
    """The share of slopes of `picture` that `other` does not have within two pixels, and where they are."""

    def slopes(image: np.ndarray) -> np.ndarray:
        wide = np.pad(image.astype(np.float64), 5)
        return np.stack([ndimage.sobel(wide, axis) / 4 for axis in (1, 0)])

    ours, theirs = slopes(picture), slopes(other)
    least = np.full((28, 28), np.inf)
    for down in range(-2, 3):
        for right in range(-2, 3):
            moved = np.roll(theirs, (down, right), (1, 2))
            unlike = ((ours - moved) ** 2).sum(axis=0)
            windows = ndimage.uniform_filter(unlike, 3) * 9
            least = np.minimum(least, windows[5:-5, 5:-5])
    return float(least.sum() / (9 * (ours**2).sum() + 1e-3)), least


def test_it_is_the_image_distortion_model_both_ways(digits: DataSet) -> None:
    images = digits.test.pixels(slice(0, 12))
    found = apart(images[0], images[1:])
    for place, other in enumerate(images[1:]):
        extra, where = by_definition(images[0], other)
        missing, back = by_definition(other, images[0])
        share = max(extra, missing)
        assert found.unlike[place] == pytest.approx(share / (1 + share), rel=2e-3)
        assert found.here[..., place] == pytest.approx(where, abs=1e-3)
        assert found.there[..., place] == pytest.approx(back, abs=1e-3)


@given(st.integers(-2, 2), st.integers(-2, 2), st.integers(0, 50))
def test_a_picture_moved_by_two_pixels_is_the_same_picture(right: int, down: int, seed: int) -> None:
    random = np.random.default_rng(seed)
    picture = np.zeros((28, 28), np.float32)
    picture[6:22, 6:22] = random.random((16, 16)) > 0.7
    moved = np.roll(picture, (down, right), (0, 1))
    assert apart(picture, moved[None]).unlike == pytest.approx([0], abs=1e-6)


def test_what_only_one_of_them_has_counts_both_ways_and_where_it_is() -> None:
    one = np.zeros((28, 28), np.float32)
    one[4:24, 7:10] = 1
    two = one.copy()
    two[4:24, 19:22] = 1
    for found in (apart(two, one[None]), apart(one, two[None])):
        for where in (found.here, found.there):
            assert where[:, :14].max() < 0.01
            assert where[:, 16:25].max() > 1
        assert found.unlike == pytest.approx([1 / 3], abs=0.01)  # of two strokes, one is not there


def test_no_ink_has_nothing_in_common_with_ink_and_is_like_no_ink(digits: DataSet) -> None:
    blank = np.zeros((28, 28), np.float32)
    digit = digits.test.pixels(slice(0, 1))
    assert 0.99 < apart(blank, digit).unlike[0] < 1
    assert 0.99 < apart(digit[0], blank[None]).unlike[0] < 1
    assert apart(blank, blank[None]).unlike == pytest.approx([0])
    assert strength(blank).max() == 0


def test_beside_a_blank_sheet_all_ink_is_unlike(digits: DataSet) -> None:
    digit = digits.test.pixels(slice(3, 4))
    there = apart(np.zeros((28, 28), np.float32), digit).there[..., 0]
    assert there == pytest.approx(strength(digit[0]), abs=1e-5)
