"""The two long measurements of the page of code sizes, each with its settings and its chart."""

from __future__ import annotations

import tkinter as tk
from functools import partial
from typing import TYPE_CHECKING

import ttkbootstrap as ttk

from aedesk.app.sizes import judge_maps, measure_sizes, own_atlas, with_shipped
from aedesk.app.task import Task
from aedesk.gui.apply.data_choice import DataChoice
from aedesk.gui.apply.page import Surroundings
from aedesk.gui.apply.run_bar import RunBar
from aedesk.gui.charts.sizes import faith_chart, size_chart
from aedesk.gui.charts.view import ChartView
from aedesk.gui.fields import Field
from aedesk.gui.theme import GAP

if TYPE_CHECKING:
    from aedesk.analysis.dimensionality import SizeReport
    from aedesk.analysis.faithfulness import FaithReport

_FIELD = 180  # px, before scaling
NEIGHBOURS = ("5", "10", "20", "50")
_NEIGHBOURS_WORDS = (
    "How many neighbours of each image are compared: few for what is next to it, many for whole regions."
)
_EMPTY_SIZES = (
    "How much is lost by a code of so many numbers?\n"
    "Measure rebuilds the test images with every model,\n"
    "and with PCA of every size: the best that straight\n"
    "lines can do. A network below PCA's line does better."
)
_EMPTY_MAPS = (
    "No flat map of codes keeps every neighbour.\n"
    "Trustworthiness: who is near on the map is near in truth.\n"
    "Continuity: who is near in truth is near on the map.\n"
    "Judge the maps of all models by 2,000 training images."
)


class ErrorBench(ttk.Frame):
    """Error against code size. `settings` stands beside it, wherever its master puts that."""

    def __init__(self, master: tk.Misc, around: Surroundings) -> None:
        super().__init__(master)
        self._explorer = around.desk.explorer
        self.task: Task[SizeReport] = Task(around.jobs, "measure code sizes")
        self.task.done.connect(self._on_done)
        self.task.failed.connect(around.on_problem)
        width = int(ttk.scale_size(self, _FIELD))
        self.settings = _column(master, width)
        self.picker = DataChoice(self.settings, around, width)
        self.picker.pack(fill="x")
        self.run_bar = RunBar(
            self,
            self.task,
            "Measure",
            "Rebuild all test images with every shipped model and the one in use, and with PCA.",
            self.start,
        )
        self.run_bar.pack(fill="x")
        self.chart = ChartView(
            self,
            around.look,
            title="Error against code size",
            empty=_EMPTY_SIZES,
            on_status=around.tell,
            on_problem=around.on_problem,
        )
        self.chart.pack(fill="both", expand=True, pady=(GAP, 0))

    def start(self) -> None:
        references = with_shipped(self._explorer.active)
        self.task.start(partial(measure_sizes, references, self.picker.value))

    def _on_done(self, report: SizeReport) -> None:
        self.chart.show(size_chart(report))


class MapsBench(ttk.Frame):
    """Whether the flat maps can be believed. `settings` stands beside it, wherever its master puts that."""

    def __init__(self, master: tk.Misc, around: Surroundings) -> None:
        super().__init__(master)
        self._explorer = around.desk.explorer
        self._report: FaithReport | None = None
        self.task: Task[FaithReport] = Task(around.jobs, "judge the maps")
        self.task.done.connect(self._on_done)
        self.task.failed.connect(around.on_problem)
        width = int(ttk.scale_size(self, _FIELD))
        self.settings = _column(master, width)
        self.neighbours = Field(
            self.settings, "Neighbours", _NEIGHBOURS_WORDS, self._show, {words: words for words in NEIGHBOURS}
        )
        self.neighbours.set(NEIGHBOURS[0])
        self.neighbours.pack(fill="x")
        self.note = ttk.Label(self.settings, style="Muted.TLabel", wraplength=width)
        self.note.configure(text="On 2,000 training images.")
        self.note.pack(anchor="w", pady=(4, 0))
        self.run_bar = RunBar(
            self,
            self.task,
            "Judge the maps",
            "Compare who is near whom on each map with who is near whom in pixels and in codes.",
            self.start,
        )
        self.run_bar.pack(fill="x")
        self.chart = ChartView(
            self,
            around.look,
            title="Can the maps be believed?",
            empty=_EMPTY_MAPS,
            on_status=around.tell,
            on_problem=around.on_problem,
        )
        self.chart.pack(fill="both", expand=True, pady=(GAP, 0))

    def start(self) -> None:
        self.task.start(partial(judge_maps, own_atlas(self._explorer.active)))

    def _on_done(self, report: FaithReport) -> None:
        self._report = report
        note = f"On {report.count:,} training images."
        if report.missing:
            note += f" Without the pixels of {', '.join(report.missing)}: those are not on this machine."
        self.note.configure(text=note)
        self._show()

    def _show(self) -> None:
        if self._report is not None:
            # A model with few images has no 50 neighbours to look at.
            k = min(int(self.neighbours.text), max(self._report.neighbours))
            self.chart.show(faith_chart(self._report, k))


def _column(master: tk.Misc, width: int) -> ttk.Frame:
    """A frame that is `width` px wide, whatever is in it."""
    column = ttk.Frame(master)
    ttk.Frame(column, width=width).pack()
    return column
