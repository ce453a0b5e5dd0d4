"""The field that filters the list of runs as its words are typed."""

from __future__ import annotations

import tkinter as tk
from collections.abc import Callable

import ttkbootstrap as ttk

from aedesk.gui.fields import explain
from aedesk.gui.theme import Look

_INVITATION = "Filter: name, network, kind, data, status"


class FilterField(ttk.Entry):
    """Calls `on_words` after every change. Escape empties it; Escape once more, Return or Down call `on_leave`."""

    def __init__(
        self, master: tk.Misc, look: Look, on_words: Callable[[str], object], on_leave: Callable[[], object]
    ) -> None:
        self.words = tk.StringVar(master)
        super().__init__(master, textvariable=self.words, width=38)
        self._on_words, self._on_leave = on_words, on_leave
        self._invitation = ttk.Label(self, text=_INVITATION, style="Muted.TLabel", cursor="xterm")
        self._invitation.bind("<Button-1>", lambda _: self.focus_set())
        self.words.trace_add("write", lambda *_: self._on_typed())
        self.bind("<Escape>", lambda _: self._on_escape())
        for key in ("<Return>", "<Down>"):
            self.bind(key, lambda _: self._leave())
        disconnect = look.changed.connect(lambda _: self._recolour())
        self.bind("<Destroy>", lambda _: disconnect(), add="+")
        self._recolour()
        explain(self, "Shows the runs in which every one of these words occurs.")
        self._on_typed()

    def _recolour(self) -> None:
        """The invitation lies on the field's own colour."""
        colour = ttk.Style.get_instance().lookup("TEntry", "fieldbackground")
        self._invitation.configure(background=colour)

    def _on_typed(self) -> None:
        words = self.words.get()
        if words:
            self._invitation.place_forget()
        else:
            self._invitation.place(x=8, rely=0.5, anchor="w")
        self._on_words(words)

    def _on_escape(self) -> str:
        if self.words.get():
            self.words.set("")
            return "break"
        return self._leave()

    def _leave(self) -> str:
        self._on_leave()
        return "break"
