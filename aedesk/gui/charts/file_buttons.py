"""Two buttons beside a figure: one saves it, one exports its numbers."""

from __future__ import annotations

import re
import tkinter as tk
from collections.abc import Callable
from pathlib import Path
from tkinter import filedialog

import ttkbootstrap as ttk

from aedesk.errors import AedeskError
from aedesk.gui.charts import chart as charts
from aedesk.gui.charts import paper
from aedesk.gui.charts.chart import Chart
from aedesk.gui.fields import explain
from aedesk.storage import table


class FileButtons(ttk.Frame):
    """`make` gives the chart as things are now, None where there is nothing; it is asked when it is wanted."""

    def __init__(
        self,
        master: tk.Misc,
        make: Callable[[], Chart | None],
        on_status: Callable[[str], object],
        on_problem: Callable[[BaseException], object],
    ) -> None:
        super().__init__(master)
        self._make, self._on_status, self._on_problem = make, on_status, on_problem
        self.save_button = self._button(
            "download",
            "Save this figure: PNG, SVG or PDF.",
            lambda: self._ask(paper.ENDINGS, self.save),
        )
        self.export_button = self._button(
            "table",
            "Export the numbers behind this figure: a CSV or JSON file.",
            lambda: self._ask(table.ENDINGS, self.export),
        )
        self.enable(False)

    def enable(self, on: bool) -> None:
        """Whether there is something to save."""
        for button in (self.save_button, self.export_button):
            button.configure(state="normal" if on else "disabled")

    def save(self, path: str) -> None:
        """Write the figure as PNG, SVG or PDF. Raises AedeskError."""
        chart = self._make()
        if chart is not None:
            charts.write_chart(path, chart)

    def export(self, path: str) -> None:
        """Write the numbers as CSV or JSON. Raises AedeskError."""
        chart = self._make()
        if chart is not None:
            chart.table.write(path)

    def _button(self, icon: str, sentence: str, command: Callable[[], object]) -> ttk.Button:
        button = ttk.Button(self, icon=icon, command=command, bootstyle="ghost", padding=5)
        button.pack(side="left")
        explain(button, sentence)
        return button

    def _ask(self, endings: tuple[str, ...], write: Callable[[str], object]) -> None:
        """Ask for a path of one of the endings, and write there."""
        chart = self._make()
        if chart is None:
            return
        name = re.sub(r"[^\w]+", "-", chart.name.lower()).strip("-")
        path = filedialog.asksaveasfilename(
            parent=self,
            initialfile=f"{name}{endings[0]}",
            defaultextension=endings[0],
            filetypes=[(ending[1:].upper(), f"*{ending}") for ending in endings],
        )
        if not path:
            return
        try:
            write(path)
        except AedeskError as problem:
            self._on_problem(problem)
        else:
            self._on_status(f"Saved {Path(path)}")
