"""A column that scrolls only when it is taller than its place."""

from __future__ import annotations

import math
import tkinter as tk
from typing import Any

import ttkbootstrap as ttk

from aedesk.gui.platform import bind_wheel
from aedesk.gui.theme import GAP, Look

_STEP = 48  # px for a notch of the wheel


class ScrolledColumn(ttk.Frame):
    """Put widgets into `content`, then call `follow`; the content is always as wide as the column.

    It asks for the height of its content, and scrolls where it gets less.
    """

    def __init__(self, master: tk.Misc, look: Look) -> None:
        super().__init__(master)
        self._view = tk.Canvas(self, highlightthickness=0, borderwidth=0, width=1, height=1)
        self._view.configure(yscrollincrement=1)
        self._bar = ttk.Scrollbar(self, orient="vertical", command=self._view.yview, bootstyle="thin")
        self._view.configure(yscrollcommand=self._on_moved)
        self.columnconfigure(0, weight=1)
        # The lane is kept, so that a bar that comes or goes moves nothing.
        self.columnconfigure(1, minsize=max(GAP, self._bar.winfo_reqwidth()))
        self.rowconfigure(0, weight=1)
        self._view.grid(row=0, column=0, sticky="nsew")
        self.content = ttk.Frame(self._view)
        self._item = self._view.create_window(0, 0, anchor="nw", window=self.content)
        self.content.bind("<Configure>", lambda _: self._measure(), add="+")
        self._view.bind("<Configure>", self._on_resized, add="+")
        disconnect = look.changed.connect(lambda _: self._recolour(look))
        self._view.bind("<Destroy>", lambda _: disconnect(), add="+")
        self._recolour(look)

    def follow(self) -> None:
        """Scroll with the wheel wherever the pointer is in the column, and to what gets the focus."""
        # By a tag of its own: a widget that is bound to the focus itself is one that the Tab key stops at.
        tag = f"within {self}"
        self.bind_class(tag, "<FocusIn>", self._on_focus)
        waiting: list[tk.Misc] = [self._view]
        while waiting:
            widget = waiting.pop()
            bind_wheel(widget, self._on_wheel)
            widget.bindtags((*widget.bindtags(), tag))
            # A tooltip that is open counts as a child of its widget.
            waiting += [child for child in widget.winfo_children() if not isinstance(child, tk.Toplevel)]

    def turn(self, share: float) -> None:
        """Scroll down by a share of what is on show, up if it is below 0; infinite: to the end."""
        if not self._bar.winfo_ismapped():
            return
        if math.isinf(share):
            self._view.yview_moveto(float(share > 0))
        else:
            self._view.yview_scroll(round(share * self._view.winfo_height()), "units")

    def _on_focus(self, event: tk.Event[Any]) -> None:
        widget = event.widget
        top = widget.winfo_rooty() - self.content.winfo_rooty()
        height, whole = self._view.winfo_height(), max(1, self.content.winfo_height())
        first = self._view.canvasy(0)
        if top < first or top + widget.winfo_height() > first + height:
            self._view.yview_moveto(max(0.0, (top - height / 3) / whole))

    def _on_wheel(self, _: tk.Event[Any], notches: float) -> str:
        if self._bar.winfo_ismapped():
            self._view.yview_scroll(round(-notches * _STEP), "units")
        return "break"  # else a wheel over a list of choices would change the choice

    def _on_moved(self, first: float, last: float) -> None:
        self._bar.set(first, last)
        if float(first) <= 0 and float(last) >= 1:
            self._bar.grid_remove()
        else:
            self._bar.grid(row=0, column=1, sticky="nse")

    def _on_resized(self, event: tk.Event[Any]) -> None:
        self._view.itemconfigure(self._item, width=event.width)
        self._measure()

    def _measure(self) -> None:
        height = max(self.content.winfo_reqheight(), self._view.winfo_height())
        self._view.configure(
            height=self.content.winfo_reqheight(), scrollregion=(0, 0, self.content.winfo_width(), height)
        )

    def _recolour(self, look: Look) -> None:
        self._view.configure(background=look.palette.background)
