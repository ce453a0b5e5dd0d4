"""Where points are many: their number per area as a picture, in the mixture of their colours."""

from __future__ import annotations

import numpy as np
from PIL import Image

from aedesk.gui.map.dots import pack

_CELL = 8  # px
_BLUR = 1.1  # cells, standard deviation


def paint_density(
    x: np.ndarray, y: np.ndarray, colours: np.ndarray, width: int, height: int, surface: np.ndarray
) -> np.ndarray:
    """(height, width) uint32 as of `dots.pack`: the densest twentieth of the area in full colour.

    x, y: (n,) pixels of the points in view. colours: (n, 3) in [0, 255], one per point. surface: (3,).
    """
    from scipy.ndimage import gaussian_filter

    columns, rows = -(-width // _CELL), -(-height // _CELL)
    cells = (y // _CELL).astype(np.int32) * columns + (x // _CELL).astype(np.int32)
    planes = [None, *(colours[:, channel] for channel in range(3))]
    sums = [np.bincount(cells, plane, rows * columns).reshape(rows, columns) for plane in planes]
    number, *channels = (gaussian_filter(plane.astype(np.float32), _BLUR, mode="constant") for plane in sums)
    seen = number[number > 0.02]
    full = float(np.quantile(seen, 0.95)) if len(seen) else 1.0
    share = np.clip(number / max(full, 1e-6), 0, 1)[..., None] ** 0.6
    mixed = np.stack(channels, axis=-1) / np.maximum(number, 1e-6)[..., None]
    blended = (surface + share * (mixed - surface)).clip(0, 255).astype(np.uint8)
    # Enlarged smoothly to half the size, then each pixel to four: so smooth a picture does not show it, and a whole
    # screen takes 4 ms instead of 12.
    half = (-(-width // 2), -(-height // 2))
    small = Image.frombuffer("RGBX", (columns, rows), pack(blended), "raw", "RGBX", 0, 1)
    box = (0, 0, min(columns, 2 * half[0] / _CELL), min(rows, 2 * half[1] / _CELL))
    smooth = small.resize(half, Image.Resampling.BILINEAR, box)
    pixels = np.frombuffer(smooth.tobytes(), np.uint32).reshape(half[1], half[0])
    picture: np.ndarray = pixels.repeat(2, axis=0).repeat(2, axis=1)[:height, :width]
    return np.ascontiguousarray(picture)
