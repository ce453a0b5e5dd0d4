"""Bits against quality on a whole data set: what is to be measured, and the chart of it."""

from __future__ import annotations

import tkinter as tk
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import ttkbootstrap as ttk

from aedesk.app.compressed_files import measure
from aedesk.app.jobs import Jobs
from aedesk.app.loading import ActiveModel
from aedesk.app.task import Task
from aedesk.gui.apply.run_bar import RunBar
from aedesk.gui.charts.view import ChartView
from aedesk.gui.fields import Field
from aedesk.gui.theme import GAP, Look

if TYPE_CHECKING:
    from aedesk.app.compressed_files import Measured

_COUNTS = {"500, quick": "500", "2,000": "2000", "All of them": "0"}
_MODELS = {"The one in use": "one", "All shipped ones": "all"}
_EMPTY = (
    "Is the code really smaller than a JPEG?\n"
    "Measure plots bits per image against quality for\nthe model, PCA, PNG, JPEG and WebP."
)


class RatesView(ttk.Frame):
    """A RunBar over a chart; `options` is beside it, in a column of the page's.

    data: what is chosen in the page's data picker, when it is asked for.
    """

    def __init__(
        self,
        master: tk.Misc,
        column: tk.Misc,
        look: Look,
        jobs: Jobs,
        data: Callable[[], str],
        tell: Callable[[str], object],
        on_problem: Callable[[BaseException], object],
    ) -> None:
        super().__init__(master)
        self._data = data
        self._active: ActiveModel | None = None
        self._is_of_all = False  # what is measured, or on show
        self.task: Task[Measured] = Task(jobs, "rates")
        self.run_bar = RunBar(
            self,
            self.task,
            "Measure",
            "Compress test images in all these ways and draw bits against quality; takes a minute or two.",
            self._on_start,
        )
        self.run_bar.pack(fill="x")
        self.options = ttk.Frame(column)
        self.models = Field(
            self.options,
            "Models",
            "Whose codes are measured. Of the shipped ones those whose code is smaller than a picture.",
            _nothing,
            _MODELS,
        )
        self.count = Field(
            self.options, "Test images", "How many: more take longer, and are surer.", _nothing, _COUNTS
        )
        for field, start in ((self.models, "one"), (self.count, "2000")):
            field.set(start)
            field.pack(fill="x", pady=(GAP // 2, 0))
        self.view = ChartView(
            self,
            look,
            title="Bits against quality",
            empty=_EMPTY,
            on_status=tell,
            on_problem=on_problem,
        )
        self.view.pack(fill="both", expand=True, pady=(GAP // 2, 0))
        self.task.done.connect(self._on_done)
        self.task.failed.connect(on_problem)

    def use(self, active: ActiveModel) -> None:
        """Measure this model from now on; a chart of another one goes, unless it is of all."""
        is_other = self._active is not None and self._active.model is not active.model
        if is_other and not self._is_of_all:
            self.task.cancel()
            self.view.show(None)
        self._active = active

    def remember(self) -> dict[str, Any]:
        return {"count": self.count.text, "models": self.models.text}

    def restore(self, remembered: dict[str, Any]) -> None:
        for field, name in ((self.count, "count"), (self.models, "models")):
            if isinstance(remembered.get(name), str):
                field.set(remembered[name])

    def _on_start(self) -> None:
        if self._active is None:
            self.run_bar.say("Wait for the model")
            return
        limit = int(self.count.text) or None
        self._is_of_all = self.models.text == "all"
        self.task.start(measure(self._active, self._data(), limit, every_model=self._is_of_all))

    def _on_done(self, measured: Measured) -> None:
        from aedesk.gui.charts.rates import rates_chart

        self.view.show(rates_chart(measured.points, measured.data, measured.count))


def _nothing() -> None:
    pass
