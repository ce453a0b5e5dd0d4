"""How well damage is mended on test images, beside the live tiles: the settings, and the figure."""

from __future__ import annotations

import tkinter as tk
from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, Any

import ttkbootstrap as ttk

from aedesk.app.denoiser import Damage, Measuring, measure
from aedesk.app.loading import ActiveModel
from aedesk.app.task import Task
from aedesk.gui.apply.data_choice import DataChoice
from aedesk.gui.apply.page import Surroundings
from aedesk.gui.apply.run_bar import RunBar
from aedesk.gui.charts.denoising import comparison_chart, sweep_chart
from aedesk.gui.charts.view import ChartView
from aedesk.gui.fields import Field
from aedesk.gui.theme import GAP

if TYPE_CHECKING:
    from aedesk.analysis.denoising import Comparison

_SETTINGS = 176  # px, before scaling
_COUNTS = {"500": "500", "2,000": "2000", "All": "all"}
_SCOPES = {"This strength": "one", "Every strength": "every"}
_EMPTY = (
    "How good is it on pictures that nobody drew here?\n"
    "Compare damages test images the way that is chosen above\n"
    "and lets every method mend them. Both filters get the setting\n"
    "that does best on training images."
)


class DenoiseBench(ttk.Frame):
    """`damage()` tells what befalls the test images. The settings stand at the left of the chart."""

    def __init__(self, master: tk.Misc, around: Surroundings, damage: Callable[[], Damage]) -> None:
        super().__init__(master)
        self._damage, self._around = damage, around
        self._active: ActiveModel | None = None
        self.task: Task[list[Comparison]] = Task(around.jobs, "compare denoising")
        self.task.done.connect(self._on_done)
        self.task.failed.connect(around.on_problem)
        self.columnconfigure(1, weight=1)
        self.rowconfigure(1, weight=1)
        width = int(ttk.scale_size(self, _SETTINGS))
        settings = ttk.Frame(self)
        settings.grid(row=0, column=0, rowspan=2, sticky="nw", padx=(0, 2 * GAP))
        ttk.Frame(settings, width=width).pack()
        self.picker = DataChoice(settings, self._around, width)
        self.picker.pack(fill="x")
        self.count = Field(
            settings, "Test images", "At most so many, spread over all.", lambda: None, _COUNTS
        )
        self.count.pack(fill="x", pady=(GAP // 2, 0))
        self.count.set("500")
        self.scope = Field(
            settings,
            "Measured at",
            "The strength that is chosen above, or ten of them from 0.1 to 1 as a curve.",
            lambda: None,
            _SCOPES,
        )
        self.scope.pack(fill="x", pady=(GAP // 2, 0))
        self.scope.set("one")
        self.run_bar = RunBar(
            self,
            self.task,
            "Compare",
            "Damage test images as chosen above, mend them by every method, and measure how near each comes.",
            self.start,
        )
        self.run_bar.grid(row=0, column=1, sticky="w")
        self.chart = ChartView(
            self,
            around.look,
            title="On test images",
            empty=_EMPTY,
            on_status=around.tell,
            on_problem=around.on_problem,
        )
        self.chart.grid(row=1, column=1, sticky="nsew", pady=(GAP // 2, 0))

    def start(self) -> None:
        """Begin to compare; the chart comes when it is done."""
        active = self._active
        if active is None:
            self.run_bar.say("Wait for the model")
            return
        count = self.count.text
        wish = Measuring(
            self.picker.value,
            self._damage(),
            None if count == "all" else int(count),
            self.scope.text == "every",
        )
        self.task.start(partial(measure, wish, active.model))

    def follow(self, active: ActiveModel) -> None:
        """Compare this model from now on: what was found out about another goes."""
        if self._active is not None and self._active.model is not active.model:
            self.task.cancel()
            self.chart.show(None)
        self._active = active
        self.picker.propose(active)

    def remember(self) -> dict[str, Any]:
        return {"data": self.picker.chosen, "count": self.count.text, "scope": self.scope.text}

    def restore(self, remembered: dict[str, Any]) -> None:
        self.picker.restore(remembered.get("data"))
        for name, field in (("count", self.count), ("scope", self.scope)):
            if isinstance(remembered.get(name), str):
                field.set(remembered[name])

    def _on_done(self, comparisons: list[Comparison]) -> None:
        first = comparisons[0]
        one = len(comparisons) == 1
        self.chart.show(comparison_chart(first) if one else sweep_chart(comparisons))
        self._around.tell(
            f"Compared on {first.images:,} test images of {first.data}; "
            f"the filters were tuned on {first.tuned_on:,} training images."
        )
