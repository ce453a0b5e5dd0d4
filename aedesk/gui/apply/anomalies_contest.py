"""Known pictures against odd ones of another kind: how many of them are found, at what price."""

from __future__ import annotations

import tkinter as tk
from typing import Any

import ttkbootstrap as ttk

from aedesk.app.odd_one import OddOne
from aedesk.app.odd_sets import SCRIBBLES, Contest, contest
from aedesk.app.task import Task
from aedesk.gui.apply.anomalies_controls import JudgingControls, percent
from aedesk.gui.apply.data_choice import DataChoice
from aedesk.gui.apply.page import Surroundings
from aedesk.gui.apply.run_bar import RunBar
from aedesk.gui.charts import anomalies as charts
from aedesk.gui.charts.view import ChartView
from aedesk.gui.choice_row import ChoiceRow
from aedesk.gui.fields import Field
from aedesk.gui.fitting_label import FittingLabel
from aedesk.gui.theme import GAP
from aedesk.gui.timers import Timers

_PICKER = 260  # px
_REST = 250  # ms without another threshold before the figure is drawn anew
_EMPTY = (
    "Compare sets known test images against odd ones, and shows\n"
    "for every threshold how many odd ones are found and how many\n"
    "known ones are called odd by mistake.\n"
    "An AUC of 1 is perfect, 0.5 no better than chance."
)
_CHOICES = {
    SCRIBBLES: ("Scribbles", "200 drawings that are no digits: loops, zigzags, stars, hatching, blobs ..."),
    "set": ("A data set", "The test images of another data set, or some classes of one."),
}


class ContestView(ttk.Frame):
    """What the odd ones are, a button, and the curves; `contest` is what is shown, None for nothing yet."""

    def __init__(
        self, master: tk.Misc, around: Surroundings, odd_one: OddOne, controls: JudgingControls
    ) -> None:
        super().__init__(master)
        self._odd_one, self._controls = odd_one, controls
        self._timers = Timers(self)
        self.contest: Contest | None = None
        self.task: Task[Contest] = Task(around.jobs, "known against odd")
        self.task.done.connect(self._on_done)
        self.task.failed.connect(around.on_problem)
        top = ttk.Frame(self)
        top.pack(fill="x")
        ttk.Label(top, text="Odd ones", style="Muted.TLabel").pack(side="left", padx=(0, 4))
        self._odd = ChoiceRow(top, _CHOICES, self._arrange, padding=(6, 2))
        self._odd.pack(side="left")
        self.run = RunBar(
            top,
            self.task,
            "Compare",
            "Score the known test images and the odd ones, and see how well they are told apart.",
            self.start,
        )
        self.run.pack(side="left", padx=(2 * GAP, 0))
        wide = ttk.scale_size(self, _PICKER)
        self._set = ttk.Frame(self)
        self.data = DataChoice(self._set, around, wide)
        self.data.grid(row=0, column=0, sticky="nw")
        self._set.columnconfigure(0, minsize=wide)
        self.classes = Field(
            self._set,
            "Only its classes",
            "Names of the classes that are odd, with commas between them; empty for all. Of the set that the model"
            " knows, the other classes are the known ones.",
            lambda: None,
        )
        self.classes.grid(row=0, column=1, sticky="new", padx=(2 * GAP, 0))
        self._set.columnconfigure(1, weight=1)
        self.words = FittingLabel(self, keep_end=False)
        self.words.pack(fill="x", pady=(GAP, 0))
        self.view = ChartView(
            self,
            around.look,
            title="Known against odd",
            empty=_EMPTY,
            on_status=around.tell,
            on_problem=around.on_problem,
        )
        self.view.pack(fill="both", expand=True)
        self._arrange()

    @property
    def odd(self) -> str:
        """`SCRIBBLES`, or the data set of the odd ones."""
        return SCRIBBLES if self._odd.get() == SCRIBBLES else self.data.value

    def choose(self, odd: str, classes: str = "") -> None:
        """Say what the odd ones are: `SCRIBBLES`, or a data set and its classes."""
        self._odd.set(SCRIBBLES if odd == SCRIBBLES else "set")
        if odd != SCRIBBLES:
            self.data.set(odd)
            self.classes.set(classes)
        self._arrange()

    def start(self) -> None:
        """Compare with the odd ones that are chosen."""
        known = self._odd_one.known
        if known is None:
            self.run.say("Wait until it is known what is usual.")
            return
        self.task.start(contest(known, self.odd, self.classes.text if self.odd != SCRIBBLES else ""))

    def reset(self) -> None:
        """Another model: what was found out by the one before is of no use."""
        self.task.cancel()
        self.contest = None
        self._show()

    def refresh(self) -> None:
        """Another kind of score, or another threshold."""
        self._tell()
        if self.contest is not None:
            self._timers.later("chart", _REST, self._show)

    def _on_done(self, result: Contest) -> None:
        self.contest = result
        self._show()

    def _show(self) -> None:
        self._tell()
        result = self.contest
        if result is None:
            self.view.show(None)
            return
        self.view.show(
            charts.detection_chart(
                result.told,
                false_alarms=self._controls.false_alarms,
                known_name=result.known,
                odd_name=result.odd,
            )
        )

    def _tell(self) -> None:
        result = self.contest
        if result is None:
            self.words.set("")
            return
        kind, rate = self._controls.kind, self._controls.false_alarms
        hits, auc = result.told.flagged(rate, kind), result.told.roc[kind].auc
        self.words.set(
            f"{hits:.1%} of {len(result.told.odd):,} {result.odd} found at {percent(rate)} false alarms"
            f" among {len(result.told.usual):,}. AUC {auc:.3f}."
        )

    def _arrange(self) -> None:
        if self._odd.get() == SCRIBBLES:
            self._set.pack_forget()
        else:
            self._set.pack(fill="x", pady=(GAP, 0), before=self.words)

    def remember(self) -> dict[str, Any]:
        return {"odd": self.odd, "classes": self.classes.text}

    def restore(self, remembered: dict[str, Any]) -> None:
        odd, classes = remembered.get("odd"), remembered.get("classes")
        if isinstance(odd, str) and odd:
            self.choose(odd, classes if isinstance(classes, str) else "")
