"""Where the pictures of a row or grid lie, and how they get onto one sheet."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from PIL import Image

from aedesk.gui.theme import Palette


@dataclass(frozen=True)
class Cells:
    """Where `count` pictures lie that are `columns` in a row; lengths in px, from the first one's upper left corner."""

    count: int
    columns: int
    width: int
    height: int
    edge: int
    gap: int

    @property
    def size(self) -> tuple[int, int]:
        """(width, height) of all of them together."""
        columns, rows = min(self.count, self.columns), -(-self.count // self.columns)
        return columns * (self.width + self.gap) - self.gap, rows * (self.height + self.gap) - self.gap

    def place(self, index: int) -> tuple[int, int]:
        """The upper left corner of a cell."""
        row, column = divmod(index, self.columns)
        return column * (self.width + self.gap), row * (self.height + self.gap)

    def at(self, x: float, y: float) -> int | None:
        """The cell at (x, y); half of the gap around it is its own."""
        column = int((x + self.gap / 2) // (self.width + self.gap))
        row = int((y + self.gap / 2) // (self.height + self.gap))
        index = row * self.columns + column
        return index if row >= 0 and 0 <= column < self.columns and index < self.count else None

    def within(self, left: int, top: int, width: int, height: int) -> list[int]:
        """The cells that show in a window of the whole, in order."""
        columns = range(
            max(0, left // (self.width + self.gap)),
            min(self.columns, (left + width) // (self.width + self.gap) + 1),
        )
        rows = range(max(0, top // (self.height + self.gap)), (top + height) // (self.height + self.gap) + 1)
        indices = (row * self.columns + column for row in rows for column in columns)
        return [index for index in indices if index < self.count]


def enlarged_all(images: np.ndarray, edge: int, palette: Palette) -> np.ndarray:
    """(n, 28, 28) in [0, 1] -> (n, edge, edge, 3) uint8 in the theme's shades, as `strip.enlarged` does it for one."""
    count = len(images)
    if not count:
        return np.empty((0, edge, edge, 3), np.uint8)
    levels = (images.clip(0, 1) * 255).round().astype(np.uint8).reshape(count * 28, 28)
    whole = -(-edge // 28) * 28
    hard = Image.fromarray(levels).resize((whole, whole * count), Image.Resampling.NEAREST)
    tall = np.asarray(hard.resize((edge, edge * count), Image.Resampling.BOX))
    shades = palette.shade(np.linspace(0, 1, 256, dtype=np.float32))
    coloured: np.ndarray = shades[tall].reshape(count, edge, edge, 3)
    return coloured


def blit(sheet: np.ndarray, picture: np.ndarray, x: int, y: int) -> None:
    """Put a picture onto the sheet at (x, y); what lies outside is left away."""
    height, width = sheet.shape[:2]
    left, top = max(0, x), max(0, y)
    right, low = min(width, x + picture.shape[1]), min(height, y + picture.shape[0])
    if left < right and top < low:
        sheet[top:low, left:right] = picture[top - y : low - y, left - x : right - x]
