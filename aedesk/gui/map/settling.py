"""What is said over the map while another one is being laid out, with a way to stop it."""

from __future__ import annotations

import tkinter as tk
from collections.abc import Callable

import ttkbootstrap as ttk

from aedesk.gui.fields import explain
from aedesk.gui.theme import GAP


class SettlingBar(ttk.Frame):
    """A line and a button at the lower edge of the map."""

    def __init__(self, master: tk.Misc, on_cancel: Callable[[], object]) -> None:
        super().__init__(master, padding=(2 * GAP, GAP // 2, GAP // 2, GAP // 2))
        self._words = ttk.Label(self, text="")
        self._words.pack(side="left", padx=(0, 2 * GAP))
        cancel = ttk.Button(
            self, text="Cancel", command=on_cancel, bootstyle="primary outline", padding=(8, 3)
        )
        cancel.pack(side="left")
        explain(cancel, "Stop, and go back to the map from before (Escape).")

    def show(self, words: str) -> None:
        if str(self._words["text"]) != words:
            self._words.configure(text=words)
        if not self.winfo_ismapped():
            self.place(relx=0.5, rely=1, y=-2 * GAP, anchor="s")
            self.lift()

    def hide(self) -> None:
        self.place_forget()
