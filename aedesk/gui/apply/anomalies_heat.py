"""The drawing with what is odd about it in red."""

from __future__ import annotations

import tkinter as tk

import numpy as np
import ttkbootstrap as ttk
from PIL import Image, ImageColor, ImageTk

from aedesk.gui.theme import Look, Palette

_STRONGEST = 0.85  # of the way to red, so that ink and paper can still be told apart


class HeatTile(ttk.Frame):
    """A caption over one 28x28 picture with its heat on it, `edge` px wide with hard pixels."""

    def __init__(self, master: tk.Misc, look: Look, caption: str, edge: int = 96) -> None:
        super().__init__(master)
        self._look = look
        self._edge = edge
        self._shown: tuple[np.ndarray, np.ndarray] | None = None
        ttk.Label(self, text=caption, style="Muted.TLabel").pack(anchor="w")
        self._photo = ImageTk.PhotoImage("RGB", (edge, edge))
        self._view = tk.Label(self, image=self._photo, borderwidth=0)
        self._view.pack()
        disconnect = look.changed.connect(lambda _: self._paint())
        self._view.bind("<Destroy>", lambda _: disconnect())
        self._paint()

    def set_edge(self, edge: int) -> None:
        """Show the picture `edge` px wide from now on."""
        if edge != self._edge:
            self._edge = edge
            self._photo = ImageTk.PhotoImage("RGB", (edge, edge))
            self._view.configure(image=self._photo)
            self._paint()

    def show(self, image: np.ndarray | None, heat: np.ndarray | None = None) -> None:
        """image, heat: (28, 28) in [0, 1]; None empties the tile."""
        self._shown = None if image is None or heat is None else (image, heat)
        self._paint()

    def _paint(self) -> None:
        image, heat = self._shown or (np.zeros((28, 28), np.float32), np.zeros((28, 28), np.float32))
        picture = Image.fromarray(heated(image, heat, self._look.palette))
        self._photo.paste(picture.resize((self._edge, self._edge), Image.Resampling.NEAREST))


def heated(image: np.ndarray, heat: np.ndarray, palette: Palette) -> np.ndarray:
    """Image and heat, (28, 28) in [0, 1] -> (28, 28, 3) uint8: the redder, the odder."""
    shaded = palette.shade(image).astype(np.float32)
    red = np.array(ImageColor.getrgb(palette.too_much), np.float32)
    weight = _STRONGEST * np.clip(heat, 0, 1)[..., None]
    mixed: np.ndarray = shaded + weight * (red - shaded)
    return mixed.clip(0, 255).astype(np.uint8)
