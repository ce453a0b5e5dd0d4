"""A line at the lower edge of a canvas that says what each colour means."""

from __future__ import annotations

import tkinter as tk
from collections.abc import Sequence
from tkinter.font import nametofont

import ttkbootstrap as ttk

from aedesk.gui.map.legend import Entry
from aedesk.gui.theme import GAP, Palette

_MOST = 0.25  # of the canvas's height
_NEAR = 6  # px from a dot to its name
_SKETCH = "your sketch"

Box = tuple[float, float, float, float]


class ClassKey:
    """Dots and names, in as many rows as they need; `height` px are taken from what lies above."""

    def __init__(self, canvas: tk.Canvas) -> None:
        self._canvas = canvas
        self._font = nametofont("TkSmallCaptionFont")
        self._row = self._font.metrics("linespace") + int(ttk.scale_size(canvas, 3))
        self._dot = self._row * 0.5
        self._entries: tuple[Entry, ...] = ()
        self._with_sketch = False
        self._boxes: dict[int, Box] = {}
        self.height = 0

    def show(self, entries: Sequence[Entry], palette: Palette, *, with_sketch: bool) -> None:
        """with_sketch: say as well what the marker of the user's sketch looks like."""
        self._entries, self._with_sketch = tuple(entries), with_sketch
        self.draw(palette)

    def draw(self, palette: Palette) -> None:
        """Anew, in other colours or on a canvas of another size."""
        canvas = self._canvas
        canvas.delete("key")
        self._boxes, self.height = {}, 0
        width, height = canvas.winfo_width(), canvas.winfo_height()
        chips = [(number, entry.label) for number, entry in enumerate(self._entries)]
        if self._with_sketch:
            chips.insert(0, (-1, _SKETCH))
        if not chips or width < 8:
            return
        rows = max(1, int(height * _MOST) // self._row)
        places = self._flow([name for _, name in chips], width - 2 * GAP, rows)
        self.height = (1 + max(row for *_, row in places)) * self._row + GAP
        top = height - self.height + GAP / 2
        for (number, name), (left, right, row) in zip(chips, places, strict=False):
            upper = top + row * self._row
            self._boxes[number] = (left - 2, upper, right + 2, upper + self._row)
            self._draw_chip(number, name, left, upper, palette)
        if len(places) < len(chips):
            more, lowest = f"+{len(chips) - len(places)}", height - GAP / 2 - self._row / 2
            self._write(more, width - GAP, lowest, "e", palette.muted)

    def entry_at(self, x: float, y: float) -> int | None:
        """Which entry is at a pixel."""
        for number, (left, top, right, bottom) in self._boxes.items():
            if number >= 0 and left <= x < right and top <= y < bottom:
                return number
        return None

    def box(self, number: int) -> Box:
        """Left, top, right and bottom of an entry, in pixels."""
        return self._boxes[number]

    def _flow(self, names: Sequence[str], room: float, rows: int) -> list[tuple[float, float, int]]:
        """Left, right and row of as many names as have room."""
        places: list[tuple[float, float, int]] = []
        left, row = 0.0, 0
        widths = [self._dot + _NEAR + self._font.measure(name) for name in names]
        for place, width in enumerate(widths):
            if left and left + width > room:
                left, row = 0.0, row + 1
            # In the last row there must be room to say how many are missing.
            rest = 0 if place == len(names) - 1 else self._font.measure("+999")
            if places and (row == rows or (row == rows - 1 and left + width + rest > room)):
                return places
            places.append((GAP + left, GAP + left + width, row))
            left += width + 1.5 * GAP
        return places

    def _draw_chip(self, number: int, name: str, left: float, top: float, palette: Palette) -> None:
        middle, dot = top + self._row / 2, self._dot
        colour = text = palette.text
        fill = palette.accent
        if number >= 0:
            entry = self._entries[number]
            colour = entry.colour
            fill = palette.surface if entry.hidden else colour
            text = palette.muted if entry.hidden else palette.text
        box = (left, middle - dot / 2, left + dot, middle + dot / 2)
        self._canvas.create_oval(*box, fill=fill, outline=colour, tags="key")
        self._write(name, left + dot + _NEAR, middle, "w", text)

    def _write(self, words: str, x: float, y: float, anchor: str, colour: str) -> None:
        self._canvas.create_text(x, y, text=words, anchor=anchor, font=self._font, fill=colour, tags="key")  # type: ignore[call-overload]
