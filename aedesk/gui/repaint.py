"""Painting that is put off until Tk has nothing better to do, and until somebody can see it."""

from __future__ import annotations

import tkinter as tk
from collections.abc import Callable


class Repaint:
    """Runs `paint` once for many requests; while the widget is hidden, not before it comes into view again."""

    def __init__(self, widget: tk.Misc, paint: Callable[[], object]) -> None:
        self._widget, self._paint = widget, paint
        self._due: str | None = None
        self._is_owed = False
        # A tab that is turned to exposes what is in it; the widget itself has been mapped all the time.
        for event in ("<Expose>", "<Map>"):
            widget.bind(event, lambda _: self._on_seen(), add="+")
        widget.bind("<Destroy>", lambda _: self.cancel(), add="+")

    def request(self) -> None:
        """Paint soon."""
        if self._due is None:
            self._due = self._widget.after_idle(self._run)

    def cancel(self) -> None:
        """Paint nothing that was requested before."""
        self._is_owed = False
        if self._due is not None:
            self._widget.after_cancel(self._due)
            self._due = None

    def _run(self) -> None:
        self._due = None
        self._is_owed = not self._widget.winfo_viewable()
        if not self._is_owed:
            self._paint()

    def _on_seen(self) -> None:
        if self._is_owed:
            self.request()
