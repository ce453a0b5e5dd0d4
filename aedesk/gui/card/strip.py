"""A figure drawn on its scale, beside others: better is always further to the right."""

from __future__ import annotations

import tkinter as tk
from typing import Any

import ttkbootstrap as ttk

from aedesk.gui.card.lines import Line, MarkKind
from aedesk.gui.theme import Look, Palette

_HEIGHT = 20  # px, before scaling
_DOT, _MARK = 5, 5  # half of their width
_THICK = 4  # of the bar
_Kind = MarkKind | None  # None: the model itself


class Strip(tk.Canvas):
    """A bar that ends in a dot for the model, and a sign for each mark; as wide as its place."""

    def __init__(self, master: tk.Misc, look: Look, line: Line) -> None:
        super().__init__(
            master, width=1, height=ttk.scale_size(master, _HEIGHT), highlightthickness=0, borderwidth=0
        )
        self.line, self._look = line, look
        disconnect = look.changed.connect(lambda _: self._draw())
        self.bind("<Configure>", lambda _: self._draw())
        self.bind("<Destroy>", lambda _: disconnect(), add="+")

    def _draw(self) -> None:
        palette, line = self._look.palette, self.line
        self.delete("all")
        self.configure(background=palette.background)
        one = ttk.scale_size(self, 100) / 100
        left, middle = (_DOT + 1) * one, self.winfo_height() / 2
        width = max(1.0, self.winfo_width() - 2 * left)
        thick = _THICK * one
        here = left + width * line.scale.place(line.value)
        lane: dict[str, Any] = {"width": thick, "capstyle": "round"}
        self.create_line(left, middle, left + width, middle, fill=palette.faint, **lane)
        self.create_line(left, middle, here, middle, fill=palette.accent, **lane)
        for mark in line.marks:
            draw_sign(self, mark.kind, left + width * line.scale.place(mark.value), middle, one, palette)
        draw_sign(self, None, here, middle, one, palette)


class Sign(tk.Canvas):
    """One sign by itself, for a key."""

    def __init__(self, master: tk.Misc, look: Look, kind: _Kind) -> None:
        edge = ttk.scale_size(master, 2 * _MARK + 4)
        super().__init__(master, width=edge, height=edge, highlightthickness=0, borderwidth=0)
        self._look, self._kind = look, kind
        disconnect = look.changed.connect(lambda _: self._draw())
        self.bind("<Configure>", lambda _: self._draw())
        self.bind("<Destroy>", lambda _: disconnect(), add="+")

    def _draw(self) -> None:
        self.delete("all")
        self.configure(background=self._look.palette.background)
        centre = self.winfo_width() / 2, self.winfo_height() / 2
        draw_sign(self, self._kind, *centre, ttk.scale_size(self, 100) / 100, self._look.palette)


def draw_sign(canvas: tk.Canvas, kind: _Kind, x: float, y: float, one: float, palette: Palette) -> None:
    """The sign of a mark around (x, y); one: a px at 96 dpi. An edge of paper keeps signs apart that meet."""
    half, edge = _MARK * one, palette.background
    if kind is None:
        half = _DOT * one
        canvas.create_oval(
            x - half, y - half, x + half, y + half, fill=palette.accent, outline=edge, width=one
        )
    elif kind == "pca":
        canvas.create_rectangle(
            x - 2.5 * one, y - 1.5 * half, x + 2.5 * one, y + 1.5 * half, fill=edge, width=0
        )
        canvas.create_line(x, y - 1.4 * half, x, y + 1.4 * half, fill=palette.muted, width=2 * one)
    elif kind == "published":
        wide = 1.2 * half
        canvas.create_polygon(
            x, y - wide, x + wide, y, x, y + wide, x - wide, y, fill=palette.text, outline=edge, width=one
        )
    elif kind == "scans":
        half *= 0.9
        canvas.create_rectangle(
            x - half, y - half, x + half, y + half, fill=edge, outline=palette.muted, width=2 * one
        )
    else:
        corners = (x, y - 1.1 * half, x + 1.1 * half, y + 0.9 * half, x - 1.1 * half, y + 0.9 * half)
        canvas.create_polygon(*corners, fill=edge, outline=palette.accent, width=1.5 * one)
