"""Where points are many: their number per area as a picture, in the mixture of their colours."""

from __future__ import annotations

import numpy as np
from PIL import Image

from aedesk.gui.map.dots import pack

_CELL = 8  # px
_BLUR = 1.1  # cells, standard deviation


def paint_density(
    x: np.ndarray,
    y: np.ndarray,
    colours: np.ndarray,
    size: tuple[int, int],
    surface: np.ndarray,
    ground: np.ndarray | None = None,
) -> np.ndarray:
    """(height, width) uint32 as of `dots.pack`: the densest twentieth of the area in full colour.

    x, y: (n,) pixels of the points in view. colours: (n, 3) in [0, 255], one per point. size: width and height.
    surface: (3,), what is under the colours, unless there is a `ground` to paint over, (height, width) uint32.
    """
    from scipy.ndimage import gaussian_filter

    width, height = size
    columns, rows = -(-width // _CELL), -(-height // _CELL)
    cells = (y // _CELL).astype(np.int32) * columns + (x // _CELL).astype(np.int32)
    planes = [None, *(colours[:, channel] for channel in range(3))]
    sums = [np.bincount(cells, plane, rows * columns).reshape(rows, columns) for plane in planes]
    number, *channels = (gaussian_filter(plane.astype(np.float32), _BLUR, mode="constant") for plane in sums)
    seen = number[number > 0.02]
    full = float(np.quantile(seen, 0.95)) if len(seen) else 1.0
    share = np.clip(number / max(full, 1e-6), 0, 1) ** 0.6
    mixed = np.stack(channels, axis=-1) / np.maximum(number, 1e-6)[..., None]
    if ground is None:
        mixed = surface + share[..., None] * (mixed - surface)
    colour = Image.frombuffer("RGBX", (columns, rows), pack(mixed.clip(0, 255)), "raw", "RGBX", 0, 1)
    picture = _enlarged(colour, width, height)
    if ground is None:
        return picture
    above, below = (
        Image.frombuffer("RGBX", size, pixels, "raw", "RGBX", 0, 1) for pixels in (picture, ground)
    )
    mask = Image.fromarray((share * 255).astype(np.uint8)).resize(
        size, Image.Resampling.BILINEAR, (0, 0, width / _CELL, height / _CELL)
    )
    painted = Image.composite(above, below, mask)
    return np.frombuffer(bytearray(painted.tobytes()), np.uint32).reshape(height, width)  # to be painted on


def _enlarged(cells: Image.Image, width: int, height: int) -> np.ndarray:
    """Smooth at half the resolution, each of whose pixels becomes four: nobody sees it, at a quarter of the time."""
    half = (-(-width // 2), -(-height // 2))
    smooth = cells.resize(half, Image.Resampling.BILINEAR, (0, 0, width / _CELL, height / _CELL))
    pixels = np.frombuffer(smooth.tobytes(), np.uint32).reshape(half[1], half[0])
    return np.ascontiguousarray(pixels.repeat(2, axis=0).repeat(2, axis=1)[:height, :width])
