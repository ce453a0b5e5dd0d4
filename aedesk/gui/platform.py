"""What differs between Linux, macOS and Windows: modifier keys, mouse buttons, wheels."""

from __future__ import annotations

import subprocess
import sys
import threading
import tkinter as tk
from collections.abc import Callable
from pathlib import Path
from typing import Any

from aedesk.errors import AedeskError

IS_MAC = sys.platform == "darwin"
COMMAND_KEY = "Command" if IS_MAC else "Ctrl"
RIGHT_BUTTON = 2 if IS_MAC and tk.TkVersion < 8.7 else 3  # Tk 8.6 numbers a Mac's right button 2
MODIFIERS = 0x4 | 0x8 | 0x20000  # in an event's state: Control; Alt, or Command on a Mac; Alt on Windows


_FIELDS = {"Entry", "TEntry", "Spinbox", "TSpinbox", "Text"}
_OF_FIELDS = {"z", "y", "c", "v", "x", "a"}  # what Ctrl does in them


def accelerator(key: str, *, shift: bool = False) -> str:
    """What a menu shows for a shortcut: `Ctrl+Shift+Z`, or `Command-Shift-Z` on a Mac; function keys stand alone."""
    if key.startswith("F"):
        return key
    words = [COMMAND_KEY, *(["Shift"] if shift else []), key.upper()]
    return ("-" if IS_MAC else "+").join(words)


def bind_shortcut(widget: tk.Misc, key: str, action: Callable[[], object], *, shift: bool = False) -> None:
    """Run `action` on Ctrl (Command on a Mac) with `key`, unless a dialog has the focus, or a field that is edited."""

    def on_key(event: tk.Event[Any]) -> str | None:
        # Tk's own dialogs are known to Python by their path only.
        focus = str(event.widget)
        if str(widget.tk.call("winfo", "toplevel", focus)) != str(widget.winfo_toplevel()):
            return None
        # Ctrl+Z, Ctrl+C and their like belong to the text field while one has the focus.
        if str(widget.tk.call("winfo", "class", focus)) in _FIELDS and key in _OF_FIELDS:
            return None
        action()
        return "break"

    modifier = "Command" if IS_MAC else "Control"
    for name in {key.lower(), key.upper()} if len(key) == 1 else {key}:
        # With Shift held the keysym is the capital letter; Caps Lock gives it too.
        widget.bind_all(f"<{modifier}-{'Shift-' if shift else ''}Key-{name}>", on_key)


def bind_wheel(widget: tk.Misc, on_turn: Callable[[tk.Event[Any], float], object]) -> None:
    """Call `on_turn(event, notches)` for wheel and trackpad; a notch away from the user is +1."""
    if widget.tk.call("tk", "windowingsystem") == "x11":
        widget.bind("<Button-4>", lambda event: on_turn(event, 1))
        widget.bind("<Button-5>", lambda event: on_turn(event, -1))
    if tk.TkVersion >= 8.7:  # two fingers on a trackpad: the low 16 bits are the pixels down, with a sign
        widget.bind("<TouchpadScroll>", lambda event: on_turn(event, _signed16(event.delta) / 40))
    # Windows counts 120 a notch, a Mac 1; Tk 8.7 and later give 120 everywhere.
    unit = 120 if not IS_MAC or tk.TkVersion >= 8.7 else 1
    widget.bind("<MouseWheel>", lambda event: on_turn(event, event.delta / unit))


def _signed16(number: int) -> int:
    return (number & 0xFFFF) - ((number & 0x8000) << 1)


def open_folder(folder: Path) -> None:
    """Show a folder in the system's file manager. Raises AedeskError where there is none."""
    if sys.platform == "win32":
        command = ["explorer", str(folder)]
    else:
        command = ["open" if IS_MAC else "xdg-open", str(folder)]
    try:
        opener = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        threading.Thread(target=opener.wait, daemon=True).start()  # else a zombie stays behind
    except OSError:
        raise AedeskError(f"No file manager answered; the folder is {folder}") from None
