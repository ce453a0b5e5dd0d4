"""Buttons beside each other of which one is down."""

from __future__ import annotations

import tkinter as tk
from collections.abc import Callable, Mapping

import ttkbootstrap as ttk

from aedesk.gui.fields import explain


class ChoiceRow(ttk.Frame):
    """choices: value -> what is on its button, and a sentence about it ("" for none); the first is down to begin with.

    on_choose runs after a button was pressed, not after `set`.
    """

    def __init__(
        self,
        master: tk.Misc,
        choices: Mapping[str, tuple[str, str]],
        on_choose: Callable[[], object],
        *,
        padding: tuple[int, int] = (8, 3),
        upright: bool = False,
    ) -> None:
        """upright: the buttons stand below each other, as wide as the widest."""
        super().__init__(master)
        self._value = tk.StringVar(self, next(iter(choices)))
        for value, (words, sentence) in choices.items():
            button = ttk.Radiobutton(
                self,
                text=words,
                value=value,
                variable=self._value,
                command=on_choose,
                bootstyle="primary ghost toolbutton",
                padding=padding,
            )
            if upright:
                button.pack(fill="x", pady=(0, 2))
            else:
                button.pack(side="left", padx=(0, 2))
            if sentence:
                explain(button, sentence)

    def get(self) -> str:
        """The value of the button that is down."""
        return self._value.get()

    def set(self, value: str) -> None:
        """Put another button down."""
        self._value.set(value)
