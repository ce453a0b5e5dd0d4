"""The curves of losses in a real window: what is drawn of runs, and what the hand can do there."""

from __future__ import annotations

import math
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from panel_bench import WindowBench
from PIL import Image
from test_palette import SIGHTS, least_distance

from aedesk.cli.figures import write_losses
from aedesk.errors import AedeskError
from aedesk.gui import dialogs
from aedesk.gui.charts.paper import PAPER
from aedesk.gui.curves.axes import freest_corner, loss_ticks
from aedesk.gui.curves.curves import Curves
from aedesk.gui.curves.losses import Batches, Losses, Mark, Scene
from aedesk.gui.curves.marks import arrange
from aedesk.gui.curves.run_colours import run_colour
from aedesk.gui.theme import DARK, LIGHT
from aedesk.training.events import Changed


def history(
    epochs: int, *, start: int = 1, worse: float = 0.0, penalty: bool = False
) -> list[dict[str, float]]:
    rows = []
    for epoch in range(start, epochs + 1):
        loss = 0.02 + worse + 0.1 / epoch
        row = {"epoch": epoch, "train_loss": loss, "validation_loss": loss + 0.002, "learning_rate": 1e-3}
        if penalty:
            row |= {"train_penalty": 0.004, "validation_penalty": 0.005}
        rows.append(row)
    return rows


class Bench(WindowBench):  # type: ignore[misc]
    """A window with curves in it; `epochs` are those that were asked for with the mouse."""

    def __init__(self) -> None:
        super().__init__("720x400")
        self.epochs: list[int] = []
        self.statuses: list[str] = []
        self.curves = Curves(
            self.root, self.look, on_epoch=self.epochs.append, on_status=self.statuses.append
        )
        self.curves.pack(fill="both", expand=True)
        self.curves.build()
        self.pump()

    @property
    def plot(self) -> Any:
        return self.curves.plot

    def settle(self) -> None:
        """Let everything that is due be drawn."""
        self.pump(0.3)

    def train(self, epochs: int) -> None:
        """A run of so many epochs, with batches, as it would be told."""
        self.curves.begin(epochs, "Mean squared error per pixel", "a run")
        for row in history(epochs):
            for step in range(1, 5):
                self.curves.add_batch(row["epoch"] - 1 + step / 4, row["train_loss"], row["train_loss"] * 1.1)
            self.curves.add_epoch(row)
        self.settle()

    def mouse(self, event: str, epoch: float, *, above: bool = False) -> None:
        x, y = self.plot.place_of(epoch, 0.05)
        # Tk takes the place on the screen for what it is told only of a window that is there.
        root_x, root_y = self.plot.widget.winfo_rootx(), self.plot.widget.winfo_rooty()
        y = 4 if above else y
        self.plot.widget.event_generate(
            event, x=round(x), y=round(y), rootx=root_x + round(x), rooty=root_y + round(y)
        )
        self.pump()

    def picture(self) -> np.ndarray:
        """(H, W, 4) uint8: what the plot has drawn."""
        return np.asarray(self.plot._canvas.buffer_rgba()).copy()


@pytest.fixture
def bench(screen: None) -> Iterator[Bench]:
    bench = Bench()
    yield bench
    errors = bench.errors
    bench.close()
    assert errors == []


def test_before_the_first_loss_the_curves_say_what_will_be_there(bench: Bench) -> None:
    assert bench.curves._empty.winfo_ismapped()
    assert not bench.plot.widget.winfo_ismapped()
    bench.curves.begin(3, "Loss")
    bench.curves.add_batch(0.1, 0.2, 0.21)
    bench.settle()
    assert bench.plot.widget.winfo_ismapped()
    assert not bench.curves._empty.winfo_ismapped()


def test_every_epoch_is_drawn(bench: Bench) -> None:
    bench.train(7)
    assert bench.curves.drawn_epochs == 7
    bench.curves.begin(7, "Loss")
    bench.settle()
    assert bench.curves.drawn_epochs == 0


def test_what_came_before_matplotlib_is_drawn_once_it_is_there(bench: Bench) -> None:
    late = Curves(bench.root, bench.look)
    late.pack(fill="both", expand=True)
    late.begin(3, "Loss")
    for row in history(3):
        late.add_epoch(row)
    late.set_epoch(2)
    late.set_log(True)
    bench.settle()
    assert (late.drawn_epochs, late.told) == (0, "")
    late.build()
    bench.settle()
    assert late.drawn_epochs == 3
    assert late.told.startswith("Epoch 2\n")


def test_a_batch_changes_the_picture_and_needs_no_new_axes(bench: Bench) -> None:
    bench.train(5)
    bench.curves.begin(10, "Loss")
    for row in history(5):
        bench.curves.add_epoch(row)
    bench.curves.add_batch(5.2, 0.044, 0.05)
    bench.settle()
    before, full = bench.picture(), bench.plot.full_draws
    bench.curves.add_batch(5.5, 0.045, 0.05)
    bench.settle()
    assert bench.plot.full_draws == full
    changed = np.flatnonzero((bench.picture() != before).any(axis=(0, 2)))
    assert changed.min() > bench.plot.place_of(4.5, 0.05)[0]


def test_nothing_is_drawn_while_nothing_changes(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    bench.train(5)
    shown: list[object] = []
    monkeypatch.setattr(bench.plot, "show", lambda *_: shown.append(1))
    bench.curves.refresh()
    bench.curves.set_log(False)
    bench.curves.set_smoothing("none")
    bench.curves.set_part("loss")
    bench.curves.set_others([])
    bench.settle()
    assert shown == []
    bench.curves.set_log(True)
    bench.settle()
    assert shown == [1]


def test_hidden_curves_draw_nothing_and_catch_up_when_they_are_shown(bench: Bench) -> None:
    bench.train(3)
    full = bench.plot.full_draws
    bench.curves.pack_forget()
    bench.curves.begin(9, "Loss")
    for row in history(9):
        bench.curves.add_epoch(row)
    bench.curves.set_epoch(4)
    bench.settle()
    assert (bench.plot.full_draws, bench.curves.drawn_epochs) == (full, 3)
    bench.curves.pack(fill="both", expand=True)
    bench.root.update()
    bench.curves.refresh()
    bench.settle()
    assert bench.curves.drawn_epochs == 9
    assert bench.curves.told.startswith("Epoch 4\n")


def test_many_events_at_once_are_drawn_together(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    bench.train(3)
    shown: list[object] = []
    monkeypatch.setattr(bench.plot, "show", lambda *_: shown.append(1))
    for step in range(500):
        bench.curves.add_batch(3 + step / 1000, 0.05, 0.05)
    bench.settle()
    assert shown == [1]


def test_a_click_asks_for_the_nearest_epoch_and_a_drag_for_each_on_the_way(bench: Bench) -> None:
    bench.train(10)
    bench.mouse("<ButtonPress-1>", 4.3)
    assert bench.epochs == [4]
    for place in (4.4, 4.8, 5.2, 7.1, 30):
        bench.mouse("<B1-Motion>", place)
    assert bench.epochs == [4, 5, 7, 10]
    assert bench.curves.epoch == 10
    assert bench.curves.told.startswith("Epoch 10\nvalidation 0.0320\ntraining 0.0300\nrate 0.001")


def test_the_cursor_is_drawn_without_drawing_the_curves_again(bench: Bench) -> None:
    bench.train(10)
    before, full = bench.picture(), bench.plot.full_draws
    bench.curves.set_epoch(6)
    bench.settle()
    x = round(bench.plot.place_of(6, 0.05)[0])
    changed = np.flatnonzero((bench.picture() != before).any(axis=(0, 2)))
    assert x - 6 <= changed.min() <= changed.max() <= x + 6
    assert bench.plot._cursor.label.winfo_ismapped()
    bench.curves.set_epoch(None)
    bench.settle()
    np.testing.assert_array_equal(bench.picture(), before)
    assert bench.plot.full_draws == full
    assert bench.curves.told == ""
    assert not bench.plot._cursor.label.winfo_ismapped()


def test_the_words_beside_the_cursor_never_lie_on_the_legend(bench: Bench) -> None:
    bench.train(30)
    label, legend = bench.plot._cursor.label, bench.plot._frame.legend_box
    for epoch in range(1, 31):
        bench.curves.set_epoch(epoch)
        bench.pump(0.04)
        top = bench.plot._figure.bbox.height - legend.y1
        is_beside = label.winfo_x() >= legend.x1 or label.winfo_x() + label.winfo_reqwidth() <= legend.x0
        is_below = label.winfo_y() >= top + legend.height
        assert is_beside or is_below
        assert 0 <= label.winfo_x() <= bench.plot.widget.winfo_width() - label.winfo_reqwidth()


def test_an_epoch_that_is_not_in_the_history_is_shown_without_losses(bench: Bench) -> None:
    bench.train(4)
    bench.curves.set_epoch(0)
    bench.settle()
    assert bench.curves.told == "Epoch 0"


def test_a_loss_that_is_not_a_number_is_left_out(bench: Bench) -> None:
    bench.curves.begin(4, "Loss")
    rows = history(4)
    rows[2] |= {"validation_loss": math.nan, "train_loss": math.inf}
    for row in rows:
        bench.curves.add_epoch(row)
    bench.curves.add_batch(4.5, math.nan, math.inf)
    bench.settle()
    assert bench.curves.drawn_epochs == 3
    bench.curves.set_epoch(3)
    bench.settle()
    assert bench.curves.told == "Epoch 3\nrate 0.001"


@pytest.mark.parametrize("scale", [1, 2])
def test_on_a_screen_of_more_pixels_no_words_of_a_plot_are_cut_off(bench: Bench, scale: int) -> None:
    before = bench.root.tk.call("tk", "scaling")
    try:
        bench.root.tk.call("tk", "scaling", scale * 4 / 3)
        bench.root.geometry(f"{720 * scale}x{400 * scale}")
        bench.curves.destroy()
        bench.curves = Curves(bench.root, bench.look)
        bench.curves.pack(fill="both", expand=True)
        bench.curves.build()
        bench.train(5)
        axes, figure = bench.plot._frame.axes, bench.plot._figure
        words = [label for label in axes.get_yticklabels() if label.get_text()]
        boxes = [label.get_window_extent() for label in (*words, axes.xaxis.label)]
        assert all(box.x0 >= 0 and box.y0 >= 0 and box.y1 <= figure.bbox.height for box in boxes)
        assert boxes[0].height == pytest.approx(10 * scale, abs=2 * scale)
        assert figure.bbox.width == bench.plot.widget.winfo_width()
    finally:
        bench.root.tk.call("tk", "scaling", before)  # else all windows of this process would have it


def test_a_loss_of_zero_has_no_place_on_a_log_scale(bench: Bench) -> None:
    rows = history(4)
    rows[3]["validation_loss"] = 0.0
    bench.curves.set_history(rows)
    bench.curves.set_epoch(4)
    bench.settle()
    assert bench.curves.drawn_epochs == 4
    bench.curves.log_switch.invoke()
    bench.settle()
    assert bench.curves.is_log
    assert bench.curves.drawn_epochs == 3


def test_an_epoch_that_comes_again_replaces_those_after_it(bench: Bench) -> None:
    bench.curves.set_history(history(9))
    bench.curves.add_epoch(history(4, worse=1)[-1])
    bench.settle()
    assert bench.curves.drawn_epochs == 4
    bench.curves.set_epoch(4)
    bench.settle()
    assert "validation 1.0470" in bench.curves.told


def test_smoothing_draws_a_calmer_line_and_keeps_the_raw_one_behind_it(bench: Bench) -> None:
    rng = np.random.default_rng(0)
    rows = [row | {"validation_loss": 0.05 + 0.01 * rng.random()} for row in history(200)]
    bench.curves.set_history(rows)
    bench.settle()
    unrest = []
    for smoothing in ("none", "light", "strong"):
        bench.curves.set_smoothing(smoothing)
        bench.settle()
        lines = bench.plot._frame.lines
        assert lines["validation", True].get_visible() == (smoothing != "none")
        unrest.append(np.abs(np.diff(lines["validation", False].get_ydata())).mean())
        assert bench.curves.smoothing == smoothing
    raw = np.abs(np.diff([row["validation_loss"] for row in rows])).mean()
    assert unrest[0] == pytest.approx(raw)
    assert unrest[0] > 1.5 * unrest[1] > 3 * unrest[2]
    bench.curves.set_smoothing("a word from an old settings file")
    assert bench.curves.smoothing == "strong"


def test_the_choice_of_smoothing_is_what_is_drawn(bench: Bench) -> None:
    bench.train(5)
    bench.curves.smooth_choice.set("Smoother")
    bench.curves.smooth_choice.event_generate("<<ComboboxSelected>>")
    bench.pump()
    assert bench.curves.smoothing == "strong"
    bench.curves.begin(5, "Loss")
    assert bench.curves.smoothing == "strong"


def test_the_parts_of_a_loss_can_be_chosen_where_there_is_a_penalty(bench: Bench) -> None:
    bench.train(5)
    assert not bench.curves.part_choice.winfo_ismapped()
    bench.curves.set_history(history(5, penalty=True))
    bench.curves.set_epoch(5)
    bench.settle()
    assert bench.curves.part_choice.winfo_ismapped()
    told = {}
    for words in ("Loss", "Reconstruction", "Penalty"):
        bench.curves.part_choice.set(words)
        bench.curves.part_choice.event_generate("<<ComboboxSelected>>")
        bench.settle()
        told[words] = bench.curves.told.splitlines()[1]
    assert told == {
        "Loss": "validation 0.0420",
        "Reconstruction": "validation 0.0370",
        "Penalty": "validation 0.0050",
    }
    bench.train(3)
    assert not bench.curves.part_choice.winfo_ismapped()
    assert bench.curves.part == "loss"


def test_runs_beside_are_drawn_named_and_told_at_the_cursor(bench: Bench) -> None:
    bench.train(6)
    bench.curves.set_others([("the parent", history(9, worse=0.02), 0), ("an aunt", history(4), 1)])
    bench.curves.set_epoch(5)
    bench.settle()
    named = [text.get_text() for text in bench.plot._frame.axes.get_legend().get_texts()]
    assert named == ["a run", "the parent", "an aunt", "thin: training"]
    assert bench.curves.told.splitlines()[-1] == "the parent 0.0620"
    assert bench.plot._scene.last_epoch == 9
    colours = {line.get_color() for line in bench.plot._frame._parts}
    assert colours == {run_colour(0), run_colour(1)}
    bench.curves.set_others([])
    bench.settle()
    assert bench.plot._frame._parts == []


def test_runs_side_by_side_need_none_on_show(bench: Bench) -> None:
    bench.curves.begin(1, "Loss")
    bench.curves.end()
    bench.curves.set_others([(f"run {place}", history(5 + place), place) for place in range(20)])
    bench.settle()
    named = [text.get_text() for text in bench.plot._frame.axes.get_legend().get_texts()]
    assert named[0] == "run 0"
    assert any(name.startswith("and ") for name in named)
    box, axes = bench.plot._frame.legend_box, bench.plot._frame.axes.bbox
    assert box.height < 0.75 * axes.height
    bench.mouse("<ButtonPress-1>", 3)
    assert bench.epochs == []


def test_a_new_run_begins_without_those_beside_the_last_one(bench: Bench) -> None:
    bench.train(3)
    bench.curves.set_others([("the parent", history(9), 0)])
    bench.curves.add_change(Changed(1.0, "beta", 1.0, 2.0))
    bench.train(3)
    assert bench.plot._scene.others == ()
    assert bench.plot.marks_drawn == []


def test_a_change_in_mid_run_is_marked_and_told_in_full_under_the_pointer(bench: Bench) -> None:
    bench.train(10)
    bench.curves.add_change(Changed(4.5, "learning_rate", 1e-3, 1e-4))
    bench.settle()
    assert bench.plot.marks_drawn == ["rate 0.001 \u2192 0.0001"]
    bench.mouse("<Motion>", 4.5)
    assert bench.curves.told == "learning rate 0.001 \u2192 0.0001 at epoch 4.5"
    bench.mouse("<Motion>", 7)
    assert bench.curves.told == ""
    bench.mouse("<Motion>", 4.9, above=True)
    assert bench.curves.told.startswith("learning rate")


def test_the_changes_of_an_old_run_are_marked_and_broken_ones_left_out(bench: Bench) -> None:
    changes: list[dict[str, Any]] = [
        {"epoch": 2, "name": "noise_level", "old": 0.3, "new": 0.2},
        {"epoch": "soon", "name": "beta", "old": 1, "new": 2},
        {"name": "beta"},
    ]
    bench.curves.set_history(history(5), changes, title="Mean absolute error", run="an old one")
    bench.settle()
    assert bench.plot.marks_drawn == ["noise 0.3 \u2192 0.2"]
    assert bench.curves._title.cget("text") == "Mean absolute error"


def test_the_plan_comes_into_sight_as_the_run_goes(bench: Bench) -> None:
    assert Scene(epochs=30, live=True).last_epoch == 30
    assert Scene(epochs=1000, live=True).last_epoch == 20
    assert Scene(own=Losses(history(60)), epochs=1000).last_epoch == 100
    assert Scene(own=Losses(history(900)), epochs=1000).last_epoch == 1000
    bench.curves.begin(30, "Loss")
    bench.curves.set_history(history(12))
    bench.settle()
    assert bench.plot._scene.last_epoch == 30
    bench.curves.end()
    bench.settle()
    assert bench.plot._scene.last_epoch == 12


def test_the_curves_take_on_the_theme_and_fit_every_size(bench: Bench) -> None:
    bench.train(5)
    bench.curves.set_epoch(3)
    for size in ("330x200", "1200x600"):
        bench.root.geometry(size)
        bench.settle()
        assert bench.picture().shape[:2] == (
            bench.plot.widget.winfo_height(),
            bench.plot.widget.winfo_width(),
        )
    bench.look.toggle(bench.root)
    bench.settle()
    corner = "#" + "".join(f"{part:02x}" for part in bench.picture()[-1, 0, :3])
    assert corner == DARK.background


@pytest.mark.parametrize("ending", [".png", ".svg", ".pdf", ".PNG"])
def test_the_plot_is_saved_as_what_its_name_says(bench: Bench, tmp_path: Path, ending: str) -> None:
    bench.train(5)
    bench.curves.set_others([("the parent", history(9), 0)])
    bench.curves.add_change(Changed(2.5, "beta", 1.0, 2.0))
    bench.curves.save(tmp_path / f"plot{ending}")
    begin = {".png": b"\x89PNG", ".svg": b"<?xml", ".pdf": b"%PDF"}[ending.lower()]
    content = (tmp_path / f"plot{ending}").read_bytes()
    assert content.startswith(begin)
    bench.curves.save(str(tmp_path / f"plot{ending}"))
    assert (tmp_path / f"plot{ending}").read_bytes() == content
    assert len(list(tmp_path.iterdir())) == 1


def test_the_save_button_asks_where_and_says_what_came_of_it(
    bench: Bench, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert bench.curves.save_button.instate(["disabled"])
    bench.train(3)
    problems: list[str] = []
    monkeypatch.setattr(dialogs, "show_problem", lambda _, problem: problems.append(str(problem)))
    asked = iter([tmp_path / "a.png", tmp_path / "a.gif", ""])
    monkeypatch.setattr("tkinter.filedialog.asksaveasfilename", lambda **_: str(next(asked)))
    bench.curves.save_button.invoke()
    with Image.open(tmp_path / "a.png") as picture:
        assert min(picture.size) > 600
    assert bench.statuses == [f"Saved {tmp_path / 'a.png'}"]
    bench.curves.save_button.invoke()
    bench.curves.save_button.invoke()
    assert len(problems) == 1
    assert ".png or .svg or .pdf" in problems[0]


def test_nothing_can_be_saved_before_there_is_a_loss(bench: Bench, tmp_path: Path) -> None:
    with pytest.raises(AedeskError, match="no losses"):
        bench.curves.save(tmp_path / "plot.png")
    assert list(tmp_path.iterdir()) == []


def test_the_command_line_writes_one_run_or_several(tmp_path: Path) -> None:
    write_losses([("one", history(5))], tmp_path / "new" / "one.png", log=True)
    write_losses([("one", history(5)), ("two", history(8))], tmp_path / "two.svg")
    assert b"thin: training" in (tmp_path / "two.svg").read_bytes()
    assert (tmp_path / "new" / "one.png").stat().st_size > 1000
    with pytest.raises(AedeskError, match="no losses"):
        write_losses([("none", [])], tmp_path / "none.png")


def test_paper_has_the_colours_of_the_light_theme() -> None:
    for name in ("text", "muted", "faint", "accent"):
        assert getattr(PAPER, name) == getattr(LIGHT, name)


@pytest.mark.parametrize("theme", [LIGHT, DARK])
def test_the_colours_of_runs_can_be_told_apart_and_from_the_accent(theme: Any) -> None:
    colours = [theme.accent, *(run_colour(place, dark=theme is DARK) for place in range(8))]
    for sight in SIGHTS:
        assert least_distance(colours, sight) > (35 if sight == "normal" else 20)
    assert run_colour(8) == run_colour(0)


marks = st.builds(
    Mark,
    st.floats(0, 100),
    st.sampled_from(["learning_rate", "noise_level", "beta"]),
    st.floats(0, 1),
    st.floats(0, 1),
)


@given(st.lists(marks, max_size=60))
def test_no_words_of_a_mark_lie_on_others_and_none_is_lost(changed: list[Mark]) -> None:
    flags = arrange(changed, lambda epoch: 50 + 5 * epoch, lambda text: 6.0 * len(text), 50, 550)
    assert sorted(mark.epoch for flag in flags for mark in flag.marks) == sorted(m.epoch for m in changed)
    shown = [flag for flag in flags if flag.text]
    assert bool(shown) == bool(changed)
    for flag in shown:
        assert flag.left >= 50
        assert flag.left + flag.width <= 550
        for other in shown:
            if other is not flag and other.row == flag.row:
                assert flag.left + flag.width < other.left or other.left + other.width < flag.left


@given(low=st.floats(1e-7, 10), ratio=st.floats(1, 1e5), log=st.booleans())
def test_the_ticks_of_the_loss_axis_enclose_the_losses(low: float, ratio: float, log: bool) -> None:
    high = low * ratio
    ticks = loss_ticks(low, high, log=log)
    assert ticks[0] <= low * (1 + 1e-6)
    assert ticks[-1] >= high * (1 - 1e-6)
    assert ticks == sorted(set(ticks))
    assert 2 <= len(ticks) <= 30
    assert ticks[0] > 0 or not log


def test_the_legend_goes_where_it_hides_least_and_stays_where_that_is_hardly_less() -> None:
    rising = np.stack([np.linspace(0, 1, 100), np.linspace(0, 1, 100)], axis=1)
    assert freest_corner(rising, 0.3, 0.3, "upper right") == "upper left"
    assert freest_corner(rising, 0.3, 0.3, "lower right") == "lower right"


def test_a_day_of_batches_takes_no_more_room_than_an_hour() -> None:
    batches = Batches()
    for step in range(100_000):
        batches.add(step / 100, 0.05)
    assert 2000 < len(batches) <= 8192
    assert batches.x[0] == 0
    assert batches.x[-1] > 990
    assert np.all(np.diff(batches.x) > 0)
