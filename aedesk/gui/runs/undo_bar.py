"""A line that says what was done or refused, with a way back where there is one."""

from __future__ import annotations

import tkinter as tk
from collections.abc import Callable

import ttkbootstrap as ttk

from aedesk.gui.fitting_label import FittingLabel
from aedesk.gui.platform import accelerator
from aedesk.gui.theme import GAP


class UndoBar(ttk.Frame):
    """Lies in row `row` of its parent's grid while it has something to say."""

    def __init__(self, master: tk.Misc, row: int, on_undo: Callable[[], object]) -> None:
        super().__init__(master, padding=(GAP, GAP // 2), bootstyle="default")
        self._row = row
        self.undo = ttk.Button(
            self, text=f"Undo ({accelerator('z')})", command=on_undo, bootstyle="primary outline"
        )
        self._close = ttk.Button(self, icon="x-lg", command=self.hide, bootstyle="ghost", padding=5)
        self._close.pack(side="right")
        self._words = FittingLabel(self, keep_end=False)
        self._words.pack(side="left", fill="x", expand=True)

    @property
    def words(self) -> str:
        """What is said; empty while the bar is away."""
        return self._words.words if self.grid_info() else ""

    def say(self, words: str, *, undo: bool = False) -> None:
        self._words.set(words)
        if undo:
            self.undo.pack(side="right", padx=GAP)
        else:
            self.undo.pack_forget()
        self.grid(row=self._row, column=0, sticky="ew", pady=(GAP // 2, 0))

    def hide(self) -> None:
        self.grid_remove()
