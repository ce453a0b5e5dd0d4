"""The window's few dialogs: an error with a way out, a question, the shortcuts, and what this program is."""

from __future__ import annotations

import platform
import tkinter as tk

import ttkbootstrap as ttk

from aedesk.errors import AedeskError
from aedesk.gui.platform import COMMAND_KEY
from aedesk.gui.theme import GAP

_GESTURES = (
    ("Draw", "left mouse button on the canvas"),
    ("Erase", "right mouse button on the canvas"),
    ("Generate a digit", "click or drag on the map; arrow keys walk"),
    ("Zoom the map", "mouse wheel; double click: all of it"),
    ("Move the map", "drag with the right mouse button"),
    ("Hide a class", "click it in the legend"),
    ("See a class alone", "double click it there"),
    ("Add to a selection", "Shift with the lasso or the box"),
    ("Take away from it", f"{COMMAND_KEY} with the lasso or the box"),
    ("Cancel, or let go of it", "Escape"),
)


def show_problem(master: tk.Misc, problem: BaseException) -> None:
    """Say what went wrong and that nothing else is lost."""
    if isinstance(problem, AedeskError):
        words = _sentence(str(problem))
    else:
        words = (
            f"Something went wrong that should not: {type(problem).__name__}: {problem}\n\n"
            "You can go on working. The details are in the log: start aedesk from a terminal with AEDESK_DEBUG=1."
        )
    _ask(master, words, ["OK:primary"], "exclamation-triangle")


def ask_to_stop_training(master: tk.Misc) -> bool:
    """Whether to close although a run is on; to go on training is the default."""
    words = (
        "A model is being trained. Close now, and the run ends here; what it has learnt so far is kept, "
        "and it can be continued next time."
    )
    return (
        _ask(master, words, ["Stop and close", "Keep training:primary"], "question-circle")
        == "Stop and close"
    )


def _ask(master: tk.Misc, words: str, buttons: list[str], icon: str) -> str | None:
    """The button that was pressed; the last one is the default. None if the dialog was just closed."""
    dialog = ttk.MessageDialog(
        words,
        title="aedesk",
        buttons=buttons,
        default=buttons[-1].partition(":")[0],
        width=64,
        parent=master,
        icon=icon,
    )
    top = master.winfo_toplevel()
    dialog.show((top.winfo_rootx() + top.winfo_width() // 3, top.winfo_rooty() + top.winfo_height() // 3))
    pressed: str | None = dialog.result
    return pressed


def show_shortcuts(master: tk.Misc, keys: list[tuple[str, str]]) -> None:
    """A small window with every gesture and the given (what, key), in two columns; Escape closes it."""
    window = ttk.Toplevel(title="Keyboard and mouse", master=master)
    window.withdraw()
    window.transient(master.winfo_toplevel())
    table = ttk.Frame(window, padding=3 * GAP)
    table.pack()
    lines = [*_GESTURES, *keys]
    rows = -(-len(lines) // 2)
    for place, (what, how) in enumerate(lines):
        column, row = divmod(place, rows)
        left = 6 * GAP if column else 0
        ttk.Label(table, text=what).grid(row=row, column=2 * column, sticky="w", padx=(left, 3 * GAP), pady=2)
        ttk.Label(table, text=how, style="Muted.TLabel").grid(row=row, column=2 * column + 1, sticky="w")
    close = ttk.Button(window, text="Close", command=window.destroy)
    close.pack(pady=(0, 2 * GAP))
    window.bind("<Escape>", lambda _: window.destroy())
    window.resizable(False, False)
    _centre(window, master.winfo_toplevel())
    close.focus_set()


def _centre(window: tk.Toplevel, over: tk.Misc) -> None:
    """Show a window in the middle of another."""
    window.update_idletasks()
    x = over.winfo_rootx() + (over.winfo_width() - window.winfo_reqwidth()) // 2
    y = over.winfo_rooty() + (over.winfo_height() - window.winfo_reqheight()) // 2
    window.geometry(f"+{max(0, x)}+{max(0, y)}")
    window.deiconify()


def show_about(master: tk.Misc, device: str) -> None:
    """Versions and device, for a person and for a bug report."""
    from importlib.metadata import PackageNotFoundError, version

    def found(package: str) -> str:
        try:
            return version(package)
        except PackageNotFoundError:
            return "not installed"

    packages = "\n".join(f"{name} {found(name)}" for name in ("torch", "numpy", "matplotlib", "pillow"))
    words = (
        f"aedesk {found('aedesk')}: a desktop lab for autoencoders\n\n"
        f"{packages}\nPython {platform.python_version()}, Tk {master.tk.call('info', 'patchlevel')}\n"
        f"Device: {device}\n\nMIT License"
    )
    _ask(master, words, ["OK:primary"], "info-circle")


def _sentence(text: str) -> str:
    first = text.partition(" ")[0]
    if "." not in first and "/" not in first:  # the name of a file keeps its letters
        text = text[:1].upper() + text[1:]
    return text + ("" if text.endswith((".", "!", "?")) else ".")
