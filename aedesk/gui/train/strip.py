"""Ten validation images over what the model makes of them; beside them, the user's own sketch in the same way."""

from __future__ import annotations

import tkinter as tk
from tkinter.font import nametofont

import numpy as np
from PIL import Image, ImageTk

from aedesk.gui.repaint import Repaint
from aedesk.gui.theme import GAP, Look

_COUNT = 10
_SMALLEST = 24  # px
_APART = 3 * GAP  # px between the images and the sketch
_CAPTIONS = ("Originals", "Reconstructions")
_INVITATIONS = (
    "Originals: ten images held out of training",
    "Reconstructions: what the model makes of them after every epoch",
)
_SKETCH = "Your sketch"
_REBUILT, _REBUILT_SHORT = "as this epoch rebuilds it", "rebuilt"
_NO_SKETCH, _NOT_REBUILT = "draw in Explore", "after an epoch"
_EMPTY = np.zeros((_COUNT, 28, 28), np.float32)


class Strip(tk.Canvas):
    """Two captioned rows of pictures, painted into one photo; `fit` says how much room there is."""

    def __init__(self, master: tk.Misc, look: Look) -> None:
        super().__init__(master, highlightthickness=0, borderwidth=0, width=1, height=1)
        self._look = look
        self._rows = (_EMPTY, _EMPTY)
        self._sketch: tuple[np.ndarray | None, np.ndarray | None] = (None, None)
        self._edge = 0
        self._width = 0
        self._sketch_left = 0
        self._photo: ImageTk.PhotoImage | None = None
        self._picture = self.create_image(0, 0, anchor="nw")
        self._captions = [self.create_text(2, 0, anchor="nw") for _ in range(4)]
        self._hints = [self.create_text(0, 0, anchor="w", font="TkSmallCaptionFont") for _ in range(2)]
        self._rule = self.create_line(0, 0, 0, 0)
        self._font = nametofont("TkDefaultFont")
        self._caption_height = self._font.metrics("linespace") + 4
        self._repaint = Repaint(self, self._paint)
        disconnect = look.changed.connect(lambda _: self._repaint.request())
        self.bind("<Destroy>", lambda _: disconnect(), add="+")

    def fit(self, width: int, height: int) -> None:
        """Take the whole `width` px, and at most `height`."""
        highest = max(_SMALLEST, (height - 2 * self._caption_height - GAP) // 2)
        wide, narrow = (self._font.measure(text) + 4 for text in (_REBUILT, _SKETCH))
        # The long caption only where it costs the pictures nothing.
        column = wide if _fitting(width, wide) >= highest else narrow
        edge = max(_SMALLEST, min(_fitting(width, column), highest))
        if (edge, width) == (self._edge, self._width):
            return
        self._edge, self._width = edge, width
        self._sketch_left = width - max(column, edge)
        whole = 2 * (self._caption_height + edge) + GAP
        self.configure(height=whole)
        self._photo = ImageTk.PhotoImage("RGB", (max(1, width), whole))
        self.itemconfigure(self._picture, image=self._photo)
        self._place(whole, _REBUILT if column == wide else _REBUILT_SHORT)
        self._repaint.request()

    def show(self, originals: np.ndarray, reconstructions: np.ndarray) -> None:
        """Both (n, 28, 28) float32 in [0, 1]; the first ten are shown."""
        self._rows = (originals[:_COUNT], reconstructions[:_COUNT])
        self._repaint.request()

    def show_sketch(self, sketch: np.ndarray | None, rebuilt: np.ndarray | None) -> None:
        """The user's drawing and what the model makes of it, (28, 28) in [0, 1]; None for what there is not."""
        self._sketch = (sketch, rebuilt if sketch is not None else None)
        self._repaint.request()

    def clear(self) -> None:
        """Show no images and nothing rebuilt; the sketch stays."""
        self._rows = (_EMPTY, _EMPTY)
        self._sketch = (self._sketch[0], None)
        self._repaint.request()

    @property
    def words(self) -> tuple[str, ...]:
        """The captions, and what is said where the sketch or its reconstruction would be."""
        items = [*self._captions, *self._hints]
        shown = [item for item in items if self.itemcget(item, "state") != "hidden"]
        return tuple(text for text in (self.itemcget(item, "text") for item in shown) if text)

    def box(self, row: int, column: int) -> tuple[int, int, int, int]:
        """Left, top, right and bottom of a picture in px; column 10 is the sketch's."""
        left = self._sketch_left if column == _COUNT else round(column * self._stride)
        top = self._row_top(row)
        return left, top, left + self._edge, top + self._edge

    def _place(self, whole: int, rebuilt: str) -> None:
        """Captions, hints and the rule where they belong."""
        for row in (0, 1):
            top = self._row_top(row)
            self.coords(self._captions[row], 2, top - self._caption_height)
            self.coords(self._captions[2 + row], self._sketch_left, top - self._caption_height)
            self.coords(self._hints[row], self._sketch_left, top + self._edge / 2)
            self.itemconfigure(self._hints[row], width=self._width - self._sketch_left)
        self.itemconfigure(self._captions[3], text=rebuilt)
        x = self._sketch_left - _APART / 2
        self.coords(self._rule, x, 2, x, whole)

    def _row_top(self, row: int) -> int:
        return self._caption_height + row * (self._edge + GAP + self._caption_height)

    def _paint(self) -> None:
        palette = self._look.palette
        self.configure(background=palette.background)
        self._say()
        if self._photo is None:
            return
        sheet = Image.new("RGB", (self._photo.width(), self._photo.height()), palette.background)
        for row, pictures in enumerate(self._rows):
            for column, picture in enumerate(palette.shade(pictures)):
                sheet.paste(enlarged(picture, self._edge), self.box(row, column)[:2])
            own = self._sketch[row]
            if own is not None:
                sheet.paste(enlarged(palette.shade(own), self._edge), self.box(row, _COUNT)[:2])
        self._photo.paste(sheet)

    def _say(self) -> None:
        palette, (sketch, rebuilt) = self._look.palette, self._sketch
        texts = _INVITATIONS if self._rows[0] is _EMPTY else _CAPTIONS
        for caption, text in zip(self._captions, (*texts, _SKETCH), strict=False):
            self.itemconfigure(caption, text=text)
        for caption in self._captions:
            self.itemconfigure(caption, fill=palette.muted)
        self.itemconfigure(self._rule, fill=palette.faint)
        # Without a sketch there is nothing to rebuild, and one hint is enough.
        self.itemconfigure(self._captions[3], state="hidden" if sketch is None else "normal")
        hints = (
            _NO_SKETCH if sketch is None else "",
            "" if sketch is None or rebuilt is not None else _NOT_REBUILT,
        )
        for hint, text in zip(self._hints, hints, strict=True):
            self.itemconfigure(hint, text=text, fill=palette.muted)

    @property
    def _stride(self) -> float:
        """From one picture's left edge to the next one's, so that ten of them end where the sketch's room begins."""
        gap = min((self._sketch_left - _APART - _COUNT * self._edge) / (_COUNT - 1), 2 * GAP)
        return self._edge + gap


def _fitting(width: int, column: int) -> int:
    """The edge of ten pictures beside a sketch of the same size in a column of at least `column` px."""
    room = width - _APART - (_COUNT - 1) * GAP
    return min((room - column) // _COUNT, room // (_COUNT + 1))


def enlarged(picture: np.ndarray, edge: int) -> Image.Image:
    """(28, 28, 3) uint8 at `edge` px: hard pixels, all of them equally large to the eye at any scale."""
    whole = -(-edge // 28) * 28
    hard = Image.fromarray(picture).resize((whole, whole), Image.Resampling.NEAREST)
    return hard.resize((edge, edge), Image.Resampling.BOX)
