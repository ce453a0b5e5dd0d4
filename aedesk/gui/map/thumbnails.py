"""Pictures on the map where there is room for them: at high zoom the points become digits."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from PIL import Image

from aedesk.gui.map.dots import PointsInView, pack

_FEWEST_PIXELS = 900  # of the map, for each point in view: with less room, dots
_EDGE = 32  # px
_CELL = 4  # px, of the grid that says where there is room
_FRAME = 2  # px of the class's colour around a picture


@dataclass(frozen=True, eq=False)
class Placed:
    """Points that get a picture: indices (n,), and the left upper corners of their frames, (n,) int each."""

    indices: np.ndarray
    left: np.ndarray
    top: np.ndarray


def place(in_view: PointsInView, width: int, height: int, scale: float = 1.0) -> Placed | None:
    """Room for pictures that do not cover each other, or None where there are too many points for any.

    Those that come first in the order of the points get it; so the same ones keep theirs while the map is moved.
    """
    edge = side(scale)
    if not len(in_view) or width * height < len(in_view) * _FEWEST_PIXELS * scale**2:
        return None
    left = in_view.x.astype(np.int32) - edge // 2
    top = in_view.y.astype(np.int32) - edge // 2
    order = np.argsort(in_view.indices, kind="stable")
    inside = (left >= 0) & (top >= 0) & (left + edge <= width) & (top + edge <= height)
    # Which cells of the screen have a picture already, a cell being a few pixels wide.
    occupied = np.zeros((height // _CELL + 2, width // _CELL + 2), bool)
    taken: list[int] = []
    for candidate in order[inside[order]].tolist():
        x, y = int(left[candidate]), int(top[candidate])
        cells = occupied[y // _CELL : (y + edge) // _CELL + 1, x // _CELL : (x + edge) // _CELL + 1]
        if not cells.any():
            cells[:] = True
            taken.append(candidate)
    return Placed(in_view.indices[taken], left[taken], top[taken]) if taken else None


def side(scale: float = 1.0) -> int:
    """Width of a framed picture in px."""
    return round(_EDGE * scale) + 2 * _FRAME


def paint(
    picture: np.ndarray, placed: Placed, shaded: np.ndarray, frames: np.ndarray, scale: float = 1.0
) -> None:
    """Put pictures into `picture`, (H, W) uint32, in place.

    shaded: (n, 28, 28, 3) uint8, the pictures in the theme's colours. frames: (n, 3) in [0, 255].
    """
    edge = side(scale)
    inner = edge - 2 * _FRAME
    for image, frame, left, top in zip(shaded, pack(frames), placed.left, placed.top, strict=True):
        grown = np.asarray(Image.fromarray(image).resize((inner, inner), Image.Resampling.BILINEAR))
        picture[top : top + edge, left : left + edge] = frame
        picture[top + _FRAME : top + _FRAME + inner, left + _FRAME : left + _FRAME + inner] = pack(grown)
