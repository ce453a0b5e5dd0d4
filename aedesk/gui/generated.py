"""The card in the map's corner: the digit decoded at the place that was picked."""

from __future__ import annotations

import tkinter as tk
from collections.abc import Callable

import ttkbootstrap as ttk

from aedesk.app.explorer import Pick
from aedesk.gui.fields import explain
from aedesk.gui.theme import GAP, Look
from aedesk.gui.tiles import ImageTile

_EDGE = 112  # px, four screen pixels for each of the picture


class GeneratedCard(ttk.Frame):
    """Appears with the first pick, in the lower right corner of its master."""

    def __init__(
        self, master: tk.Misc, look: Look, on_use: Callable[[], object], on_save: Callable[[], object]
    ) -> None:
        super().__init__(master, padding=GAP)
        self._tile = ImageTile(self, look, "Generated", _EDGE)
        self._tile.pack()
        self._words = ttk.Label(self, text="", justify="left", style="Muted.TLabel")
        self._words.pack(anchor="w", pady=(4, 4))
        buttons = ttk.Frame(self)
        buttons.pack(fill="x")
        use = ttk.Button(
            buttons, text="To canvas", command=on_use, bootstyle="primary outline", padding=(6, 3)
        )
        use.pack(side="left", fill="x", expand=True)
        explain(use, "Put this digit on the canvas, to draw on.")
        save = ttk.Button(buttons, icon="download", command=on_save, bootstyle="ghost", padding=4)
        save.pack(side="left", padx=(4, 0))
        explain(save, "Save this digit as a picture.")

    def show(self, pick: Pick, classes: tuple[str, ...]) -> None:
        self._tile.show(pick.image)
        votes = len(pick.guess.neighbours)
        near = f"near {classes[pick.guess.label]} ({round(pick.guess.share * votes)} of {votes})"
        self._words.configure(text=f"{near}\nat {pick.point[0]:.2f}, {pick.point[1]:.2f}")
        if not self.winfo_ismapped():
            self.place(relx=1, rely=1, x=-2 * GAP, y=-2 * GAP, anchor="se")
            self.lift()

    def hide(self) -> None:
        self.place_forget()
