"""The Compress page, by hand: draw, turn the knobs, measure, save and open."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from once import once

from aedesk.analysis.compression import Codec
from aedesk.analysis.rates import RatePoint
from aedesk.app import settings
from aedesk.gui.apply import compress_files
from aedesk.gui.apply.compress_page import CompressPage
from aedesk.gui.charts.rates import rates_chart
from aedesk.storage.checkpoint import fingerprint

fit = once(
    Codec.fit, lambda model, codes, bits, kind: (fingerprint(model.checkpoint), codes.shape, bits, kind)
)

SEVEN = [(0.3, 0.2), (0.5, 0.2), (0.7, 0.2), (0.6, 0.5), (0.45, 0.8)]


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """The levels of a model's codes are found once."""
    monkeypatch.setattr(Codec, "fit", fit)


def on_show(app) -> CompressPage:
    app.use("dense-32")
    app.window.show_tab("apply")
    app.window.apply.show_page("compress")
    page = app.window.apply.page
    app.pump_until(lambda: page.compressor.codec is not None)
    app.pump(0.1)
    return page


@pytest.fixture
def first_model() -> str:
    return "dense-32"


@pytest.fixture
def page(app) -> CompressPage:
    return on_show(app)


def draw(app, stroke=SEVEN) -> None:
    """Draw, and wait until the page has told what that comes to."""
    app.draw(stroke)
    page = app.window.apply.page
    app.pump_until(lambda: page.compressor.shrunk is not None and not page.compressor.is_busy)


def headline(page: CompressPage) -> str:
    return str(page.live.headline.cget("text"))


def bits_of_code(page: CompressPage) -> int:
    return page.live.bars.rows[-1][1]


def choose(page: CompressPage, app, bits: int) -> None:
    """Drag the knob of the slider to a place, as the mouse would."""
    page.live.slider.set(bits + 0.3)
    assert page.compressor.bits == bits
    app.pump_until(lambda: not page.compressor.is_busy)


def choose_path(monkeypatch: pytest.MonkeyPatch, path: Path | str) -> None:
    answers = SimpleNamespace(asksaveasfilename=lambda **_: str(path), askopenfilename=lambda **_: str(path))
    monkeypatch.setattr(compress_files, "filedialog", answers)


def test_a_blank_canvas_invites_to_draw(page) -> None:
    assert "Draw a digit" in headline(page)
    assert page.live.bars.rows == []


def test_the_headline_tells_the_size_of_what_is_drawn_as_it_is_drawn(app, page) -> None:
    draw(app)
    first = headline(page)
    assert first.startswith("This drawing: 6,272 bits raw, ")
    assert 20 < bits_of_code(page) < 400
    assert f"{bits_of_code(page)} bits coded" in first
    draw(app, [(0.2, 0.5), (0.8, 0.5)])
    assert headline(page) != first


def test_the_bars_hold_the_code_against_files_of_other_formats(app, page) -> None:
    draw(app)
    names = [name for name, _, _ in page.live.bars.rows]
    assert names[0] == "Raw pixels"
    assert "PNG, lossless" in names
    assert any(name.startswith("JPEG, ") and name.endswith(" dB") for name in names)
    assert bits_of_code(page) == min(bits for _, bits, _ in page.live.bars.rows)


def test_more_bits_for_each_number_make_a_larger_code(app, page) -> None:
    draw(app)
    choose(page, app, 2)
    few = bits_of_code(page)
    choose(page, app, 10)
    assert page.compressor.bits == 10
    assert bits_of_code(page) > 2 * few


def test_the_other_quantiser_gives_another_picture(app, page) -> None:
    draw(app)
    choose(page, app, 2)
    before = np.asarray(app.screenshot(page.live))
    button = next(w for w in _all(page.live) if _text(w) == "Uniform")
    button.invoke()
    app.pump_until(lambda: not page.compressor.is_busy)
    app.pump(0.1)
    assert page.compressor.kind == "uniform"
    assert (np.asarray(app.screenshot(page.live)) != before).any()


def test_another_model_is_told_of_at_once(app, page) -> None:
    draw(app)
    before = bits_of_code(page)
    app.window.explorer.load("dense-2d")
    app.pump_until(lambda: app.window.explorer.active.model.name == "dense-2d")
    app.pump_until(lambda: page.compressor.codec is not None and not page.compressor.is_busy)
    assert bits_of_code(page) < before / 4


def test_the_drawing_is_saved_and_comes_back_onto_the_canvas(app, page, tmp_path, monkeypatch) -> None:
    draw(app)
    choose(page, app, 8)
    seen = app.window.explorer.reading.reconstruction
    page.show_view("files")
    choose_path(monkeypatch, tmp_path / "seven")
    page.files.save_button.invoke()
    app.pump_until(lambda: "Saved" in page.files.line.words)
    path = tmp_path / "seven.aez"
    assert f"{path.stat().st_size:,} bytes" in page.files.line.words
    app.key("<Key-Delete>")
    assert app.window.explorer.reading is None
    choose_path(monkeypatch, path)
    page.files.open_button.invoke()
    app.pump_until(lambda: app.window.explorer.reading is not None)
    assert np.abs(app.window.explorer.reading.image - seen).mean() < 0.02


def test_nothing_is_saved_of_a_blank_canvas(app, page, tmp_path, monkeypatch) -> None:
    choose_path(monkeypatch, tmp_path / "never.aez")
    page.files.save_button.invoke()
    app.pump(0.1)
    assert list(tmp_path.iterdir()) == []


def test_a_data_set_is_compressed_and_any_picture_of_it_put_on_the_canvas(
    app, page, tmp_path, monkeypatch
) -> None:
    page.picker.set("digits")
    page.show_view("files")
    path = tmp_path / "digits.aez"
    choose_path(monkeypatch, path)
    page.files.run_bar.button.invoke()
    app.pump_until(lambda: "359 pictures" in page.files.line.words)
    page.files.open_button.invoke()
    app.pump_until(lambda: "bits of the file" in page.files.line.words)
    app.pump(0.2)
    assert app.window.explorer.reading is None
    canvas = page.files.row.canvas
    canvas.event_generate("<Button-1>", x=20, y=20)
    app.pump_until(lambda: app.window.explorer.reading is not None)
    assert app.window.explorer.reading.image.sum() > 20


def test_a_damaged_file_is_told_in_a_dialog_and_nothing_changes(app, page, tmp_path, monkeypatch) -> None:
    draw(app)
    before = app.window.ink.pixels.copy()
    path = tmp_path / "broken.aez"
    path.write_bytes(b"AEZ this is none")
    choose_path(monkeypatch, path)
    page.files.open_button.invoke()
    app.pump_until(lambda: bool(app.problems))
    (problem,) = app.take_problems()
    assert "broken.aez" in problem
    assert page.files.line.words == ""
    assert np.array_equal(app.window.ink.pixels, before)


def test_measuring_draws_a_chart_and_escape_gives_it_up(app, page, monkeypatch) -> None:
    page.picker.set("digits")
    page.rates.count.set("500")
    page.rates.run_bar.button.invoke()
    app.pump_until(lambda: page.rates.task.stage is not None)
    assert page.rates.run_bar.button.cget("text") == "Cancel"
    app.key("<Key-Escape>")
    assert not page.rates.task.is_running
    assert page.rates.view.chart is None
    monkeypatch.setattr("aedesk.analysis.rates.BITS", (3,))
    monkeypatch.setattr("aedesk.analysis.rates.PCA_SIZES", (32,))
    page.rates.run_bar.button.invoke()
    app.pump_until(lambda: page.rates.view.chart is not None)
    assert "359 test images of digits" in page.rates.view.chart.name
    app.pump(0.5)
    methods = {record["method"] for record in page.rates.view.chart.table.records()}
    assert {"dense-32", "PCA 32", "PNG", "JPEG", "WebP"} <= methods


def test_a_chart_of_one_model_goes_when_another_comes(app, page) -> None:
    point = RatePoint("dense-32", "model", "4 bits, uniform", "codes", 100.0, 0.01, 20.0, 0.9)
    page.rates.view.show(rates_chart([point], "digits", 1))
    app.pump(0.2)
    app.window.explorer.load("dense-2d")
    app.pump_until(lambda: app.window.explorer.active.model.name == "dense-2d")
    app.pump(0.1)
    assert page.rates.view.chart is None


def test_a_chart_of_one_model_goes_though_all_are_to_be_measured_next(app, page) -> None:
    point = RatePoint("dense-32", "model", "4 bits, uniform", "codes", 100.0, 0.01, 20.0, 0.9)
    page.rates.view.show(rates_chart([point], "digits", 1))
    page.rates.models.set("all")
    app.window.explorer.load("dense-2d")
    app.pump_until(lambda: app.window.explorer.active.model.name == "dense-2d")
    app.pump(0.1)
    assert page.rates.view.chart is None


def test_a_drawing_that_is_saved_does_not_end_what_is_being_compressed(
    app, page, tmp_path, monkeypatch
) -> None:
    draw(app)
    page.picker.set("digits")
    page.show_view("files")
    choose_path(monkeypatch, tmp_path / "digits.aez")
    page.files.run_bar.button.invoke()
    choose_path(monkeypatch, tmp_path / "seven.aez")
    page.files.save_button.invoke()
    app.pump_until(lambda: len(list(tmp_path.glob("*.aez"))) == 2)


def test_escape_gives_up_a_file_that_is_being_opened_and_says_nothing_of_it(
    app, page, tmp_path, monkeypatch
) -> None:
    draw(app)
    page.show_view("files")
    choose_path(monkeypatch, tmp_path / "seven.aez")
    page.files.save_button.invoke()
    app.pump_until(lambda: "Saved" in page.files.line.words)
    page.files.open_button.invoke()
    assert page.files.line.words == "Opening ..."
    app.key("<Key-Escape>")
    assert not page.files.opening.is_running
    assert page.files.line.words == ""


def test_the_data_that_was_chosen_comes_back(app, page, open_app) -> None:
    page.picker.control.set("digits")
    page.picker.control.event_generate("<<ComboboxSelected>>")
    app.close()
    again = open_app()
    again.wait_for_model()
    assert on_show(again).picker.value == "digits"


def test_the_settings_come_back_at_the_next_start(app, page, open_app) -> None:
    choose(page, app, 6)
    next(w for w in _all(page.live) if _text(w) == "Uniform").invoke()
    page.show_view("files")
    app.close()
    again = open_app()
    again.wait_for_model()
    page = on_show(again)
    assert (page.compressor.bits, page.compressor.kind) == (6, "uniform")
    assert round(page.live.slider.get()) == 6
    assert page.files.winfo_ismapped()
    assert not page.rates.winfo_ismapped()


def test_what_was_remembered_wrongly_does_no_harm(app, home) -> None:
    wrong = {"bits": "x", "kind": 3, "view": [], "count": {}, "models": "none"}
    settings.save({"apply": {"compress": wrong}})
    page = on_show(app)
    page.restore(wrong)
    assert page.compressor.bits == 4


def test_nothing_is_cut_off_in_the_smallest_window(app, page) -> None:
    app.root.geometry("1000x680")
    draw(app)
    app.pump(0.4)
    for view in ("rates", "files"):
        page.show_view(view)
        app.pump(0.2)
        right, low = page.winfo_rootx() + page.winfo_width(), page.winfo_rooty() + page.winfo_height()
        for widget in _all(page):
            if widget.winfo_ismapped() and widget.winfo_class() in {"TButton", "TCombobox", "TScale"}:
                assert widget.winfo_rootx() + widget.winfo_reqwidth() <= right + 2, widget
                assert widget.winfo_rooty() + widget.winfo_height() <= low, widget


def _all(widget) -> list:
    return [widget, *(found for child in widget.winfo_children() for found in _all(child))]


def _text(widget) -> str:
    try:
        return str(widget.cget("text"))
    except Exception:
        return ""
