"""The backdrop as a picture: decoded digits in faint ink, or a veil where the decoder is not to be trusted."""

from __future__ import annotations

import numpy as np
from PIL import Image, ImageColor

from aedesk.app.backdrop import Kind, Mosaic
from aedesk.app.viewport import Viewport
from aedesk.gui.map.dots import pack
from aedesk.gui.theme import Palette

_INK = 0.34  # of the way from the surface to the ink, at most: dots must stand out
_ENLARGED = 1.7  # times: a mosaic shown larger has no more to show at the full resolution of a large screen
_VEIL = 0.32  # of the way to the colour that warns


def paint_ground(mosaic: Mosaic, kind: Kind, view: Viewport, palette: Palette) -> np.ndarray:
    """(H, W) uint32 as of `dots.pack`."""
    whole, box = Image.fromarray(mosaic.values), mosaic.box
    coarse = 2 if view.width > _ENLARGED * (box[2] - box[0]) else 1
    size = (-(-view.width // coarse), -(-view.height // coarse))
    shown = np.asarray(whole.resize(size, Image.Resampling.BILINEAR, box))
    picture: np.ndarray = np.take(_shades(kind, palette), shown)
    if coarse > 1:
        picture = picture.repeat(coarse, axis=0).repeat(coarse, axis=1)[: view.height, : view.width]
    return np.ascontiguousarray(picture)


def _shades(kind: Kind, palette: Palette) -> np.ndarray:
    """The colour of each of 256 values, uint32."""
    surface = np.array(ImageColor.getrgb(palette.surface)[:3], np.float32)
    share = np.arange(256, dtype=np.float32)[:, None] / 255
    if kind == "digits":
        towards, weight = palette.ink, _INK * share
    else:
        towards, weight = palette.too_much, _VEIL * (1 - share)
    return pack(surface + weight * (np.array(ImageColor.getrgb(towards)[:3]) - surface))
