"""One class is held out of training, and then looked for: the standard test of how well the unknown is found."""

from __future__ import annotations

import tkinter as tk
from typing import TYPE_CHECKING, Any

import ttkbootstrap as ttk

from aedesk.app.odd_one import OddOne, data_for
from aedesk.app.odd_sets import holding_out
from aedesk.app.task import Task
from aedesk.errors import AedeskError
from aedesk.gui.apply.anomalies_controls import JudgingControls
from aedesk.gui.apply.page import Surroundings
from aedesk.gui.apply.run_bar import RunBar
from aedesk.gui.charts.hold_out import PUBLISHED_CLASSES, hold_out_chart
from aedesk.gui.charts.view import ChartView
from aedesk.gui.fields import Field, whole_number
from aedesk.gui.fitting_label import FittingLabel
from aedesk.gui.theme import GAP
from aedesk.models.presets import PRESETS

if TYPE_CHECKING:
    from aedesk.analysis.protocols import HeldOut

_PRESET, _EPOCHS = "dense-32", "10"
_MOST_EPOCHS = 1000
_EMPTY = (
    "Hold out trains a network for each class on all the others,\n"
    "without labels, and then looks for that class among test images.\n"
    "An AUC of 1 is perfect, 0.5 no better than chance.\n"
    "Ten classes take minutes; each is shown as soon as it is done."
)


class HoldOutView(ttk.Frame):
    """What to hold out and what to train, a button, and the AUCs as they come in: `found`."""

    def __init__(
        self, master: tk.Misc, around: Surroundings, odd_one: OddOne, controls: JudgingControls
    ) -> None:
        super().__init__(master)
        self._around, self._odd_one, self._controls = around, odd_one, controls
        self.found: list[HeldOut] = []
        self._shown = 0
        self._data = ""
        self._made_by = ""  # what `found` was found with
        self.task: Task[list[HeldOut]] = Task(around.jobs, "one class held out")
        self.task.changed.connect(lambda _: self._look())
        self.task.done.connect(lambda _: self._look())
        self.task.failed.connect(around.on_problem)
        top = ttk.Frame(self)
        top.pack(fill="x")
        self.classes = Field(
            top,
            "Classes (empty: all)",
            "The classes to hold out, one after the other, with commas between them; empty for all of them.",
            lambda: None,
        )
        self.preset = Field(
            top,
            "Network",
            "The network that is trained anew for each class that is held out.",
            lambda: None,
            {name: name for name in PRESETS},
        )
        self.epochs = Field(
            top, "Epochs", "How often each network sees all of its training images.", lambda: None
        )
        for column, (field, weight) in enumerate(((self.classes, 2), (self.preset, 2), (self.epochs, 1))):
            field.grid(row=0, column=column, sticky="ew", padx=(0, GAP))
            top.columnconfigure(column, weight=weight, uniform="fields")
        self.preset.set(_PRESET)
        self.epochs.set(_EPOCHS)
        self.run = RunBar(
            self,
            self.task,
            "Hold out",
            "Train without each of these classes, and see how well it is found among the others.",
            self.start,
        )
        self.run.pack(fill="x", pady=(GAP, 0))
        self.words = FittingLabel(self, keep_end=False)
        self.words.pack(fill="x", pady=(GAP // 2, 0))
        self.view = ChartView(
            self,
            around.look,
            title="One class held out",
            empty=_EMPTY,
            on_status=around.tell,
            on_problem=around.on_problem,
        )
        self.view.pack(fill="both", expand=True)

    def start(self) -> None:
        """Begin with what the fields say."""
        active = self._around.desk.explorer.active
        if active is None:
            self.run.say("Wait until the model is there.")
            return
        try:
            epochs = whole_number("Epochs", self.epochs.text)
            if not 1 <= epochs <= _MOST_EPOCHS:
                raise AedeskError(f"Epochs: {epochs} is not between 1 and {_MOST_EPOCHS:,}.")
            self._data, _ = data_for(active.model)
        except AedeskError as problem:
            self._around.on_problem(problem)
            return
        self.found, self._shown = [], 0
        self._made_by = f"{self.preset.text}, {epochs} epoch{'s' * (epochs > 1)}, {self._data}"
        self.view.show(None)
        self.words.set("")
        # A list and no method of this widget: the work must hold nothing of the window.
        self.task.start(
            holding_out(self._data, self.classes.text, self.preset.text, epochs, self.found.append)
        )

    def refresh(self) -> None:
        """Another kind of score."""
        if self.found:
            self._show()

    def _look(self) -> None:
        """Show the classes that are done since the last look."""
        if len(self.found) != self._shown:
            self._show()

    def _show(self) -> None:
        from aedesk.analysis.protocols import PUBLISHED, mean_auc

        found = tuple(self.found)
        self._shown = len(found)
        kind = self._controls.kind
        published = PUBLISHED if self._data == "mnist" else ()
        beside = ""
        if published and len(found) >= PUBLISHED_CLASSES:
            best = max(published, key=lambda one: one.mean_auc)
            beside = f" Best of {len(published)} published: {best.mean_auc:.3f} ({best.method})."
        many = f"mean of {len(found)} classes" if len(found) > 1 else f"without {found[0].name}"
        self.words.set(f"AUC {mean_auc(found, kind):.3f}, {many} ({self._made_by}).{beside}")
        self.view.show(hold_out_chart(found, published, kind=kind))

    def remember(self) -> dict[str, Any]:
        return {"classes": self.classes.text, "preset": self.preset.text, "epochs": self.epochs.text}

    def restore(self, remembered: dict[str, Any]) -> None:
        for name, field in (("classes", self.classes), ("preset", self.preset), ("epochs", self.epochs)):
            if isinstance(remembered.get(name), str):
                field.set(remembered[name])
