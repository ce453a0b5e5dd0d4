"""Says that the form is for a branch, and of what."""

from __future__ import annotations

import tkinter as tk
from collections.abc import Callable

import ttkbootstrap as ttk

from aedesk.gui.fields import explain
from aedesk.gui.theme import GAP


class BranchLine(ttk.Frame):
    """One sentence, and a button that makes the form one for a new run again."""

    def __init__(self, master: tk.Misc, width: int, on_give_up: Callable[[], object]) -> None:
        """width: px that the line will have."""
        super().__init__(master)
        self.columnconfigure(0, weight=1)
        self._words = ttk.Label(self, style="Heading.TLabel", wraplength=width - 5 * GAP)
        self._words.grid(row=0, column=0, sticky="w")
        self.give_up = ttk.Button(self, icon="x-lg", bootstyle="ghost", padding=4, command=on_give_up)
        self.give_up.grid(row=0, column=1, sticky="ne")
        explain(self.give_up, "No branch: make the form one for a new run again.")

    @property
    def words(self) -> str:
        return str(self._words.cget("text"))

    def say(self, run: str, epoch: int) -> None:
        when = "the untrained network" if epoch == 0 else f"epoch {epoch:,}"
        self._words.configure(text=f"Branch from {when} of {run}")
