"""Strokes along the centre line of a digit: all of it, closed where it is closed, and nothing beside it."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays
from PIL import Image, ImageDraw
from scipy import ndimage

from aedesk.data.imageset import DataSet
from aedesk.sketch.hand import RASTER, Hand, draw
from aedesk.sketch.strokes import trace


def picture(*lines: list[tuple[float, float]], width: int = 3) -> np.ndarray:
    """(28, 28) uint8 of lines given in its pixels, with soft edges."""
    large = Image.new("L", (280, 280))
    for line in lines:
        ImageDraw.Draw(large).line([(10 * x, 10 * y) for x, y in line], 255, 10 * width, "curve")
    return np.asarray(large.resize((28, 28), Image.Resampling.BOX))


def ring(x: float, y: float, radius: float) -> list[tuple[float, float]]:
    turns = np.linspace(0, 2 * np.pi, 40)
    return list(zip(x + radius * np.cos(turns), y + radius * np.sin(turns), strict=True))


def holes(ink: np.ndarray) -> int:
    """How many parts of the ground the ink encloses."""
    return int(ndimage.label(np.pad(~ink, 1))[1]) - 1


def length(stroke: np.ndarray) -> float:
    """In pixels of a digit."""
    return float(np.hypot(*np.diff(stroke, axis=0).T).sum() * 28)


def test_a_line_is_one_stroke_from_end_to_end() -> None:
    (stroke,) = trace(picture([(14, 4), (14, 24)]))
    assert np.abs(stroke[:, 0] * 28 - 14).max() < 0.3
    assert length(stroke) == pytest.approx(20 - 3, abs=1), "a round pen of 3 pixels adds the rest"


def test_a_ring_closes() -> None:
    (stroke,) = trace(picture(ring(14, 14, 7)))
    assert np.hypot(*(stroke[0] - stroke[-1])) * 28 < 0.5
    assert length(stroke) == pytest.approx(14 * np.pi, rel=0.05)


def test_at_a_crossing_the_pen_goes_straight_on() -> None:
    strokes = trace(picture([(5, 5), (23, 23)], [(23, 5), (5, 23)], width=2))
    long = [stroke for stroke in strokes if length(stroke) > 5]
    assert len(long) == 2
    for stroke in long:
        assert np.ptp(stroke[:, 0]) > 0.5
        assert np.ptp(stroke[:, 1]) > 0.5


def test_what_merely_sticks_out_of_a_broad_stroke_is_no_stroke() -> None:
    smooth = picture([(14, 3), (14, 25)], width=5)
    rough = np.maximum(smooth, picture([(14, 14), (17.3, 14)], width=1))
    assert smooth.sum() < rough.sum()
    assert len(trace(rough)) == len(trace(smooth)) == 1


def test_a_broad_ring_closes_where_something_sticks_out_of_it() -> None:
    rough = np.maximum(picture(ring(14, 14, 7), width=4), picture([(14, 3.4), (14, 8)], width=1))
    (stroke,) = trace(rough)
    assert stroke[:, 1].min() * 28 > 6, "nothing of the pen's way leads out of the ring"
    assert np.hypot(*(stroke[0] - stroke[-1])) * 28 < 0.5


def test_a_short_bar_across_stays() -> None:
    strokes = trace(picture([(14, 3), (14, 25)], [(9, 14), (19, 14)]))
    across = np.concatenate(strokes)[:, 0] * 28
    assert across.min() < 11.5
    assert across.max() > 16.5


def test_loops_of_real_digits_stay_open_and_closed(mnist: DataSet) -> None:
    wrong = 0
    for image in mnist.test.images[:10_000:100]:
        fine = np.asarray(Image.fromarray(image).resize((112, 112), Image.Resampling.BICUBIC))
        wrong += holes(fine > 0.4 * image.max()) != holes(draw(trace(image), Hand(width=20)) > 0)
    assert wrong <= 2, "in 500 digits 4 when written: holes as small as the pen"


def test_strokes_lie_in_the_ink_and_leave_little_of_it_out(mnist: DataSet) -> None:
    for image in mnist.test.images[50:70]:
        strokes = trace(image)
        fine = np.asarray(Image.fromarray(image).resize((RASTER, RASTER), Image.Resampling.BICUBIC)) > 80
        places = np.concatenate(strokes) * RASTER
        assert fine[tuple(places[:, ::-1].astype(int).T)].mean() > 0.95
        assert draw(strokes, Hand(width=100))[fine].mean() > 0.85 * 255


@pytest.mark.parametrize("value", [0, 255])
def test_a_picture_of_one_tone_is_no_problem(value: int) -> None:
    strokes = trace(np.full((28, 28), value, np.uint8))
    assert bool(strokes) == bool(value)


@settings(max_examples=30)
@given(arrays.arrays(np.uint8, st.tuples(*[st.integers(1, 12)] * 2), elements=st.sampled_from([0, 90, 255])))
def test_strokes_of_anything_are_points_within_the_picture(ink: np.ndarray) -> None:
    side = max(ink.shape)
    square = np.zeros((side, side), np.uint8)
    square[: ink.shape[0], : ink.shape[1]] = ink
    for stroke in trace(square):
        assert stroke.ndim == 2
        assert stroke.shape[1] == 2
        assert len(stroke)
        assert stroke.min() >= 0
        assert stroke.max() <= 1
