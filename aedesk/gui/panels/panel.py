"""What the panels of the drawer have in common: a hidden one does no work."""

from __future__ import annotations

import tkinter as tk
from collections.abc import Callable
from pathlib import PurePath
from tkinter import filedialog
from typing import Any

import ttkbootstrap as ttk

from aedesk.app.signal import Signal
from aedesk.errors import AedeskError
from aedesk.gui.theme import GAP


class Panel(ttk.Frame):
    """Calls `refresh` as it is shown, and at every news of the signals it watches while it is.

    title: on its button in the drawer. tip: one sentence about what it is for.
    """

    title = ""
    tip = ""

    def __init__(self, master: tk.Misc) -> None:
        super().__init__(master, padding=(0, GAP // 2))
        self.is_shown = False

    def watch(self, *signals: Signal[Any]) -> None:
        """Refresh at their news, as long as the panel lives."""
        self.until_destroyed(*(signal.connect(self._on_news) for signal in signals))

    def until_destroyed(self, *disconnect: Callable[[], None]) -> None:
        """Call these as the panel goes."""

        def end(event: tk.Event[Any]) -> None:
            if event.widget is self:
                for each in disconnect:
                    each()

        self.bind("<Destroy>", end, add="+")

    def _on_news(self, _: object) -> None:
        if self.is_shown:
            self.refresh()

    def shown(self) -> None:
        """The drawer has opened this panel."""
        self.is_shown = True
        self.refresh()

    def hidden(self) -> None:
        """The drawer has put this panel away."""
        self.is_shown = False

    def refresh(self) -> None:
        """Show how things are now."""


def save_as(
    master: tk.Misc,
    name: str,
    save: Callable[[str], str | None],
    tell: Callable[[str], object],
    on_problem: Callable[[BaseException], object],
) -> None:
    """Ask where to save what is called `name`, whose ending says its kind.

    `tell` gets what `save(path)` says was saved; `on_problem` an expected problem.
    """
    ending = PurePath(name).suffix
    path = filedialog.asksaveasfilename(
        parent=master,
        initialfile=name,
        defaultextension=ending,
        filetypes=((ending[1:].upper(), f"*{ending}"),),
    )
    if path:
        if PurePath(path).suffix.lower() != ending:  # what is in a file is what its name says
            path += ending
        try:
            told = save(path)
        except AedeskError as problem:
            on_problem(problem)
        else:
            tell(told or f"Saved {path}")
