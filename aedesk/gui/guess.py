"""One line under the canvas: which digit the code's neighbours say, how surely, and how well it is rebuilt."""

from __future__ import annotations

import tkinter as tk

import ttkbootstrap as ttk

from aedesk.app.explorer import Reading
from aedesk.gui.theme import GAP, Look, Palette

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
        # A label that asks for the room of its words would lay out the whole column anew at every pen stroke.
        self._line = ttk.Label(words, width=1)
        self._line.pack(fill="x")
        self._bar = _ShareBar(words, look)
        self._bar.pack(fill="x", pady=(5, 3))
        self._error = ttk.Label(words, width=1, style="Muted.TLabel")
        self._error.pack(fill="x")
        self.show(None)

    def set_classes(self, classes: tuple[str, ...]) -> None:
        """Name what can be guessed; names of things take more room than digits, and smaller letters."""
        self._classes = classes
        longest = max(map(len, classes))
        style = "Guess.TLabel" if longest <= _SHORT else "Figure.TLabel"
        self._digit.configure(style=style, width=max(_SHORT, min(longest, _LONG)))

    def show(self, reading: Reading | None) -> None:
        if reading is None:
            _change(self._digit, "?", self._look.palette.faint)
            _change(self._line, _EMPTY)
            self._bar.show(0)
            _change(self._error, _EMPTY_BELOW)
            return
        guess = reading.guess
        votes = len(guess.neighbours)
        colours = self._look.palette.class_colours(len(self._classes))
        sure = guess.share > 0.5
        colour = colours[guess.label] if sure else self._look.palette.faint
        _change(self._digit, self._classes[guess.label], colour)
        agreeing = f"{round(guess.share * votes)} of the {votes} nearest training codes"
        _change(self._line, agreeing if sure else f"Unsure: only {agreeing}")
        self._bar.show(guess.share)
        _change(self._error, f"Error: MSE {reading.mse:.4f}   PSNR {reading.psnr:.1f} dB")


def _change(label: ttk.Label, text: str, colour: str = "") -> None:
    """Tk draws a label anew even where nothing has changed, and letters take it longer than to look."""
    if (str(label.cget("text")), str(label.cget("foreground"))) != (text, colour):
        label.configure(text=text, foreground=colour)


class _ShareBar(tk.Canvas):
    """A share in [0, 1] as a bar. The theme's progress bar takes 9 ms to draw, at every pen stroke."""

    def __init__(self, master: tk.Misc, look: Look) -> None:
        super().__init__(
            master, width=1, height=ttk.scale_size(master, 6), highlightthickness=0, borderwidth=0
        )
        self._share = 0.0
        self._filled = self.create_rectangle(0, 0, 0, 0, width=0)
        disconnect = look.changed.connect(self._recolour)
        self.bind("<Configure>", lambda _: self.show(self._share))
        self.bind("<Destroy>", lambda _: disconnect())
        self._recolour(look.palette)

    def show(self, share: float) -> None:
        self._share = share
        self.coords(self._filled, 0, 0, share * self.winfo_width(), self.winfo_height())

    def _recolour(self, palette: Palette) -> None:
        self.configure(background=palette.faint)
        self.itemconfigure(self._filled, fill=palette.accent)
