"""The window's commands, each named once: the menus, the shortcuts and the help are made from one list."""

from __future__ import annotations

import tkinter as tk
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from itertools import groupby
from typing import Any

import ttkbootstrap as ttk

from aedesk.gui.platform import MODIFIERS, accelerator, bind_shortcut

_SIGNS = {"bracketleft": "[", "bracketright": "]", "Delete": "Del", "plus": "+", "minus": "-"}


@dataclass(frozen=True)
class Command:
    """An entry of `menu`, or of none if that is empty.

    key: pressed with Ctrl (Command on a Mac), and with Shift if `shift`.
    bare: keys, any of which is pressed alone while the canvas has the focus; on_map: while the map has it; elsewhere
    they may be typed.
    """

    menu: str
    label: str
    run: Callable[[], object]
    key: str = ""
    shift: bool = False
    bare: str = ""
    on_map: str = ""

    @property
    def shown(self) -> str:
        """The shortcut in words, empty if there is none."""
        if self.key:
            return accelerator(self.key, shift=self.shift)
        first = (self.bare or self.on_map).partition(" ")[0]
        return _SIGNS.get(first, first.upper())


def build_menus(root: ttk.App, commands: Iterable[Command]) -> None:
    """The menu bar: the menus and their entries in the order of the commands."""
    bar = ttk.Menu(root)
    for title, entries in groupby(
        filter(lambda command: command.menu, commands), lambda command: command.menu
    ):
        menu = ttk.Menu(bar)
        bar.add_cascade(label=title, menu=menu)
        for command in entries:
            menu.add_command(label=command.label, accelerator=command.shown, command=command.run)
    root.configure(menu=bar)


def bind_keys(
    root: tk.Misc, canvases: Iterable[tk.Misc], latent_map: tk.Misc, commands: Iterable[Command]
) -> None:
    """Shortcuts act in the whole window, bare keys on a canvas or the map, function keys everywhere."""
    for command in commands:
        if command.key.startswith("F"):
            root.bind_all(f"<{command.key}>", _on_event(command))
        elif command.key:
            bind_shortcut(root, command.key, command.run, shift=command.shift)
        for widget, keys in (*((canvas, command.bare) for canvas in canvases), (latent_map, command.on_map)):
            for key in keys.split():
                for name in {key.lower(), key.upper()} if len(key) == 1 else {key}:  # Caps Lock may be on
                    widget.bind(f"<Key-{name}>", _on_event(command))


def _on_event(command: Command) -> Callable[[tk.Event[Any]], object]:
    # Ctrl+P is no P: without this both would act.
    return lambda event: None if int(event.state) & MODIFIERS else command.run()
