"""The legend on the map: what each colour means, how many points have it, and what is not shown."""

from __future__ import annotations

import tkinter as tk
from collections.abc import Sequence
from dataclasses import dataclass
from tkinter.font import nametofont

import ttkbootstrap as ttk

from aedesk.gui.theme import GAP, Palette

_LONGEST = 14  # characters of a name
_ROWS_PER_COLUMN = 16
_NARROWEST = 96  # px, of a column


@dataclass(frozen=True)
class Entry:
    """A colour, what it stands for, and how many points have it."""

    name: str
    colour: str
    count: int
    hidden: bool = False

    @property
    def label(self) -> str:
        """The name, cut where it is too long for a legend."""
        return self.name if len(self.name) <= _LONGEST else self.name[: _LONGEST - 1] + "\u2026"


class Legend:
    """A plate in the upper right corner of a canvas. It draws; `entry_at` says what was clicked."""

    def __init__(self, canvas: tk.Canvas) -> None:
        self._canvas = canvas
        self._font = nametofont("TkSmallCaptionFont")
        self._row = self._font.metrics("linespace") + ttk.scale_size(canvas, 4)
        self._places: list[tuple[float, float, float, float]] = []
        self._plate: tuple[float, float, float, float] = (0, 0, 0, 0)
        self._items: list[int] = []
        self._notes: int | None = None
        self._entries: tuple[Entry, ...] = ()
        self._words = ""
        self._folded = False
        self._palette: Palette | None = None

    def show(self, entries: Sequence[Entry], notes: str, palette: Palette) -> None:
        """Entries one below the other, in columns where they are many; `notes` are lines of small print below."""
        if (tuple(entries), palette) == (self._entries, self._palette) and self._notes is not None:
            self._say(notes)
            return
        self._entries, self._palette, self._words = tuple(entries), palette, notes
        self._draw()

    def redraw(self) -> None:
        """The canvas has another size."""
        self._draw()

    def toggle_folded(self) -> None:
        """Show the small print only, or everything again."""
        self._folded = not self._folded
        self._draw()

    def lift(self) -> None:
        """Lie above what else is on the canvas."""
        self._canvas.tag_raise("legend")

    def covers(self, x: float, y: float) -> bool:
        left, top, right, bottom = self._plate
        return left <= x <= right and top <= y <= bottom

    @property
    def plate(self) -> tuple[float, float, float, float]:
        """Left, top, right and bottom of what it covers, in pixels."""
        return self._plate

    def entry_at(self, x: float, y: float) -> int | None:
        """Which entry is at a pixel."""
        for number, (left, top, right, bottom) in enumerate(self._places):
            if left <= x < right and top <= y < bottom:
                return number
        return None

    def _say(self, notes: str) -> None:
        """Other small print; the plate changes only if it takes more or less room."""
        if notes == self._words or self._notes is None:
            return
        self._words = notes
        before = self._canvas.bbox(self._notes)
        self._canvas.itemconfigure(self._notes, text=notes)
        after = self._canvas.bbox(self._notes)
        if before is None or after is None or before[3] != after[3]:
            self._draw()

    def _draw(self) -> None:
        canvas, palette = self._canvas, self._palette
        canvas.delete("legend")
        self._places = []
        if palette is None:
            return
        entries = () if self._folded else self._entries
        columns = max(1, -(-len(entries) // _ROWS_PER_COLUMN))
        rows = -(-len(entries) // columns)
        dot = self._row * 0.5
        counts = [f"{entry.count:,}" for entry in entries]
        names = [entry.label for entry in entries]
        name_room = max(map(self._font.measure, names), default=0)
        count_room = max(map(self._font.measure, counts), default=0)
        column = max(dot + 3 * GAP + name_room + count_room, ttk.scale_size(canvas, _NARROWEST))
        width = columns * column + (columns - 1) * 2 * GAP
        left, top = canvas.winfo_width() - 3 * GAP - width, GAP
        self._notes = canvas.create_text(
            left + GAP,
            top + rows * self._row + GAP * (1.5 if rows else 1),
            text=self._words,
            width=width,
            anchor="nw",
            font=self._font,
            fill=palette.muted,
            tags="legend",
        )
        box = canvas.bbox(self._notes)
        bottom = (box[3] if box and self._words else top + rows * self._row) + GAP
        self._plate = (left, top, left + width + 2 * GAP, bottom)
        plate = canvas.create_rectangle(
            *self._plate, fill=palette.surface, outline=palette.faint, tags="legend"
        )
        canvas.tag_lower(plate, self._notes)
        for number, (entry, name, count) in enumerate(zip(entries, names, counts, strict=True)):
            x = left + GAP + number // rows * (column + 2 * GAP)
            y = top + GAP / 2 + number % rows * self._row
            self._places.append((x - GAP / 2, y, x + column + GAP / 2, y + self._row))
            self._draw_entry(entry, name, count, x, y, column, dot)

    def _draw_entry(
        self, entry: Entry, name: str, count: str, x: float, y: float, column: float, dot: float
    ) -> None:
        canvas, palette = self._canvas, self._palette
        assert palette is not None
        middle = y + self._row / 2
        fill = palette.surface if entry.hidden else entry.colour
        text = palette.muted if entry.hidden else palette.text
        canvas.create_oval(
            x, middle - dot / 2, x + dot, middle + dot / 2, fill=fill, outline=entry.colour, tags="legend"
        )
        canvas.create_text(
            x + dot + GAP, middle, text=name, anchor="w", font=self._font, fill=text, tags="legend"
        )
        canvas.create_text(
            x + column, middle, text=count, anchor="e", font=self._font, fill=palette.muted, tags="legend"
        )
