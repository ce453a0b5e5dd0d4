"""By what is judged, and from where on something counts as odd: the same for everything on the page."""

from __future__ import annotations

import math
import tkinter as tk
from typing import TYPE_CHECKING, Any, cast

import ttkbootstrap as ttk

from aedesk.app.signal import Signal
from aedesk.gui.choice_row import ChoiceRow
from aedesk.gui.fields import explain
from aedesk.gui.theme import GAP

if TYPE_CHECKING:
    from aedesk.analysis.anomaly import ScoreKind

KINDS: dict[str, tuple[str, str]] = {
    "combined": (
        "Code and strokes",
        "The known pictures of the nearest codes, beside this one: the strokes that they do not have in common, even"
        " where strokes may bend a little. Finds the most.",
    ),
    "reconstruction": (
        "Reconstruction",
        "How much of the picture is lost on its way through the code: what the network never learnt to draw.",
    ),
    "code": (
        "Code",
        "How far the picture's code lies from the nearest codes of known pictures: a shape nobody has drawn.",
    ),
}
"""What `analysis.anomaly.KINDS` are called here, and a sentence about each."""

RATES = (0.001, 0.002, 0.003, 0.005, 0.007, 0.01, 0.015, 0.02, 0.03, 0.05, 0.07, 0.1, 0.15, 0.2)
"""The shares of false alarms there are to choose from."""

_FIRST_RATE = 0.01


class JudgingControls(ttk.Frame):
    """Signal `changed`: another `kind`, or another share of `false_alarms`, one of `RATES`."""

    def __init__(self, master: tk.Misc) -> None:
        super().__init__(master)
        self.changed: Signal[None] = Signal()
        ttk.Label(self, text="Judge by", style="Muted.TLabel").pack(side="left", padx=(0, 4))
        self._kind = ChoiceRow(self, KINDS, lambda: self.changed.emit(None), padding=(6, 2))
        self._kind.pack(side="left")
        self._place = RATES.index(_FIRST_RATE)
        words = ttk.Label(self, text="False alarms", style="Muted.TLabel")
        words.pack(side="left", padx=(2 * GAP, 4))
        self._at = tk.DoubleVar(self, self._place)
        self.scale = ttk.Scale(
            self, from_=0, to=len(RATES) - 1, variable=self._at, length=96, command=self._on_scale
        )
        self.scale.pack(side="left")
        self._rate = ttk.Label(self, width=6, anchor="e")
        self._rate.pack(side="left")
        for widget in (words, self.scale, self._rate):
            explain(
                widget,
                "How many known pictures may be called odd by mistake. Fewer false alarms, and more odd ones slip"
                " through.",
            )
        self._show()

    @property
    def kind(self) -> ScoreKind:
        return cast("ScoreKind", self._kind.get())

    @property
    def false_alarms(self) -> float:
        """In [0, 1]."""
        return RATES[self._place]

    def set_kind(self, kind: str) -> None:
        """Judge by another kind of score; one that does not exist changes nothing."""
        if kind in KINDS and kind != self._kind.get():
            self._kind.set(kind)
            self.changed.emit(None)

    def set_false_alarms(self, share: float) -> None:
        """Take the nearest of `RATES`."""
        if not math.isfinite(share):
            return
        share = max(share, RATES[0])
        self._at.set(min(range(len(RATES)), key=lambda place: abs(math.log(RATES[place] / share))))
        self._on_scale()

    def remember(self) -> dict[str, Any]:
        return {"kind": self.kind, "false_alarms": self.false_alarms}

    def restore(self, remembered: dict[str, Any]) -> None:
        kind, share = remembered.get("kind"), remembered.get("false_alarms")
        if isinstance(kind, str):
            self.set_kind(kind)
        if isinstance(share, int | float):
            self.set_false_alarms(float(share))

    def _on_scale(self, _: str = "") -> None:
        place = round(self._at.get())
        if place != self._place:
            self._place = place
            self._show()
            self.changed.emit(None)

    def _show(self) -> None:
        self._rate.configure(text=percent(self.false_alarms))


def percent(share: float) -> str:
    """A share in [0, 1] with as many digits as say something."""
    if share < 0.0995 or 0.9 < share < 1:
        return f"{share:.1%}" if share <= 0.999 else f"{share:.2%}"
    return f"{share:.0%}"
