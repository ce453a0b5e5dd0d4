"""Pointer events may come faster than they are acted on: only the last wish is worth it."""

from __future__ import annotations

import tkinter as tk
from collections.abc import Callable
from typing import Generic, TypeVar

T = TypeVar("T")


class Latest(Generic[T]):
    """Hands the latest wish to `act` once Tk has nothing better to do; forgets it if the widget goes first."""

    def __init__(self, widget: tk.Misc, act: Callable[[T], object]) -> None:
        self._widget, self._act = widget, act
        self._due: str | None = None
        self.wish: T | None = None
        widget.bind("<Destroy>", lambda _: self.forget(), add="+")

    def ask(self, wish: T) -> None:
        """Wish for this, and for nothing that was wished before."""
        self.wish = wish
        if self._due is None:
            self._due = self._widget.after_idle(self.grant)

    def grant(self) -> None:
        """Act on the wish now, if there is one."""
        wish = self.wish
        self.forget()
        if wish is not None:
            self._act(wish)

    def forget(self) -> None:
        self.wish = None
        if self._due is not None:
            self._widget.after_cancel(self._due)
            self._due = None
