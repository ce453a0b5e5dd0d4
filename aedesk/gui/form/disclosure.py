"""A part of a form that is folded away until somebody wants it."""

from __future__ import annotations

import tkinter as tk

import ttkbootstrap as ttk

from aedesk.gui.fields import explain


class Disclosure(ttk.Frame):
    """A title that folds `content` open and shut; shut, it says beside the title what `note` was told."""

    def __init__(self, master: tk.Misc, title: str, sentence: str) -> None:
        super().__init__(master)
        self._title = title
        self._note = ""
        self.is_open = False
        self.button = ttk.Button(self, bootstyle="ghost", padding=(2, 4), command=self.toggle)
        self.button.pack(anchor="w")
        explain(self.button, sentence)
        self.content = ttk.Frame(self)
        self._label()

    def toggle(self) -> None:
        self.open(not self.is_open)

    def open(self, on: bool) -> None:
        """Show the content, or put it away."""
        if on != self.is_open:
            self.is_open = on
            if on:
                self.content.pack(fill="x")
            else:
                self.content.pack_forget()
            self._label()

    def note(self, words: str) -> None:
        """What somebody should know of the content who does not see it."""
        if words != self._note:
            self._note = words
            self._label()

    def _label(self) -> None:
        text = f"{self._title}: {self._note}" if self._note and not self.is_open else self._title
        self.button.configure(text=text, icon="chevron-down" if self.is_open else "chevron-right")
