"""Where points are many: their number per area as a picture, in the mixture of their colours."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from PIL import Image

from aedesk.gui.map.dots import Box, PointsInView, pack

_CELL = 8  # px
_BLUR = 1.1  # cells, standard deviation
_FAINTEST = 0.16  # of the full colour: a point that is alone in its tile


@dataclass(frozen=True, eq=False)
class Cells:
    """Points summed up in a grid, the uppermost row first.

    number: (rows, columns) float32. colour: (rows, columns, 3), the mean of their colours. box: what is shown of the
    grid, in cells. size: of that in pixels.
    """

    number: np.ndarray
    colour: np.ndarray
    box: Box
    size: tuple[int, int]


def paint_density(
    points: PointsInView,
    colours: np.ndarray,
    size: tuple[int, int],
    surface: np.ndarray,
    ground: np.ndarray | None = None,
) -> np.ndarray:
    """(height, width) uint32 as of `dots.pack`, smooth: the densest twentieth of the area in full colour.

    colours: (n, 3) in [0, 255], one per point. size: width and height. surface: (3,), what is under the colours, unless
    there is a `ground` to paint over, (height, width) uint32.
    """
    from scipy.ndimage import gaussian_filter

    width, height = size
    columns, rows = -(-width // _CELL), -(-height // _CELL)
    places = (points.y // _CELL).astype(np.int32) * columns + (points.x // _CELL).astype(np.int32)
    planes = [None, *(colours[:, channel] for channel in range(3))]
    sums = [np.bincount(places, plane, rows * columns).reshape(rows, columns) for plane in planes]
    number, *channels = (gaussian_filter(plane.astype(np.float32), _BLUR, mode="constant") for plane in sums)
    colour = np.stack(channels, axis=-1) / np.maximum(number, 1e-6)[..., None]
    share = np.clip(number / max(_full(number[number > 0.02]), 1e-6), 0, 1) ** 0.6
    cells = Cells(number, colour, (0, 0, width / _CELL, height / _CELL), size)
    return _painted(cells, share, surface, ground)


def paint_tiles(cells: Cells, surface: np.ndarray, ground: np.ndarray | None = None) -> np.ndarray:
    """(height, width) uint32 as of `dots.pack`, sharp: no point is so lonely that it could not be seen."""
    number = cells.number
    # Numbers of a map go over several powers of ten; their logarithms show the crowd's shape and its rim as well.
    share = np.log1p(number) / math.log1p(max(1.0, _full(number[number > 0])))
    share = (number > 0) * (_FAINTEST + (1 - _FAINTEST) * share.clip(0, 1))
    return _painted(cells, share, surface, ground)


def _full(numbers: np.ndarray) -> float:
    """How many points make a cell as full as it is shown."""
    return float(np.quantile(numbers, 0.95)) if len(numbers) else 1.0


def _painted(cells: Cells, share: np.ndarray, surface: np.ndarray, ground: np.ndarray | None) -> np.ndarray:
    """The colours of cells, as much of each as its share in [0, 1] says."""
    size, mixed = cells.size, cells.colour
    if ground is None:
        mixed = surface + share[..., None] * (mixed - surface)
    rows, columns = share.shape
    colour = Image.frombuffer("RGBX", (columns, rows), pack(mixed.clip(0, 255)), "raw", "RGBX", 0, 1)
    picture = _enlarged(colour, cells)
    if ground is None:
        return picture
    above, below = (
        Image.frombuffer("RGBX", size, pixels, "raw", "RGBX", 0, 1) for pixels in (picture, ground)
    )
    mask = Image.fromarray((share * 255).astype(np.uint8)).resize(size, Image.Resampling.BILINEAR, cells.box)
    painted = Image.composite(above, below, mask)
    # Writable, for what is painted over it.
    return np.frombuffer(bytearray(painted.tobytes()), np.uint32).reshape(size[1], size[0])


def _enlarged(colour: Image.Image, cells: Cells) -> np.ndarray:
    """Smooth at half the resolution, each of whose pixels becomes four: nobody sees it, at a quarter of the time."""
    width, height = cells.size
    half = (-(-width // 2), -(-height // 2))
    smooth = colour.resize(half, Image.Resampling.BILINEAR, cells.box)
    pixels = np.frombuffer(smooth.tobytes(), np.uint32).reshape(half[1], half[0])
    wide = (pixels.astype(np.uint64) * (2**32 + 1)).view(np.uint32)[:, :width]  # each pixel twice
    picture = np.empty((height, width), np.uint32)
    picture[0::2], picture[1::2] = wide, wide[: height // 2]
    return picture
