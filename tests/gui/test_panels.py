"""The drawer, rows of pictures, and the panels for neighbours, selection and samples, on a real model's map."""

import os
import tkinter as tk
from itertools import pairwise
from tkinter import filedialog

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from panel_bench import WindowBench, closing
from PIL import Image, ImageColor, ImageGrab

from aedesk.app.desk import Desk
from aedesk.app.ink import Ink
from aedesk.errors import AedeskError
from aedesk.gui.panels.cells import Cells
from aedesk.gui.panels.drawer import Drawer
from aedesk.gui.panels.neighbours import NeighboursPanel
from aedesk.gui.panels.panel import Panel
from aedesk.gui.panels.picture_row import PictureRow
from aedesk.gui.panels.samples import SamplesPanel
from aedesk.gui.panels.selection import SelectionPanel
from aedesk.gui.theme import DARK, LIGHT


class Bench(WindowBench):
    """A window with hands to use rows of pictures."""

    def screenshot(self, widget):
        self.pump(0.2)
        x, y = widget.winfo_rootx(), widget.winfo_rooty()
        box = (x, y, x + widget.winfo_width(), y + widget.winfo_height())
        return ImageGrab.grab(box, xdisplay=os.environ.get("DISPLAY"))

    def click(self, row, index):
        x, y = row.centre_of(index)
        row.canvas.event_generate("<Button-1>", x=x, y=y)
        row.canvas.event_generate("<ButtonRelease-1>", x=x, y=y)
        self.pump()


@pytest.fixture
def bench():
    with closing(Bench()) as bench:
        yield bench


@pytest.fixture
def row(bench):
    """Puts a row of pictures into the window."""

    def make(images=None, **options):
        row = PictureRow(bench.root, bench.look, **options)
        row.pack(fill="both", expand=True)
        bench.pump(0.2)
        if images is not None:
            row.show(images)
        bench.pump()
        return row

    return make


def blank(count):
    return np.zeros((count, 28, 28), np.float32)


# --- where pictures lie ---


CELLS = st.builds(
    Cells,
    count=st.integers(1, 200),
    columns=st.integers(1, 30),
    width=st.integers(20, 90),
    height=st.integers(20, 90),
    edge=st.just(20),
    gap=st.integers(0, 16),
)


@given(CELLS, st.data())
def test_what_lies_in_a_cell_is_found_there(cells, data):
    index = data.draw(st.integers(0, cells.count - 1))
    x, y = cells.place(index)
    dx = data.draw(st.integers(0, cells.width - 1))
    dy = data.draw(st.integers(0, cells.height - 1))
    assert cells.at(x + dx, y + dy) == index


@given(CELLS, st.integers(0, 3000), st.integers(0, 3000), st.integers(1, 500), st.integers(1, 500))
def test_no_cell_that_shows_is_left_out(cells, left, top, width, height):
    showing = [
        index
        for index in range(cells.count)
        for x, y in [cells.place(index)]
        if x < left + width and x + cells.width > left and y < top + height and y + cells.height > top
    ]
    within = cells.within(left, top, width, height)
    assert set(showing) <= set(within)
    assert within == sorted(within)


# --- rows of pictures ---


def test_a_click_says_which_picture_it_was_on(bench, row):
    clicked = []
    pictures = row(blank(40), wrap=True, on_click=clicked.append)
    for index in (0, 3, 12):
        bench.click(pictures, index)
    assert clicked == [0, 3, 12]
    assert pictures.current == 12


def test_a_click_after_scrolling_means_what_is_under_the_pointer(bench, row):
    clicked = []
    pictures = row(blank(400), wrap=True, on_click=clicked.append)
    x, y = pictures.centre_of(1)
    for _ in range(3):
        pictures.canvas.event_generate("<Button-5>", x=x, y=y)
    bench.pump()
    pictures.canvas.event_generate("<Button-1>", x=x, y=y)
    bench.pump()
    assert clicked != [1]
    assert pictures.centre_of(clicked[0])[0] == x
    assert abs(pictures.centre_of(clicked[0])[1] - y) < 44


def test_a_film_strip_scrolls_sideways_and_a_drag_clicks_every_picture_on_its_way(bench, row):
    clicked = []
    strip = row(blank(100), on_click=clicked.append)
    before = strip.centre_of(50)
    strip.canvas.event_generate("<Button-5>", x=5, y=5)
    bench.pump()
    assert strip.centre_of(50)[0] < before[0]
    assert strip.centre_of(50)[1] == before[1]
    places = [strip.centre_of(index) for index in range(4, 8)]
    strip.canvas.event_generate("<Button-1>", x=places[0][0], y=places[0][1])
    for x, y in places:
        strip.canvas.event_generate("<B1-Motion>", x=x, y=y)
    bench.pump()
    assert clicked == [4, 5, 6, 7]


def test_the_pointer_says_which_picture_it_is_on_and_when_it_leaves(bench, row):
    hovered = []
    pictures = row(blank(5), on_hover=hovered.append)
    for index in (2, 3):
        x, y = pictures.centre_of(index)
        pictures.canvas.event_generate("<Motion>", x=x, y=y)
        pictures.canvas.event_generate("<Motion>", x=x + 1, y=y)
    pictures.canvas.event_generate("<Leave>")
    bench.pump()
    assert hovered == [2, 3, None]


def test_arrows_move_the_frame_and_return_clicks(bench, row):
    clicked = []
    pictures = row(blank(30), on_click=clicked.append)
    for key in ("<Right>", "<Right>", "<Right>", "<Left>"):
        bench.key(pictures.canvas, key)
    assert pictures.current == 1
    assert clicked == []
    bench.key(pictures.canvas, "<Return>")
    assert clicked == [1]


def test_a_picture_that_arrow_keys_come_to_is_told_but_no_other_way_to_it(bench, row):
    told = []
    pictures = row(blank(3), on_current=told.append)
    for key in ("<Left>", "<Left>", "<Left>", "<Left>", "<Right>", "<Return>"):
        bench.key(pictures.canvas, key)
    assert told == [2, 1, 0, 1]
    pictures.set_current(2)
    pictures.show(blank(3), current=0)
    x, y = pictures.centre_of(1)
    pictures.canvas.event_generate("<Button-1>", x=x, y=y)
    bench.pump()
    assert told == [2, 1, 0, 1]


def test_the_current_picture_is_scrolled_into_view(bench, row):
    pictures = row(blank(400), wrap=True)
    pictures.set_current(399)
    x, y = pictures.centre_of(399)
    assert 0 < x < pictures.canvas.winfo_width()
    assert 0 < y < pictures.canvas.winfo_height()


def test_only_what_is_in_view_is_asked_for(bench, row):
    asked = []

    class Pictures:
        def __len__(self):
            return 100_000

        def __getitem__(self, indices):
            asked.extend(indices)
            return blank(len(indices))

    row(Pictures(), wrap=True)
    assert 0 < len(set(asked)) < 200


def test_a_picture_and_its_line_have_their_colours_in_both_themes(bench, row):
    pictures = row(wrap=True)
    pictures.show(np.ones((3, 28, 28), np.float32), colours=["#ff0000", "#00ff00", "#0000ff"])
    x, y = pictures.centre_of(1)
    seen = bench.screenshot(pictures.canvas)
    assert seen.getpixel((x, y)) == ImageColor.getrgb(LIGHT.ink)
    assert (0, 255, 0) in [seen.getpixel((x, below)) for below in range(y, y + 40)]
    bench.look.toggle(bench.root)
    assert bench.screenshot(pictures.canvas).getpixel((x, y)) == ImageColor.getrgb(DARK.ink)


def test_pictures_are_on_the_screen_where_the_bar_went_while_the_row_was_away(bench):
    place = tk.Frame(bench.root)
    place.pack(fill="both", expand=True)
    place.columnconfigure(0, weight=1)
    place.rowconfigure(0, weight=1)
    place.grid_propagate(False)
    pictures = PictureRow(place, bench.look, wrap=True)
    for size, count in (("300x120", 60), ("900x500", 59), ("300x120", 60)):
        bench.root.geometry(size)
        bench.pump(0.2)
        pictures.grid(row=0, column=0, sticky="nsew")
        pictures.show(np.ones((count, 28, 28), np.float32))
        ink = ImageColor.getrgb(LIGHT.ink)
        assert bench.screenshot(pictures.canvas).getpixel(pictures.centre_of(0)) == ink
        pictures.grid_remove()
        bench.pump(0.2)


def test_few_pictures_are_shown_larger_than_many(bench, row):
    pictures = row(blank(3), wrap=True, largest=90)
    few = np.diff([pictures.centre_of(i)[0] for i in (0, 1)])
    pictures.show(blank(300))
    many = np.diff([pictures.centre_of(i)[0] for i in (0, 1)])
    assert few > 1.5 * many


def test_where_there_is_nothing_there_are_words(bench, row):
    pictures = row(empty="Nothing here yet")
    assert "Nothing here yet" in all_text(pictures.canvas)
    pictures.show(blank(1))
    assert "Nothing here yet" not in all_text(pictures.canvas)
    pictures.clear()
    assert "Nothing here yet" in all_text(pictures.canvas)


def all_text(canvas):
    return [canvas.itemcget(item, "text") for item in canvas.find_all() if canvas.type(item) == "text"]


# --- the drawer ---


class Counting(Panel):
    def __init__(self, master, title, signal):
        super().__init__(master)
        self.title = self.tip = title
        self.refreshed = 0
        self.watch(signal)

    def refresh(self):
        self.refreshed += 1


@pytest.fixture
def drawer(bench):
    drawer = Drawer(bench.root, bench.look)
    drawer.pack(side="bottom", fill="x")
    for title in ("One", "Two"):
        drawer.add(Counting(drawer.body, title, bench.look.changed))
    bench.pump()
    return drawer


def button(drawer, title):
    waiting = [drawer]
    while waiting:
        widget = waiting.pop()
        if "text" in (widget.keys() or ()) and widget.cget("text") == title:
            return widget
        waiting += widget.winfo_children()
    raise AssertionError(title)


def test_one_panel_is_open_at_a_time_and_its_button_closes_it(bench, drawer):
    changes = []
    drawer.changed.connect(changes.append)
    button(drawer, "One").invoke()
    bench.pump()
    assert drawer.panel("One").winfo_viewable()
    button(drawer, "Two").invoke()
    bench.pump()
    assert drawer.panel("Two").winfo_viewable()
    assert not drawer.panel("One").winfo_viewable()
    tall = drawer.winfo_height()
    button(drawer, "Two").invoke()
    bench.pump()
    assert changes == ["One", "Two", None]
    assert drawer.current is None
    assert drawer.winfo_height() < tall / 3


def test_a_panel_that_is_put_away_does_no_work(bench, drawer):
    drawer.show("One")
    drawer.show("Two")
    before = drawer.panel("One").refreshed, drawer.panel("Two").refreshed
    bench.look.changed.emit(bench.look.palette)
    assert drawer.panel("One").refreshed == before[0]
    assert drawer.panel("Two").refreshed == before[1] + 1


def test_every_panel_gets_the_same_room(bench, drawer):
    heights = set()
    for title in drawer.titles:
        drawer.show(title)
        bench.pump()
        heights.add(drawer.winfo_height())
    assert len(heights) == 1


# --- the panels ---


class Desktop:
    """A desk with the shipped dense-32 and MNIST's pictures, and one panel of the drawer."""

    def __init__(self, bench, panel, model="dense-32"):
        self.told, self.problems = [], []
        self.desk = Desk(bench.jobs, Ink())
        self.bench = bench
        self.drawer = Drawer(bench.root, bench.look)
        self.drawer.pack(side="bottom", fill="x")
        self.panel = panel(self.drawer.body, bench.look, self.desk, self.told.append, self.problems.append)
        self.drawer.add(self.panel)
        self.drawer.show(self.panel.title)
        self.explorer.failed.connect(bench.errors.append)
        self.explorer.load(model)
        bench.pump_until(lambda: self.explorer.active is not None or bench.errors)
        bench.pump_until(lambda: not bench.jobs.are_running)

    @property
    def explorer(self):
        return self.desk.explorer

    def put_on_canvas(self, image):
        self.desk.ink.show_picture(image)
        self.explorer.set_drawing(self.desk.ink)
        self.bench.pump()

    def text(self):
        """All words of the panel."""
        words, waiting = [], [self.panel]
        while waiting:
            widget = waiting.pop()
            waiting += widget.winfo_children()
            if widget.winfo_class() == "Canvas":
                words += all_text(widget)
            elif widget.winfo_class() == "TLabel" and widget.winfo_viewable():
                words.append(str(widget.cget("text")))
        return "\n".join(words)


@pytest.fixture
def desktop(bench, mnist):
    return lambda panel, **options: Desktop(bench, panel, **options)


def test_the_nearest_training_images_of_the_drawing_are_shown_with_their_class_and_distance(desktop, mnist):
    desktop = desktop(NeighboursPanel)
    assert "Draw a digit" in desktop.text()
    desktop.put_on_canvas(mnist.test.pixels(slice(0, 1))[0])
    active, reading = desktop.explorer.active, desktop.explorer.reading
    indices, distances = active.neighbours.nearest(reading.code, 12)
    captions = desktop.panel.row.captions
    assert len(captions) == 12
    assert [caption[0] for caption in captions] == [
        active.atlas.classes[i] for i in active.atlas.labels[indices[0]]
    ]
    assert float(captions[0].split()[-1]) == pytest.approx(distances[0, 0], rel=0.01)
    assert "The data set's pictures" in desktop.text()
    assert " of 12 nearest" in desktop.text()


def test_a_click_on_a_neighbour_picks_its_code_and_leaves_the_row_as_it_is(bench, desktop, mnist):
    desktop = desktop(NeighboursPanel)
    desktop.put_on_canvas(mnist.test.pixels(slice(0, 1))[0])
    before = desktop.panel.row.captions
    nearest = desktop.explorer.active.neighbours.nearest(desktop.explorer.reading.code, 12)[0][0]
    bench.click(desktop.panel.row, 2)
    pick = desktop.explorer.pick
    assert np.array_equal(pick.code, desktop.explorer.active.atlas.codes[nearest[2]])
    assert pick.origin == "a neighbour"
    assert desktop.panel.row.captions == before


def test_the_panel_follows_what_was_touched_last(desktop, mnist):
    desktop = desktop(NeighboursPanel)
    desktop.put_on_canvas(mnist.test.pixels(slice(0, 1))[0])
    of_sketch = desktop.panel.row.captions
    desktop.explorer.pick_code(desktop.explorer.active.atlas.codes[5], "a test")
    assert desktop.panel.row.captions[0].endswith(" 0.00")
    desktop.put_on_canvas(mnist.test.pixels(slice(0, 1))[0])
    assert desktop.panel.row.captions == of_sketch


def test_place_wanders_from_neighbour_to_neighbour(bench, desktop):
    desktop = desktop(NeighboursPanel)
    desktop.explorer.pick_code(desktop.explorer.active.atlas.codes[5], "a test")
    button(desktop.panel, "Place").invoke()
    before = desktop.panel.row.captions
    bench.click(desktop.panel.row, 3)
    assert desktop.panel.row.captions != before
    assert desktop.panel.row.captions[0].endswith(" 0.00")


def test_without_the_data_set_neighbours_are_decoded_and_the_panel_says_so(monkeypatch, tmp_path, desktop):
    monkeypatch.setenv("AEDESK_DATA_DIR", str(tmp_path))
    desktop = desktop(NeighboursPanel)
    desktop.explorer.pick_code(desktop.explorer.active.atlas.codes[5], "a test")
    desktop.bench.pump(0.3)
    assert desktop.panel._note.words.startswith("Decoded from their codes")
    shown = desktop.panel.row._images[[0]]
    assert np.abs(shown[0] - desktop.explorer.pick.image).max() < 0.01


def test_a_selection_is_counted_and_shown_and_a_click_on_it_picks(bench, desktop):
    desktop = desktop(SelectionPanel)
    assert "lasso" in desktop.text()
    active = desktop.explorer.active
    indices = np.flatnonzero(active.shown.labels == 4)[:7]
    desktop.desk.selection.choose(np.append(indices, np.flatnonzero(active.shown.labels == 9)[:2]))
    bench.pump(0.3)
    assert "9 points" in desktop.text()
    assert {"4", "7", "9", "2"} <= set(desktop.text().split())
    assert "lasso" not in desktop.text()
    assert len(desktop.panel.row) == 9
    bench.click(desktop.panel.row, 8)
    chosen = desktop.desk.selection.indices[8]
    assert np.array_equal(desktop.explorer.pick.code, active.shown.codes[chosen])
    assert desktop.explorer.pick.origin == f"training image {active.shown.images[chosen]:,}"


def test_a_selection_goes_with_its_model_though_the_next_has_fewer_points(bench, desktop):
    desktop = desktop(SelectionPanel)
    count = len(desktop.explorer.active.shown)
    desktop.desk.selection.choose(np.arange(count - 50, count))
    bench.pump(0.1)
    desktop.explorer.load("conv")
    bench.pump_until(lambda: len(desktop.explorer.active.shown) < count)
    bench.pump(0.2)
    assert "Nothing is chosen" in desktop.text()
    assert len(desktop.panel.row) == 0


def test_the_neighbours_of_a_pick_go_with_its_model(bench, desktop):
    desktop = desktop(NeighboursPanel, model="dense-2d")
    desktop.explorer.pick_at(0, 0)
    bench.pump(0.1)
    assert len(desktop.panel.row) > 0
    desktop.explorer.load("dense-32")
    bench.pump_until(lambda: desktop.explorer.active.model.code_size == 32)
    bench.pump(0.2)
    assert len(desktop.panel.row) == 0


def test_clear_empties_the_selection_and_undo_brings_it_back(bench, desktop):
    desktop = desktop(SelectionPanel)
    desktop.desk.selection.choose(np.arange(30))
    button(desktop.panel, "Clear").invoke()
    assert len(desktop.panel.row) == 0
    assert str(button(desktop.panel, "CSV").cget("state")) == "disabled"
    button(desktop.panel, "Undo").invoke()
    assert len(desktop.panel.row) == 30
    bench.pump(0.3)


def test_a_selection_is_saved_as_sheet_table_and_arrays(bench, monkeypatch, tmp_path, desktop):
    desktop = desktop(SelectionPanel)
    desktop.desk.selection.choose(np.arange(5))
    for text, name in (("Sheet", "a.png"), ("CSV", "a.csv"), ("NPZ", "a.npz")):
        monkeypatch.setattr(filedialog, "asksaveasfilename", lambda name=name, **_: str(tmp_path / name))
        button(desktop.panel, text).invoke()
        assert desktop.told[-1].startswith("Saving 5 points")
    bench.pump_until(lambda: len(desktop.told) == 6)
    assert Image.open(tmp_path / "a.png").width >= 28
    assert len((tmp_path / "a.csv").read_text().splitlines()) == 6
    assert np.load(tmp_path / "a.npz")["labels"].shape == (5,)
    monkeypatch.setattr(filedialog, "asksaveasfilename", lambda **_: str(tmp_path / "none" / "a.png"))
    button(desktop.panel, "Sheet").invoke()
    bench.pump_until(lambda: desktop.problems)
    assert [type(problem) for problem in desktop.problems] == [AedeskError]
    bench.pump(0.3)


def test_every_surprise_is_another_sheet_and_a_click_shows_a_sample_on_the_map(bench, desktop):
    desktop = desktop(SamplesPanel)
    samples = desktop.desk.samples
    assert "Surprise me" in desktop.text()
    sheets = [None]
    for _ in range(2):
        desktop.panel.surprise.invoke()
        bench.pump_until(lambda: samples.sheet is not sheets[-1])
        sheets.append(samples.sheet)
    assert all(not np.array_equal(a.codes, b.codes) for a, b in pairwise(sheets[1:]))
    assert len(desktop.panel.row) == samples.count
    bench.click(desktop.panel.row, 3)
    assert np.array_equal(desktop.explorer.pick.code, samples.sheet.codes[3])
    assert desktop.explorer.pick.origin == "a sample"


def test_the_same_seed_gives_the_same_sheet_and_one_that_is_no_number_is_marked(bench, desktop):
    desktop = desktop(SamplesPanel)
    samples, seed = desktop.desk.samples, desktop.panel.seed

    def draw(text):
        before = samples.sheet
        seed.delete(0, "end")
        seed.insert(0, text)
        bench.pump_until(lambda: samples.sheet is not before and samples.seed == int(text))
        return samples.sheet.codes

    first, other, again = draw("7"), draw("8"), draw("7")
    assert np.array_equal(first, again)
    assert not np.array_equal(first, other)
    before = samples.sheet
    for nonsense in ("seven", "-1", "", "1.5"):
        seed.delete(0, "end")
        seed.insert(0, nonsense)
        bench.pump(0.3)
        assert seed.instate(["invalid"])
        assert samples.sheet is before
