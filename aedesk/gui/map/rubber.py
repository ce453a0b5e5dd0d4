"""What is drawn with the mouse over the map to choose a part of it: a box, a loop or a path."""

from __future__ import annotations

import tkinter as tk
from typing import Literal

import numpy as np

Shape = Literal["box", "loop", "path"]
_STEP = 3  # px between two corners of a loop or a path


class Rubber:
    """A shape that follows the pointer on a canvas, from `begin` to `end`."""

    def __init__(self, canvas: tk.Canvas) -> None:
        self._canvas = canvas
        self._shape: Shape = "box"
        self._corners: list[tuple[float, float]] = []
        self._item: int | None = None

    @property
    def is_drawing(self) -> bool:
        return self._item is not None

    def begin(self, shape: Shape, x: float, y: float, colour: str) -> None:
        self.cancel()
        self._shape, self._corners = shape, [(x, y)]
        if shape == "box":
            self._item = self._canvas.create_rectangle(x, y, x, y, outline=colour, width=2, dash=(4, 3))
        else:
            dash = (4, 3) if shape == "loop" else ()
            self._item = self._canvas.create_line(x, y, x, y, fill=colour, width=2, dash=dash)

    def follow(self, x: float, y: float) -> None:
        if self._item is None:
            return
        last = self._corners[-1]
        if self._shape == "box":
            self._corners[1:] = [(x, y)]
        elif abs(x - last[0]) + abs(y - last[1]) >= _STEP:
            self._corners.append((x, y))
        if len(self._corners) > 1:
            closed = self._corners + self._corners[:1] if self._shape == "loop" else self._corners
            self._canvas.coords(self._item, *(number for corner in closed for number in corner))

    def end(self) -> np.ndarray:
        """The corners in pixels, (n, 2): two of a box; (1, 2) if the pointer has not moved; (0, 2) without `begin`."""
        corners = np.array(self._corners, float).reshape(-1, 2)
        self.cancel()
        return corners

    def cancel(self) -> None:
        """Take the shape away."""
        if self._item is not None:
            self._canvas.delete(self._item)
        self._item = None
        self._corners = []
