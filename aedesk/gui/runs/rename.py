"""A field over a row of the table, in which its run's name is typed anew."""

from __future__ import annotations

import tkinter as tk
from collections.abc import Callable
from pathlib import Path

import ttkbootstrap as ttk

from aedesk.errors import AedeskError
from aedesk.gui.runs.tables import Table


class RenameField(ttk.Entry):
    """Return takes the name if `rename(name)` does, else says why not; Escape leaves it as it was.

    on_end: the field is gone. tell: gets the words of a refusal, empty when they hold no longer.
    """

    def __init__(
        self,
        table: Table,
        row: str,
        name: str,
        *,
        rename: Callable[[str], Path],
        tell: Callable[[str], object],
        on_end: Callable[[], object],
    ) -> None:
        self._typed = tk.StringVar(table, value=name)
        super().__init__(table.rows, textvariable=self._typed)
        self._rows, self._row = table.rows, row
        self._is_over = False
        self._name, self._rename, self._tell, self._on_end = name, rename, tell, on_end
        self._follow()
        self._disconnect = table.moved.connect(lambda _: self.after_idle(self._follow))
        self.selection_range(0, "end")
        self.icursor("end")
        self.focus_set()
        self.bind("<Return>", lambda _: self._take())
        self.bind("<KP_Enter>", lambda _: self._take())
        self.bind("<Escape>", lambda _: self._leave())
        self.bind("<FocusOut>", lambda event: self._on_focus_out(event))
        self._typed.trace_add("write", lambda *_: self._on_typed())

    def _follow(self) -> None:
        """Lie over the row, wherever it is by now."""
        if not self.winfo_exists():
            return
        box = self._rows.bbox(self._row, "#0") if self._rows.exists(self._row) else ""
        if box:
            x, y, width, height = map(int, box)
            self.place(x=x, y=max(0, y - (self.winfo_reqheight() - height) // 2), width=width)
        else:
            self.place_forget()

    def _take(self) -> str:
        try:
            self._rename(self.get())
        except AedeskError as problem:
            self.state(["invalid"])
            self._tell(str(problem))
        else:
            self._leave()
        return "break"

    def _on_focus_out(self, event: tk.Event[tk.Misc]) -> None:
        """A click elsewhere takes a name that can be had, and leaves one that cannot."""
        if self._is_over or event.widget is not self:
            return
        if self.get().strip() != self._name:
            try:
                self._rename(self.get())
            except AedeskError as problem:
                self._end()
                self._tell(str(problem))
                return
        self._end()

    def _on_typed(self) -> None:
        """What was refused is no more."""
        if self.instate(["invalid"]):
            self.state(["!invalid"])
            self._tell("")

    def _leave(self) -> str:
        self._is_over = True
        self._rows.focus_set()
        self._end()
        return "break"

    def _end(self) -> None:
        self._is_over = True
        self._disconnect()
        self._tell("")
        self.destroy()
        self._on_end()
