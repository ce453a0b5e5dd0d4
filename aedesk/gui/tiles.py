"""Small square views: a 28x28 picture, and a code."""

from __future__ import annotations

import tkinter as tk

import numpy as np
import ttkbootstrap as ttk
from PIL import Image, ImageTk

from aedesk.gui.theme import Look

_MOST_NUMBERS = 4  # codes up to this size are shown as numbers
_MOST_BARS = 128  # beyond it, a grid of cells


class ImageTile(ttk.Frame):
    """A caption over one 28x28 picture, shown `edge` px wide with hard pixels."""

    def __init__(self, master: tk.Misc, look: Look, caption: str, edge: int = 96) -> None:
        super().__init__(master)
        self._look = look
        self._edge = edge
        self._image: np.ndarray | None = None
        self._signed = False
        self._caption = ttk.Label(self, text=caption, style="Muted.TLabel")
        self._caption.pack(anchor="w")
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

    def show(self, image: np.ndarray | None, *, signed: bool = False) -> None:
        """image: (28, 28) in [0, 1], or in [-1, 1] if `signed`; None empties the tile."""
        self._image, self._signed = image, signed
        self._paint()

    def _shaded(self, image: np.ndarray) -> np.ndarray:
        """What is shown, (28, 28) or a blank one, in the colours of the theme: (28, 28, 3) uint8."""
        palette = self._look.palette
        return palette.signed_error(image) if self._signed else palette.shade(image)

    def _paint(self) -> None:
        image = np.zeros((28, 28), np.float32) if self._image is None else self._image
        picture = Image.fromarray(self._shaded(image))
        self._photo.paste(picture.resize((self._edge, self._edge), Image.Resampling.NEAREST))


class CodeTile(ttk.Frame):
    """The code between a picture and its reconstruction: numbers if few, bars if many, a grid of cells beyond."""

    def __init__(self, master: tk.Misc, look: Look, edge: int = 96) -> None:
        super().__init__(master)
        self._look = look
        self._edge = edge
        self._code: np.ndarray | None = None
        self._spread = 1.0
        self._floor = -1
        self._caption = ttk.Label(self, text="Code", style="Muted.TLabel")
        self._caption.pack(anchor="w")
        self._canvas = tk.Canvas(self, width=edge, height=edge, highlightthickness=0, borderwidth=0)
        self._canvas.pack()
        self._photo = ImageTk.PhotoImage("RGB", (edge, edge))
        self._picture = self._canvas.create_image(0, 0, anchor="nw", image=self._photo)
        self._numbers = self._canvas.create_text(
            edge // 2, edge // 2, font=("TkFixedFont", 11), justify="right"
        )
        disconnect = look.changed.connect(lambda _: self._restyle())
        self._canvas.bind("<Destroy>", lambda _: disconnect())
        self._restyle()

    def set_edge(self, edge: int) -> None:
        """Show the code `edge` px wide and high from now on."""
        if edge != self._edge:
            self._edge = edge
            self._photo = ImageTk.PhotoImage("RGB", (edge, edge))
            self._canvas.configure(width=edge, height=edge)
            self._canvas.itemconfigure(self._picture, image=self._photo)
            self._canvas.coords(self._numbers, edge // 2, edge // 2)
            self._paint()

    def set_scale(self, codes: np.ndarray) -> None:
        """codes: (N, D) of training images: a bar is full at the size that 99 % of their numbers stay below."""
        self._spread = float(np.quantile(np.abs(codes), 0.99)) or 1.0
        self._floor = -1 if codes.min() < 0 else 0
        self._caption.configure(text=f"Code: {codes.shape[1]:,}")

    def show(self, code: np.ndarray | None) -> None:
        """code: (D,); None empties the tile."""
        self._code = code
        self._paint()

    def _restyle(self) -> None:
        palette = self._look.palette
        self._canvas.configure(background=palette.surface)
        self._canvas.itemconfigure(self._numbers, fill=palette.text)
        self._paint()

    def _paint(self) -> None:
        code = self._code
        numbers = ""
        if code is not None and len(code) <= _MOST_NUMBERS:
            numbers = "\n".join(f"{number:+.2f}" for number in code)
        self._canvas.itemconfigure(self._numbers, text=numbers)
        self._canvas.itemconfigure(self._picture, state="hidden" if numbers else "normal")
        if numbers:
            return
        levels = np.zeros((1, 1), np.float32)
        if code is not None:
            heights = (code / self._spread).clip(-1, 1)
            levels = self._bars(heights) if len(code) <= _MOST_BARS else self._cells(heights)
        picture = Image.fromarray(self._look.palette.signed_code(levels))
        self._photo.paste(picture.resize((self._edge, self._edge), Image.Resampling.NEAREST))

    def _bars(self, heights: np.ndarray) -> np.ndarray:
        """A bar for each number, (edge, D): up if it is positive, else down; the floor is 0 if none is negative."""
        row = np.linspace(1, self._floor, self._edge, dtype=np.float32)[:, None]  # the height it stands for
        filled = np.where(heights >= 0, (row >= 0) & (row <= heights), (row <= 0) & (row >= heights))
        levels: np.ndarray = np.where(filled, np.where(heights >= 0, 1, -1), 0).astype(np.float32)
        return levels

    def _cells(self, heights: np.ndarray) -> np.ndarray:
        """A cell for each number, in rows as long as there are rows."""
        side = int(np.ceil(np.sqrt(len(heights))))
        cells = np.zeros(side * side, np.float32)
        cells[: len(heights)] = heights
        return cells.reshape(side, side)
