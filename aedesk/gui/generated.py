"""The card in the map's corner: the digit decoded at the place that was picked."""

from __future__ import annotations

import math
import tkinter as tk
from collections.abc import Callable
from typing import TYPE_CHECKING

import ttkbootstrap as ttk

from aedesk.app.explorer import PLACE, Pick
from aedesk.gui.fields import explain
from aedesk.gui.theme import GAP, Look
from aedesk.gui.tiles import ImageTile

if TYPE_CHECKING:
    from aedesk.latent.trust import Verdict

_CORNERS = ("se", "sw", "nw")
_EDGE = 112  # px, four screen pixels for each of the picture
_WORDS = 17  # characters
_WORTH_MOVING = 0.6  # of what is hidden here
_GROUNDS = {
    "solid": "\u25cf solid ground",
    "thin": "\u25d0 thin ground",
    "shaky": "\u25d0 shaky ground",
    "hole": "\u25cb a hole",
}


class GeneratedCard(ttk.Frame):
    """Appears with a pick, in a corner of its master where it hides no marker."""

    def __init__(
        self, master: tk.Misc, look: Look, on_use: Callable[[], object], on_save: Callable[[], object]
    ) -> None:
        super().__init__(master, padding=GAP)
        self._look = look
        self._verdict: Verdict | None = None
        disconnect = look.changed.connect(lambda _: self.judge(self._verdict))
        self.bind("<Destroy>", lambda event: disconnect() if event.widget is self else None, add="+")
        self._tile = ImageTile(self, look, "Generated", _EDGE)
        self._tile.pack(side="left", padx=(0, GAP))
        beside = ttk.Frame(self)
        beside.pack(side="left", fill="both", expand=True)
        close = ttk.Button(beside, icon="x-lg", command=self.hide, bootstyle="ghost", padding=2)
        close.pack(anchor="e")
        explain(close, "Put this card away until the next click on the map.")
        # As wide as the longest of its words: a card that changes its size while it follows the pointer is unrest.
        self._words = ttk.Label(beside, text="", justify="left", style="Muted.TLabel", width=_WORDS)
        self._words.pack(anchor="w")
        self._trust = ttk.Label(beside, text="", justify="left")
        self._trust.pack(anchor="w")
        explain(
            self._trust, "Whether the digit can be believed; the line at the bottom of the window says why."
        )
        buttons = ttk.Frame(beside)
        buttons.pack(side="bottom", fill="x", pady=(4, 0))
        use = ttk.Button(
            buttons, text="To canvas", command=on_use, bootstyle="primary outline", padding=(6, 3)
        )
        use.pack(side="left", fill="x", expand=True)
        explain(use, "Put this digit on the canvas, to draw on.")
        save = ttk.Button(buttons, icon="download", command=on_save, bootstyle="ghost", padding=4)
        save.pack(side="left", padx=(4, 0))
        explain(save, "Save this digit as a picture.")

    def show(self, pick: Pick, classes: tuple[str, ...]) -> None:
        """Show what was decoded, and where."""
        self._tile.show(pick.image)
        votes = len(pick.guess.neighbours)
        near = f"near {classes[pick.guess.label]} ({round(pick.guess.share * votes)} of {votes})"
        where = f"{pick.point[0]:.2f}, {pick.point[1]:.2f}"
        self._words.configure(text=f"{near}\n{where if pick.origin == PLACE else pick.origin}")
        self.judge(None)  # until the pointer rests
        if not self.winfo_ismapped():
            self.move_to(_CORNERS[0])

    def judge(self, verdict: Verdict | None) -> None:
        """Say how far the place can be trusted; nothing, as long as that is not known."""
        self._verdict = verdict
        palette = self._look.palette
        colours = {"solid": palette.too_little, "hole": palette.too_much}
        if verdict is None:
            self._trust.configure(text="")
        else:
            colour = colours.get(verdict.ground, palette.muted)
            self._trust.configure(text=_GROUNDS[verdict.ground], foreground=colour)

    def move_to(self, corner: str) -> None:
        """Lie in a corner of the map: `se`, `sw` or `nw`."""
        right, low = "e" in corner, "s" in corner
        x, y = (-2 * GAP if right else 2 * GAP), (-2 * GAP if low else 2 * GAP)
        self.place(relx=float(right), rely=float(low), x=x, y=y, anchor=corner)
        self.lift()

    def make_way(self, covered: Callable[[float, float, float, float], float]) -> None:
        """Move to the corner where least is hidden, unless that is hardly less than here.

        covered: how much is within a box of pixels: left, top, right, bottom.
        """
        width, height = self.winfo_reqwidth(), self.winfo_reqheight()
        whole_width, whole_height = self.master.winfo_width(), self.master.winfo_height()
        costs = {}
        for corner in _CORNERS:
            left = whole_width - width - 2 * GAP if "e" in corner else 2 * GAP
            top = whole_height - height - 2 * GAP if "s" in corner else 2 * GAP
            costs[corner] = covered(left - GAP, top - GAP, left + width + GAP, top + height + GAP)
        best = min(costs, key=lambda corner: costs[corner])
        here = str(self.place_info().get("anchor"))
        if costs[best] < _WORTH_MOVING * costs.get(here, math.inf):
            self.move_to(best)

    def hide(self) -> None:
        self.place_forget()
