"""Ten validation images over what the model makes of them, renewed after every epoch."""

from __future__ import annotations

import tkinter as tk
from tkinter.font import nametofont

import numpy as np
from PIL import Image, ImageTk

from aedesk.gui.theme import GAP, Look

_COUNT = 10
_SMALLEST = 24  # px
_CAPTIONS = ("Originals", "Reconstructions")
_INVITATIONS = (
    "Originals: ten images held out of training",
    "Reconstructions: what the model makes of them, renewed after every epoch",
)
_EMPTY = np.zeros((_COUNT, 28, 28), np.float32)


class Strip(tk.Canvas):
    """Two captioned rows of pictures, painted into one photo; `fit` says how much room there is."""

    def __init__(self, master: tk.Misc, look: Look) -> None:
        super().__init__(master, highlightthickness=0, borderwidth=0, width=1, height=1)
        self._look = look
        self._rows = (_EMPTY, _EMPTY)
        self._edge = 0
        self._width = 0
        self._photo: ImageTk.PhotoImage | None = None
        self._picture = self.create_image(0, 0, anchor="nw")
        self._captions = [self.create_text(2, 0, anchor="nw") for _ in _CAPTIONS]
        self._caption_height = nametofont("TkDefaultFont").metrics("linespace") + 4
        disconnect = look.changed.connect(lambda _: self._paint())
        self.bind("<Destroy>", lambda _: disconnect(), add="+")

    def fit(self, width: int, height: int) -> None:
        """Take the whole `width` px, and at most `height`."""
        by_width = (width - (_COUNT - 1) * GAP) // _COUNT
        by_height = (height - 2 * self._caption_height - GAP) // 2
        edge = max(_SMALLEST, min(by_width, by_height))
        if (edge, width) == (self._edge, self._width):
            return
        self._edge, self._width = edge, width
        whole = 2 * (self._caption_height + edge) + GAP
        self.configure(height=whole)
        self._photo = ImageTk.PhotoImage("RGB", (max(1, width), whole))
        self.itemconfigure(self._picture, image=self._photo)
        self.coords(self._captions[1], 2, self._row_top(1) - self._caption_height)
        self._paint()

    def show(self, originals: np.ndarray, reconstructions: np.ndarray) -> None:
        """Both (n, 28, 28) float32 in [0, 1]; the first ten are shown."""
        self._rows = (originals[:_COUNT], reconstructions[:_COUNT])
        self._paint()

    def clear(self) -> None:
        self._rows = (_EMPTY, _EMPTY)
        self._paint()

    def _row_top(self, row: int) -> int:
        return self._caption_height + row * (self._edge + GAP + self._caption_height)

    def _paint(self) -> None:
        palette = self._look.palette
        self.configure(background=palette.background)
        texts = _INVITATIONS if self._rows[0] is _EMPTY else _CAPTIONS
        for caption, text in zip(self._captions, texts, strict=True):
            self.itemconfigure(caption, fill=palette.muted, text=text)
        if self._photo is None:
            return
        sheet = Image.new("RGB", (self._photo.width(), self._photo.height()), palette.background)
        for row, pictures in enumerate(self._rows):
            for column, picture in enumerate(palette.shade(pictures)):
                place = (round(column * self._stride), self._row_top(row))
                sheet.paste(enlarged(picture, self._edge), place)
        self._photo.paste(sheet)

    @property
    def _stride(self) -> float:
        """From one picture's left edge to the next one's, so that ten of them end at the right edge."""
        gap = min((self._width - _COUNT * self._edge) / (_COUNT - 1), 2 * GAP)
        return self._edge + gap


def enlarged(picture: np.ndarray, edge: int) -> Image.Image:
    """(28, 28, 3) uint8 at `edge` px: hard pixels, all of them equally large to the eye at any scale."""
    whole = -(-edge // 28) * 28
    hard = Image.fromarray(picture).resize((whole, whole), Image.Resampling.NEAREST)
    return hard.resize((edge, edge), Image.Resampling.BOX)
