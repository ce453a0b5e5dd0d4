"""The card in the map's corner: the digit decoded at the place that was picked."""

from __future__ import annotations

import tkinter as tk
from collections.abc import Callable

import ttkbootstrap as ttk

from aedesk.app.explorer import Pick
from aedesk.gui.fields import explain
from aedesk.gui.theme import GAP, Look
from aedesk.gui.tiles import ImageTile

_CORNERS = ("se", "sw", "ne")
_EDGE = 112  # px, four screen pixels for each of the picture


class GeneratedCard(ttk.Frame):
    """Appears with a pick, in a corner of its master where it hides no marker."""

    def __init__(
        self, master: tk.Misc, look: Look, on_use: Callable[[], object], on_save: Callable[[], object]
    ) -> None:
        super().__init__(master, padding=GAP)
        self._tile = ImageTile(self, look, "Generated", _EDGE)
        self._tile.pack()
        close = ttk.Button(self, icon="x-lg", command=self.hide, bootstyle="ghost", padding=2)
        close.place(relx=1, rely=0, anchor="ne")
        explain(close, "Put this card away until the next click on the map.")
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

    def show(self, pick: Pick, classes: tuple[str, ...], map_name: str) -> None:
        """Show what was decoded at a place of the map called `map_name`."""
        self._tile.show(pick.image)
        votes = len(pick.guess.neighbours)
        near = f"near {classes[pick.guess.label]} ({round(pick.guess.share * votes)} of {votes})"
        self._words.configure(text=f"{near}\n{map_name}\n{pick.point[0]:.2f}, {pick.point[1]:.2f}")
        if not self.winfo_ismapped():
            self.move_to(_CORNERS[0])

    def move_to(self, corner: str) -> None:
        """Lie in a corner of the map: `se`, `sw` or `ne`."""
        right, low = "e" in corner, "s" in corner
        x, y = (-2 * GAP if right else 2 * GAP), (-2 * GAP if low else 6 * GAP)
        self.place(relx=float(right), rely=float(low), x=x, y=y, anchor=corner)
        self.lift()

    def make_way(self, covers_marker: Callable[[float, float, float, float], bool]) -> None:
        """Move to the first corner where no marker of the map is hidden; stay if there is none."""
        width, height = self.winfo_reqwidth(), self.winfo_reqheight()
        whole_width, whole_height = self.master.winfo_width(), self.master.winfo_height()
        for corner in _CORNERS:
            left = whole_width - width - 2 * GAP if "e" in corner else 2 * GAP
            top = whole_height - height - 2 * GAP if "s" in corner else 6 * GAP
            if not covers_marker(left - GAP, top - GAP, left + width + GAP, top + height + GAP):
                if self.place_info().get("anchor") != corner:
                    self.move_to(corner)
                return

    def hide(self) -> None:
        self.place_forget()
