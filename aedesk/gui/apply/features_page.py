"""The page of the Apply tab about features: what codes are worth beside pixels and PCA, and codes as a file."""

from __future__ import annotations

import tkinter as tk
from tkinter import filedialog
from typing import TYPE_CHECKING, Any, ClassVar

import ttkbootstrap as ttk

from aedesk.app.explorer import Reading
from aedesk.app.feature_bench import FeatureBench
from aedesk.app.loading import ActiveModel
from aedesk.gui.apply.data_choice import DataChoice
from aedesk.gui.apply.features_table import FeaturesTable
from aedesk.gui.apply.page import Page
from aedesk.gui.apply.run_bar import RunBar
from aedesk.gui.charts.features import features_chart
from aedesk.gui.charts.view import ChartView
from aedesk.gui.fields import explain
from aedesk.gui.fitting_label import FittingLabel
from aedesk.gui.theme import GAP

if TYPE_CHECKING:
    from aedesk.analysis.feature_report import FeatureReport

_PICKER = 300  # px, before scaling
_ENDINGS = {"Parquet": ".parquet", "CSV": ".csv", "NumPy": ".npz"}
_PARTS = {"All images": "both", "Training images": "train", "Test images": "test"}
_EMPTY = (
    "Two simple classifiers learn the classes from 10, 100, 1,000 and all labels,\n"
    "given the raw pixels, PCA, or the codes of this model: each becomes a line here.\n"
    "Then they tell what your drawing is. Higher is better; it takes about a minute."
)


class FeaturesPage(Page):
    name: ClassVar[str] = "features"
    about: ClassVar[str] = (
        "Is a code enough to tell what a picture shows, and from how few labelled examples?"
    )

    def build(self) -> None:
        self.bench = FeatureBench(self.jobs)
        self._build_controls().pack(fill="x", pady=(0, GAP))
        self.table = FeaturesTable(self, self.look, self._on_labels)
        self.verdict = ttk.Label(self, justify="left")
        self.how = FittingLabel(self, keep_end=False)
        self.chart = ChartView(
            self,
            self.look,
            title="Accuracy on test images",
            empty=_EMPTY,
            on_status=self.around.tell,
            on_problem=self.around.on_problem,
        )
        self.chart.pack(fill="both", expand=True)
        disconnects = [
            self.bench.changed.connect(self._on_report),
            self.bench.guessed.connect(self.table.show_guesses),
            self.bench.exported.connect(self.around.tell),
            self.bench.failed.connect(self.around.on_problem),
        ]

        def on_destroy(event: tk.Event[Any]) -> None:
            if event.widget is self:
                for disconnect in disconnects:
                    disconnect()

        self.bind("<Destroy>", on_destroy, add="+")
        self.bind("<Configure>", self._on_configure, add="+")

    def _build_controls(self) -> ttk.Frame:
        controls = ttk.Frame(self)
        controls.columnconfigure(1, weight=1)
        width = ttk.scale_size(self, _PICKER)
        controls.columnconfigure(0, minsize=width)
        self.data = DataChoice(controls, self.around, width)
        self.data.grid(row=0, column=0, rowspan=2, sticky="new", padx=(0, 3 * GAP))
        self.run_bar = RunBar(
            controls,
            self.bench.comparing,
            "Compare",
            "Measure codes, PCA and pixels with few labels and with many; Escape cancels.",
            lambda: self.bench.compare(self.data.value),
        )
        self.run_bar.grid(row=0, column=1, sticky="w")
        export = ttk.Frame(controls)
        export.grid(row=1, column=1, sticky="ew", pady=(GAP, 0))
        self.part = ttk.Combobox(export, state="readonly", width=15, values=list(_PARTS))
        explain(self.part, "Whose codes the file is to have.")
        self.part.bind("<<ComboboxSelected>>", lambda _: self.part.selection_clear(), add="+")
        self.part.current(0)
        self.export_bar = RunBar(
            export,
            self.bench.exporting,
            "Export codes ...",
            "Write the codes of this data with their labels to a Parquet, CSV or NumPy file.",
            self._on_export,
        )
        self.export_bar.button.configure(bootstyle="primary outline")
        self.part.pack(side="left", padx=(0, GAP))
        self.export_bar.pack(side="left")
        return controls

    # --- news ---

    def on_model(self, active: ActiveModel) -> None:
        self.bench.use(active.model)
        self.data.propose(active)

    def on_reading(self, reading: Reading | None) -> None:
        self.bench.show(None if reading is None else reading.image)

    def remember(self) -> dict[str, Any]:
        return {"data": self.data.chosen, "part": _PARTS[self.part.get()]}

    def restore(self, remembered: dict[str, Any]) -> None:
        self.data.restore(remembered.get("data"))
        parts = list(_PARTS.values())
        if remembered.get("part") in parts:
            self.part.current(parts.index(remembered["part"]))

    def give_up(self) -> None:
        self.run_bar.give_up()
        self.export_bar.give_up()

    def _on_labels(self, labels: int) -> None:
        self.bench.learn_from(labels)
        if self.bench.report is not None:
            self.verdict.configure(text=self.bench.report.verdict(labels))

    def _on_report(self, report: FeatureReport | None) -> None:
        if report is None:
            self.chart.show(None)
            for widget in (self.table, self.verdict, self.how):
                widget.pack_forget()
            return
        self.chart.show(features_chart(report))
        self.how.set(report.how())
        self.verdict.pack(fill="x", pady=(0, GAP), before=self.chart)
        self.how.pack(side="bottom", fill="x", pady=(GAP, 0), before=self.chart)
        self.table.pack(side="bottom", fill="x", pady=(GAP, 0), before=self.chart)
        self.table.show(report)
        self._on_labels(report.labels[-1])

    # --- the user's hands ---

    def _on_export(self) -> None:
        path = filedialog.asksaveasfilename(
            parent=self,
            initialfile=f"codes{_ENDINGS['Parquet']}",
            defaultextension=_ENDINGS["Parquet"],
            filetypes=[(kind, f"*{ending}") for kind, ending in _ENDINGS.items()],
        )
        if path:
            self.bench.export(self.data.value, _PARTS[self.part.get()], path)

    def _on_configure(self, event: tk.Event[Any]) -> None:
        if event.widget is self:
            self.verdict.configure(wraplength=max(1, event.width - GAP))
