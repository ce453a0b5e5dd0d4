"""One line under the canvas: which digit the code's neighbours say, how surely, and how well it is rebuilt."""

from __future__ import annotations

import tkinter as tk

import ttkbootstrap as ttk

from aedesk.app.explorer import Reading
from aedesk.gui.theme import GAP, Look

_SHORT, _LONG = 2, 12  # characters of a class name
_EMPTY = "Draw, and the network rebuilds it."
_EMPTY_BELOW = "Its error will be told here."


class GuessLine(ttk.Frame):
    """A large class name in its colour, the share of neighbours as a bar, and the reconstruction error."""

    def __init__(self, master: tk.Misc, look: Look) -> None:
        super().__init__(master)
        self._look = look
        self._classes: tuple[str, ...] = ()
        self._digit = ttk.Label(self, style="Guess.TLabel", width=2, anchor="center")
        self._digit.pack(side="left")
        words = ttk.Frame(self)
        words.pack(side="left", fill="x", expand=True, padx=(GAP, 0))
        self._line = ttk.Label(words, justify="left")
        self._line.pack(anchor="w")
        self._bar = ttk.Progressbar(words, maximum=1.0, bootstyle="primary")
        self._bar.pack(fill="x", pady=(4, 2))
        self._error = ttk.Label(words, text="", style="Muted.TLabel")
        self._error.pack(anchor="w")
        self.show(None)

    def set_classes(self, classes: tuple[str, ...]) -> None:
        """Name what can be guessed; names of things take more room than digits, and smaller letters."""
        self._classes = classes
        longest = max(map(len, classes))
        style = "Guess.TLabel" if longest <= _SHORT else "Figure.TLabel"
        self._digit.configure(style=style, width=max(_SHORT, min(longest, _LONG)))

    def show(self, reading: Reading | None) -> None:
        if reading is None:
            self._digit.configure(text="?", foreground=self._look.palette.faint)
            self._line.configure(text=_EMPTY)
            self._bar.configure(value=0)
            self._error.configure(text=_EMPTY_BELOW)
            return
        guess = reading.guess
        votes = len(guess.neighbours)
        colours = self._look.palette.class_colours(len(self._classes))
        self._digit.configure(text=self._classes[guess.label], foreground=colours[guess.label])
        self._line.configure(text=f"{round(guess.share * votes)} of the {votes} nearest training codes")
        self._bar.configure(value=guess.share)
        self._error.configure(text=f"Error: MSE {reading.mse:.4f}   PSNR {reading.psnr:.1f} dB")
