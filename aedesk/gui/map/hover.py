"""The small card beside the pointer: what the point under it is."""

from __future__ import annotations

import tkinter as tk
from tkinter.font import nametofont

import numpy as np
import ttkbootstrap as ttk
from PIL import Image, ImageTk

from aedesk.gui.theme import GAP, Look

_EDGE = 84  # px of the picture
_OFFSET = 18  # px from the pointer


class HoverCard:
    """Items of a canvas: a plate with a picture and a few words, placed beside a pixel and never cut off."""

    def __init__(self, canvas: tk.Canvas, look: Look) -> None:
        self._canvas, self._look = canvas, look
        self._edge = int(ttk.scale_size(canvas, _EDGE))
        self._font = nametofont("TkSmallCaptionFont")
        self._photo = ImageTk.PhotoImage("RGB", (self._edge, self._edge))
        self._plate = canvas.create_rectangle(0, 0, 0, 0, state="hidden", tags="hover")
        self._picture = canvas.create_image(
            0, 0, image=self._photo, anchor="nw", state="hidden", tags="hover"
        )
        self._text = canvas.create_text(0, 0, anchor="nw", font=self._font, state="hidden", tags="hover")
        self.is_shown = False

    def show(self, x: float, y: float, image: np.ndarray, words: str) -> None:
        """image: (28, 28) in [0, 1]; words: a few short lines."""
        canvas, palette = self._canvas, self._look.palette
        shaded = Image.fromarray(palette.shade(image))
        self._photo.paste(shaded.resize((self._edge, self._edge), Image.Resampling.NEAREST))
        lines = words.splitlines()
        width = max(self._edge, *(self._font.measure(line) for line in lines)) + 2 * GAP
        height = self._edge + len(lines) * self._font.metrics("linespace") + 3 * GAP
        left = x + _OFFSET if x + _OFFSET + width < canvas.winfo_width() else x - _OFFSET - width
        top = min(max(GAP, y - height / 2), canvas.winfo_height() - height - GAP)
        canvas.coords(self._plate, left, top, left + width, top + height)
        canvas.itemconfigure(self._plate, fill=palette.surface, outline=palette.faint)
        canvas.coords(self._picture, left + GAP, top + GAP)
        canvas.coords(self._text, left + GAP, top + self._edge + 2 * GAP)
        canvas.itemconfigure(self._text, text=words, fill=palette.text)
        if not self.is_shown:
            canvas.itemconfigure("hover", state="normal")
            self.is_shown = True
        canvas.tag_raise("hover")

    def hide(self) -> None:
        if self.is_shown:
            self._canvas.itemconfigure("hover", state="hidden")
            self.is_shown = False
