"""Figures of results: seen in both themes, saved as pictures, exported as numbers."""

import csv
import json
from tkinter import filedialog

import numpy as np
import pytest
from panel_bench import WindowBench
from PIL import Image, ImageGrab

from aedesk.errors import AedeskError
from aedesk.gui.charts.chart import Chart, line_colours, show_picture, styled, write_chart
from aedesk.gui.charts.view import ChartView
from aedesk.storage.table import Table


def draw(figure, colours):
    axes = styled(figure.add_subplot(1, 2, 1), colours, title="Squares", x="number", y="its square")
    axes.plot([1, 2, 3], [1, 4, 9], color=line_colours(colours)[0])
    show_picture(figure.add_subplot(1, 2, 2), np.eye(28), colours, "a line", "28x28")


CHART = Chart("Squares of numbers", draw, Table(("number", "square"), ((1, 1), (2, 4), (3, float("nan")))))


class Bench(WindowBench):
    def __init__(self):
        super().__init__("600x400")
        self.told, self.problems = [], []
        self.view = ChartView(
            self.root,
            self.look,
            title="Squares",
            empty="Nothing yet",
            on_status=self.told.append,
            on_problem=self.problems.append,
        )
        self.view.pack(fill="both", expand=True)
        self.pump(0.1)

    def picture(self):
        self.pump(0.4)
        x, y = self.root.winfo_rootx(), self.root.winfo_rooty()
        return np.asarray(ImageGrab.grab((x, y + 40, x + 600, y + 400)).convert("L"), float)


@pytest.fixture
def bench():
    bench = Bench()
    errors = bench.errors
    yield bench
    bench.close()
    assert errors == []


def test_before_there_is_a_chart_nothing_can_be_saved(bench):
    assert (
        str(bench.view.files.save_button["state"])
        == str(bench.view.files.export_button["state"])
        == "disabled"
    )
    bench.view.show(CHART)
    assert (
        str(bench.view.files.save_button["state"]) == str(bench.view.files.export_button["state"]) == "normal"
    )


def test_a_chart_is_seen_follows_the_theme_and_goes(bench):
    empty = bench.picture()
    bench.view.show(CHART)
    light = bench.picture()
    assert np.abs(light - empty).mean() > 2
    bench.look.toggle(bench.root)
    assert bench.picture().mean() < 100 < light.mean()
    bench.look.toggle(bench.root)
    bench.view.show(None)
    assert np.abs(bench.picture() - empty).mean() < 1


def test_a_chart_fills_the_window_after_it_has_grown(bench):
    bench.view.show(CHART)
    bench.pump(0.3)
    bench.root.geometry("900x700")
    bench.pump(0.5)
    canvas = bench.view._canvas.get_tk_widget()
    assert (canvas.winfo_width(), canvas.winfo_height()) == pytest.approx((900, 650), abs=60)
    size = bench.view._figure.get_size_inches() * bench.view._figure.dpi
    assert size == pytest.approx([canvas.winfo_width(), canvas.winfo_height()], abs=2)


@pytest.mark.parametrize("ending", [".png", ".svg", ".pdf"])
def test_the_save_button_writes_the_figure(bench, monkeypatch, tmp_path, ending):
    path = tmp_path / f"figure{ending}"
    asked = {}
    monkeypatch.setattr(filedialog, "asksaveasfilename", lambda **words: asked.update(words) or str(path))
    bench.view.show(CHART)
    bench.view.files.save_button.invoke()
    assert asked["initialfile"] == "squares-of-numbers.png"
    content = path.read_bytes()
    assert content.startswith({".png": b"\x89PNG", ".svg": b"<?xml", ".pdf": b"%PDF"}[ending])
    assert str(path) in bench.told[-1]


def test_the_export_button_writes_the_numbers(bench, monkeypatch, tmp_path):
    bench.view.show(CHART)
    for name in ("numbers.csv", "numbers.json"):
        path = str(tmp_path / name)
        monkeypatch.setattr(filedialog, "asksaveasfilename", lambda path=path, **_: path)
        bench.view.files.export_button.invoke()
    with (tmp_path / "numbers.csv").open(newline="") as file:
        assert list(csv.reader(file)) == [["number", "square"], ["1", "1"], ["2", "4"], ["3", "nan"]]
    last = json.loads((tmp_path / "numbers.json").read_text())[-1]
    assert last == {"number": 3, "square": None}


def test_a_file_that_cannot_be_written_is_told(bench, monkeypatch, tmp_path):
    monkeypatch.setattr(filedialog, "asksaveasfilename", lambda **_: str(tmp_path / "no folder" / "a.png"))
    bench.view.show(CHART)
    bench.view.files.save_button.invoke()
    assert len(bench.problems) == 1
    assert isinstance(bench.problems[0], AedeskError)


def test_a_name_that_is_no_figure_is_refused(tmp_path):
    with pytest.raises(AedeskError, match=r"\.png, \.svg or \.pdf"):
        write_chart(tmp_path / "figure.docx", CHART)
    assert list(tmp_path.iterdir()) == []


def test_the_same_chart_gives_the_same_file(tmp_path):
    for ending in (".png", ".svg", ".pdf"):
        for name in ("one", "two"):
            write_chart(tmp_path / f"{name}{ending}", CHART)
        assert (tmp_path / f"one{ending}").read_bytes() == (tmp_path / f"two{ending}").read_bytes()
    width, height = Image.open(tmp_path / "one.png").size
    assert width > 1000
    assert height > 500
