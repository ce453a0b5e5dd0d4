"""The page of the Apply tab that finds the odd one: the drawing, a data set's strangest, and how well it all works."""

from __future__ import annotations

from typing import Any, ClassVar

import ttkbootstrap as ttk

from aedesk.app.explorer import Reading
from aedesk.app.loading import ActiveModel
from aedesk.app.odd_one import Judgement, OddOne
from aedesk.gui.apply.anomalies_contest import ContestView
from aedesk.gui.apply.anomalies_controls import JudgingControls, percent
from aedesk.gui.apply.anomalies_drawing import DrawingView, score_of
from aedesk.gui.apply.anomalies_hold_out import HoldOutView
from aedesk.gui.apply.anomalies_ranking import RankingView
from aedesk.gui.apply.page import Page
from aedesk.gui.choice_row import ChoiceRow
from aedesk.gui.fields import explain
from aedesk.gui.theme import GAP

_VIEWS = {
    "drawing": ("Your drawing", "How odd your drawing is, and what is odd about it."),
    "ranking": ("Strangest", "The strangest pictures of a data set."),
    "contest": ("Known against odd", "How well odd pictures are told from known ones: ROC and precision."),
    "hold-out": ("Held out", "Train without one class, and see whether it is found: the standard test."),
}
_VERDICT = 40  # px: two lines
_BADGE = 6  # letters


class AnomaliesPage(Page):
    name: ClassVar[str] = "anomalies"
    about: ClassVar[str] = "What the network cannot rebuild, or codes like nothing it knows, is odd."

    def build(self) -> None:
        self.odd_one = OddOne(self.jobs)
        self._shown_badge = "", ""
        self._shown_words = ""
        self._build_verdict().pack(fill="x")
        self.controls = JudgingControls(self)
        self.controls.pack(fill="x", pady=(GAP // 2, GAP))
        self._choice = ChoiceRow(self, _VIEWS, lambda: self.show_view(self._choice.get()))
        self._choice.pack(fill="x", pady=(0, GAP))
        place = ttk.Frame(self)
        place.pack(fill="both", expand=True)
        given = (place, self.around, self.odd_one, self.controls)
        self.drawing, self.ranking = DrawingView(*given), RankingView(*given)
        self.contest, self.hold_out = ContestView(*given), HoldOutView(*given)
        self._views = dict(
            zip(_VIEWS, (self.drawing, self.ranking, self.contest, self.hold_out), strict=True)
        )
        self.controls.changed.connect(lambda _: self._show_all())
        self.odd_one.changed.connect(lambda _: self._show_known())
        self.odd_one.judged.connect(self._show_judgement)
        self.odd_one.fitting.changed.connect(lambda _: self._show_verdict())
        disconnect = self.look.changed.connect(lambda _: self._show_verdict())
        self.bind("<Destroy>", lambda event: disconnect() if event.widget is self else None, add="+")
        self.bind("<Map>", lambda event: self.odd_one.retry() if event.widget is self else None, add="+")
        self.show_view("drawing")
        self._show_known()

    def _build_verdict(self) -> ttk.Frame:
        # Of a height of its own: words of one line or two must not move what is below at every stroke.
        frame = ttk.Frame(self, height=ttk.scale_size(self, _VERDICT))
        frame.pack_propagate(False)
        self._badge = ttk.Label(frame, style="Figure.TLabel", anchor="w", width=_BADGE)
        explain(
            self._badge,
            "How many of the known pictures are less odd than your drawing. Red: it is flagged as odd.",
        )
        self._verdict = ttk.Label(frame, width=1)
        self._verdict.pack(side="left", fill="x", expand=True)
        self._verdict.bind(
            "<Configure>", lambda event: self._verdict.configure(wraplength=max(1, event.width)), add="+"
        )
        return frame

    # --- what the page is told ---

    def on_model(self, active: ActiveModel) -> None:
        for view in (self.ranking, self.contest):
            view.reset()
        self.ranking.data.propose(active)
        self.odd_one.watch(active)

    def on_reading(self, reading: Reading | None) -> None:
        self.odd_one.judge(reading.image if reading is not None else None)

    def remember(self) -> dict[str, Any]:
        return {
            "view": self._choice.get(),
            "controls": self.controls.remember(),
            "ranking": self.ranking.remember(),
            "contest": self.contest.remember(),
            "hold-out": self.hold_out.remember(),
        }

    def restore(self, remembered: dict[str, Any]) -> None:
        parts = {name: part for name, part in remembered.items() if isinstance(part, dict)}
        self.controls.restore(parts.get("controls", {}))
        self.contest.restore(parts.get("contest", {}))
        self.hold_out.restore(parts.get("hold-out", {}))
        self.ranking.restore(parts.get("ranking", {}))
        if remembered.get("view") in _VIEWS:
            self.show_view(remembered["view"])

    def give_up(self) -> None:
        for view in (self.ranking, self.contest, self.hold_out):
            view.run.give_up()

    def show_view(self, name: str) -> None:
        """`drawing`, `ranking`, `contest` or `hold-out`."""
        self._choice.set(name)
        for other, view in self._views.items():
            if other == name:
                view.place(relwidth=1, relheight=1)
            else:
                view.place_forget()

    # --- showing ---

    def _show_known(self) -> None:
        self.drawing.show_known()
        self._show_verdict()

    def _show_all(self) -> None:
        self._show_known()
        for view in (self.ranking, self.contest, self.hold_out):
            view.refresh()

    def _show_judgement(self, judgement: Judgement | None) -> None:
        self.drawing.show_judgement(judgement)
        self._show_verdict()

    def _show_verdict(self) -> None:
        odd_one, palette = self.odd_one, self.look.palette
        known, judgement = odd_one.known, odd_one.judgement
        badge, colour, words = "", palette.muted, ""
        if odd_one.problem is not None:
            words = str(odd_one.problem)
        elif known is None:
            stage = odd_one.fitting.stage
            words = "Getting to know what is usual ..."
            if stage is not None:
                words = f"Getting to know what is usual, once for each model: {stage.what} {stage.share:.0%}"
        elif judgement is None:
            words = known.note or "Draw a digit, or something that is none: here you read how odd it is."
        else:
            kind, rate, detector = self.controls.kind, self.controls.false_alarms, known.detector
            score = score_of(judgement, kind)
            is_odd = score > detector.threshold(rate, kind)
            badge = percent(detector.share_below(score, kind))
            colour = palette.too_much if is_odd else palette.accent
            flagged = f"{'Flagged' if is_odd else 'Not flagged'} at {percent(rate)} false alarms."
            words = f"{judgement.verdict.words} {flagged}"
            if known.note:  # or a good digit would be called odd, and nobody could tell why
                words = f"{words} {known.note}"
        # Only what is new: Tk lays out the page anew for a label that is told what it says already.
        if (badge, colour) != self._shown_badge:
            self._shown_badge = badge, colour
            self._badge.configure(text=badge, foreground=colour)
            if badge:
                self._badge.pack(side="left", before=self._verdict)
            else:
                self._badge.pack_forget()
        if words != self._shown_words:
            self._shown_words = words
            self._verdict.configure(text=words)
