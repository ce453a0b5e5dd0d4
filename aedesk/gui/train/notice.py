"""What the run is doing or has come to, in two lines, and what can be done with it."""

from __future__ import annotations

import tkinter as tk
from collections.abc import Callable
from tkinter.font import Font, nametofont

import ttkbootstrap as ttk

from aedesk.gui.fields import explain
from aedesk.gui.fitting_label import shortened
from aedesk.gui.theme import GAP

_INSET = 6  # px of a label's width that its text does not get


class RunNotice(ttk.Frame):
    """A headline over a detail, each on one line; beside them buttons for what can be done with the run.

    Both lines are shortened to the room there is; their tooltips tell the whole.
    """

    def __init__(
        self,
        master: tk.Misc,
        on_use: Callable[[], object],
        on_open_folder: Callable[[], object],
        on_continue: Callable[[], object],
    ) -> None:
        super().__init__(master)
        self.columnconfigure(0, weight=1)
        bold = Font(self, font=("TkDefaultFont", 10, "bold"))
        self._headline = _Line(self, "Heading.TLabel", bold)
        self._headline.grid(row=0, column=0, sticky="sew")
        self._detail = _Line(self, "Muted.TLabel", nametofont("TkDefaultFont", root=self))
        self._detail.grid(row=1, column=0, sticky="new")
        self._buttons = ttk.Frame(self)
        self._offered: list[ttk.Button] = []
        self.open_button = self._add("", "folder2-open", "ghost", on_open_folder)
        self.use_button = self._add("Use model", "arrow-right-circle", "primary", on_use)
        self.continue_button = self._add("Continue", "play-fill", "neutral", on_continue)
        explain(self.open_button, "Open folder: the run's files are the model, its settings and its history.")
        explain(self.use_button, "Draw on the best model of this run, and walk its map, in Explore.")
        explain(self.continue_button, "Train on from where the run was left, as if it had never stopped.")
        # The height of the buttons is kept free, so that nothing moves when they come.
        self.rowconfigure((0, 1), weight=1, minsize=self.use_button.winfo_reqheight() // 2)

    def _add(self, text: str, icon: str, bootstyle: str, command: Callable[[], object]) -> ttk.Button:
        padding = (8, 5) if text else 5
        return ttk.Button(
            self._buttons, text=text, icon=icon, bootstyle=bootstyle, padding=padding, command=command
        )

    def say(
        self,
        headline: str,
        detail: str = "",
        *,
        with_folder: bool = False,
        with_model: bool = False,
        can_continue: bool = False,
    ) -> None:
        """Offer to open the run's folder, to use its model, to train on: whichever there is."""
        self._headline.set(headline)
        self._detail.set(detail)
        offered = [
            button
            for button, on in (
                (self.open_button, with_folder),
                (self.continue_button, can_continue),
                (self.use_button, with_model),
            )
            if on
        ]
        if offered != self._offered:
            for button in self._offered:
                button.pack_forget()
            for button in offered:
                button.pack(side="left", padx=(GAP, 0))
            self._offered = offered
            if offered:
                self._buttons.grid(row=0, column=1, rowspan=2, sticky="e")
            else:
                self._buttons.grid_remove()

    @property
    def headline(self) -> str:
        """The whole headline, even where a part of it has no room; so with `detail`."""
        return self._headline.words

    @property
    def detail(self) -> str:
        return self._detail.words

    @property
    def offers_model(self) -> bool:
        return self.use_button in self._offered

    @property
    def offers_to_continue(self) -> bool:
        return self.continue_button in self._offered


class _Line(ttk.Label):
    """Words of which the beginning says most."""

    def __init__(self, master: tk.Misc, style: str, font: Font) -> None:
        # One character wide: the column says how wide it is, so that longer words move nothing.
        super().__init__(master, style=style, width=1)
        self.words = ""
        self._font = font
        self._tip = ttk.ToolTip(self, text="", delay=600, padding=8)
        self.bind("<Configure>", lambda _: self._fit(), add="+")

    def set(self, words: str) -> None:
        if words != self.words:
            self.words = words
            self._fit()

    def _fit(self) -> None:
        text = shortened(self.words, self._font, self.winfo_width() - _INSET, 1.0)
        if text != self.cget("text"):
            self.configure(text=text)
            self._tip.configure(text=self.words)
