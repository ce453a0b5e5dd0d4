"""The drawing with what is odd about it in red."""

from __future__ import annotations

import numpy as np
from PIL import ImageColor

from aedesk.gui.theme import Palette
from aedesk.gui.tiles import ImageTile

_STRONGEST = 0.85  # of the way to red, so that ink and paper can still be told apart


class HeatTile(ImageTile):
    """A tile whose picture has its heat on it."""

    _heat: np.ndarray | None = None

    def show_heat(self, image: np.ndarray, heat: np.ndarray) -> None:
        """image, heat: (28, 28) in [0, 1]."""
        self._heat = heat
        self.show(image)

    def _shaded(self, image: np.ndarray) -> np.ndarray:
        heat = np.zeros_like(image) if self._image is None or self._heat is None else self._heat
        return heated(image, heat, self._look.palette)


def heated(image: np.ndarray, heat: np.ndarray, palette: Palette) -> np.ndarray:
    """Image and heat, (28, 28) in [0, 1] -> (28, 28, 3) uint8: the redder, the odder."""
    shaded = palette.shade(image).astype(np.float32)
    red = np.array(ImageColor.getrgb(palette.too_much), np.float32)
    weight = _STRONGEST * np.clip(heat, 0, 1)[..., None]
    mixed: np.ndarray = shaded + weight * (red - shaded)
    return mixed.clip(0, 255).astype(np.uint8)
