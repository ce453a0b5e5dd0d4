"""The figures of a run at a glance, and how numbers are told."""

from __future__ import annotations

import math
import tkinter as tk

import ttkbootstrap as ttk

from aedesk.gui.fields import explain
from aedesk.gui.theme import GAP

NOTHING = "-"

_CELLS = {
    "epoch": ("Epoch", "How often training has been through all the images, and how often it will."),
    "training": ("Training loss", "The mean error per pixel on the images that are learnt from."),
    "validation": ("Validation loss", "The same error on images held out of training: the one that counts."),
    "pace": ("Images/s", "How many training images go through the network in a second."),
    "left": ("Time left", "Until the last epoch, at the pace so far."),
}


def loss_text(loss: float) -> str:
    """Four decimals, or as many digits where those would say nothing."""
    if not math.isfinite(loss):
        return NOTHING
    return f"{loss:.4f}" if loss >= 0.001 or loss == 0 else f"{loss:.2e}"


def duration_text(seconds: float) -> str:
    """`12 s`, `3 min 20 s`, `1 h 05 min`."""
    if not math.isfinite(seconds):
        return NOTHING
    whole = max(0, round(seconds))
    if whole < 60:
        return f"{whole} s"
    minutes, rest = divmod(whole, 60)
    if minutes < 60:
        return f"{minutes} min {rest:02} s"
    return f"{minutes // 60:,} h {minutes % 60:02} min"


class RunFigures(ttk.Frame):
    """Cells of equal width, a label over a number; only what has changed is written."""

    def __init__(self, master: tk.Misc) -> None:
        super().__init__(master)
        self._cells: dict[str, ttk.Label] = {}
        for column, (name, (label, sentence)) in enumerate(_CELLS.items()):
            self.columnconfigure(column, weight=1, uniform="figures")
            caption = ttk.Label(self, text=label, style="Muted.TLabel")
            caption.grid(row=0, column=column, sticky="w", padx=(0, GAP))
            # One character wide: the column, not the number, says how wide the cell is.
            figure = ttk.Label(self, text=NOTHING, style="Figure.TLabel", width=1)
            figure.grid(row=1, column=column, sticky="ew", padx=(0, GAP))
            self._cells[name] = figure
            for widget in (caption, figure):
                explain(widget, sentence)

    def show(self, **figures: str) -> None:
        """Write the named cells; the others stay."""
        for name, text in figures.items():
            if self._cells[name].cget("text") != text:
                self._cells[name].configure(text=text)

    def clear(self) -> None:
        self.show(**dict.fromkeys(_CELLS, NOTHING))

    def text(self, name: str) -> str:
        """What a cell says."""
        return str(self._cells[name].cget("text"))
