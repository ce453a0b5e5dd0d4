"""The part of the map in view: places to pixels and back, zooming and moving."""

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from aedesk.app.viewport import Viewport, around

coordinates = st.floats(-1e3, 1e3, allow_nan=False, width=32)
sizes = st.floats(0.5, 1e3, width=32)
sides = st.integers(1, 2000)


@st.composite
def views(draw: st.DrawFn) -> Viewport:
    left, bottom = draw(coordinates), draw(coordinates)
    low = np.array([left, bottom])
    return around(low, low + np.array([draw(sizes), draw(sizes)]), draw(sides), draw(sides))


@given(views(), st.floats(0, 1), st.floats(0, 1))
def test_a_pixel_is_found_again_from_its_place(view: Viewport, across: float, down: float) -> None:
    pixel = np.array([across * view.width, down * view.height])
    assert view.to_pixels(view.to_places(pixel)) == pytest.approx(pixel, abs=0.5)


@given(views(), st.floats(0.2, 5), st.floats(0, 1), st.floats(0, 1))
def test_what_is_under_the_pointer_stays_there_while_zooming(
    view: Viewport, factor: float, across: float, down: float
) -> None:
    x, y = across * view.width, down * view.height
    zoomed = view.zoomed(factor, x, y)
    assert zoomed.to_places(np.array([x, y])) == pytest.approx(view.to_places(np.array([x, y])), abs=1e-6)
    assert zoomed.size * factor == pytest.approx(view.size)


@given(views(), st.integers(-500, 500), st.integers(-500, 500))
def test_moving_there_and_back_shows_the_same_part(view: Viewport, dx: int, dy: int) -> None:
    moved = view.panned(dx, dy)
    place = view.to_places(np.array([10.0, 10.0]))
    assert moved.to_places(np.array([10.0 + dx, 10.0 + dy])) == pytest.approx(place, abs=1e-6)
    back = moved.panned(-dx, -dy)
    assert back.low == pytest.approx(view.low, abs=1e-6)
    assert back.high == pytest.approx(view.high, abs=1e-6)


@given(views(), sides, sides)
def test_a_larger_window_shows_more_of_the_map_not_larger_points(
    view: Viewport, width: int, height: int
) -> None:
    assume(view.width > 1 and view.height > 1)
    resized = view.resized(width, height)
    pixel_before = view.size / [view.width, view.height]
    pixel_after = resized.size / [resized.width, resized.height]
    assert pixel_after == pytest.approx(pixel_before)
    assert (resized.low + resized.high) / 2 == pytest.approx((view.low + view.high) / 2, abs=1e-6)


def test_up_on_the_map_is_up_on_the_screen() -> None:
    view = around(np.array([0, 0]), np.array([10, 10]), 100, 200)
    assert view.to_pixels(np.array([[0, 10], [10, 0], [5, 5]])).tolist() == [[0, 0], [100, 200], [50, 100]]
