"""Any picture, photograph or scan to ink, and from there to model input."""

from __future__ import annotations

import numpy as np
from PIL import Image, ImageFilter

from aedesk.picture_file import grey_of
from aedesk.sketch.ink import SIDE, normalise

_DRAWN = 0.4
"""With this share of its pixels at its darkest and lightest levels, a picture was drawn, not photographed."""
_CONTRAST = 0.04
"""Ink differs from its ground by at least this much."""
_LEAST = 1e-4
"""Less ink than this share of the picture is noise."""
_SPECK = 0.02
"""Spots smaller than this share of the largest are dust or noise."""


def from_picture(image: Image.Image) -> np.ndarray:
    """The model input of a picture of any size, mode and polarity, clean or photographed.

    Returns (28, 28) float32 in [0, 1], ink = 1. A 28x28 picture passes untouched, inverted where its border
    is bright. A picture without ink gives zeros.
    """
    if image.size == (SIDE, SIDE):
        return _as_is(grey_of(image))
    return normalise(_ink(grey_of(image)))


def ink_of_picture(image: Image.Image, size: int) -> np.ndarray:
    """The picture as ink to edit: (size, size) uint8, ink = 255 on 0, aspect kept, centred.

    `normalise` of it gives nearly what `from_picture` gives of the picture.
    """
    grey = grey_of(image)
    ink = _as_is(grey) if image.size == (SIDE, SIDE) else _ink(grey)
    scale = size / max(ink.shape)
    width, height = (max(1, round(side * scale)) for side in reversed(ink.shape))
    kernel = Image.Resampling.BOX if scale < 1 else Image.Resampling.BICUBIC
    fitted = Image.fromarray(np.rint(ink * 255).astype(np.uint8)).resize((width, height), kernel)
    raster = Image.new("L", (size, size))
    raster.paste(fitted, ((size - width) // 2, (size - height) // 2))
    return np.array(raster)


def _as_is(grey: np.ndarray) -> np.ndarray:
    """A picture of MNIST's size in MNIST's polarity."""
    return 1 - grey if np.median(_border(grey)) > 0.5 else grey


def _border(grey: np.ndarray) -> np.ndarray:
    """The pixels of a frame as thick as a fortieth of the shorter side."""
    thick = max(1, min(grey.shape) // 40)
    inner = np.zeros(grey.shape, bool)
    inner[thick:-thick, thick:-thick] = True
    return grey[~inner]


def _ink(grey: np.ndarray) -> np.ndarray:
    """The ink of a picture, (H, W) float32 in [0, 1], 0 where there is only ground."""
    from scipy import ndimage  # Slow to import, and no stroke needs it.

    relief = grey
    if np.mean((grey < grey.min() + 0.02) | (grey > grey.max() - 0.02)) < _DRAWN:
        # Grain of paper and sensor, far finer than a stroke.
        relief = ndimage.gaussian_filter(grey - _paper(grey), max(grey.shape) / 500)
    if np.ptp(relief) < _CONTRAST:
        return np.zeros(grey.shape, np.float32)
    if np.median(_border(relief)) > _otsu(relief):
        relief = -relief
    floor, noise, threshold = _levels(relief)
    above = relief[relief > threshold]
    if above.size <= _LEAST * relief.size or above.mean() - floor < _CONTRAST:
        return np.zeros(grey.shape, np.float32)
    low = floor + min(3 * noise, 0.5 * (threshold - floor))
    full = float(np.percentile(above, 75))
    return _without_specks(np.clip((relief - low) / (full - low), 0, 1).astype(np.float32))


def _paper(grey: np.ndarray) -> np.ndarray:
    """The lightness of unevenly lit paper: the quadratic surface of least absolute error, deaf to ink."""
    height, width = grey.shape
    small = np.asarray(Image.fromarray(grey).resize((min(width, 64), min(height, 64)), Image.Resampling.BOX))

    def terms(rows: int, columns: int) -> np.ndarray:
        y, x = np.meshgrid(np.linspace(-1, 1, rows), np.linspace(-1, 1, columns), indexing="ij")
        return np.stack([np.ones_like(x), x, y, x * x, x * y, y * y], -1)

    basis = terms(*small.shape).reshape(-1, 6)
    weights = np.ones(small.size)
    for _ in range(12):
        scaled = basis * weights[:, None]
        shape = np.linalg.lstsq(scaled.T @ basis, scaled.T @ small.ravel(), rcond=None)[0]
        weights = 1 / np.maximum(np.abs(small.ravel() - basis @ shape), 0.01)
    surface: np.ndarray = terms(height, width) @ shape
    return surface.astype(np.float32)


def _levels(relief: np.ndarray) -> tuple[float, float, float]:
    """(the ground's level, its noise as a standard deviation, the threshold of ink), ink being brighter.

    Otsu's threshold, raised until it clears the noise: a thin stroke on a large sheet is too little for Otsu.
    """
    threshold = _otsu(relief)
    for _ in range(4):
        ground = relief[relief <= threshold]
        floor = float(np.median(ground))
        noise = 1.4826 * float(np.median(np.abs(ground - floor)))
        threshold = max(threshold, floor + 6 * noise)
    return floor, noise, threshold


def _otsu(values: np.ndarray) -> float:
    """The threshold with the largest variance between the two classes (Otsu 1979)."""
    counts, edges = np.histogram(values, 256)
    middles = (edges[:-1] + edges[1:]) / 2
    below = np.cumsum(counts)[:-1]
    above = values.size - below
    sums = np.cumsum(counts * middles)
    with np.errstate(divide="ignore", invalid="ignore"):
        between = below * above * (sums[:-1] / below - (sums[-1] - sums[:-1]) / above) ** 2
    best = np.flatnonzero(between >= np.nanmax(between) * (1 - 1e-9)) if np.isfinite(between).any() else [0]
    return float(edges[1 + int(np.mean(best))])


def _without_specks(ink: np.ndarray) -> np.ndarray:
    from scipy import ndimage

    spots, count = ndimage.label(ink > 0.25, np.ones((3, 3)))
    areas = np.bincount(spots.ravel(), minlength=count + 1)
    areas[0] = 0
    kept = areas >= max(1, _SPECK * areas.max())
    if kept[1:].all():
        return ink
    # With the soft edge around what stays.
    around = Image.fromarray(kept[spots].astype(np.uint8)).filter(ImageFilter.MaxFilter(5))
    clean: np.ndarray = ink * np.asarray(around)
    return clean
