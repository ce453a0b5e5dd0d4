"""How the tables of the Runs tab look, and the keys that Tk's own tables lack."""

from __future__ import annotations

import tkinter as tk
from tkinter.font import nametofont
from typing import Any

import ttkbootstrap as ttk

from aedesk.app.signal import Signal
from aedesk.gui.theme import Look

STYLE = "Runs.Treeview"


def style_tables(master: tk.Misc, look: Look) -> None:
    """Rows with room to breathe in the theme's colours. A theme switch forgets it."""
    style, palette = ttk.Style.get_instance(), look.palette
    font = nametofont("TkDefaultFont", root=master)
    style.configure(
        STYLE,
        rowheight=font.metrics("linespace") + ttk.scale_size(master, 8),
        indent=0,
        background=palette.surface,
        fieldbackground=palette.surface,
        foreground=palette.text,
        bordercolor=palette.faint,
        lightcolor=palette.surface,
        darkcolor=palette.surface,
    )
    style.map(
        STYLE,
        background=[("selected", palette.focused)],
        foreground=[("selected", palette.text)],
        bordercolor=[("focus", palette.accent)],
    )
    style.configure(
        f"{STYLE}.Heading",
        background=palette.background,
        foreground=palette.muted,
        relief="flat",
        padding=ttk.scale_size(master, 4),
    )
    style.map(
        f"{STYLE}.Heading",
        background=[("active", palette.faint)],
        foreground=[("active", palette.text)],
    )
    # Nothing lies within a run, so there is nothing to open or shut.
    inside = [("Treeitem.image", {"side": "left", "sticky": ""}), ("Treeitem.text", {"sticky": "nsew"})]
    style.layout(f"{STYLE}.Item", [("Treeitem.padding", {"sticky": "nsew", "children": inside})])


class Table(ttk.Frame):
    """A table with a bar that is there only when it is needed. moved: rows may be in other places than before."""

    def __init__(self, master: tk.Misc, look: Look, *, height: int, selectmode: str) -> None:
        super().__init__(master)
        self._look = look
        self.moved: Signal[None] = Signal()
        style_tables(self, look)
        self.rows = ttk.Treeview(self, style=STYLE, height=height, selectmode=selectmode)
        self._bar = ttk.Scrollbar(self, orient="vertical", command=self.rows.yview, bootstyle="thin")
        self.rows.configure(yscrollcommand=self._on_moved)
        self.columnconfigure(0, weight=1)
        self.columnconfigure(1, minsize=self._bar.winfo_reqwidth())  # the lane is kept: nothing moves
        self.rowconfigure(0, weight=1)
        self.rows.grid(row=0, column=0, sticky="nsew")
        disconnect = look.changed.connect(lambda _: self._recolour())
        self.rows.bind("<Destroy>", lambda _: disconnect(), add="+")

    def _recolour(self) -> None:
        style_tables(self, self._look)

    def _on_moved(self, first: Any, last: Any) -> None:
        self._bar.set(first, last)
        if float(first) <= 0 and float(last) >= 1:
            self._bar.grid_remove()
        else:
            self._bar.grid(row=0, column=1, sticky="nse")
        self.moved.emit(None)
