"""The map of a run that moves while the model learns: what is painted where, and how it gets there."""

import os
from types import SimpleNamespace

import numpy as np
import pytest
import ttkbootstrap as ttk
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from panel_bench import WindowBench, closing
from PIL import ImageColor, ImageGrab

from aedesk.gui.train import live_dots
from aedesk.gui.train.glide import Scene, fit
from aedesk.gui.train.live_map import LiveMap

CLASSES = ("circle", "square")
SQUARE = np.array([(0, 0), (4, 0), (4, 4), (0, 4)], np.float32)
LABELS = np.array([0, 1, 0, 1])


@pytest.fixture
def clock(monkeypatch):
    """A clock that goes on only when it is told to."""
    clock = SimpleNamespace(now=100.0)
    monkeypatch.setattr(live_dots, "time", SimpleNamespace(perf_counter=lambda: clock.now))
    return clock


@pytest.fixture
def bench(clock):
    with closing(WindowBench("500x440")) as bench:
        bench.asked = []
        bench.map = LiveMap(bench.root, bench.look, on_kind=bench.asked.append)
        bench.map.pack(fill="both", expand=True)
        bench.dots = bench.map.dots
        bench.pump(0.1)
        yield bench


def colour_at(bench, place):
    """What the screen shows at a place of the map."""
    x, y = bench.dots.view.to_pixels(place).astype(int).tolist()
    left, top = bench.dots.winfo_rootx() + x, bench.dots.winfo_rooty() + y
    pixel = ImageGrab.grab((left, top, left + 1, top + 1), xdisplay=os.environ.get("DISPLAY"))
    return pixel.convert("RGB").getpixel((0, 0))


def class_colour(bench, label):
    return ImageColor.getrgb(bench.look.palette.class_colours(2)[label])


def arrive(bench, clock):
    """Let the dots come to where they go."""
    clock.now += 1
    bench.pump_until(lambda: not bench.dots.is_gliding)
    bench.pump()


def point_at(bench, place):
    x, y = bench.dots.view.to_pixels(place).astype(int).tolist()
    bench.dots.event_generate("<Motion>", x=x, y=y)
    bench.pump()


def test_before_the_first_epoch_it_says_what_it_will_show(bench):
    assert "each dot is an image" in bench.dots.words
    bench.map.show(SQUARE, LABELS, CLASSES)
    bench.pump()
    assert bench.dots.words == ""
    assert bench.dots.caption == "4 images held out of training"
    bench.map.clear()
    bench.pump()
    assert "each dot is an image" in bench.dots.words


def test_a_dot_has_the_colour_of_its_class_in_either_theme(bench):
    bench.map.show(SQUARE, LABELS, CLASSES)
    bench.pump(0.1)
    for _ in range(2):
        for point, label in zip(SQUARE, LABELS, strict=True):
            assert colour_at(bench, point) == class_colour(bench, label)
        assert colour_at(bench, (2, 2)) == ImageColor.getrgb(bench.look.palette.surface)
        bench.look.toggle(bench.root)
        bench.pump(0.2)


def test_dots_glide_from_where_they_were_to_where_they_are_now(bench, clock):
    bench.map.show(SQUARE, LABELS, CLASSES)
    clock.now += 1
    bench.map.show(SQUARE + 1, LABELS, CLASSES)
    assert bench.dots.is_gliding
    assert np.array_equal(bench.dots.points, SQUARE)
    clock.now += 0.125
    bench.pump_until(lambda: not np.array_equal(bench.dots.points, SQUARE))
    assert np.allclose(bench.dots.points, SQUARE + 0.5)
    arrive(bench, clock)
    assert np.array_equal(bench.dots.points, SQUARE + 1)
    assert colour_at(bench, (5, 5)) == class_colour(bench, 0)


def test_a_new_epoch_on_the_way_sets_out_from_where_the_dots_are(bench, clock):
    bench.map.show(SQUARE, LABELS, CLASSES)
    clock.now += 1
    bench.map.show(SQUARE + 1, LABELS, CLASSES)
    clock.now += 0.125
    bench.pump_until(lambda: not np.array_equal(bench.dots.points, SQUARE))
    half_way = bench.dots.points
    clock.now += 0.126  # the way takes 0.25 s, and no frame has come since
    bench.map.show(SQUARE, LABELS, CLASSES)
    assert np.array_equal(bench.dots.points, half_way)
    arrive(bench, clock)
    assert np.array_equal(bench.dots.points, SQUARE)


def test_dots_are_there_at_once_where_epochs_come_faster_than_they_can_glide(bench, clock):
    bench.map.show(SQUARE, LABELS, CLASSES)
    for step in range(1, 4):
        clock.now += 0.1
        bench.map.show(SQUARE + step, LABELS, CLASSES)
        assert not bench.dots.is_gliding
        assert np.array_equal(bench.dots.points, SQUARE + step)


def test_dots_are_there_at_once_while_scrubbing_and_when_they_are_others(bench, clock):
    bench.map.show(SQUARE, LABELS, CLASSES)
    clock.now += 1
    bench.map.show(SQUARE + 1, LABELS, CLASSES, animate=False)
    assert not bench.dots.is_gliding
    clock.now += 1
    bench.map.show(SQUARE[:3], LABELS[:3], CLASSES)
    assert not bench.dots.is_gliding
    bench.pump()
    assert colour_at(bench, (4, 0)) == class_colour(bench, 1)


def test_the_view_stays_while_the_points_stay_in_it_and_follows_when_they_leave(bench, clock):
    bench.map.show(SQUARE, LABELS, CLASSES)
    bench.pump()
    first = bench.dots.view
    clock.now += 1
    bench.map.show(SQUARE * 0.95, LABELS, CLASSES)
    arrive(bench, clock)
    assert bench.dots.view == first
    bench.map.show(SQUARE * 3, LABELS, CLASSES)
    bench.pump()
    assert bench.dots.view == first  # it sets out, too, from where it was
    arrive(bench, clock)
    assert bench.dots.view.right > 12
    bench.map.show(SQUARE / 3, LABELS, CLASSES)
    arrive(bench, clock)
    assert bench.dots.view.right < 2


def test_nothing_is_painted_while_it_is_hidden_and_the_newest_epoch_when_it_comes_back(clock):
    with closing(WindowBench("500x440")) as bench:
        tabs = ttk.Notebook(bench.root)
        tabs.pack(fill="both", expand=True)
        bench.map, other = LiveMap(tabs, bench.look), ttk.Frame(tabs)
        tabs.add(bench.map, text="map")
        tabs.add(other, text="other")
        bench.dots = bench.map.dots
        bench.pump(0.1)
        bench.map.show(SQUARE, LABELS, CLASSES)
        bench.pump()
        before = bench.dots.view
        tabs.select(other)
        bench.pump(0.1)
        for step in range(3):
            clock.now += 1
            bench.map.show(SQUARE + 10 * step, LABELS, CLASSES)
            assert not bench.dots.is_gliding
            bench.pump()
        assert bench.dots.view == before
        tabs.select(bench.map)
        bench.pump(0.2)
        assert bench.dots.view.left > 15
        assert colour_at(bench, (20, 20)) == class_colour(bench, 0)


def test_codes_that_are_no_numbers_are_told_and_the_next_run_is_shown_again(bench):
    bench.map.show(SQUARE, LABELS, CLASSES)
    bench.map.show(SQUARE * np.nan, LABELS, CLASSES)
    bench.pump()
    assert "diverged" in bench.dots.words
    bench.map.show(SQUARE, LABELS, CLASSES)
    bench.pump()
    assert bench.dots.words == ""
    assert colour_at(bench, (0, 0)) == class_colour(bench, 0)


def test_the_sketch_has_a_marker_that_the_key_explains_and_that_stays_in_view(bench):
    bench.map.show(SQUARE, LABELS, CLASSES)
    bench.map.show_sketch(np.array([2.0, 2.0]))
    bench.pump()
    accent = ImageColor.getrgb(bench.look.palette.accent)
    assert colour_at(bench, (2, 2)) == accent
    assert "your sketch" in key_words(bench)
    bench.map.show_sketch(np.array([900.0, 2.0]))
    bench.pump()
    view = bench.dots.view
    height = view.to_pixels(np.array([2.0, 2.0]))[1]
    assert colour_at(bench, view.to_places(np.array([view.width - 12, height]))) == accent
    bench.map.show_sketch(None)
    bench.pump()
    assert "your sketch" not in key_words(bench)


def test_the_sketch_glides_with_the_dots(bench, clock):
    bench.map.show(SQUARE, LABELS, CLASSES)
    bench.map.show_sketch(np.array([1.0, 2.0]))
    clock.now += 1
    bench.map.show(SQUARE * 1.01, LABELS, CLASSES)
    bench.map.show_sketch(np.array([3.0, 2.0]))
    accent = ImageColor.getrgb(bench.look.palette.accent)
    bench.pump()
    assert colour_at(bench, (1, 2)) == accent
    arrive(bench, clock)
    assert colour_at(bench, (3, 2)) == accent


def test_the_pointer_on_a_dot_shows_its_class_and_its_picture(bench):
    pictures = np.zeros((4, 28, 28), np.uint8)
    bench.map.show(SQUARE, LABELS, CLASSES, pictures=pictures)
    bench.pump()
    point_at(bench, (4, 0))
    assert bench.dots.pointed == 1
    card = [bench.dots.itemcget(item, "text") for item in texts(bench, "hover")]
    assert card == ["class square"]
    point_at(bench, (2, 2))
    assert bench.dots.pointed is None


def test_without_pictures_the_caption_names_the_class_and_then_says_again_what_it_said(bench):
    bench.map.show(SQUARE, LABELS, CLASSES, "Epoch 3")
    bench.pump()
    point_at(bench, (4, 0))
    assert bench.dots.caption == "class square"
    bench.dots.event_generate("<Leave>")
    bench.pump()
    assert bench.dots.caption == "Epoch 3"


def test_nothing_is_pointed_at_while_the_dots_move(bench, clock):
    bench.map.show(SQUARE, LABELS, CLASSES)
    bench.pump()
    point_at(bench, (4, 0))
    clock.now += 1
    bench.map.show(SQUARE * 0.99, LABELS, CLASSES)
    bench.pump()
    assert bench.dots.pointed is None
    arrive(bench, clock)
    assert bench.dots.pointed == 1


def test_a_click_on_a_class_hides_its_dots_and_another_shows_them(bench):
    bench.map.show(SQUARE, LABELS, CLASSES)
    bench.pump()
    surface = ImageColor.getrgb(bench.look.palette.surface)
    for expected in (surface, class_colour(bench, 1)):
        left, top, *_ = bench.dots.key.box(1)
        bench.dots.event_generate("<Button-1>", x=round(left) + 5, y=round(top) + 5)
        bench.pump()
        assert colour_at(bench, (4, 0)) == expected
        assert colour_at(bench, (0, 0)) == class_colour(bench, 0)


def test_many_classes_take_a_quarter_of_the_map_at_most_and_the_rest_is_counted(bench):
    names = [f"a long name {number}" for number in range(62)]
    bench.map.show(SQUARE, LABELS, names)
    bench.pump()
    assert 0 < bench.dots.key.height <= bench.dots.winfo_height() / 4 + 8
    words = key_words(bench)
    assert words[-1] == f"+{62 - (len(words) - 1)}"
    for item in texts(bench, "key"):
        left, top, right, bottom = bench.dots.bbox(item)
        assert left >= 0
        assert right <= bench.dots.winfo_width()
        assert top >= bench.dots.winfo_height() - bench.dots.key.height
        assert bottom <= bench.dots.winfo_height()


def test_a_layout_is_asked_for_by_a_click_and_not_by_being_offered(bench):
    assert bench.map.kind == "pca"
    bench.map.kinds["tsne"].invoke()
    assert bench.asked == ["tsne"]
    bench.map.offer(("native", "tsne"), "native")
    assert bench.map.kind == "native"
    assert bench.asked == ["tsne"]
    bench.map.kinds["native"].invoke()
    assert bench.asked == ["tsne", "native"]


def texts(bench, tag):
    return [item for item in bench.dots.find_withtag(tag) if bench.dots.type(item) == "text"]


def key_words(bench):
    return [bench.dots.itemcget(item, "text") for item in texts(bench, "key")]


clouds = hnp.arrays(
    np.float32, st.tuples(st.integers(1, 30), st.just(2)), elements=st.floats(-1e6, 1e6, width=32)
)


@given(clouds, clouds)
def test_the_frame_holds_the_points_and_is_kept_as_long_as_it_does_so_well(first, second):
    frame = fit(first)
    assert frame.follow(first) is frame
    followed = frame.follow(second)
    low, high = np.quantile(second.astype(float), (0.001, 0.999), axis=0)
    assert (followed.low <= low).all()
    assert (followed.high >= high).all()
    assert (followed.high > followed.low).all()
    if followed is not frame:
        assert followed.follow(second) is followed


@given(clouds, st.floats(0, 1))
def test_a_way_begins_where_the_dots_are_and_ends_where_they_go(points, share):
    start, end = Scene(points, None, fit(points)), Scene(points[::-1], None, fit(points[::-1]))
    assert np.array_equal(start.towards(end, 0).points, points)
    assert start.towards(end, 1) is end
    on_the_way = start.towards(end, share).points
    slack = 1e-5 * (1 + np.abs(points).max())
    assert (on_the_way >= np.minimum(start.points, end.points) - slack).all()
    assert (on_the_way <= np.maximum(start.points, end.points) + slack).all()
