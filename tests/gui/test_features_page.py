"""The page about features: a comparison that can be cancelled, what it says of the drawing, and codes as a file."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from tkinter import filedialog

import numpy as np
import pytest
from once import once

from aedesk.analysis import features
from aedesk.data import sources
from aedesk.data.imageset import DataSet
from aedesk.gui.apply.features_page import FeaturesPage
from aedesk.storage.checkpoint import fingerprint

compare_once = once(
    partial(features.compare, draws=2),
    lambda model, data, **_: (fingerprint(model.checkpoint), len(data.train)),
)

SEVEN = [(0.3, 0.25), (0.5, 0.25), (0.7, 0.25), (0.6, 0.5), (0.45, 0.8)]


@pytest.fixture
def first_model() -> str:
    return "dense-32"


@pytest.fixture
def few(digits: DataSet, monkeypatch: pytest.MonkeyPatch) -> DataSet:
    """What every data set is: with labels drawn twice instead of ten times, a comparison takes a second."""
    monkeypatch.setattr(features, "compare", compare_once)
    small = DataSet("digits", digits.train[:400], digits.test[:60])
    monkeypatch.setattr(sources, "load", lambda *_, **__: small)
    return small


def page_of(app) -> FeaturesPage:
    app.use("dense-32")
    app.window.show_tab("apply")
    app.window.apply.show_page("features")
    app.pump()
    page = app.window.apply.page
    assert isinstance(page, FeaturesPage)
    return page


@pytest.fixture
def page(few: DataSet, app) -> FeaturesPage:
    return page_of(app)


def draw(app) -> None:
    pad = app.window.apply.sketchpad
    places = [(round(x * pad.edge), round(y * pad.edge)) for x, y in SEVEN]
    pad.event_generate("<ButtonPress-1>", x=places[0][0], y=places[0][1])
    for x, y in places:
        pad.event_generate("<B1-Motion>", x=x, y=y)
    pad.event_generate("<ButtonRelease-1>", x=places[-1][0], y=places[-1][1])
    app.pump()


def compare(app, page: FeaturesPage) -> None:
    page.run_bar.button.invoke()
    app.pump_until(lambda: page.bench.report is not None)
    app.pump(0.2)


def choose_labels(app, page: FeaturesPage, place: int) -> None:
    page.table.labels.current(place)
    page.table.labels.event_generate("<<ComboboxSelected>>")
    app.pump(0.2)


def test_a_comparison_becomes_a_chart_a_table_and_a_sentence(app, page: FeaturesPage) -> None:
    assert not page.table.winfo_ismapped()
    compare(app, page)
    report = page.bench.report
    assert page.chart.chart.table.records() == report.table().records()
    score = report.score("codes", "k-NN", report.labels[-1])
    assert page.table.text("codes", "nearest") == f"{score.accuracy:.1%}"
    assert page.table.text("pixels", "numbers") == "784"
    assert page.verdict.cget("text") == report.verdict(report.labels[-1])
    assert "60 test images" in page.how.words


def test_the_classifiers_tell_what_is_drawn(app, page: FeaturesPage) -> None:
    compare(app, page)
    assert page.table.text("codes", "by_probe") == "-"
    draw(app)
    app.pump_until(lambda: page.table.text("codes", "by_probe") != "-")
    report, image = page.bench.report, app.window.explorer.reading.image
    for classifier in report.classifiers:
        if classifier.labels == report.labels[-1]:
            column = "by_probe" if classifier.method == "linear probe" else "by_nearest"
            label, share = classifier.guess(image)
            told = page.table.text(classifier.representation, column)
            assert told == f"{report.classes[label]}  {share:.0%}"
    app.window.ink.clear()
    app.window.apply.ink_changed()
    app.window.explorer.set_drawing(app.window.ink)
    app.pump(0.2)
    assert page.table.text("codes", "by_probe") == "-"


def test_fewer_labels_change_the_table_and_the_sentence(app, page: FeaturesPage) -> None:
    compare(app, page)
    draw(app)
    choose_labels(app, page, 0)
    report = page.bench.report
    assert report.labels[0] == 10
    assert page.table.text("pca", "probe").startswith(
        f"{100 * report.score('pca', 'linear probe', 10).accuracy:.1f}"
    )
    assert page.verdict.cget("text").startswith("With 10 labels")
    app.pump_until(lambda: page.table.text("codes", "by_nearest").endswith("100%"))  # of one neighbour


def test_another_model_puts_the_results_away(app, page: FeaturesPage) -> None:
    compare(app, page)
    app.window.explorer.load("dense-2d")
    app.pump_until(lambda: app.window.explorer.active.reference == "dense-2d")
    app.pump(0.1)
    assert page.bench.report is None
    assert page.chart.chart is None
    assert not page.table.winfo_ismapped()
    compare(app, page)
    assert page.table.text("codes", "numbers") == "2"
    assert page.table.text("pca", "name") == "PCA-2"


def test_escape_cancels_the_comparison(app, page: FeaturesPage, digits: DataSet, monkeypatch) -> None:
    monkeypatch.setattr(sources, "load", lambda *_, **__: digits)
    page.run_bar.button.invoke()
    assert page.bench.comparing.is_running
    app.key_anywhere("<Escape>")
    assert not page.bench.comparing.is_running
    app.pump_until(lambda: not app.window.jobs.are_running)
    assert page.bench.report is None


@pytest.mark.parametrize(("part", "count"), [("All images", 460), ("Test images", 60)])
def test_codes_are_exported_to_the_chosen_file(
    app, page: FeaturesPage, few: DataSet, tmp_path: Path, monkeypatch, part: str, count: int
) -> None:
    out = tmp_path / "mine.npz"
    monkeypatch.setattr(filedialog, "asksaveasfilename", lambda **_: str(out))
    page.part.set(part)
    page.export_bar.button.invoke()
    app.pump_until(lambda: not page.bench.exporting.is_running)
    app.pump(0.1)
    kept = np.load(out)
    assert len(kept["codes"]) == count
    np.testing.assert_array_equal(kept["labels"][-60:], few.test.labels)
    assert f"{count} codes of 32 numbers" in app.window._status.words


def test_a_file_that_cannot_be_written_is_told(app, page: FeaturesPage, tmp_path: Path, monkeypatch) -> None:
    monkeypatch.setattr(filedialog, "asksaveasfilename", lambda **_: str(tmp_path / "codes.xlsx"))
    page.export_bar.button.invoke()
    app.pump_until(lambda: bool(app.problems))
    (problem,) = app.take_problems()
    assert ".csv, .npz or .parquet" in problem


def test_what_was_chosen_comes_back(open_app, few: DataSet) -> None:
    first = open_app()
    first.wait_for_model()
    page = page_of(first)
    page.data.control.set("digits")
    page.data.control.event_generate("<<ComboboxSelected>>")
    page.part.set("Training images")
    first.close()
    second = open_app()
    second.wait_for_model()
    page = page_of(second)
    assert page.data.value == "digits"
    assert page.part.get() == "Training images"


def test_remembered_nonsense_is_passed_over(app, page: FeaturesPage) -> None:
    page.restore({"data": 5, "part": ["x"]})
    page.restore({"data": "/nowhere/at/all", "part": "half"})
    assert page.part.get() == "All images"
    assert page.data.value == "mnist"
