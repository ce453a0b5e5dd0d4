"""Buttons of the panels."""

from __future__ import annotations

import tkinter as tk
from collections.abc import Callable

import ttkbootstrap as ttk

from aedesk.gui.fields import explain


def icon_button(master: tk.Misc, icon: str, tip: str, command: Callable[[], object]) -> ttk.Button:
    """A small button with a picture, packed to the right of those before it."""
    button = ttk.Button(master, icon=icon, command=command, bootstyle="ghost", padding=5)
    button.pack(side="left")
    explain(button, tip)
    return button


def allow(button: ttk.Button, on: bool) -> bool:
    """Enable a button or disable it, and say whether that is a change: only then does it have to be drawn."""
    state = "normal" if on else "disabled"
    if str(button["state"]) == state:
        return False
    button.configure(state=state)
    return True
