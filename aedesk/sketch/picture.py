"""Any picture file, photograph or scan to ink, and from there to model input."""

from __future__ import annotations

import os
import warnings
from pathlib import Path

import numpy as np
from PIL import Image, ImageFilter, ImageOps, UnidentifiedImageError

from aedesk.errors import AedeskError
from aedesk.sketch.ink import SIDE, normalise

MAX_PIXELS = 64_000_000
FORMATS = ("BMP", "GIF", "ICO", "JPEG", "PNG", "PPM", "TGA", "TIFF", "WEBP")
"""Pictures of pixels only: Pillow hands some others to programs outside."""

_WORKING_SIDE = 1024
_DRAWN = 0.4
"""With this share of its pixels at its darkest and lightest levels, a picture was drawn, not photographed."""
_CONTRAST = 0.04
"""Ink differs from its ground by at least this much."""
_LEAST = 1e-4
"""Less ink than this share of the picture is noise."""
_SPECK = 0.02
"""Spots smaller than this share of the largest are dust or noise."""


def open_picture(path: str | os.PathLike[str]) -> Image.Image:
    """The picture in a file (the first one of several), loaded whole and turned as its EXIF data says.

    AedeskError where there is none, it is broken, or it has more than 64 megapixels.
    """
    file = Path(path)
    if file.is_dir():
        raise AedeskError(f"{file} is a folder; give a picture file")
    if not file.exists():
        raise AedeskError(f"there is no file {file}; check the name")
    if not file.is_file():
        raise AedeskError(f"{file} is not a regular file; give a picture file")
    try:
        return _load(file)
    except AedeskError:
        raise
    except UnidentifiedImageError as problem:
        known = ", ".join(FORMATS)
        raise AedeskError(f"{file} is {_nature(file)}; give one of these: {known}") from problem
    except PermissionError as problem:
        raise AedeskError(f"{file} may not be read; check its permissions") from problem
    except MemoryError as problem:
        raise AedeskError(f"{file} does not fit into memory; make the picture smaller") from problem
    except Exception as problem:  # Decoders of broken files raise nearly any type.
        reason = " ".join(str(problem).split()) or type(problem).__name__
        raise AedeskError(f"{file} is a broken picture ({reason}); save it again") from problem


def from_picture(image: Image.Image) -> np.ndarray:
    """The model input of a picture of any size, mode and polarity, clean or photographed.

    Returns (28, 28) float32 in [0, 1], ink = 1. A 28x28 picture passes untouched, inverted where its border
    is bright. A picture without ink gives zeros.
    """
    if image.size == (SIDE, SIDE):
        return _as_is(_grey(image))
    return normalise(_ink(_grey(image)))


def ink_of_picture(image: Image.Image, size: int) -> np.ndarray:
    """The picture as ink to edit: (size, size) uint8, ink = 255 on 0, aspect kept, centred.

    `normalise` of it gives nearly what `from_picture` gives of the picture.
    """
    grey = _grey(image)
    ink = _as_is(grey) if image.size == (SIDE, SIDE) else _ink(grey)
    scale = size / max(ink.shape)
    width, height = (max(1, round(side * scale)) for side in reversed(ink.shape))
    kernel = Image.Resampling.BOX if scale < 1 else Image.Resampling.BICUBIC
    fitted = Image.fromarray(np.rint(ink * 255).astype(np.uint8)).resize((width, height), kernel)
    raster = Image.new("L", (size, size))
    raster.paste(fitted, ((size - width) // 2, (size - height) // 2))
    return np.array(raster)


def _load(file: Path) -> Image.Image:
    with warnings.catch_warnings():
        # Pillow warns of large pictures and odd metadata; the limit below decides.
        warnings.simplefilter("ignore")
        try:
            image = Image.open(file, formats=FORMATS)
        except Image.DecompressionBombError:
            raise _too_large(file) from None
        with image:
            if image.width * image.height > MAX_PIXELS:
                raise _too_large(file)
            if 0 in image.size:
                raise AedeskError(f"{file} holds a picture without pixels; choose another")
            image.verify()  # checksums, which loading passes over; the file must be opened again after it
        with Image.open(file, formats=FORMATS) as image:
            image.load()
            try:
                return ImageOps.exif_transpose(image).copy()
            except Exception:  # Broken EXIF data does not spoil the pixels.
                return image.copy()


def _too_large(file: Path) -> AedeskError:
    return AedeskError(f"{file} has more than {MAX_PIXELS // 10**6} megapixels; make the picture smaller")


def _nature(file: Path) -> str:
    return "an empty file" if file.stat().st_size == 0 else "not a picture that can be read"


def _grey(image: Image.Image) -> np.ndarray:
    """The picture's lightness, (H, W) float32 in [0, 1], its longer side at most 1,024 pixels."""
    if 0 in image.size:
        raise AedeskError("the picture has no pixels; choose another")
    try:
        if image.mode == "F" or image.mode.startswith("I"):
            light = _deep(np.asarray(image, np.float32))
        elif image.has_transparency_data:
            light = _composed(np.asarray(image.convert("RGBA").convert("LA"), np.float32) / 255)
        else:
            light = np.asarray(image.convert("L"), np.float32) / 255
    except ValueError as problem:
        raise AedeskError(f"pictures of colour mode {image.mode} cannot be read; save it as RGB") from problem
    longest = max(light.shape)
    if longest <= _WORKING_SIDE:
        return light
    width, height = (max(1, side * _WORKING_SIDE // longest) for side in reversed(light.shape))
    return np.asarray(Image.fromarray(light).resize((width, height), Image.Resampling.BOX))


def _deep(light: np.ndarray) -> np.ndarray:
    """Pixels of more than 8 bits by the smallest usual full scale that holds them."""
    if not np.isfinite(light).all():
        raise AedeskError("the picture holds numbers that are not finite; save it again")
    most = float(light.max())
    full = next((scale for scale in (1, 255, 4095, 65535) if most <= scale), most)
    return np.clip(light / full, 0, 1).astype(np.float32)


def _composed(light_alpha: np.ndarray) -> np.ndarray:
    """A transparent picture laid on white or black.

    Where the opaque part is of one tone it is ink, and the ground is the opposite; where it has both ink and
    paper, its prevailing tone is the paper, and the paper goes on.
    """
    light, alpha = light_alpha[..., 0], light_alpha[..., 1]
    opaque = light[alpha > 0.5]
    if not opaque.size:
        opaque = light[alpha > 0] if (alpha > 0).any() else np.zeros(1, np.float32)
    tone = float(np.median(opaque) > 0.5)
    differing = np.mean(np.abs(opaque - tone) > 0.5)
    ground = tone if differing > 0.02 else 1 - tone
    composed: np.ndarray = light * alpha + ground * (1 - alpha)
    return composed


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
