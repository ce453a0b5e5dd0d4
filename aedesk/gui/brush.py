"""What the left button does on every canvas of a window: draw or erase, and how widely."""

from __future__ import annotations

from aedesk.app.signal import Signal

THINNEST, USUAL, THICKEST = 12.0, 46.0, 90.0
"""Raster px; digits that fill the canvas look like MNIST's with the usual one."""


class Brush:
    """width: in raster pixels, of the pen and the eraser. `changed` tells that either is another."""

    def __init__(self) -> None:
        self._width = USUAL
        self._erasing = False
        self.changed: Signal[None] = Signal()

    @property
    def width(self) -> float:
        return self._width

    @width.setter
    def width(self, width: float) -> None:
        self._width = min(max(width, THINNEST), THICKEST)
        self.changed.emit(None)

    def widen(self, by: float) -> None:
        """Make it thicker, or thinner if `by` is negative."""
        self.width += by

    @property
    def erasing(self) -> bool:
        """Whether the left button takes ink away."""
        return self._erasing

    @erasing.setter
    def erasing(self, erasing: bool) -> None:
        self._erasing = erasing
        self.changed.emit(None)
