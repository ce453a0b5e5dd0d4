"""The drawing clean, damaged, and mended by each method, side by side."""

from __future__ import annotations

import tkinter as tk

import numpy as np
import ttkbootstrap as ttk

from aedesk.app.denoiser import Mended, Mending
from aedesk.gui.fields import explain
from aedesk.gui.fitting_label import FittingLabel
from aedesk.gui.theme import GAP, Look
from aedesk.gui.tiles import ImageTile

_SMALLEST, _LARGEST = 56, 190  # px, of a tile

_TILES = {
    "clean": ("Clean", "The picture as it should be: what all the others are measured against."),
    "damaged": ("Damaged", "What every method is given to mend."),
    "denoiser": ("Denoiser", "The shipped network that was trained to mend: it knows what digits look like."),
    "model": ("In use", "The model in use, which you choose above: most were never trained to mend."),
    "median": ("Median", "The median filter: each pixel becomes the middle one of those around it."),
    "tv": ("Variation", "Total variation: smooths the picture but keeps its edges."),
}
"""Caption and explanation by method."""


class MendedTiles(ttk.Frame):
    """A tile for each method with its PSNR and SSIM below; the best is marked. As many as there are share the width."""

    def __init__(self, master: tk.Misc, look: Look, *, has_denoiser: bool) -> None:
        super().__init__(master)
        self._tiles: dict[str, _Tile] = {}
        for column, (method, (caption, sentence)) in enumerate(_TILES.items()):
            tile = self._tiles[method] = _Tile(self, look, caption)
            tile.grid(row=0, column=column, sticky="n", padx=(0, GAP))
            explain(tile, sentence)
        self._missing: set[str] = set()
        self._set_missing(set() if has_denoiser else {"denoiser"})
        self.bind("<Configure>", lambda _: self._fit())

    @property
    def words(self) -> dict[str, list[str]]:
        """What is told under each tile that is seen."""
        return {method: tile.words for method, tile in self._tiles.items() if method not in self._missing}

    @property
    def pictures(self) -> dict[str, np.ndarray | None]:
        """What is on each tile that is seen."""
        return {method: tile.picture for method, tile in self._tiles.items() if method not in self._missing}

    def show(self, mending: Mending | None) -> None:
        """None empties the tiles."""
        if mending is None:
            for tile in self._tiles.values():
                tile.show(None, [])
            return
        results = {one.method: one for one in mending.results}
        self._set_missing({"denoiser"} - results.keys())
        best = _best(mending)
        no_truth = "" if mending.clean is not None else "not known"
        self._tiles["clean"].show(mending.clean, [no_truth])
        for method, tile in self._tiles.items():
            result = results.get(method)
            if result is not None:
                tile.show(result.image, _told(result), is_best=result is best)

    def _set_missing(self, missing: set[str]) -> None:
        if missing == self._missing:
            return
        self._missing = missing
        for method, tile in self._tiles.items():
            if method in missing:
                tile.grid_remove()
            else:
                tile.grid()
        self._fit()

    def _fit(self) -> None:
        count = len(self._tiles) - len(self._missing)
        smallest, largest = ttk.scale_size(self, [_SMALLEST, _LARGEST])
        edge = int(min(largest, max(smallest, self.winfo_width() / count - GAP)))
        for tile in self._tiles.values():
            tile.set_edge(edge)


class _Tile(ttk.Frame):
    """A picture with lines below it that ask for no room of their own: words that come and go move nothing."""

    def __init__(self, master: tk.Misc, look: Look, caption: str) -> None:
        super().__init__(master)
        self._tile = ImageTile(self, look, caption, ttk.scale_size(self, _SMALLEST))
        self._tile.pack()
        self._figure = ttk.Label(self, width=1)
        self._figure.pack(fill="x")
        self._others = [FittingLabel(self, keep_end=False) for _ in range(2)]
        for line in self._others:
            line.pack(fill="x")
        self.picture: np.ndarray | None = None
        self.words: list[str] = []
        self._is_best = False

    def show(self, picture: np.ndarray | None, words: list[str], *, is_best: bool = False) -> None:
        """words: at most a line for the figure and two below it."""
        self.picture, self.words = picture, words
        self._tile.show(picture)
        lines = [*words, "", "", ""]
        self._figure.configure(text=lines[0])
        for label, line in zip(self._others, lines[1:], strict=False):
            label.set(line)
        if is_best != self._is_best:
            self._is_best = is_best
            self._figure.configure(style="Heading.TLabel" if is_best else "TLabel")

    def set_edge(self, edge: int) -> None:
        self._tile.set_edge(edge)


def _best(mending: Mending) -> Mended | None:
    """The highest PSNR; None where none is known."""
    judged = [one for one in mending.results if one.psnr is not None]
    return max(judged, key=lambda one: one.psnr or 0.0, default=None)


def _told(result: Mended) -> list[str]:
    if result.psnr is None or result.ssim is None:
        return ["", result.words]
    psnr = f"{result.psnr:.1f} dB" if np.isfinite(result.psnr) else "perfect"
    return [psnr, f"SSIM {result.ssim:.2f}", result.words]
