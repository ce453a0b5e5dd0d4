"""The classes there are most of, a line for each: its name, a bar in its colour, how many."""

from __future__ import annotations

import tkinter as tk
from collections.abc import Sequence
from tkinter.font import nametofont

import numpy as np
import ttkbootstrap as ttk

from aedesk.gui.fitting_label import shortened
from aedesk.gui.theme import GAP, Look, Palette

_WIDEST_NAME = 0.6  # of the width


class ClassList(tk.Canvas):
    """As many lines as there is room for; the last one says what was left out, if anything."""

    def __init__(self, master: tk.Misc, look: Look, width: int = 120) -> None:
        """width: px at 96 dpi."""
        super().__init__(
            master, width=ttk.scale_size(master, width), height=1, highlightthickness=0, borderwidth=0
        )
        self._font = nametofont("TkDefaultFont", root=self)
        self._step = self._font.metrics("linespace")
        self._counts = np.zeros(0, np.int64)
        self._classes: Sequence[str] = ()
        self._colours: Sequence[str] = ()
        self._palette = look.palette
        disconnect = look.changed.connect(self._recolour)
        self.bind("<Configure>", lambda _: self._draw())
        self.bind("<Destroy>", lambda _: disconnect(), add="+")
        self._recolour(look.palette)

    def show(self, counts: np.ndarray, classes: Sequence[str], colours: Sequence[str]) -> None:
        """counts: (classes,) whole numbers. classes, colours: a name and a colour for each."""
        self._counts, self._classes, self._colours = counts, classes, colours
        self._draw()

    def _draw(self) -> None:
        self.delete("all")
        order = np.argsort(-self._counts, kind="stable")
        order = order[self._counts[order] > 0]
        room = max(1, self.winfo_height() // self._step)
        named = order if len(order) <= room else order[: room - 1]
        if not len(named):
            return
        numbers = [f"{self._counts[label]:,}" for label in named]
        names = [shortened(self._classes[label], self._font, self._widest_name, 1.0) for label in named]
        left = max(map(self._font.measure, names)) + GAP
        right = self.winfo_width() - max(map(self._font.measure, numbers)) - GAP
        for line, (label, name, number) in enumerate(zip(named.tolist(), names, numbers, strict=True)):
            y = line * self._step
            self.create_text(0, y, text=name, anchor="nw", fill=self._palette.text)
            self.create_text(self.winfo_width(), y, text=number, anchor="ne", fill=self._palette.muted)
            length = max(2, (right - left) * self._counts[label] / self._counts[named[0]])
            thirds = self._step // 3
            self.create_rectangle(
                left, y + thirds, left + length, y + 2 * thirds, width=0, fill=self._colours[label]
            )
        if len(named) < len(order):
            rest = f"and {len(order) - len(named)} more"
            self.create_text(0, len(named) * self._step, text=rest, anchor="nw", fill=self._palette.muted)

    @property
    def _widest_name(self) -> int:
        return round(self.winfo_width() * _WIDEST_NAME)

    def _recolour(self, palette: Palette) -> None:
        self._palette = palette
        self.configure(background=palette.background)
        self._draw()
