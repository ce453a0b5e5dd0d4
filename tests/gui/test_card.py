"""The window of a quality card: its figures beside others, measuring, copying, saving, and who opens it."""

from __future__ import annotations

import csv
import io
import tkinter as tk
from collections.abc import Callable, Iterator
from pathlib import Path
from tkinter import ttk
from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from kept_run import make_run
from made_up_card import made_up_card
from panel_bench import WindowBench, closing

from aedesk.analysis import card as cards
from aedesk.analysis.card import Card, Tuned
from aedesk.data import sources
from aedesk.data.imageset import DataSet
from aedesk.errors import Cancelled
from aedesk.gui.card import scale
from aedesk.gui.card.cards import Cards
from aedesk.gui.card.scale import Scale
from aedesk.gui.card.strip import Strip
from aedesk.gui.card.window import CardWindow
from aedesk.models.model import Model
from aedesk.storage.library import load_model

_MODELS: dict[str, Model] = {}


def a_model(name: str) -> Any:
    """What the window is given of a model in use."""
    if name not in _MODELS:
        _MODELS[name] = load_model(name)
    return SimpleNamespace(reference=name, model=_MODELS[name], atlas=None)


class Bench(WindowBench):
    def __init__(self) -> None:
        super().__init__("1000x680")
        self.told: list[str] = []
        self.problems: list[BaseException] = []
        self.cards = Cards(self.root, self.look, self.jobs, self.told.append, self.problems.append)

    def show(self, active: Any) -> CardWindow:
        """The card of a model, as far as it has been looked for."""
        window = self.cards.show(active)
        self.pump_until(lambda: window.quality.found is not None)
        self.pump(0.1)
        return window

    @property
    def clipboard(self) -> str:
        return str(self.root.clipboard_get())


@pytest.fixture(scope="module")
def one_bench(screen: None) -> Iterator[Bench]:
    with closing(Bench()) as bench:
        yield bench


@pytest.fixture
def bench(one_bench: Bench) -> Iterator[Bench]:
    """A window without cards; nothing may be left of a test's."""
    yield one_bench
    for window in list(one_bench.cards.open.values()):
        window.destroy()
    one_bench.pump_until(lambda: not one_bench.jobs.are_running)
    assert one_bench.problems == []


@pytest.fixture
def has_card(monkeypatch: pytest.MonkeyPatch) -> Callable[..., Card]:
    """Puts a card beside a model."""

    def put(name: str, **changes: Any) -> Card:
        card = made_up_card(a_model(name).model.checkpoint, **changes)
        monkeypatch.setattr(cards, "card_of", lambda _: card)
        return card

    return put


@pytest.fixture
def no_card(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cards, "card_of", lambda _: None)


@pytest.fixture
def measured(monkeypatch: pytest.MonkeyPatch, digits: DataSet) -> SimpleNamespace:
    """Measuring that goes on until `go` is set, and has half of its neighbours by then."""
    state = SimpleNamespace(go=False, cancelled=False)

    def measure(model: Model, data: DataSet, atlas: Any, path: Any, *, progress: Any, cancelled: Any) -> Card:
        progress("finding neighbours", 1, 2)
        while not state.go:
            if cancelled():
                state.cancelled = True
                raise Cancelled("not wanted")
        return made_up_card(model.checkpoint, mse=0.0421)

    monkeypatch.setattr(cards, "measure", measure)
    monkeypatch.setattr(cards, "keep", not_kept)
    monkeypatch.setattr(sources, "load", lambda *_, **__: digits)
    monkeypatch.setattr(sources, "is_present", lambda *_: True)
    monkeypatch.setattr("aedesk.app.quality.is_present", lambda *_: True)
    return state


def not_kept(*_: Any) -> None:
    raise AssertionError("a card was written into the installation")


def below(widget: tk.Misc, kind: type[tk.Misc]) -> list[Any]:
    """All widgets of a kind within another."""
    found = []
    for child in widget.winfo_children():
        found += [child] if isinstance(child, kind) else []
        found += below(child, kind)
    return found


def words_of(widget: tk.Misc) -> list[str]:
    return [str(label.cget("text")) for label in below(widget, ttk.Label)]


def test_a_figure_stands_beside_that_of_pca_and_the_best_published_one(
    bench: Bench, has_card: Callable[..., Card]
) -> None:
    has_card("dense-2d", mse=0.0413, pca_mse=0.0557)
    window = bench.show(a_model("dense-2d"))
    assert window.sheet.texts["mse"] == "0.04130"
    assert "PCA 0.05570, published 0.03600" in words_of(window)
    strip = below(window, Strip)[0]
    here = strip.coords(strip.find_all()[-1])[0]
    signs = [item for item in strip.find_all() if strip.type(item) in {"line", "polygon"}]
    pca, best = (strip.coords(item)[0] for item in signs[-2:])
    assert pca < here < best  # better is to the right


def test_what_was_not_measured_is_said_and_not_drawn(bench: Bench, has_card: Callable[..., Card]) -> None:
    has_card(
        "dense-2d",
        **dict.fromkeys(("sampler", "sample_score", "map_kind", "map_sure", "map_sure_near", "map_dead")),
        **dict.fromkeys(("scan_accuracy", "sketch_accuracy", "sketch_ratio"), None),
        **dict.fromkeys(("held_out_accuracy", "held_out_ratio", "sketches"), None),
        trustworthiness=None,
    )
    window = bench.show(a_model("dense-2d"))
    assert {"sample_score", "map_sure", "sketch_ratio", "trustworthiness"}.isdisjoint(window.sheet.texts)
    assert len([words for words in words_of(window) if words.startswith("Not measured")]) == 2


def test_a_code_larger_than_the_picture_is_called_that(bench: Bench, has_card: Callable[..., Card]) -> None:
    has_card("conv", pca_mse=None)
    window = bench.show(a_model("conv"))
    assert any(words.endswith("it compresses nothing.") for words in words_of(window))
    assert not any("PCA" in words for words in words_of(window))
    assert "compresses nothing" in window.text()


def test_everything_has_a_sentence_for_who_has_never_met_it(
    bench: Bench, has_card: Callable[..., Card]
) -> None:
    has_card("dense-2d", tuned=(Tuned(0.039, "aedesk train --tuned", 400.0, "cpu", "2026-11-21"),))
    window = bench.show(a_model("dense-2d"))
    lines = [strip.line for strip in below(window, Strip)]
    assert len(lines) == 15
    assert all(line.about.endswith(".") and len(line.about) > 30 for line in lines)
    of_mse = lines[0].explanation
    assert "UMAP with an autoencoder's loss" in of_mse
    assert "better schedule: 0.03900" in of_mse
    assert "tuned 0.03900" in lines[0].beside


def test_a_command_is_copied_as_it_is_typed(bench: Bench, has_card: Callable[..., Card]) -> None:
    card = has_card("dense-2d")
    window = bench.show(a_model("dense-2d"))
    buttons = below(window.sheet, ttk.Button)
    assert len(buttons) == 2
    buttons[0].invoke()
    assert bench.clipboard == card.command
    buttons[1].invoke()
    assert bench.clipboard == "aedesk evaluate dense-2d --json"
    assert window.note.words == "Copied."


def test_the_card_is_copied_as_text_and_as_a_table(bench: Bench, has_card: Callable[..., Card]) -> None:
    card = has_card("dense-2d")
    window = bench.show(a_model("dense-2d"))
    as_text, as_table = window.copy_buttons
    as_text.invoke()
    assert bench.clipboard == window.text()
    for words in ("Quality card of dense-2d", "0.04130", card.command, card.date, "Hinton", "Sainburg"):
        assert (words in bench.clipboard) == (words != "Hinton")  # that one's codes have 30 numbers
    as_table.invoke()
    rows = {row["name"]: row for row in csv.DictReader(io.StringIO(bench.clipboard))}
    assert float(rows["mse"]["value"]) == card.mse
    assert float(rows["mse"]["pca"]) == card.pca_mse
    assert rows["knn_accuracy"]["published_by"] == "Parametric UMAP"
    assert rows["command"]["value"] == card.command


def test_the_card_is_saved_as_a_figure(bench: Bench, has_card: Callable[..., Card], tmp_path: Path) -> None:
    has_card("dense-2d")
    window = bench.show(a_model("dense-2d"))
    path = tmp_path / "card.svg"
    window.files.save(str(path))
    assert path.read_text("utf-8").count('<g id="text_') >= 2 * len(window.sheet.texts)


def test_a_model_that_nobody_has_measured_is_measured_here(
    bench: Bench, no_card: None, measured: SimpleNamespace
) -> None:
    window = bench.show(a_model("dense-2d"))
    assert str(window.message.cget("text")).startswith("Nobody has measured this model yet.")
    assert window.chart() is None
    assert {str(button.cget("state")) for button in window.copy_buttons} == {"disabled"}
    assert window.run_bar.button.cget("text") == "Measure"
    window.run_bar.button.invoke()
    bench.pump_until(lambda: "finding neighbours: 50%" in words_of(window.run_bar))
    assert window.run_bar.button.cget("text") == "Cancel"
    measured.go = True
    bench.pump_until(lambda: "mse" in window.sheet.texts)
    bench.pump()
    assert window.sheet.texts["mse"] == "0.04210"
    assert window.sheet.winfo_ismapped()
    assert window.run_bar.button.cget("text") == "Measure again"
    assert "the card that is shipped stays" in window.note.words


def test_measuring_is_cancelled_by_the_same_button(
    bench: Bench, has_card: Callable[..., Card], measured: SimpleNamespace
) -> None:
    has_card("dense-2d")
    window = bench.show(a_model("dense-2d"))
    window.run_bar.button.invoke()
    bench.pump_until(lambda: window.quality.measuring.stage is not None)
    assert window.sheet.winfo_ismapped()  # the old figures stay meanwhile
    window.run_bar.button.invoke()
    bench.pump_until(lambda: measured.cancelled)
    bench.pump()
    assert window.run_bar.button.cget("text") == "Measure again"
    assert window.sheet.texts["mse"] == "0.04130"


def test_escape_closes_and_gives_up_measuring(bench: Bench, no_card: None, measured: SimpleNamespace) -> None:
    window = bench.show(a_model("dense-2d"))
    window.run_bar.button.invoke()
    bench.pump_until(lambda: window.quality.measuring.stage is not None)
    bench.key(window, "<Escape>")
    assert not window.winfo_exists()
    assert bench.cards.open == {}
    bench.pump_until(lambda: measured.cancelled and not bench.jobs.are_running)


def test_without_the_test_images_it_says_where_to_get_them(
    bench: Bench, no_card: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AEDESK_DATA_DIR", str(tmp_path))
    window = bench.show(a_model("dense-2d"))
    assert "test images of mnist, which are not on this machine yet" in str(window.message.cget("text"))
    assert str(window.run_bar.button.cget("state")) == "disabled"
    assert window.fetch_button.winfo_ismapped()
    window.fetch_button.invoke()
    bench.pump()
    (preview,) = (child for child in window.winfo_children() if type(child).__name__ == "DataPreviewWindow")
    assert preview.title() == "Data: mnist"


def test_a_card_that_is_there_is_shown_without_the_test_images(
    bench: Bench, has_card: Callable[..., Card], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AEDESK_DATA_DIR", str(tmp_path))
    has_card("dense-2d")
    window = bench.show(a_model("dense-2d"))
    assert window.sheet.texts["mse"] == "0.04130"
    assert str(window.run_bar.button.cget("state")) == "disabled"
    assert "which are not on this machine yet" in window.note.words


def test_each_model_has_one_window_and_two_models_have_two(
    bench: Bench, has_card: Callable[..., Card]
) -> None:
    has_card("dense-2d")
    first = bench.show(a_model("dense-2d"))
    assert bench.show(a_model("dense-2d")) is first
    other = bench.show(a_model("conv"))
    assert other is not first
    assert first.title() == "Quality card: dense-2d"
    assert set(bench.cards.open) == {"dense-2d", "conv"}


def test_the_window_goes_with_a_run_that_is_renamed(bench: Bench, digits: DataSet, tmp_path: Path) -> None:
    run = make_run(tmp_path / "first", digits, kept=(0, 1))
    active = SimpleNamespace(reference=str(run.path), model=load_model(run.path), atlas=None)
    window = bench.show(active)
    bench.cards.follow(tmp_path / "another", tmp_path / "thing")
    assert window.title() == "Quality card: first"
    run.path.rename(tmp_path / "second")
    bench.cards.follow(run.path, tmp_path / "second")
    assert window.title() == "Quality card: second"
    active.reference = str(tmp_path / "second")
    assert bench.cards.show(active) is window


def test_a_run_that_was_trained_on_has_a_window_of_its_own(
    bench: Bench, digits: DataSet, tmp_path: Path
) -> None:
    run = make_run(tmp_path / "run", digits, kept=(0, 1))
    reference = str(run.path)
    before = bench.show(SimpleNamespace(reference=reference, model=load_model(run.path), atlas=None))
    other = a_model("dense-2d").model  # as good as what the run has become
    after = bench.show(SimpleNamespace(reference=reference, model=other, atlas=None))
    assert after is not before
    assert not before.winfo_exists()


def test_measuring_goes_on_while_the_user_looks_at_another_model_and_comes_back(
    bench: Bench, no_card: None, measured: SimpleNamespace
) -> None:
    window = bench.show(a_model("dense-2d"))
    window.run_bar.button.invoke()
    bench.pump_until(lambda: window.quality.measuring.stage is not None)
    bench.show(a_model("conv"))
    read_again = SimpleNamespace(reference="dense-2d", model=load_model("dense-2d"), atlas=None)
    assert bench.cards.show(read_again) is window
    assert window.quality.measuring.is_running
    assert not measured.cancelled


def test_a_second_card_does_not_cover_the_first(bench: Bench, has_card: Callable[..., Card]) -> None:
    has_card("dense-2d")
    first, second = bench.show(a_model("dense-2d")), bench.show(a_model("conv"))
    assert second.winfo_rootx() >= first.winfo_rootx() + 16
    assert second.winfo_rooty() >= first.winfo_rooty() + 16


def test_the_tab_key_goes_through_the_card_as_it_is_read(bench: Bench, has_card: Callable[..., Card]) -> None:
    has_card("dense-2d")
    window = bench.show(a_model("dense-2d"))
    stops, widget = [], window.tk_focusNext()
    while widget not in stops:
        stops.append(widget)
        widget = widget.tk_focusNext()
    of_head, of_sheet, of_foot = stops[:4], stops[4:6], stops[6:]
    for row in (of_head, of_foot):
        lefts = [stop.winfo_rootx() for stop in row]
        assert lefts == sorted(lefts)
    assert of_head[:2] == window.copy_buttons
    assert all(str(stop).startswith(str(window.sheet)) for stop in of_sheet)
    assert [stop.cget("text") for stop in of_foot] == ["Measure again", "Close"]


def test_the_keyboard_scrolls_the_card_to_its_end_and_back(
    bench: Bench, has_card: Callable[..., Card]
) -> None:
    has_card("dense-2d")
    window = bench.show(a_model("dense-2d"))
    width, height = window.minsize()
    window.geometry(f"{width}x{height}")
    bench.pump(0.2)

    def bottom() -> int:
        """How far below the sheet its content ends."""
        content, sheet = window.sheet.content, window.sheet
        return content.winfo_rooty() + content.winfo_height() - sheet.winfo_rooty() - sheet.winfo_height()

    whole = bottom()
    assert whole > 200
    bench.key(window, "<Next>")
    assert 0 < bottom() < whole - 100
    bench.key(window, "<End>")
    assert bottom() <= 1
    bench.key(window, "<Home>")
    assert bottom() == whole
    bench.key(window, "<Down>")
    assert whole - 100 < bottom() < whole


def test_no_figure_is_cut_in_the_smallest_window_in_light_and_dark(
    bench: Bench, has_card: Callable[..., Card]
) -> None:
    has_card("dense-2d", tuned=(Tuned(0.039, "aedesk train --tuned", 400.0, "cpu", "2026-11-21"),))
    window = bench.show(a_model("dense-2d"))
    width, height = window.minsize()
    window.geometry(f"{width}x{height}")
    bench.look.toggle(bench.root)
    bench.pump(0.2)
    right = window.sheet.winfo_rootx() + window.sheet.winfo_width()
    for strip in below(window, Strip):
        assert strip.winfo_width() >= 100
        assert strip.cget("background") == bench.look.palette.background
    for label in below(window.sheet, ttk.Label):
        if label.cget("text") and not hasattr(label, "words"):  # those shorten themselves, with a tooltip
            assert label.winfo_width() >= label.winfo_reqwidth()
            assert label.winfo_rootx() + label.winfo_width() <= right


SCALES = [value for value in vars(scale).values() if isinstance(value, Scale)]


@given(st.sampled_from(SCALES), st.floats(0, 1), st.floats(0, 1))
def test_on_every_scale_a_better_figure_is_never_further_left(
    which: Scale, first: float, second: float
) -> None:
    spread = which.best - which.worst
    better, worse = max(first, second), min(first, second)
    places = [which.place(which.worst + share * spread) for share in (worse, better)]
    assert 0 <= places[0] <= places[1] <= 1
    assert which.place(which.worst) == 0
    assert which.place(which.best) == pytest.approx(1)
    assert which.place(which.best + spread) == 1
