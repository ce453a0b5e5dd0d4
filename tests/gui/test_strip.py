"""The strip below the curves: which picture is where, and what it says where there is none."""

import os
from itertools import pairwise

import numpy as np
import pytest
from panel_bench import WindowBench, closing
from PIL import ImageColor, ImageGrab

from aedesk.gui.train.strip import Strip

FULL, NONE = np.ones((28, 28), np.float32), np.zeros((28, 28), np.float32)
TEN = np.stack([FULL if number % 2 else NONE for number in range(10)])


@pytest.fixture
def bench():
    with closing(WindowBench("900x260")) as bench:
        bench.strip = Strip(bench.root, bench.look)
        bench.strip.pack(fill="x")
        bench.strip.fit(900, 220)
        bench.pump(0.1)
        yield bench


def colour_of(bench, row, column):
    """What the screen shows in the middle of a picture."""
    left, top, right, bottom = bench.strip.box(row, column)
    x = bench.strip.winfo_rootx() + (left + right) // 2
    y = bench.strip.winfo_rooty() + (top + bottom) // 2
    pixel = ImageGrab.grab((x, y, x + 1, y + 1), xdisplay=os.environ.get("DISPLAY"))
    return pixel.convert("RGB").getpixel((0, 0))


def ink(bench):
    return ImageColor.getrgb(bench.look.palette.ink)


def paper(bench):
    return ImageColor.getrgb(bench.look.palette.surface)


def test_originals_lie_over_reconstructions_in_either_theme(bench):
    bench.strip.show(TEN, 1 - TEN)
    bench.pump()
    for _ in range(2):
        for column in range(10):
            shown = (colour_of(bench, 0, column), colour_of(bench, 1, column))
            expected = (paper(bench), ink(bench))
            assert shown == (expected[::-1] if column % 2 else expected)
        bench.look.toggle(bench.root)
        bench.pump(0.2)


def test_the_sketch_lies_apart_at_the_right_over_what_the_epoch_makes_of_it(bench):
    bench.strip.show(TEN, TEN)
    bench.strip.show_sketch(FULL, NONE)
    bench.pump()
    assert colour_of(bench, 0, 10) == ink(bench)
    assert colour_of(bench, 1, 10) == paper(bench)
    gaps = [bench.strip.box(0, column + 1)[0] - bench.strip.box(0, column)[2] for column in range(10)]
    assert gaps[9] > max(gaps[:9])


def test_without_a_sketch_it_says_where_to_draw_one(bench):
    assert "draw in Explore" in bench.strip.words
    assert "rebuilt" not in bench.strip.words
    bench.strip.show_sketch(FULL, None)
    bench.pump()
    assert "draw in Explore" not in bench.strip.words
    assert "after an epoch" in bench.strip.words
    bench.strip.show_sketch(FULL, FULL)
    bench.pump()
    assert bench.strip.words[-2:] == ("Your sketch", "rebuilt")
    bench.strip.show_sketch(None, None)
    bench.pump()
    assert colour_of(bench, 0, 10) != ink(bench)


def test_where_there_is_room_it_says_that_it_is_this_epoch_that_rebuilds_the_sketch(bench):
    bench.root.geometry("1600x260")
    bench.strip.fit(1600, 180)
    bench.strip.show_sketch(FULL, FULL)
    bench.pump(0.1)
    assert "as this epoch rebuilds it" in bench.strip.words


def test_a_new_run_clears_the_pictures_and_keeps_the_sketch(bench):
    bench.strip.show(TEN, TEN)
    bench.strip.show_sketch(FULL, FULL)
    bench.pump()
    assert "Originals" in bench.strip.words
    bench.strip.clear()
    bench.pump()
    assert "Originals" not in bench.strip.words
    assert colour_of(bench, 0, 1) == paper(bench)
    assert colour_of(bench, 0, 10) == ink(bench)
    assert "after an epoch" in bench.strip.words


def test_fewer_than_ten_images_are_shown_as_they_are(bench):
    bench.strip.show(TEN[:3], TEN[:3])
    bench.pump()
    assert colour_of(bench, 0, 1) == ink(bench)
    assert colour_of(bench, 0, 3) == ImageColor.getrgb(bench.look.palette.background)


@pytest.mark.parametrize("size", [(560, 120), (632, 220), (900, 300), (1500, 240), (2400, 200)])
def test_nothing_overlaps_or_is_cut_off_at_any_size(bench, size):
    width, height = size
    bench.root.geometry(f"{min(width, 1900)}x400")
    bench.strip.fit(width, height)
    bench.strip.show(TEN, TEN)
    bench.strip.show_sketch(FULL, FULL)
    bench.pump(0.1)
    for row in (0, 1):
        boxes = [bench.strip.box(row, column) for column in range(11)]
        for before, after in pairwise(boxes):
            assert after[0] - before[2] >= 7
        assert boxes[-1][2] <= width
    assert bench.strip.box(1, 0)[3] <= int(bench.strip.cget("height"))
    assert int(bench.strip.cget("height")) <= max(height, 110)
    texts = [item for item in bench.strip.find_all() if bench.strip.type(item) == "text"]
    for item in texts:
        if bench.strip.itemcget(item, "text") and bench.strip.itemcget(item, "state") != "hidden":
            assert bench.strip.bbox(item)[2] <= width
