"""The page that mends the drawing, in a real window: live tiles, damage, holes, and the comparison."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pytest

from aedesk.analysis import denoising
from aedesk.app.denoiser import Mending

THREE = [(0.3, 0.25), (0.5, 0.15), (0.7, 0.3), (0.55, 0.48), (0.7, 0.65), (0.5, 0.85), (0.28, 0.75)]


class Bench:
    """The page, and hands for it."""

    def __init__(self, app: Any) -> None:
        self.app = app
        app.window.show_tab("apply")
        app.pump()
        app.window.apply.show_page("denoise")
        app.pump()
        self.page = app.window.apply.page

    def draw(self, stroke: list[tuple[float, float]] = THREE, *, button: int = 1) -> None:
        pad = self.app.window.apply.sketchpad
        places = [(round(x * pad.edge), round(y * pad.edge)) for x, y in stroke]
        pad.event_generate(f"<ButtonPress-{button}>", x=places[0][0], y=places[0][1])
        for x, y in places:
            pad.event_generate(f"<B{button}-Motion>", x=x, y=y)
        pad.event_generate(f"<ButtonRelease-{button}>", x=places[-1][0], y=places[-1][1])
        self.app.pump()

    def settle(self) -> Mending:
        self.app.pump_until(lambda: not self.page.denoiser.is_busy)
        mending: Mending = self.page.denoiser.mending
        return mending

    def damaged(self) -> np.ndarray:
        self.settle()
        picture: np.ndarray = self.page.tiles.pictures["damaged"]
        return picture


@pytest.fixture
def bench(app: Any, monkeypatch: pytest.MonkeyPatch) -> Bench:
    monkeypatch.setattr(denoising, "_TUNED_ON", 10)
    return Bench(app)


def test_the_blank_page_says_what_to_do(bench: Bench) -> None:
    assert "Draw a digit" in bench.page.note.cget("text")
    assert all(picture is None for picture in bench.page.tiles.pictures.values())


def test_a_drawing_is_damaged_and_mended_as_it_is_drawn(bench: Bench) -> None:
    bench.draw()
    mending = bench.settle()
    tiles = bench.page.tiles
    assert np.array_equal(tiles.pictures["clean"], bench.app.window.explorer.reading.image)
    for result in mending.results:
        assert np.array_equal(tiles.pictures[result.method], result.image)
        assert tiles.words[result.method][0] == f"{result.psnr:.1f} dB"
        assert tiles.words[result.method][1] == f"SSIM {result.ssim:.2f}"
    assert "higher is better" in bench.page.note.cget("text")


def test_kind_strength_and_another_draw_change_the_damage(bench: Bench) -> None:
    page = bench.page
    bench.draw()
    first = bench.damaged()
    page.again.invoke()
    second = bench.damaged()
    assert not np.array_equal(first, second)
    page.slider.set(0.1)
    bench.app.pump()
    weaker = bench.damaged()
    clean = page.tiles.pictures["clean"]
    assert np.abs(weaker - clean).mean() < 0.5 * np.abs(second - clean).mean()
    page.kind.set("Blur")
    page.kind.event_generate("<<ComboboxSelected>>")
    bench.app.pump()
    assert page.damage.kind == "blur"
    assert bench.damaged().min() >= 0


def test_clearing_the_canvas_empties_the_tiles(bench: Bench) -> None:
    bench.draw()
    bench.settle()
    bench.app.window.apply.sketchpad.focus_force()
    bench.app.window.hands.clear()
    bench.app.pump()
    bench.settle()
    assert all(picture is None for picture in bench.page.tiles.pictures.values())


def test_a_drawing_that_is_damaged_itself_has_no_figures_and_the_page_says_why(bench: Bench) -> None:
    bench.draw()
    bench.page.set_mode("drawn")
    mending = bench.settle()
    assert mending.clean is None
    assert not any("dB" in line for words in bench.page.tiles.words.values() for line in words)
    assert bench.page.tiles.words["clean"] == ["not known"]
    assert "Nobody knows" in bench.page.note.cget("text")


def test_holes_knocked_by_the_eraser_are_measured_against_the_drawing_before(bench: Bench) -> None:
    bench.draw()
    bench.page.set_mode("drawn")
    bench.settle()
    before = bench.app.window.explorer.reading.image
    bench.draw([(0.45, 0.5), (0.65, 0.45)], button=3)
    mending = bench.settle()
    assert mending.clean is not None
    assert np.array_equal(mending.clean, before)
    assert bench.damaged().sum() < before.sum()
    assert "dB" in bench.page.tiles.words["model"][0]
    assert "before you erased" in bench.page.note.cget("text")


def test_choosing_damage_leaves_the_mode_in_which_it_would_do_nothing(bench: Bench) -> None:
    bench.draw()
    bench.page.set_mode("drawn")
    bench.settle()
    bench.page.slider.set(0.3)
    bench.app.pump()
    assert bench.page.mode.get() == "add"
    assert bench.settle().clean is not None


def compare(bench: Bench, count: str = "500") -> None:
    comparison = bench.page.bench
    comparison.picker.set("digits")
    comparison.count.set(count)
    comparison.run_bar.button.invoke()


def test_a_comparison_on_test_images_becomes_a_figure_with_numbers(bench: Bench, tmp_path: Any) -> None:
    compare(bench)
    assert bench.page.bench.run_bar.button.cget("text") == "Cancel"
    bench.app.pump_until(lambda: not bench.page.bench.task.is_running)
    chart = bench.page.bench.chart
    assert chart.chart is not None
    chart.files.export(str(tmp_path / "numbers.json"))
    chart.files.save(str(tmp_path / "figure.png"))
    rows = json.loads((tmp_path / "numbers.json").read_text())
    assert {"Damaged", "Median filter", "Total variation"} < {row["method"] for row in rows}
    assert {row["data"] for row in rows} == {"digits"}
    assert {row["test_images"] for row in rows} == {359}
    assert (tmp_path / "figure.png").read_bytes().startswith(b"\x89PNG")


def test_escape_ends_a_comparison(bench: Bench) -> None:
    compare(bench)
    bench.page.give_up()
    assert not bench.page.bench.task.is_running
    assert bench.page.bench.run_bar.button.cget("text") == "Compare"
    bench.app.pump(0.3)
    assert bench.page.bench.chart.chart is None


def test_a_comparison_of_one_model_goes_when_another_comes(bench: Bench) -> None:
    compare(bench)
    bench.app.pump_until(lambda: bench.page.bench.chart.chart is not None)
    bench.app.window.explorer.load("dense-2d")
    bench.app.pump_until(lambda: bench.app.window.explorer.active.model.name == "dense-2d")
    bench.app.pump(0.1)
    assert bench.page.bench.chart.chart is None


def test_what_was_chosen_comes_back(bench: Bench) -> None:
    page = bench.page
    page.choose("speckle", 0.25)
    page.set_mode("drawn")
    page.bench.count.set("all")
    told = json.loads(json.dumps(page.remember()))
    page.choose("blur", 0.9)
    page.bench.count.set("500")
    page.restore(told)
    assert (page.damage.kind, page.damage.strength, page.mode.get()) == ("speckle", 0.25, "drawn")
    assert page.bench.count.text == "all"


@pytest.mark.parametrize(
    "remembered",
    [
        {"kind": "fog", "strength": 0.5, "mode": "x", "bench": 3},
        {"kind": ["blur"], "strength": "much", "bench": {"data": 5, "count": "7", "scope": None}},
        {"kind": "blur", "strength": float("nan")},
        {"kind": "blur", "strength": 7},
    ],
)
def test_a_memory_that_makes_no_sense_is_ignored(bench: Bench, remembered: dict[str, Any]) -> None:
    before = bench.page.remember()
    bench.page.restore(remembered)
    assert bench.page.remember() == before


@pytest.mark.parametrize("size", ["1000x680", "1280x800"])
def test_nothing_is_cut_off_in_a_small_window(bench: Bench, size: str) -> None:
    bench.draw()
    bench.settle()
    bench.app.root.geometry(size)
    bench.app.pump(0.3)
    page = bench.page
    right = page.winfo_rootx() + page.winfo_width()
    for widget in (page.again, *page.tiles.winfo_children(), page.note):
        if widget.winfo_ismapped():
            assert widget.winfo_rootx() + widget.winfo_width() <= right
    comparison = page.bench
    assert comparison.winfo_height() >= comparison.scope.winfo_y() + comparison.scope.winfo_height()
