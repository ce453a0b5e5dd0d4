"""The pictures of a data set, the strangest first."""

from __future__ import annotations

import tkinter as tk
from typing import TYPE_CHECKING, Any

import numpy as np
import ttkbootstrap as ttk

from aedesk.app.odd_one import OddOne
from aedesk.app.odd_sets import ranking_of, reordered
from aedesk.app.task import Task
from aedesk.gui.apply.anomalies_controls import JudgingControls, percent
from aedesk.gui.apply.data_choice import DataChoice
from aedesk.gui.apply.page import Surroundings
from aedesk.gui.apply.run_bar import RunBar
from aedesk.gui.charts import anomalies as charts
from aedesk.gui.charts.chart import Chart
from aedesk.gui.charts.file_buttons import FileButtons
from aedesk.gui.fitting_label import FittingLabel
from aedesk.gui.panels.picture_row import PictureRow
from aedesk.gui.theme import GAP

if TYPE_CHECKING:
    from aedesk.analysis.ranking import Ranking

_ON_PAPER = 50  # pictures of a saved gallery
_PICKER = 260  # px
_EMPTY = (
    "Rank puts the strangest pictures of a data set first: badly written, mislabelled, or something else altogether."
    "\nA click puts one onto the canvas."
)


class _InOrder:
    """The pictures of a ranking in its order, made when they are seen."""

    def __init__(self, ranking: Ranking) -> None:
        self._ranking = ranking

    def __len__(self) -> int:
        return len(self._ranking.order)

    def __getitem__(self, indices: list[int]) -> np.ndarray:
        return self._ranking.images.pixels(self._ranking.order[indices])


class RankingView(ttk.Frame):
    """A data set, a button, and the gallery; `ranking` is what is shown, None for nothing yet."""

    def __init__(
        self, master: tk.Misc, around: Surroundings, odd_one: OddOne, controls: JudgingControls
    ) -> None:
        super().__init__(master)
        self._around, self._odd_one, self._controls = around, odd_one, controls
        self._data = ""  # what `ranking` is of
        self.ranking: Ranking | None = None
        self.task: Task[Ranking] = Task(around.jobs, "rank a data set")
        self.task.done.connect(self._on_done)
        self.task.failed.connect(around.on_problem)
        wide = ttk.scale_size(self, _PICKER)
        top = ttk.Frame(self)
        top.pack(fill="x", pady=(0, GAP))
        holder = ttk.Frame(top, width=wide)
        holder.pack(side="left")
        self.data = DataChoice(holder, around, wide)
        self.data.pack()
        ttk.Frame(self.data, width=wide).pack()
        self.run = RunBar(
            top,
            self.task,
            "Rank",
            "Score every test image of this data set, the strangest first.",
            self.start,
        )
        self.run.pack(side="left", padx=(2 * GAP, 0), anchor="n", pady=(22, 0))
        bar = ttk.Frame(self)
        bar.pack(fill="x")
        self.words = FittingLabel(bar, keep_end=False)
        self.words.pack(side="left", fill="x", expand=True)
        self.files = FileButtons(bar, self.chart, around.tell, around.on_problem)
        self.files.pack(side="right")
        self.gallery = PictureRow(
            self,
            around.look,
            edge=48,
            largest=72,
            wrap=True,
            on_click=self._on_click,
            on_hover=self._on_hover,
            empty=_EMPTY,
        )
        self.gallery.pack(fill="both", expand=True)
        disconnect = around.look.changed.connect(lambda _: self._show())
        self.bind("<Destroy>", lambda event: disconnect() if event.widget is self else None, add="+")

    def start(self) -> None:
        """Rank the data set that is chosen."""
        known = self._odd_one.known
        if known is None:
            self.run.say("Wait until it is known what is usual.")
            return
        self._asked = self.data.value
        self.task.start(ranking_of(known, self.data.value, self._controls.kind))

    def reset(self) -> None:
        """Another model: what was found out by the one before is of no use."""
        self.task.cancel()
        self.ranking = None
        self._show()

    def refresh(self) -> None:
        """Another kind of score, or another threshold."""
        known = self._odd_one.known
        if self.ranking is None or known is None:
            return
        other = reordered(self.ranking, known, self._controls.kind)
        if other is not self.ranking:
            self.ranking = other
            self._show()
        else:
            self._tell()

    def chart(self) -> Chart | None:
        """The strangest of them as a figure, with the numbers of all."""
        ranking = self.ranking
        if ranking is None:
            return None
        first = ranking.order[:_ON_PAPER]
        return charts.gallery_chart(
            ranking.images.pixels(first),
            self._captions(ranking)[:_ON_PAPER],
            ranking.table,
            name=f"The strangest of {self._data}",
        )

    def _on_done(self, ranking: Ranking) -> None:
        self.ranking, self._data = ranking, self._asked
        known = self._odd_one.known
        if known is not None:  # the kind may have been changed meanwhile
            self.ranking = reordered(ranking, known, self._controls.kind)
        self._show()

    def _show(self) -> None:
        ranking = self.ranking
        self.files.enable(ranking is not None)
        if ranking is None:
            self.words.set("")
            self.gallery.clear()
            return
        colours = self._around.look.palette.class_colours(len(ranking.images.classes))
        labels = ranking.images.labels[ranking.order].tolist()
        self.gallery.show(
            _InOrder(ranking), self._captions(ranking), [colours[label] for label in labels], current=None
        )
        self._tell()

    def _tell(self) -> None:
        ranking, known = self.ranking, self._odd_one.known
        if ranking is None or known is None:
            return
        rate = self._controls.false_alarms
        flagged = ranking.flagged(known.detector.threshold(rate, ranking.kind))
        self.words.set(
            f"{flagged:,} of {len(ranking.order):,} ({flagged / len(ranking.order):.1%}) flagged at"
            f" {percent(rate)} false alarms. Test images of {self._data}, the strangest first."
        )

    def _captions(self, ranking: Ranking) -> list[str]:
        classes = ranking.images.classes
        return [classes[label] for label in ranking.images.labels[ranking.order].tolist()]

    def _says(self, place: int) -> str:
        assert self.ranking is not None
        which = int(self.ranking.order[place])
        label = self.ranking.images.classes[self.ranking.images.labels[which]]
        share = percent(float(self.ranking.shares[which]))
        return (
            f"Rank {place + 1:,}: {label}, odder than {share} of known pictures (test image {which:,} of"
            f" {self._data})"
        )

    def _on_click(self, place: int) -> None:
        if self.ranking is not None:
            picture = self.ranking.images.pixels(self.ranking.order[place : place + 1])[0]
            self._around.hands.show(picture, self._says(place))

    def _on_hover(self, place: int | None) -> None:
        if place is None:
            self._tell()
        elif self.ranking is not None:
            self.words.set(self._says(place))

    def remember(self) -> dict[str, Any]:
        return {"data": self.data.chosen}

    def restore(self, remembered: dict[str, Any]) -> None:
        self.data.restore(remembered.get("data"))
