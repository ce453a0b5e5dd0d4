"""What a newcomer is told at the lower edge of the map, until the first digit has been generated."""

from __future__ import annotations

import tkinter as tk

from aedesk.gui.theme import GAP, Palette

_WORDS = "Click or drag: any place becomes a digit.   Wheel: zoom.   Right button: move."


class Hint:
    """A line on a plate; once dismissed it never comes back."""

    def __init__(self, canvas: tk.Canvas) -> None:
        self._canvas = canvas
        self._plate = canvas.create_rectangle(0, 0, 0, 0, width=0, tags="hint")
        self._text = canvas.create_text(
            0, 0, anchor="sw", text=_WORDS, font="TkSmallCaptionFont", tags="hint"
        )

    def place(self, width: int, height: int) -> None:
        """In the lower left corner of a canvas of this size."""
        self._canvas.coords(self._text, 2 * GAP, height - GAP)
        self._canvas.itemconfigure(self._text, width=max(1, width - 4 * GAP))
        box = self._canvas.bbox(self._text)
        if box:
            left, top, right, bottom = box
            self._canvas.coords(self._plate, left - 4, top - 2, right + 4, bottom + 2)

    def recolour(self, palette: Palette) -> None:
        self._canvas.itemconfigure(self._plate, fill=palette.surface)
        self._canvas.itemconfigure(self._text, fill=palette.muted)

    def dismiss(self) -> None:
        """It has been understood."""
        self._canvas.delete("hint")
