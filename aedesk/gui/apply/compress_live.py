"""What the drawing on the canvas takes as a compressed code, as it is drawn, and what is left of it."""

from __future__ import annotations

import tkinter as tk
from collections.abc import Callable, Sequence
from tkinter.font import nametofont
from typing import Any

import numpy as np
import ttkbootstrap as ttk

from aedesk.app.compressor import FEWEST_BITS, MOST_BITS, RAW_BITS, Shrunk
from aedesk.gui.choice_row import ChoiceRow
from aedesk.gui.fields import explain
from aedesk.gui.fitting_label import FittingLabel
from aedesk.gui.theme import GAP, Look, Palette
from aedesk.gui.tiles import ImageTile

KINDS = {
    "kmeans": (
        "k-means",
        "Levels lie close together where training codes are dense (k-means, also called Lloyd-Max).",
    ),
    "uniform": ("Uniform", "All steps between levels are equal."),
}

_INVITATION = "Draw a digit: a code of a few numbers stands for all of its 784 pixels."
_SMALLEST, _EDGE, _LARGEST = 72, 96, 176  # px, of a tile
_SHARE = 0.135  # of the width, for a tile
_ROW = 19  # px, of a line of the bars
_SLIDER = 130  # px, at least
_TILES = (
    ("Drawing", "What the model sees of your drawing."),
    ("Rebuilt", "Decoded from the code as it is: what the network loses."),
    ("Quantised", "Decoded from the quantised code: what a file keeps."),
)


class LiveSection(ttk.Frame):
    """One headline, three pictures and the sizes of files beside them; below, how the code is quantised.

    on_setting(bits, kind) hears what the user chooses.
    """

    def __init__(self, master: tk.Misc, look: Look, on_setting: Callable[[int, str], object]) -> None:
        super().__init__(master)
        self._on_setting = on_setting
        self.headline = ttk.Label(self, style="Figure.TLabel", width=1)
        self.headline.pack(fill="x")
        middle = ttk.Frame(self)
        middle.pack(fill="x", pady=(GAP // 2, 0))
        middle.columnconfigure(3, weight=1)
        self._tiles = [_Tile(middle, look, words) for words, _ in _TILES]
        for column, tile in enumerate(self._tiles):
            tile.grid(row=0, column=column, sticky="n", padx=(0, GAP))
            explain(tile, _TILES[column][1])
        self.bars = SizeBars(middle, look)
        self.bars.grid(row=0, column=3, sticky="nsew", padx=(GAP, 0))
        explain(
            self.bars,
            "Of each its whole file, with its header. The code needs the same model and the same levels on both "
            "sides, as a PNG needs a program that reads it.",
        )
        self._build_controls().pack(fill="x", pady=(GAP // 2, 0))
        self.bind("<Configure>", self._on_resized)
        self.show(None, None, "")

    def _build_controls(self) -> ttk.Frame:
        row = ttk.Frame(self)
        ttk.Label(row, text="Bits per number", style="Muted.TLabel").pack(side="left")
        self._bits = tk.DoubleVar(self, FEWEST_BITS)
        self.slider = ttk.Scale(
            row,
            from_=FEWEST_BITS,
            to=MOST_BITS,
            variable=self._bits,
            length=ttk.scale_size(self, _SLIDER),
            command=lambda _: self._on_moved(),
        )
        self.slider.pack(side="left", padx=GAP)
        explain(
            self.slider,
            "How finely each number of the code is kept: n bits tell 2 to the power of n levels apart.",
        )
        self._bits_words = ttk.Label(row, width=2)
        self._bits_words.pack(side="left")
        ttk.Label(row, text="Levels", style="Muted.TLabel").pack(side="left", padx=(2 * GAP, 4))
        self._kind = ChoiceRow(row, KINDS, self._tell, padding=(6, 2))
        self._kind.pack(side="left")
        self._note = FittingLabel(row, keep_end=False, anchor="e")
        self._note.pack(side="left", fill="x", expand=True, padx=(GAP, 0))
        return row

    def set_setting(self, bits: int, kind: str) -> None:
        """Show what is in use, without telling anybody."""
        self._bits.set(bits)
        self._bits_words.configure(text=str(bits))
        self._kind.set(kind)

    def show(self, image: np.ndarray | None, shrunk: Shrunk | None, note: str) -> None:
        """image: the drawing, (28, 28) in [0, 1]. shrunk: what it comes to, None while that is not known."""
        drawing, rebuilt, quantised = self._tiles
        drawing.show(image, "784 pixels\n8 bits each")
        self._note.set(note)
        if shrunk is None:
            self.headline.configure(
                text=_INVITATION if image is None else "Learning which levels codes need ..."
            )
            rebuilt.show(None, "\n")
            quantised.show(None, "\n")
            self.bars.show([])
            return
        raw, coded = f"{RAW_BITS:,} bits raw", f"{shrunk.bits:,.0f} bits coded"
        # A code of more numbers than there are pixels: who compares must be told, not left to the bars.
        verdict = ": no gain" if shrunk.is_no_gain else ""
        self.headline.configure(text=f"This drawing: {raw}, {coded}{verdict}")
        rebuilt.show(shrunk.rebuilt, _quality(shrunk.rebuilt_psnr, shrunk.rebuilt_ssim))
        quantised.show(shrunk.quantised, _quality(shrunk.psnr, shrunk.ssim))
        rows = [("Raw pixels", RAW_BITS, False)]
        rows += [(_named(name, psnr), bits, False) for name, bits, psnr in shrunk.files]
        self.bars.show([*rows, (_named("This code", shrunk.psnr), round(shrunk.bits), True)])

    def _on_moved(self) -> None:
        # Whole numbers only, wherever on the track the knob is let go.
        bits = round(self._bits.get())
        self._bits.set(bits)
        if self._bits_words.cget("text") != str(bits):
            self._bits_words.configure(text=str(bits))
            self._tell()

    def _tell(self) -> None:
        self._on_setting(round(self._bits.get()), self._kind.get())

    def _on_resized(self, event: tk.Event[Any]) -> None:
        smallest, largest = ttk.scale_size(self, [_SMALLEST, _LARGEST])
        edge = int(min(largest, max(smallest, event.width * _SHARE)))
        for tile in self._tiles:
            tile.set_edge(edge)


class _Tile(ttk.Frame):
    """A picture with a line below it."""

    def __init__(self, master: tk.Misc, look: Look, caption: str) -> None:
        super().__init__(master)
        self._tile = ImageTile(self, look, caption, ttk.scale_size(self, _EDGE))
        self._tile.pack()
        # As wide as the picture: words that come and go move nothing.
        self._below = ttk.Label(self, style="Muted.TLabel", width=1)
        self._below.pack(fill="x")
        self._image: np.ndarray | None = None
        self._words = ""

    def show(self, image: np.ndarray | None, below: str) -> None:
        if image is not self._image:
            self._image = image
            self._tile.show(image)
        if below != self._words:
            self._words = below
            self._below.configure(text=below)

    def set_edge(self, edge: int) -> None:
        self._tile.set_edge(edge)


class SizeBars(tk.Canvas):
    """Sizes in bits as bars below each other, drawn in a fraction of a millisecond; `rows` are those on show."""

    def __init__(self, master: tk.Misc, look: Look) -> None:
        self._row = ttk.scale_size(master, _ROW)
        super().__init__(master, width=1, height=6 * self._row, highlightthickness=0, borderwidth=0)
        self.rows: list[tuple[str, int, bool]] = []
        self._font = nametofont("TkDefaultFont", root=master)
        self._palette = look.palette
        disconnect = look.changed.connect(self._recolour)
        self.bind("<Destroy>", lambda _: disconnect(), add="+")
        self.bind("<Configure>", lambda _: self._paint())
        self._recolour(look.palette)

    def show(self, rows: Sequence[tuple[str, int, bool]]) -> None:
        """rows: (name, bits, whether it is the one that this is about)."""
        # Only what is new: it is told at every motion of the pen, and again when the code is there.
        if self.rows != list(rows):
            self.rows = list(rows)
            self._paint()

    def _recolour(self, palette: Palette) -> None:
        self._palette = palette
        self.configure(background=palette.background)
        self._paint()

    def _paint(self) -> None:
        self.delete("all")
        if not self.rows:
            return
        palette, height = self._palette, self._row
        names = max(self._font.measure(name) for name, _, _ in self.rows) + GAP
        numbers = max(self._font.measure(f"{bits:,}") for _, bits, _ in self.rows) + GAP
        room = max(1, self.winfo_width() - names - numbers)
        most = max(bits for _, bits, _ in self.rows)
        top = max(0, (self.winfo_height() - len(self.rows) * height) // 2)
        for place, (name, bits, is_ours) in enumerate(self.rows):
            middle = top + place * height + height / 2
            colour = palette.text if is_ours else palette.muted
            end = names + max(2.0, room * bits / most)
            self.create_text(0, middle, text=name, anchor="w", fill=colour, font=self._font)
            self.create_rectangle(
                names,
                middle - height * 0.3,
                end,
                middle + height * 0.3,
                width=0,
                fill=palette.accent if is_ours else palette.faint,
            )
            self.create_text(
                end + GAP // 2, middle, text=f"{bits:,}", anchor="w", fill=colour, font=self._font
            )


def _quality(psnr: float, ssim: float) -> str:
    return f"{psnr:.1f} dB\nSSIM {ssim:.2f}"


def _named(name: str, psnr: float) -> str:
    return f"{name}, {psnr:.1f} dB" if np.isfinite(psnr) else f"{name}, lossless"
