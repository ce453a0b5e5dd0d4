"""A line of text that is shortened to the room it has, and told in full by its tooltip."""

from __future__ import annotations

import tkinter as tk
from tkinter.font import nametofont

import ttkbootstrap as ttk

_ELLIPSIS = "\u2026"


class FittingLabel(ttk.Label):
    """Muted words on one line; what does not fit ends in an ellipsis, never in half a letter."""

    def __init__(self, master: tk.Misc) -> None:
        super().__init__(master, style="Muted.TLabel", width=1)
        self._words = ""
        self._font = nametofont("TkDefaultFont")
        self._tip = ttk.ToolTip(self, text="", delay=500, wraplength=360)
        self.bind("<Configure>", lambda _: self._fit())

    def set(self, words: str) -> None:
        self._words = words
        self._tip.configure(text=words)
        self._fit()

    def _fit(self) -> None:
        room, text = self.winfo_width(), self._words
        if self._font.measure(text) > room:
            while text and self._font.measure(text + _ELLIPSIS) > room:
                text = text[:-1]
            text = text.rstrip(" ,.:") + _ELLIPSIS
        self.configure(text=text)
