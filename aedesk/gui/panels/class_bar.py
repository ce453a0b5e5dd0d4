"""How many there are of each class, as one bar in the classes' colours."""

from __future__ import annotations

import tkinter as tk
from collections.abc import Sequence

import numpy as np
import ttkbootstrap as ttk

from aedesk.gui.theme import Look, Palette


class ClassBar(tk.Canvas):
    """A piece for each class that there is, the largest first, as long as its share."""

    def __init__(self, master: tk.Misc, look: Look, height: int = 8) -> None:
        """height: px at 96 dpi."""
        super().__init__(
            master, width=1, height=ttk.scale_size(master, height), highlightthickness=0, borderwidth=0
        )
        self._counts = np.zeros(0, np.int64)
        self._colours: Sequence[str] = ()
        self._pieces: list[int] = []
        disconnect = look.changed.connect(self._recolour)
        self.bind("<Configure>", lambda _: self._draw())
        self.bind("<Destroy>", lambda _: disconnect(), add="+")
        self._recolour(look.palette)

    def show(self, counts: np.ndarray, colours: Sequence[str]) -> None:
        """counts: (classes,) whole numbers. colours: one for each class."""
        self._counts, self._colours = counts, colours
        self._draw()

    def _draw(self) -> None:
        order = np.argsort(-self._counts, kind="stable")
        order = order[self._counts[order] > 0]
        while len(self._pieces) < len(order):
            self._pieces.append(self.create_rectangle(0, 0, 0, 0, width=0))
        scale = self.winfo_width() / max(1, int(self._counts.sum()))
        ends = np.cumsum(self._counts[order]) * scale
        left = 0.0
        for piece, label, right in zip(self._pieces, order.tolist(), ends.tolist(), strict=False):
            self.coords(piece, round(left), 0, round(right), self.winfo_height())
            self.itemconfigure(piece, fill=self._colours[label])
            left = right
        for piece in self._pieces[len(order) :]:
            self.coords(piece, 0, 0, 0, 0)

    def _recolour(self, palette: Palette) -> None:
        self.configure(background=palette.faint)
