"""Small squares in the colours of runs, as their curves have them."""

from __future__ import annotations

import tkinter as tk

import ttkbootstrap as ttk
from PIL import Image, ImageTk

from aedesk.gui.curves.run_colours import run_colour
from aedesk.gui.theme import Look

_EDGE = 12  # px, before scaling
_MARGIN = 4


class Swatches:
    """Pictures for tables, each made once for a theme; without a colour it is a gap of the same size."""

    def __init__(self, master: tk.Misc, look: Look) -> None:
        self._look = look
        self._edge = ttk.scale_size(master, _EDGE)
        self._margin = ttk.scale_size(master, _MARGIN)
        self._made: dict[tuple[str, int | None], ImageTk.PhotoImage] = {}

    def of(self, index: int | None) -> ImageTk.PhotoImage:
        """The square of the run with this colour; None: no colour."""
        name = self._look.palette.name
        if (name, index) not in self._made:
            picture = Image.new("RGBA", (self._edge + 2 * self._margin, self._edge))
            if index is not None:
                square = Image.new("RGBA", (self._edge, self._edge), run_colour(index, dark=name == "dark"))
                picture.paste(square, (self._margin, 0))
            self._made[name, index] = ImageTk.PhotoImage(picture)
        return self._made[name, index]
