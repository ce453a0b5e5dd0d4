"""The window's few dialogs: an error with a way out, a question, the shortcuts, and what this program is."""

from __future__ import annotations

import platform
import tkinter as tk
from tkinter import messagebox

import ttkbootstrap as ttk

from aedesk.errors import AedeskError
from aedesk.gui.theme import GAP

_GESTURES = (
    ("Draw", "left mouse button on the canvas"),
    ("Erase", "right mouse button on the canvas"),
    ("Generate a digit", "click or drag on the map; arrow keys walk"),
    ("Zoom the map", "mouse wheel"),
    ("Pan the map", "drag with the right mouse button"),
)


def show_problem(master: tk.Misc, problem: BaseException) -> None:
    """Say what went wrong and that nothing else is lost."""
    if isinstance(problem, AedeskError):
        messagebox.showerror("aedesk", _sentence(str(problem)), parent=master)
    else:
        messagebox.showerror(
            "aedesk",
            f"Something went wrong that should not: {type(problem).__name__}: {problem}\n\n"
            "You can go on working. The details are in the log: start aedesk from a terminal with AEDESK_DEBUG=1.",
            parent=master,
        )


def ask_to_stop_training(master: tk.Misc) -> bool:
    return bool(
        messagebox.askokcancel(
            "Close aedesk?",
            "A model is being trained. Close now, and the run ends here; what it has learnt so far is kept.",
            parent=master,
        )
    )


def show_shortcuts(master: tk.Misc, keys: list[tuple[str, str]]) -> None:
    """A small window with every gesture and the given (what, key); Escape closes it."""
    window = ttk.Toplevel(title="Keyboard and mouse", master=master)
    window.transient(master.winfo_toplevel())
    table = ttk.Frame(window, padding=2 * GAP)
    table.pack()
    for row, (what, how) in enumerate([*_GESTURES, *keys]):
        ttk.Label(table, text=what).grid(row=row, column=0, sticky="w", padx=(0, 4 * GAP), pady=2)
        ttk.Label(table, text=how, style="Muted.TLabel").grid(row=row, column=1, sticky="w")
    close = ttk.Button(window, text="Close", command=window.destroy)
    close.pack(pady=(0, 2 * GAP))
    window.bind("<Escape>", lambda _: window.destroy())
    window.resizable(False, False)
    window.place_window_center()
    close.focus_set()


def show_about(master: tk.Misc, device: str) -> None:
    """Versions and device, for a person and for a bug report."""
    from importlib.metadata import PackageNotFoundError, version

    def found(package: str) -> str:
        try:
            return version(package)
        except PackageNotFoundError:
            return "not installed"

    packages = "\n".join(f"{name} {found(name)}" for name in ("torch", "numpy", "matplotlib", "pillow"))
    messagebox.showinfo(
        "About aedesk",
        f"aedesk {found('aedesk')}: a desktop lab for autoencoders\n\n"
        f"{packages}\nPython {platform.python_version()}, Tk {master.tk.call('info', 'patchlevel')}\n"
        f"Device: {device}\n\nMIT License",
        parent=master,
    )


def _sentence(text: str) -> str:
    return text[:1].upper() + text[1:] + ("" if text.endswith((".", "!", "?")) else ".")
