"""The card in the map's corner: the digit decoded at the place that was picked."""

from __future__ import annotations

import tkinter as tk
from collections.abc import Callable

import ttkbootstrap as ttk

from aedesk.app.explorer import PLACE, Pick
from aedesk.gui.fields import explain
from aedesk.gui.theme import GAP, Look
from aedesk.gui.tiles import ImageTile

_CORNERS = ("se", "sw", "nw")
_EDGE = 112  # px, four screen pixels for each of the picture
_WORDS = 17  # characters
_SOLID, _THIN = 0.5, 0.2  # scores of trust, from which on a place is called so


class GeneratedCard(ttk.Frame):
    """Appears with a pick, in a corner of its master where it hides no marker."""

    def __init__(
        self, master: tk.Misc, look: Look, on_use: Callable[[], object], on_save: Callable[[], object]
    ) -> None:
        super().__init__(master, padding=GAP)
        self._look = look
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
        self._trust.configure(text="")  # until the pointer rests
        if not self.winfo_ismapped():
            self.move_to(_CORNERS[0])

    def judge(self, score: float) -> None:
        """Say how far the place can be trusted: score in [0, 1]."""
        palette = self._look.palette
        if score >= _SOLID:
            self._trust.configure(text="\u25cf solid ground", foreground=palette.too_little)
        elif score >= _THIN:
            self._trust.configure(text="\u25d0 thin ice", foreground=palette.muted)
        else:
            self._trust.configure(text="\u25cb a hole", foreground=palette.too_much)

    def move_to(self, corner: str) -> None:
        """Lie in a corner of the map: `se`, `sw` or `nw`."""
        right, low = "e" in corner, "s" in corner
        x, y = (-2 * GAP if right else 2 * GAP), (-2 * GAP if low else 2 * GAP)
        self.place(relx=float(right), rely=float(low), x=x, y=y, anchor=corner)
        self.lift()

    def make_way(self, covers_marker: Callable[[float, float, float, float], bool]) -> None:
        """Move to the first corner where no marker of the map is hidden; stay if there is none."""
        width, height = self.winfo_reqwidth(), self.winfo_reqheight()
        whole_width, whole_height = self.master.winfo_width(), self.master.winfo_height()
        for corner in _CORNERS:
            left = whole_width - width - 2 * GAP if "e" in corner else 2 * GAP
            top = whole_height - height - 2 * GAP if "s" in corner else 2 * GAP
            if not covers_marker(left - GAP, top - GAP, left + width + GAP, top + height + GAP):
                if self.place_info().get("anchor") != corner:
                    self.move_to(corner)
                return

    def hide(self) -> None:
        self.place_forget()
