"""Delays of a widget that end with it."""

from __future__ import annotations

import tkinter as tk
from collections.abc import Callable
from typing import Any


class Timers:
    """Named delays: one that is asked for again starts anew."""

    def __init__(self, widget: tk.Misc) -> None:
        self._widget = widget
        self._running: dict[str, str] = {}
        widget.bind("<Destroy>", self._on_destroy, add="+")

    def later(self, name: str, delay: int, action: Callable[[], object]) -> None:
        """Run `action` after `delay` ms, unless it is asked for again or cancelled before."""
        self.cancel(name)

        def run() -> None:
            self._running.pop(name, None)
            action()

        self._running[name] = self._widget.after(delay, run)

    def is_waiting(self, name: str) -> bool:
        """Whether a delay has been asked for and not yet ended."""
        return name in self._running

    def cancel(self, name: str) -> None:
        timer = self._running.pop(name, None)
        if timer is not None:
            self._widget.after_cancel(timer)

    def _on_destroy(self, event: tk.Event[Any]) -> None:
        if event.widget is self._widget:
            for name in tuple(self._running):
                self.cancel(name)
