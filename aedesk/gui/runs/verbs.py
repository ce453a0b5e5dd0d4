"""The buttons under the list of runs: what can be done with those that are selected."""

from __future__ import annotations

import tkinter as tk
from collections.abc import Callable, Mapping

import ttkbootstrap as ttk

from aedesk.gui.fields import explain
from aedesk.gui.panels.buttons import allow
from aedesk.gui.theme import GAP
from aedesk.storage.run_card import RunCard

_BUTTONS = {
    "open": ("Open", "eye", "Show its epochs in the Train tab (Return)."),
    "use": ("Use model", "pencil", "Draw on its best model in the Explore tab."),
    "go_on": ("Continue", "play", "Train it further, from where it ended or was cut off."),
    "branch": (
        "Branch ...",
        "signpost-split",
        "Begin a new run from one of its epochs, with other settings.",
    ),
    "rename": ("Rename", "input-cursor-text", "Give it another name (F2)."),
    "folder": ("Open folder", "folder2-open", "Show its files in the file manager."),
    "delete": (
        "Delete",
        "trash",
        "Delete what is selected (Delete); it can be undone until the window closes.",
    ),
}


class Verbs(ttk.Frame):
    """A button for each of `verbs`, enabled where it can do something."""

    def __init__(self, master: tk.Misc, verbs: Mapping[str, Callable[[], object]]) -> None:
        super().__init__(master)
        self.buttons: dict[str, ttk.Button] = {}
        for name, (text, icon, sentence) in _BUTTONS.items():
            style = "primary" if name == "open" else "neutral outline"
            button = ttk.Button(
                self, text=text, icon=icon, command=verbs[name], bootstyle=style, padding=(8, 4)
            )
            button.pack(side="left", padx=(0, GAP // 2))
            explain(button, sentence)
            self.buttons[name] = button

    def show(self, selected: list[RunCard]) -> None:
        """Enable what can be done with these runs."""
        for name, button in self.buttons.items():
            allow(button, can(name, selected))


def can(verb: str, selected: list[RunCard]) -> bool:
    """Whether something can be done with these runs."""
    if verb == "delete":
        return any(card.status != "running" for card in selected)
    if len(selected) != 1:
        return False
    card = selected[0]
    if verb == "use":
        return card.has_model
    if verb == "go_on":
        is_short = card.epochs_planned is not None and card.epochs_done < card.epochs_planned
        return card.status in {"interrupted", "stopped"} or (card.status == "completed" and is_short)
    if verb == "branch":
        return card.status != "damaged" and card.epochs_done > 0
    if verb == "rename":
        return card.status != "running"
    return True
