"""The page about code sizes: the model arena follows the pen, and both measurements end in a chart."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from once import once

from aedesk.analysis.pca import PixelPca
from aedesk.app import sizes
from aedesk.latent import atlas as atlases
from aedesk.latent.atlas import Atlas
from aedesk.storage import library

fit = once(PixelPca.fit, lambda images, *size, **_: (len(images), *size))

STROKE = [(0.3, 0.2), (0.6, 0.2), (0.4, 0.5), (0.5, 0.8)]


@pytest.fixture
def first_model() -> str:
    return "dense-32"


@pytest.fixture
def few(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """As if two models were shipped: quick to load and to measure. PCA of the same images is fitted once."""
    monkeypatch.setattr(PixelPca, "fit", fit)
    names = ["dense-2d", "vanilla-64"]
    there = SimpleNamespace(
        shipped=lambda: list(names), resolve=library.resolve, load_model=library.load_model
    )
    monkeypatch.setattr(sizes, "library", there)
    return names


@pytest.fixture
def page(few, app) -> Any:
    """The page on show, PCA fitted."""
    app.use("dense-32")
    app.window.show_tab("apply")
    app.window.apply.show_page("sizes")
    page = app.window.apply.page
    app.pump_until(lambda: "fitted on" in page.arena.pca_words)
    page.errors.picker.choose("digits")
    app.pump()
    return page


def draw(app) -> None:
    """A stroke on the canvas of the Apply tab."""
    pad = app.window.apply.sketchpad
    places = [(round(x * pad.edge), round(y * pad.edge)) for x, y in STROKE]
    pad.event_generate("<ButtonPress-1>", x=places[0][0], y=places[0][1])
    for x, y in places:
        pad.event_generate("<B1-Motion>", x=x, y=y)
    pad.event_generate("<ButtonRelease-1>", x=places[-1][0], y=places[-1][1])
    app.pump()


def is_current(page) -> bool:
    """Whether the arena shows what is on the canvas."""
    reading = page.explorer.reading
    own = [standing for standing in page.arena.standings if standing.in_use]
    return bool(
        own and own[0].picture is not None and np.allclose(own[0].picture, reading.reconstruction, atol=1e-5)
    )


def test_the_drawing_stands_under_every_model_beside_pca_of_its_size(app, page) -> None:
    assert all(standing.picture is None for standing in page.arena.standings)
    assert "Draw a digit" in page.summary.words
    draw(app)
    app.pump_until(lambda: is_current(page))
    image = page.explorer.reading.image
    assert [(one.label, one.in_use) for one in page.arena.standings] == [
        ("dense-2d", False),
        ("dense-32", True),  # in use, and not among those that are shipped here
        ("vanilla-64", False),
    ]
    for standing in page.arena.standings:
        rebuilt = library.load_model(standing.reference).reconstruct(image)[0]
        assert standing.mse == pytest.approx(((rebuilt - image) ** 2).mean(), rel=1e-4)
        assert standing.pca_mse > 0
    errors = [one.pca_mse for one in page.arena.standings]
    assert errors == sorted(errors, reverse=True), "more numbers lose less"
    best = min(page.arena.standings, key=lambda one: one.mse)
    assert f"Best: {best.label} ({best.mse:.4f})" in page.summary.words


def test_a_cleared_canvas_empties_the_tiles(app, page) -> None:
    draw(app)
    app.pump_until(lambda: is_current(page))
    app.window.apply._around.hands.clear()
    app.pump_until(lambda: all(one.picture is None for one in page.arena.standings))
    assert "Draw a digit" in page.summary.words


def test_a_click_on_a_model_puts_it_to_use(app, page) -> None:
    view = page.view
    column = (view.winfo_width() - view._head) // 3
    view.event_generate("<Button-1>", x=view._head + column // 2, y=view.winfo_height() // 2)
    app.pump_until(lambda: app.window.explorer.active.reference == "dense-2d")
    app.pump_until(lambda: [one.label for one in page.arena.standings if one.in_use] == ["dense-2d"])
    assert len(page.arena.standings) == 2, "every model stands there once"


def test_errors_against_sizes_are_measured_and_drawn(app, page, tmp_path: Path) -> None:
    page.errors.run_bar.button.invoke()
    assert page.errors.run_bar.button.cget("text") == "Cancel"
    app.pump_until(lambda: page.errors.chart.chart is not None)
    page.errors.chart.files.export(str(tmp_path / "sizes.json"))
    page.errors.chart.files.save(str(tmp_path / "sizes.png"))
    rows = json.loads((tmp_path / "sizes.json").read_text())
    assert [row["method"] for row in rows[:4]] == ["dense-2d", "dense-32", "vanilla-64", "PCA"]
    assert page.errors.run_bar.button.cget("text") == "Measure"


@pytest.fixture
def thin(monkeypatch: pytest.MonkeyPatch) -> None:
    """As if the shipped models came with few codes: their maps are laid out and judged in a moment."""
    atlas_for = atlases.atlas_for

    def few_of(path: Path) -> Atlas:
        whole = atlas_for(path)
        few = slice(0, len(whole), len(whole) // 200)
        return replace(whole, codes=whole.codes[few], labels=whole.labels[few], images=whole.images[few])

    monkeypatch.setattr(atlases, "atlas_for", few_of)


def test_maps_are_judged_for_the_neighbours_that_are_chosen(mnist, thin, app, page) -> None:
    page.restore({"bench": "maps"})
    page.maps.run_bar.button.invoke()
    app.pump_until(lambda: page.maps.chart.chart is not None)
    assert page.maps.chart.chart.name == "Maps judged by 5 neighbours"
    models = {row["model"] for row in page.maps.chart.chart.table.records()}
    assert models == {"pixels", "dense-2d", "dense-32", "vanilla-64"}
    page.maps.neighbours.set("20")
    assert page.maps.chart.chart.name == "Maps judged by 20 neighbours"


def test_escape_gives_the_measurement_up(app, page) -> None:
    page.errors.run_bar.button.invoke()
    assert page.errors.task.is_running
    page.give_up()
    assert not page.errors.task.is_running
    app.pump_until(lambda: not app.window.jobs.are_running)
    assert page.errors.chart.chart is None


def test_data_that_is_not_here_is_told(app, page, tmp_path: Path) -> None:
    page.errors.picker.choose(str(tmp_path / "gone"))
    page.errors.run_bar.button.invoke()
    app.pump_until(lambda: not page.errors.task.is_running)
    assert "there is no data set" in app.take_problems()[0]


def test_choices_come_back_and_nonsense_is_ignored(app, page) -> None:
    page.restore({"bench": "maps", "neighbours": "20", "data": "digits"})
    assert page.remember() == {"bench": "maps", "neighbours": "20", "data": "digits"}
    page.restore({"bench": "else", "neighbours": 3, "data": 7})
    assert page.remember() == {"bench": "maps", "neighbours": "20", "data": "digits"}


@pytest.mark.parametrize("size", ["1000x680", "1280x800", "1900x1080"])
def test_nothing_is_cut_off(app, page, size: str) -> None:
    app.root.geometry(size)
    app.pump(0.5)
    both = page.errors.winfo_ismapped() and page.maps.winfo_ismapped()
    assert both == (size == "1900x1080")
    bottom, right = page.winfo_rooty() + page.winfo_height(), page.winfo_rootx() + page.winfo_width()
    for widget in (page.view, page.errors, page.errors.settings, page.errors.chart, page.summary):
        assert widget.winfo_rooty() + widget.winfo_height() <= bottom
        assert widget.winfo_rootx() + widget.winfo_width() <= right
    assert page.errors.chart.winfo_height() > 150
    left, top, tiles_right, tiles_bottom = page.view.bbox("all")
    assert left >= -1
    assert top >= -1
    assert tiles_right <= page.view.winfo_width()
    assert tiles_bottom <= page.view.winfo_height() + 2
