"""The drawing as every model rebuilds it, side by side, the smallest code first, over PCA with as many numbers."""

from __future__ import annotations

import tkinter as tk
from collections.abc import Callable, Sequence
from tkinter.font import Font
from typing import Any

import numpy as np
import ttkbootstrap as ttk
from PIL import Image, ImageTk

from aedesk.app.sizes import Standing
from aedesk.gui.theme import GAP, Look

_SIDE = 28  # pixels of a picture
_HEAD = 64  # px, before scaling, for the words at the left
_LARGEST = 5  # screen pixels for a pixel of a picture
_ROWS = ("network", "PCA")


class ArenaView(tk.Canvas):
    """Call `show` with standings; `max_height` px are not passed, as far as the words allow.

    on_choose gets the reference of a model that was clicked.
    """

    def __init__(self, master: tk.Misc, look: Look, on_choose: Callable[[str], object]) -> None:
        super().__init__(master, height=1, width=1, highlightthickness=0, borderwidth=0)
        self._look, self._on_choose = look, on_choose
        self._standings: tuple[Standing, ...] = ()
        self._strips: list[ImageTk.PhotoImage] = []
        self._errors: list[int] = []  # texts of the canvas: of each model its own, and PCA's
        self._max_height = 10_000
        self._small = Font(self, font=("TkDefaultFont", 8))
        self._bold = Font(self, font=("TkDefaultFont", 8, "bold"))
        disconnect = look.changed.connect(lambda _: self._paint())
        self.bind("<Destroy>", lambda _: disconnect(), add="+")
        self.bind("<Configure>", lambda _: self._paint(), add="+")
        self.bind("<Button-1>", self._on_click)
        self.bind("<Motion>", self._on_motion)

    def show(self, standings: Sequence[Standing]) -> None:
        before, self._standings = self._standings, tuple(standings)
        if self._errors and [_entry(one) for one in before] == [_entry(one) for one in standings]:
            self._update()
        else:
            self._paint()

    def set_max_height(self, height: int) -> None:
        """How high it may grow, px."""
        if height != self._max_height:
            self._max_height = height
            self._paint()

    # --- where things are ---

    @property
    def _head(self) -> int:
        return int(ttk.scale_size(self, _HEAD))

    @property
    def _column(self) -> int:
        """px for each model."""
        return (self.winfo_width() - self._head) // max(1, len(self._standings))

    def _fit(self) -> int:
        """The edge of a tile in px, a whole number of them for each pixel of a picture."""
        line = self._small.metrics("linespace")
        high = (self._max_height - self._words_above - 2 * (line + GAP)) // 2
        times: int = min(self._column - GAP // 2, high) // _SIDE
        most: int = ttk.scale_size(self, 100) * _LARGEST // 100
        return _SIDE * max(1, min(times, most))

    @property
    def _words_above(self) -> int:
        """px for names, over two lines where the columns are narrow, and sizes of codes."""
        lines = max((len(self._words_of(standing).splitlines()) for standing in self._standings), default=1)
        return (lines + 1) * self._small.metrics("linespace") + GAP // 2

    def _words_of(self, standing: Standing) -> str:
        """Over two lines where it does not fit on one; of a long one, its beginning."""
        room = self._column - GAP // 2
        label = standing.label
        if self._bold.measure(label) <= room:
            return label
        first, hyphen, second = label.rpartition("-")
        lines = [first + hyphen, second] if hyphen else [label]
        return "\n".join(self._cut(line, room) for line in lines)

    def _cut(self, line: str, room: int) -> str:
        while len(line) > 1 and self._bold.measure(line) > room:
            line = line.rstrip("\u2026")[:-1] + "\u2026"
        return line

    # --- painting ---

    def _paint(self) -> None:
        """Lay everything out anew: names, tiles, and room for errors."""
        palette = self._look.palette
        self.configure(background=palette.background)
        self.delete("all")
        self._errors.clear()
        if not self._standings or self.winfo_width() <= self._head:
            return
        edge, line = self._fit(), self._small.metrics("linespace")
        above = self._words_above
        step = edge + line + GAP
        self.configure(height=above + 2 * step)
        self._prepare_strips(edge)
        for row, name in enumerate(_ROWS):
            top = above + row * step
            self.create_text(1, top + edge // 2, anchor="w", text=name, font=self._small, fill=palette.muted)
            self.create_image(self._head, top, anchor="nw", image=self._strips[row])
        for place, standing in enumerate(self._standings):
            centre = self._head + place * self._column + self._column // 2
            self._write_head(standing, centre, above)
            self._errors += [
                self.create_text(centre, above + row * step + edge + 2, anchor="n")
                for row in range(len(_ROWS))
            ]
            if standing.code_size > _SIDE**2:
                self.create_text(
                    centre,
                    above + step + edge // 2,
                    text="more than\npixels",
                    justify="center",
                    font=self._small,
                    fill=palette.muted,
                )
        self._update()

    def _update(self) -> None:
        """Show what is different from one drawing to the next: pictures and errors."""
        palette = self._look.palette
        for row, strip in enumerate(self._strips):
            strip.paste(Image.fromarray(self._strip(row, strip.height())))
        for place, standing in enumerate(self._standings):
            won = standing.beats_pca
            of_network = standing.mse, won is True
            of_pca = standing.pca_mse, won is False
            for row, (error, is_best) in enumerate((of_network, of_pca)):
                self.itemconfigure(
                    self._errors[place * len(_ROWS) + row],
                    text="" if error is None else f"{error:.4f}",
                    font=self._bold if is_best else self._small,
                    fill=palette.text if is_best else palette.muted,
                )

    def _write_head(self, standing: Standing, centre: int, above: int) -> None:
        palette = self._look.palette
        self.create_text(
            centre,
            above - self._small.metrics("linespace") - GAP // 2,
            anchor="s",
            justify="center",
            text=self._words_of(standing),
            font=self._bold,
            fill=palette.accent if standing.in_use else palette.text,
        )
        self.create_text(
            centre,
            above - GAP // 2,
            anchor="s",
            text=f"{standing.code_size:,}",
            font=self._small,
            fill=palette.muted,
        )

    def _prepare_strips(self, edge: int) -> None:
        width = self._column * len(self._standings)
        if not self._strips or (self._strips[0].width(), self._strips[0].height()) != (width, edge):
            self._strips = [ImageTk.PhotoImage("RGB", (width, edge)) for _ in _ROWS]

    def _strip(self, row: int, edge: int) -> np.ndarray:
        """All tiles of a row in one picture, (edge, width, 3) uint8: one transfer to the screen for all."""
        palette = self._look.palette
        column, times = self._column, edge // _SIDE
        blank = np.zeros((_SIDE, _SIDE), np.float32)
        pictures = [standing.picture if row == 0 else standing.pca_picture for standing in self._standings]
        shaded = palette.shade(
            np.stack([blank if picture is None else picture for picture in pictures]).clip(0, 1)
        )
        strip = np.empty((edge, column * len(pictures), 3), np.uint8)
        strip[:] = [value >> 8 for value in self.winfo_rgb(palette.background)]
        for place, tile in enumerate(shaded):
            start = place * column + (column - edge) // 2
            strip[:, start : start + edge] = tile.repeat(times, axis=1).repeat(times, axis=0)
        return strip

    # --- hands ---

    def _at(self, event: tk.Event[Any]) -> Standing | None:
        place = (event.x - self._head) // max(1, self._column)
        return self._standings[place] if 0 <= place < len(self._standings) else None

    def _on_motion(self, event: tk.Event[Any]) -> None:
        standing = self._at(event)
        self.configure(cursor="hand2" if standing is not None and not standing.in_use else "")

    def _on_click(self, event: tk.Event[Any]) -> None:
        standing = self._at(event)
        if standing is not None and not standing.in_use:
            self._on_choose(standing.reference)


def _entry(standing: Standing) -> tuple[str, int, bool]:
    """What is laid out for a model, whatever is drawn."""
    return standing.label, standing.code_size, standing.in_use
