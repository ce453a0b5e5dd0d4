"""More points than can be painted one by one: the same points in view, counted and found by an index, and tiles."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from panel_bench import WindowBench, closing

from aedesk.app.viewport import Viewport, around
from aedesk.app.z_order import ZOrder
from aedesk.gui.map.crowd import MOST_DOTS, Crowd, CrowdInView
from aedesk.gui.map.density import paint_tiles
from aedesk.gui.map.dots import Dots
from aedesk.gui.map.latent_map import LatentMap
from aedesk.gui.map.painter import Groups, Painter
from aedesk.gui.theme import LIGHT

COLOURS = np.array([(250, 0, 0), (0, 200, 0), (0, 0, 150)], float)
coordinates = st.floats(-100, 100, width=32) | st.integers(-3, 3).map(float)
planes = hnp.arrays(np.float32, st.tuples(st.integers(0, 40), st.just(2)), elements=coordinates)


@st.composite
def crowds(draw: st.DrawFn) -> tuple[Crowd, Dots]:
    """The same dots with and without an index; some are hidden, and the order is any."""
    points = draw(planes)
    tints = draw(hnp.arrays(np.int64, len(points), elements=st.integers(0, 2)))
    order = np.random.default_rng(draw(st.integers(0, 9))).permutation(len(points))
    order = draw(st.sampled_from([None, order, order[: len(order) // 2]]))
    return Crowd(points, tints, order, COLOURS, ZOrder(points)), Dots(points, tints, order)


EVERYTHING = around(np.full(2, -110.0), np.full(2, 110.0), 320, 200)


@st.composite
def scenes(draw: st.DrawFn) -> tuple[Crowd, Dots, Viewport]:
    """A crowd, the same without an index, and a near or far view of any shape, mostly with a point in it."""
    crowd, dots = draw(crowds())
    middle = np.array([draw(st.floats(-300, 300)), draw(st.floats(-300, 300))])
    half = np.array([10.0 ** draw(st.floats(-5, 4)), 10.0 ** draw(st.floats(-5, 4))])
    if len(dots) and draw(st.booleans()):
        shown = dots.in_view(EVERYTHING)
        chosen = draw(st.integers(0, len(shown) - 1))
        place = EVERYTHING.to_places(np.array([shown.x[chosen], shown.y[chosen]]))
        middle = place + half * (draw(st.floats(-1.1, 1.1)), draw(st.floats(-1.1, 1.1)))
    return (
        crowd,
        dots,
        around(middle - half, middle + half, draw(st.integers(1, 700)), draw(st.integers(1, 500))),
    )


@given(scenes())
def test_the_same_points_are_in_view_with_an_index_as_without(scene: tuple[Crowd, Dots, Viewport]) -> None:
    crowd, dots, view = scene
    found, wanted = crowd.in_view(view), dots.in_view(view)
    assert len(crowd) == len(dots)
    for name in ("indices", "tints", "x", "y"):
        assert np.array_equal(getattr(found, name), getattr(wanted, name)), name


@given(scenes(), st.data())
def test_a_crowd_counts_what_is_in_a_box_as_one_would_one_by_one(
    scene: tuple[Crowd, Dots, Viewport], data: st.DataObject
) -> None:
    crowd, dots, view = scene
    xs, ys = (
        sorted(data.draw(st.tuples(st.floats(0, size), st.floats(0, size))))
        for size in (view.width, view.height)
    )
    for box in ((xs[0], ys[0], xs[1], ys[1]), (0.0, 0.0, float(view.width), float(view.height))):
        assert CrowdInView(crowd, view, 0).count(box) == dots.in_view(view).count(box)


@given(scenes(), st.data())
def test_the_nearest_point_of_a_crowd_is_the_nearest_of_all_in_view(
    scene: tuple[Crowd, Dots, Viewport], data: st.DataObject
) -> None:
    crowd, dots, view = scene
    x, y = data.draw(st.floats(0, view.width)), data.draw(st.floats(0, view.height))
    within = data.draw(st.sampled_from([0.5, 9.0, 200.0]))
    assert CrowdInView(crowd, view, 0).nearest(x, y, within) == dots.in_view(view).nearest(x, y, within)


def test_a_view_so_near_that_pixels_are_rounded_shows_the_same_points_with_an_index_as_without() -> None:
    rng = np.random.default_rng(0)
    points = (1000 + rng.uniform(0, 0.02, (3000, 2))).astype(np.float32)
    tints = np.zeros(3000, int)
    crowd, dots = Crowd(points, tints, None, COLOURS, ZOrder(points)), Dots(points, tints)
    for corner in rng.uniform(0, 0.015, (50, 2)):
        view = around(1000 + corner, 1000 + corner + 0.004, 1000, 1000)
        assert np.array_equal(crowd.in_view(view).indices, dots.in_view(view).indices)
        box = (0.0, 0.0, 1000.0, 1000.0)
        assert crowd.count(view, box) == dots.in_view(view).count(box)


@given(crowds(), st.integers(1, 700), st.integers(1, 500), st.floats(0, 4))
def test_tiles_hold_every_point_that_is_not_hidden_once_and_in_its_colour(
    made: tuple[Crowd, Dots], width: int, height: int, farther: float
) -> None:
    crowd, dots = made
    half = 110 * 10**farther
    everywhere = around(np.full(2, -half), np.full(2, half), width, height)
    tiles, points = crowd.tiles(everywhere), dots.in_view(everywhere)
    assert tiles.number.sum() == len(dots)
    colours = (tiles.colour * tiles.number[..., None]).sum(axis=(0, 1))
    assert colours == pytest.approx(COLOURS[points.tints].sum(axis=0), rel=1e-4, abs=0.1)


@given(scenes())
def test_there_are_never_more_tiles_than_a_fourth_of_the_pixels(scene: tuple[Crowd, Dots, Viewport]) -> None:
    crowd, _, view = scene
    tiles = crowd.tiles(view)
    rows, columns = tiles.number.shape
    assert rows <= view.height / 2 + 6
    assert columns <= view.width / 2 + 6
    assert paint_tiles(tiles, np.zeros(3, np.float32)).shape == (view.height, view.width)


def test_a_tile_lies_where_its_points_are() -> None:
    rng = np.random.default_rng(0)
    points = rng.uniform((30, 60), (32, 61), (2000, 2)).astype(np.float32)
    points[:1000] = rng.uniform(0, 100, (1000, 2))
    crowd = Crowd(points, np.zeros(2000, int), None, COLOURS, ZOrder(points))
    tiles = crowd.tiles(around(np.zeros(2), np.full(2, 100.0), 500, 400))
    row, column = np.unravel_index(tiles.number.argmax(), tiles.number.shape)
    left, top, right, bottom = tiles.box
    x, y = (column + 0.5 - left) / (right - left), (row + 0.5 - top) / (bottom - top)
    assert (x, 1 - y) == pytest.approx((0.31, 0.605), abs=0.012)


# --- what is painted ---


def clusters(count: int) -> tuple[np.ndarray, Groups]:
    """Two round ones beside each other, and a few strays."""
    rng = np.random.default_rng(0)
    labels = rng.integers(0, 2, count)
    points = rng.normal((0, 0), 1, (count, 2)) + np.array([(0, 0), (8, 0)])[labels]
    points[:50] = rng.uniform(-4, 12, (50, 2))
    return points.astype(np.float32), Groups(labels, ("left", "right"))


@pytest.fixture(scope="module")
def crowd() -> tuple[np.ndarray, Groups]:
    return clusters(MOST_DOTS + 30_000)


def painter(points: np.ndarray, groups: Groups) -> Painter:
    made = Painter(LIGHT)
    made.set_points(points)
    made.set_groups(groups)
    return made


ALL = around(np.array([-4.0, -5]), np.array([12.0, 5]), 320, 200)
FEW = around(np.array([0.5, -1]), np.array([3.0, 1]), 320, 200)


def rgb(picture: np.ndarray) -> np.ndarray:
    return picture.view(np.uint8).reshape(*picture.shape, 4)[..., :3].astype(int)


@pytest.mark.parametrize("as_density", [False, True])
def test_few_of_many_points_look_as_if_there_were_no_others(
    crowd: tuple[np.ndarray, Groups], as_density: bool
) -> None:
    points, groups = crowd
    many = painter(points, groups)
    near = np.flatnonzero((np.abs(points - (1.75, 0)) < (2, 2)).all(axis=1))
    few = painter(points[near], Groups(groups.of_point[near], groups.names))
    for selected in (np.zeros(0, int), near[:200]):
        for hidden in ((), (1,)):
            for made in (many, few):
                made.as_density = as_density
                made.set_hidden(hidden)
            many.set_selected(selected)
            few.set_selected(np.arange(len(selected)))
            picture, in_view = many.paint(FEW, 1.0)
            wanted, _ = few.paint(FEW, 1.0)
            assert 1000 < len(in_view) < MOST_DOTS
            assert np.array_equal(picture, wanted)


def test_so_many_points_as_can_be_are_dots_and_one_more_makes_them_density() -> None:
    points, groups = clusters(MOST_DOTS + 1)
    points[:] = np.clip(points, -3, 4)
    made = painter(points, groups)
    _, in_view = made.paint(ALL, 1.0)
    assert isinstance(in_view, CrowdInView)
    assert len(in_view) == MOST_DOTS + 1
    assert f"density above {MOST_DOTS:,} in view: zoom in for dots" in made.notes(in_view).splitlines()
    points[0] = 100, 100
    made = painter(points, groups)
    _, in_view = made.paint(ALL, 1.0)
    assert len(in_view) == MOST_DOTS
    assert f"{MOST_DOTS:,} in view" in made.notes(in_view).splitlines()
    assert "density" not in made.notes(in_view)


def test_density_has_the_colours_of_the_groups_and_hides_what_is_hidden(
    crowd: tuple[np.ndarray, Groups],
) -> None:
    points, groups = crowd
    points, groups = np.tile(points, (3, 1)), Groups(np.tile(groups.of_point, 3), groups.names)
    made = painter(points, groups)
    left, right = (ALL.to_pixels(np.array(place)).astype(int) for place in ((0, 0), (8, 0)))
    colours = [tuple(int(entry.colour[at : at + 2], 16) for at in (1, 3, 5)) for entry in made.entries()]
    picture = rgb(made.paint(ALL, 1.0)[0])
    for place, colour in zip((left, right), colours, strict=True):
        assert np.abs(picture[place[1], place[0]] - colour).max() < 30
    made.set_hidden({0})
    hidden, in_view = made.paint(ALL, 1.0)
    assert isinstance(in_view, CrowdInView)
    assert rgb(hidden)[left[1], left[0]].min() > 190
    assert np.abs(rgb(hidden)[right[1], right[0]] - colours[1]).max() < 30
    index = in_view.nearest(*left.tolist(), within=500)
    assert index is not None
    assert groups.of_point[index] == 1, "what is hidden is not found"


def test_a_point_that_is_alone_is_seen_among_a_crowd(crowd: tuple[np.ndarray, Groups]) -> None:
    points, groups = crowd
    points = points.copy()
    points[0] = 4, 4.5
    x, y = ALL.to_pixels(points[0]).astype(int)
    picture = rgb(painter(points, groups).paint(ALL, 1.0)[0])
    assert picture[y - 3 : y + 4, x - 3 : x + 4].min() < 240


@pytest.mark.parametrize("backdrop", [False, True])
def test_what_is_selected_lies_above_the_density_as_dots(
    crowd: tuple[np.ndarray, Groups], backdrop: bool
) -> None:
    points, groups = crowd
    made = painter(points, groups)
    if backdrop:
        made.backdrop = lambda view: np.full((view.height, view.width), 0xFFFFFFFF, np.uint32)
    lonely = int(np.abs(points - (0, 0)).sum(axis=1).argmin())
    made.set_selected(np.array([lonely]))
    picture, in_view = made.paint(ALL, 1.0)
    assert isinstance(in_view, CrowdInView)
    x, y = ALL.to_pixels(points[lonely]).astype(int)
    red, green, blue = (
        int(made.entries()[groups.of_point[lonely]].colour[at : at + 2], 16) for at in (1, 3, 5)
    )
    assert rgb(picture)[y, x].tolist() == [red, green, blue]
    assert rgb(picture)[y, x + 6].tolist() != [red, green, blue], "all others fade"


# --- the widget ---


@pytest.fixture
def bench():
    with closing(WindowBench("700x480")) as bench:
        bench.map = LatentMap(bench.root, bench.look, lambda x, y: bench.map.mark_pick(np.array([x, y])))
        bench.map.pack(fill="both", expand=True)
        bench.pump(0.1)
        yield bench
        assert bench.errors == []


def words(bench: WindowBench) -> str:
    return bench.map.legend._words


def test_a_map_of_too_many_points_says_so_and_shows_dots_again_when_zoomed_in(bench, crowd) -> None:
    bench.map.painter.source = "training images"
    bench.map.show(*crowd)
    bench.pump(0.1)
    assert "130,000 training images" in words(bench)
    assert "density above 100,000 in view: zoom in for dots" in words(bench)
    x, y = bench.map.view.to_pixels(np.array([1.0, 1.0])).tolist()
    for _ in range(7):
        bench.map.event_generate("<Button-4>", x=round(x), y=round(y))
        bench.pump()
    assert "density" not in words(bench)
    assert f"{len(bench.map._in_view):,} in view" in words(bench)
    for _ in range(7):
        bench.map.event_generate("<Button-5>", x=round(x), y=round(y))
        bench.pump()
    assert "density above" in words(bench)


def test_the_pointer_finds_the_point_under_it_in_a_crowd(bench, crowd) -> None:
    points, groups = crowd
    bench.map.show(points, groups)
    bench.pump(0.1)
    found = []
    bench.map.hovered.connect(found.append)
    pixels = bench.map.view.to_pixels(points)
    x, y = pixels[np.abs(points - (8, 0)).sum(axis=1).argmin()].round().astype(int).tolist()
    bench.map.event_generate("<Motion>", x=x, y=y)
    bench.pump()
    assert found[-1].index == int(np.hypot(*(pixels - (x, y)).T).argmin())


def test_a_box_counts_the_points_under_it_in_a_crowd(bench, crowd) -> None:
    points, groups = crowd
    bench.map.show(points, groups)
    bench.pump(0.1)
    x, y = bench.map.view.to_pixels(points).T
    inside = (x >= 50) & (x < 250) & (y >= 60) & (y < 300)
    assert bench.map.covered(50, 60, 250, 300) == inside.sum()
    assert bench.map.covered(-500, 60, 250, 300) == ((x >= 0) & (x < 250) & (y >= 60) & (y < 300)).sum()
