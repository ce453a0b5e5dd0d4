"""What the run is doing or has come to, in two lines, and what can be done with it."""

from __future__ import annotations

import tkinter as tk
from collections.abc import Callable
from tkinter.font import nametofont

import ttkbootstrap as ttk

from aedesk.gui.fields import explain
from aedesk.gui.fitting_label import shortened
from aedesk.gui.theme import GAP

_INSET = 6  # px of a label's width that its text does not get


class RunNotice(ttk.Frame):
    """A headline over a detail, each on one line; beside them buttons for what can be done with the run."""

    def __init__(
        self,
        master: tk.Misc,
        on_use: Callable[[], object],
        on_open_folder: Callable[[], object],
        on_continue: Callable[[], object],
    ) -> None:
        super().__init__(master)
        self._full = ""
        self._font = nametofont("TkDefaultFont")
        self.columnconfigure(0, weight=1)
        self._headline = ttk.Label(self, style="Heading.TLabel", width=1)
        self._headline.grid(row=0, column=0, sticky="sew")
        self._detail = ttk.Label(self, style="Muted.TLabel", width=1)
        self._detail.grid(row=1, column=0, sticky="new")
        self._tip = ttk.ToolTip(self._detail, text="", delay=600, padding=8)
        self._buttons = ttk.Frame(self)
        self.open_button = ttk.Button(
            self._buttons,
            text="Open folder",
            icon="folder2-open",
            bootstyle="neutral",
            command=on_open_folder,
        )
        self.use_button = ttk.Button(
            self._buttons,
            text="Use this model",
            icon="arrow-right-circle",
            bootstyle="primary",
            command=on_use,
        )
        self.continue_button = ttk.Button(
            self._buttons,
            text="Continue",
            icon="play-fill",
            bootstyle="neutral",
            command=on_continue,
        )
        explain(self.continue_button, "Train on from where the run was left, as if it had never stopped.")
        self.open_button.pack(side="left", padx=(GAP, 0))
        explain(self.use_button, "Draw on the model that was just trained, and walk its map, in Explore.")
        explain(self.open_button, "Show the run's files: the model, its settings and its history.")
        # The height of the buttons is kept free, so that nothing moves when they come.
        self.rowconfigure((0, 1), weight=1, minsize=self.use_button.winfo_reqheight() // 2)
        self._detail.bind("<Configure>", lambda _: self._fit(), add="+")

    def say(
        self, headline: str, detail: str = "", *, with_model: bool = False, can_continue: bool = False
    ) -> None:
        """with_model: offer to use it, and to open its folder; can_continue: offer to train on."""
        if self._headline.cget("text") != headline:
            self._headline.configure(text=headline)
        if detail != self._full:
            self._full = detail
            self._fit()
        for button, on in ((self.use_button, with_model), (self.continue_button, can_continue)):
            if not on:
                button.pack_forget()
            elif not button.winfo_manager():
                button.pack(side="left", padx=(GAP, 0))
        if with_model or can_continue:
            self._buttons.grid(row=0, column=1, rowspan=2, sticky="e")
        else:
            self._buttons.grid_remove()

    @property
    def headline(self) -> str:
        return str(self._headline.cget("text"))

    @property
    def detail(self) -> str:
        """The whole detail, even where a part of it has no room."""
        return self._full

    @property
    def offers_model(self) -> bool:
        return bool(self._buttons.grid_info() and self.use_button.winfo_manager())

    def _fit(self) -> None:
        text = shortened(self._full, self._font, self._detail.winfo_width() - _INSET)
        if text != self._detail.cget("text"):
            self._detail.configure(text=text)
            self._tip.configure(text=self._full)
