"""Something that is done again and again until it is stopped, or its widget goes."""

from __future__ import annotations

import tkinter as tk
from collections.abc import Callable
from typing import Any


class Ticker:
    """Calls `on_tick` every `pace` ms while it runs."""

    def __init__(self, widget: tk.Misc, pace: int, on_tick: Callable[[], object]) -> None:
        self._widget, self._pace, self._on_tick = widget, pace, on_tick
        self._due: str | None = None
        widget.bind("<Destroy>", self._on_destroyed, add="+")

    @property
    def is_running(self) -> bool:
        return self._due is not None

    def start(self) -> None:
        if self._due is None:
            self._due = self._widget.after(self._pace, self._tick)

    def stop(self) -> None:
        if self._due is not None:
            self._widget.after_cancel(self._due)
            self._due = None

    def _tick(self) -> None:
        self._due = self._widget.after(self._pace, self._tick)  # first: what is done may stop it
        self._on_tick()

    def _on_destroyed(self, event: tk.Event[Any]) -> None:
        if event.widget is self._widget:
            self.stop()
