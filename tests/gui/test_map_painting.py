"""What a frame of the map looks like: dots, density, pictures, the legend's words. No window is needed."""

from typing import Any

import numpy as np
import pytest

from aedesk.app.viewport import around
from aedesk.gui.map import thumbnails
from aedesk.gui.map.dots import Dots, Layer, pack, paint_dots
from aedesk.gui.map.painter import Groups, Painter
from aedesk.gui.theme import DARK, LIGHT

VIEW = around(np.zeros(2), np.array([100.0, 100.0]), 100, 100)  # a pixel for each unit of the map
WHITE = np.array([255.0, 255, 255])
RED, GREEN = np.array([255.0, 0, 0]), np.array([0, 200.0, 0])


def bytes_of(picture: np.ndarray) -> np.ndarray:
    """(H, W) uint32 -> (H, W, 3)."""
    return picture.view(np.uint8).reshape(*picture.shape, 4)[..., :3]


def painter(points: np.ndarray, groups: np.ndarray, names: tuple[str, ...] = ("a", "b")) -> Painter:
    made = Painter(LIGHT)
    made.set_points(np.asarray(points, np.float32))
    made.set_groups(Groups(np.asarray(groups), names))
    return made


def dots(points: list[tuple[float, float]], tints: list[int]) -> np.ndarray:
    return bytes_of(layer(points, tints, np.array([RED, GREEN])).over(int(pack(WHITE))))


def layer(points: Any, tints: Any, colours: np.ndarray) -> Layer:
    made = Dots(np.array(points, np.float32), np.array(tints))
    return paint_dots(VIEW, made.in_view(VIEW), colours, WHITE)


def test_a_dot_has_the_colour_of_its_group_where_its_point_is_and_nowhere_else() -> None:
    picture = dots([(20.5, 79.5), (60.5, 19.5)], [0, 1])
    assert picture[20, 20].tolist() == [255, 0, 0]
    assert picture[80, 60].tolist() == [0, 200, 0]
    rows, columns = np.nonzero((picture != 255).any(axis=2))
    assert np.min(np.hypot(rows - 20, columns - 20)) == 0
    distances = np.minimum(np.hypot(rows - 20, columns - 20), np.hypot(rows - 80, columns - 60))
    assert distances.max() < 7


def test_a_later_dot_lies_on_top() -> None:
    assert dots([(50.5, 49.5), (50.5, 49.5)], [0, 1])[50, 50].tolist() == [0, 200, 0]
    assert dots([(50.5, 49.5), (50.5, 49.5)], [1, 0])[50, 50].tolist() == [255, 0, 0]


@pytest.mark.parametrize(
    "place", [(0.0, 0.0), (99.9, 99.9), (0.0, 99.9), (100.0, 50.0), (-1.0, 50.0), (1e9, -1e9)]
)
def test_points_at_the_edge_and_far_outside_do_no_harm(place: tuple[float, float]) -> None:
    assert dots([place], [0]).shape == (100, 100, 3)


def test_every_point_in_view_is_painted_however_many_there_are() -> None:
    rng = np.random.default_rng(0)
    points = rng.uniform(0, 100, (60_000, 2)).astype(np.float32)
    painted = layer(points, np.zeros(60_000, int), RED[None])
    x, y = VIEW.to_pixels(points).T.astype(int)
    assert (painted.codes[y, x] > 0).all()


def test_many_groups_keep_their_colours() -> None:
    colours = np.random.default_rng(0).integers(0, 200, (300, 3)).astype(float)
    assert (
        bytes_of(layer([[50.5, 49.5]], [299], colours).over(int(pack(WHITE))))[50, 50].tolist()
        == colours[299].astype(int).tolist()
    )


def test_dots_lie_over_a_backdrop() -> None:
    ground = np.full((100, 100), int(pack(GREEN)), np.uint32)
    picture = bytes_of(layer([[50.5, 49.5]], [0], RED[None]).over(ground))
    assert picture[50, 50].tolist() == [255, 0, 0]
    assert picture[5, 5].tolist() == GREEN.tolist()


def test_a_hidden_class_is_not_painted_and_the_legend_says_how_many_are_hidden() -> None:
    made = painter([(20, 80), (60, 20), (61, 20)], [0, 1, 1])
    made.source = "training images"
    picture, in_view = made.paint(VIEW, 1.0)
    assert len(in_view) == 3
    assert "hidden" not in made.notes(in_view)
    made.set_hidden({1})
    hidden, in_view = made.paint(VIEW, 1.0)
    assert in_view.indices.tolist() == [0]
    assert not np.array_equal(picture[75:85, 55:66], hidden[75:85, 55:66])
    assert made.notes(in_view).splitlines() == ["3 training images", "2 hidden"]
    assert [entry.hidden for entry in made.entries()] == [False, True]


def test_the_legend_counts_every_point_of_a_class_hidden_or_not() -> None:
    made = painter(np.random.default_rng(0).uniform(0, 100, (50, 2)), [0] * 30 + [1] * 20)
    made.set_hidden({0})
    assert [entry.count for entry in made.entries()] == [30, 20]


def test_the_legend_says_how_many_points_are_in_view() -> None:
    made = painter([(20, 80), (600, 20)], [0, 1])
    _, in_view = made.paint(VIEW, 1.0)
    assert "1 in view" in made.notes(in_view).splitlines()


def test_what_is_selected_keeps_its_colour_and_the_rest_fades_but_stays() -> None:
    made = painter([(20, 80), (60, 20)], [0, 0])
    before, _ = made.paint(VIEW, 1.0)
    made.set_selected(np.array([1]))
    after, in_view = made.paint(VIEW, 1.0)
    assert sorted(in_view.indices.tolist()) == [0, 1]
    chosen_before, chosen_after = bytes_of(before)[80, 60], bytes_of(after)[80, 60]
    other_before, other_after = bytes_of(before)[20, 20], bytes_of(after)[20, 20]
    assert chosen_before.tolist() == chosen_after.tolist()
    assert other_after.astype(int).sum() > other_before.astype(int).sum()
    assert other_after.tolist() != [255, 255, 255]


def test_what_is_selected_lies_on_top_of_what_is_not() -> None:
    made = painter([(50.5, 49.5), (50.5, 49.5)], [0, 1])
    first, second = ([int(entry.colour[at : at + 2], 16) for at in (1, 3, 5)] for entry in made.entries())
    assert bytes_of(made.paint(VIEW, 1.0)[0])[50, 50].tolist() == second
    made.set_selected(np.array([0]))
    assert bytes_of(made.paint(VIEW, 1.0)[0])[50, 50].tolist() == first


def test_density_is_full_where_points_are_many_and_paper_where_there_are_none() -> None:
    rng = np.random.default_rng(0)
    made = painter(rng.normal((30, 70), 4, (2000, 2)), np.zeros(2000, int))
    made.as_density = True
    picture = bytes_of(made.paint(VIEW, 1.0)[0]).astype(int)
    assert picture[90, 90].tolist() == [255, 255, 255]
    assert np.abs(picture[30, 30] - picture[90, 90]).sum() > 200


def test_the_nearest_point_is_found_within_reach_only() -> None:
    in_view = Dots(np.array([[20, 80], [60, 20]], np.float32), np.zeros(2, int)).in_view(VIEW)
    assert in_view.nearest(22, 21, within=5) == 0
    assert in_view.nearest(58, 79, within=5) == 1
    assert in_view.nearest(40, 50, within=5) is None


def test_pictures_take_the_place_of_dots_where_there_is_room_and_never_cover_each_other() -> None:
    view = around(np.zeros(2), np.array([400.0, 400.0]), 400, 400)
    points = np.random.default_rng(1).uniform(30, 370, (60, 2)).astype(np.float32)
    placed = thumbnails.place(Dots(points, np.zeros(60, int)).in_view(view), 400, 400)
    assert placed is not None
    assert 10 < len(placed.indices) <= 60
    for one in range(len(placed.indices)):
        for other in range(one):
            apart = abs(placed.left[one] - placed.left[other]), abs(placed.top[one] - placed.top[other])
            assert max(apart) >= thumbnails.side()


def test_there_are_no_pictures_among_thousands_of_points() -> None:
    points = np.random.default_rng(1).uniform(0, 100, (5000, 2)).astype(np.float32)
    assert thumbnails.place(Dots(points, np.zeros(5000, int)).in_view(VIEW), 100, 100) is None


def test_the_legend_says_how_many_points_are_shown_as_pictures() -> None:
    view = around(np.zeros(2), np.array([300.0, 300.0]), 300, 300)
    made = painter([(100, 100), (110, 100), (200, 200)], [0, 1, 1])
    made.pictures = lambda indices: (np.ones(len(indices), bool), np.ones((len(indices), 28, 28), np.float32))
    picture, in_view = made.paint(view, 1.0)
    assert "2 of 3 as pictures" in made.notes(in_view).splitlines()
    ink = bytes_of(picture)[300 - 200, 200]
    assert ink.tolist() == [0x14, 0x18, 0x24], "the middle of the third point's picture, which is all ink"


@pytest.mark.parametrize("backdrop", [False, True])
def test_pictures_lie_over_density_too(backdrop: bool) -> None:
    view = around(np.zeros(2), np.array([300.0, 300.0]), 300, 300)
    made = painter([(100, 100), (200, 200)], [0, 1])
    made.as_density = True
    made.pictures = lambda indices: (np.ones(len(indices), bool), np.ones((len(indices), 28, 28), np.float32))
    if backdrop:
        made.backdrop = lambda view: np.full((view.height, view.width), int(pack(GREEN)), np.uint32)
    picture = bytes_of(made.paint(view, 1.0)[0])
    assert picture[100, 200].tolist() == [0x14, 0x18, 0x24]
    assert picture[5, 5].tolist() == (GREEN.tolist() if backdrop else [255, 255, 255])


def test_another_theme_changes_the_paper() -> None:
    made = painter([(20, 80)], [0])
    made.recolour(DARK)
    corner = bytes_of(made.paint(VIEW, 1.0)[0])[99, 99]
    assert corner.tolist() == [0x1D, 0x21, 0x29]


def test_a_view_without_any_point_is_plain() -> None:
    made = painter(np.zeros((0, 2)), np.zeros(0, int))
    picture, in_view = made.paint(VIEW, 1.0)
    assert len(in_view) == 0
    assert (bytes_of(picture) == 255).all()
