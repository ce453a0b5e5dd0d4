"""Hands that draw digits again: as the canvas paints, each in its own way, the same by the same seed."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import ndimage

from aedesk.app.ink import SIZE, Ink
from aedesk.data.imageset import DataSet
from aedesk.sketch import normalise
from aedesk.sketch.hand import HELD_OUT, KINDS, RASTER, Hand, draw, hand, placed, sketched
from aedesk.sketch.strokes import trace

SEVEN = [np.linspace([0.25, 0.2], [0.75, 0.2], 20), np.linspace([0.75, 0.2], [0.45, 0.85], 25)]


def of(kind: str, seed: int = 0) -> Hand:
    return hand(kind, np.random.default_rng(seed))


def painted(strokes: list[np.ndarray], by: Hand) -> np.ndarray:
    """What the canvas of the window holds after these strokes by mouse."""
    ink = Ink()
    for points in placed(strokes, by):
        ink.press(*points[0], by.width)
        for point in points[1:]:
            ink.drag(*point, by.width)
        ink.release()
    return ink.pixels


def test_nothing_is_both_trained_on_and_held_out() -> None:
    assert len({*KINDS, *HELD_OUT}) == len(KINDS) + len(HELD_OUT) == 14


@pytest.mark.parametrize("kind", [kind for kind in KINDS + HELD_OUT if kind != "uneven"])
def test_a_sketch_is_what_the_canvas_would_show_the_model(mnist: DataSet, kind: str) -> None:
    assert SIZE == RASTER
    for seed, image in enumerate(mnist.test.images[:2]):
        strokes, by = trace(image), of(kind, seed)
        ink, canvas = draw(strokes, by), painted(strokes, by)
        assert ((ink > 127) != (canvas > 127)).mean() < 0.05 * (canvas > 127).mean()
        difference = normalise(ink) - normalise(canvas)
        assert (difference**2).mean() < 0.003, "two different digits differ by 0.1"


@pytest.mark.parametrize("kind", KINDS + HELD_OUT)
def test_digits_stay_on_the_canvas_and_the_same_seed_draws_the_same(mnist: DataSet, kind: str) -> None:
    for seed, image in enumerate(mnist.test.images[100:103]):
        strokes = trace(image)
        ink = draw(strokes, of(kind, seed))
        assert not np.concatenate([ink[0], ink[-1], ink[:, 0], ink[:, -1]]).any()
        assert np.array_equal(ink, draw(strokes, of(kind, seed)))
        assert not np.array_equal(ink, draw(strokes, of(kind, seed + 50)))
        one, other = (sketched(strokes, kind, np.random.default_rng(seed)) for _ in range(2))
        assert one.shape == (28, 28)
        assert one.dtype == np.uint8
        assert np.array_equal(one, other)


def test_pens_are_thin_usual_and_thick() -> None:
    widths = {kind: [of(kind, seed).width for seed in range(20)] for kind in ("thin", "plain", "thick")}
    assert max(widths["thin"]) < min(widths["plain"]) <= max(widths["plain"]) < min(widths["thick"])


def test_a_turn_is_clockwise_a_slant_leans_left_and_a_stretch_is_across_and_down() -> None:
    upright = [np.array([[0.5, 0.3], [0.5, 0.7]])]
    (turned,) = placed(upright, Hand(turn=np.pi / 2))
    assert np.allclose(turned - RASTER / 2, [[0.2 * RASTER, 0], [-0.2 * RASTER, 0]])
    (slanted,) = placed(upright, Hand(slant=0.5))
    assert np.allclose(slanted - RASTER / 2, np.array([[0.1, -0.2], [-0.1, 0.2]]) * RASTER)
    (low,) = placed(upright, Hand(stretch=(1.0, 0.5)))
    assert np.ptp(low[:, 1]) == pytest.approx(0.2 * RASTER)


def test_a_hasty_pen_comes_to_few_points_and_keeps_the_ends() -> None:
    every, few = placed(SEVEN, Hand()), placed(SEVEN, Hand(speed=70))
    for long, short in zip(every, few, strict=True):
        assert len(short) < len(long) / 3
        assert np.allclose(short[[0, -1]], long[[0, -1]])


def test_a_broken_line_falls_into_one_piece_more() -> None:
    whole, broken = Hand(width=30), Hand(width=30, gap=60)
    assert [ndimage.label(draw(SEVEN, by) > 0)[1] for by in (whole, broken)] == [1, 2]
    short = [np.array([[0.5, 0.5], [0.52, 0.5]])]
    assert len(placed(short, broken)) == 1, "too short to be broken"


def test_ends_go_on_straight() -> None:
    (line,) = placed([np.linspace([0.3, 0.5], [0.7, 0.5], 10)], Hand(overshoot=40))
    assert np.allclose(line[:, 1], RASTER / 2)
    assert 0.4 * RASTER + 24 <= np.ptp(line[:, 0]) <= 0.4 * RASTER + 80


def test_an_uneven_pen_is_broad_in_one_place_and_fine_in_another() -> None:
    across = (draw([np.linspace([0.1, 0.5], [0.9, 0.5], 80)], Hand(unevenness=0.4)) > 0).sum(axis=0)
    assert across[100:-100].max() > 1.4 * across[100:-100].min()


@settings(max_examples=25)
@given(st.floats(0.5, 10), st.floats(20, 150), st.integers(0, 99))
def test_a_tremble_is_as_strong_as_told_and_smooth(jitter: float, waver: float, seed: int) -> None:
    line = [np.linspace([0.0, 0.5], [8000 / RASTER, 0.5], 8000)]
    still, shaken = (placed(line, replace(Hand(waver=waver, seed=seed), jitter=j))[0] for j in (0.0, jitter))
    off = (shaken - still)[:, 1]
    assert off.std() == pytest.approx(jitter, rel=0.4)
    assert np.abs(np.diff(off)).max() < 20 * jitter / waver


def test_no_strokes_leave_no_ink() -> None:
    for kind in KINDS + HELD_OUT:
        assert not sketched([], kind, np.random.default_rng(0)).any()


def test_a_hand_of_no_known_kind_is_none() -> None:
    with pytest.raises(KeyError):
        of("both hands")
