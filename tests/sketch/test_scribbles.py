"""Scribbles: the same again by their seed, of every kind, framed as sketches are."""

from __future__ import annotations

import numpy as np
import pytest

from aedesk.sketch.scribbles import KINDS, scribble, scribbles


def test_the_same_seed_draws_the_same_and_another_one_does_not() -> None:
    assert np.array_equal(scribbles(20, 4), scribbles(20, 4))
    assert not np.array_equal(scribbles(20, 4), scribbles(20, 5))


def test_more_of_them_begin_with_the_same_ones() -> None:
    assert np.array_equal(scribbles(30, 1)[:7], scribbles(7, 1))


def test_none_are_none() -> None:
    assert scribbles(0, 0).shape == (0, 28, 28)


@pytest.mark.parametrize("kind", KINDS)
def test_each_kind_is_drawn_like_a_sketch(kind: str) -> None:
    drawn = [scribble(kind, np.random.default_rng(seed)) for seed in range(5)]
    for picture in drawn:
        assert picture.shape == (28, 28)
        assert picture.dtype == np.float32
        assert picture.min() >= 0
        assert 0.9 < picture.max() <= 1
        inked = np.argwhere(picture > 0.4)
        # The longer side of a sketch is 20 pixels, of ink as compact as a dot less.
        assert (np.ptp(inked, axis=0) + 1).max() in range(12 if kind == "blob" else 18, 23)
    assert not np.array_equal(drawn[0], drawn[1])


def test_every_kind_has_its_turn() -> None:
    names = list(KINDS)
    place = names.index("spiral")
    expected = scribble("spiral", np.random.default_rng([3, len(names) + place]))
    assert np.array_equal(scribbles(2 * len(names), 3)[len(names) + place], expected)
