"""Ink to model input: fit into 20x20, bring the pen to MNIST's width, centre the mass in 28x28.

MNIST was made so from scanned digits (LeCun, Bottou, Bengio, Haffner 1998, section III A), but its writers
all held similar pens. A mouse draws hairlines and felt-tips alike, so the width of the pen is normalised too.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageFilter

from aedesk.errors import AedeskError

SIDE = 28
FIT = 20
"""The longer side of the ink in output pixels."""

PEN = (2.3, 2.9)
"""Stroke widths in output pixels that are left as they are: about the middle half of MNIST's digits.

By `_stroke_width`, 1,000 training digits have percentiles 5, 25, 50, 75, 95 of 1.8, 2.2, 2.6, 3.0, 3.9.
"""

_FINE = 5
"""Working pixels for each output pixel: enough for round strokes, few enough for every pen motion."""

_EDGE = 0.4
"""Ink brighter than this share of the brightest is inside the stroke."""

_HAIRLINE = 0.45
"""Ink that on average covers less of its working pixels is finer than they are, and ink all the same."""

_CENTRE = 14.5
"""Where MNIST's centre of mass lies on average, in pixels from the left and upper edge of the field."""

_SOLID, _DRAWN = 2.0, 3.5
"""Ink shorter than two pen widths is a dot or a filled shape; from three and a half on it is a stroke."""


class _Fit(NamedTuple):
    """scale: working pixels for each output pixel. grow: what to add to each edge, in working pixels."""

    scale: float
    grow: float


def normalise(ink: npt.ArrayLike | Image.Image) -> np.ndarray:
    """The picture that a model trained on MNIST expects of this ink; it costs about a millisecond.

    ink: (H, W), bright ink on dark ground, whole numbers in [0, 255] or float in [0, 1]; (28, 28) passes
    untouched. Returns (28, 28) float32 in [0, 1], ink = 1. No ink gives zeros. Ink too compact to be a
    stroke, such as a dot, keeps its size relative to the raster. AedeskError where `ink` is no such array.
    """
    raster = _in_range(ink)
    if raster.shape == (SIDE, SIDE):
        return raster.astype(np.float32) / (255 if raster.dtype == np.uint8 else 1)
    if raster.dtype != np.uint8:
        raster = np.rint(raster * 255).astype(np.uint8)
    across, down = (raster.max(axis, initial=0) for axis in (0, 1))
    peak = int(across.max(initial=0))
    if peak == 0:
        return np.zeros((SIDE, SIDE), np.float32)
    picture = Image.fromarray(raster)
    columns, rows = (np.flatnonzero(most > peak * _EDGE) for most in (across, down))
    box = int(columns[0]), int(rows[0]), int(columns[-1]) + 1, int(rows[-1]) + 1
    length = max(box[2] - box[0], box[3] - box[1])
    fine = _reduce(picture, box, peak)
    fit = _fit(_stroke_width(fine), max(raster.shape) / length)
    return _place(_grow(fine, fit.grow), fit.scale)


def _in_range(ink: npt.ArrayLike | Image.Image) -> np.ndarray:
    """`ink` as uint8 in [0, 255] or float32 in [0, 1], or a clear error."""
    array = np.asarray(ink)
    if array.ndim != 2:
        raise AedeskError(f"ink must be one grey picture of shape (height, width), not {array.shape}")
    if array.dtype == np.uint8:
        return array
    if array.dtype == np.bool_:
        return array.astype(np.float32)
    if np.issubdtype(array.dtype, np.integer):
        if array.min(initial=0) < 0 or array.max(initial=0) > 255:
            raise AedeskError("ink of whole numbers must lie between 0 and 255; scale it first")
        return array.astype(np.uint8)
    if not np.issubdtype(array.dtype, np.floating):
        raise AedeskError(f"ink must hold numbers, uint8 in 0..255 or float in 0..1, not {array.dtype}")
    if not np.isfinite(array).all():
        raise AedeskError("ink holds numbers that are not finite (NaN or infinity); replace them first")
    if array.max(initial=0) > 1.5 or array.min(initial=0) < -0.5:
        raise AedeskError("ink of type float must lie between 0 and 1; divide pixel values by 255 first")
    inside: np.ndarray = np.clip(array, 0, 1).astype(np.float32)
    return inside


def _reduce(picture: Image.Image, box: tuple[int, int, int, int], peak: int) -> np.ndarray:
    """The ink in `box`, its longer side 100 working pixels, area-averaged, with a margin for soft edges."""
    length = max(box[2] - box[0], box[3] - box[1])
    margin = -(-length // FIT)
    left, top = max(0, box[0] - margin), max(0, box[1] - margin)
    cut = picture.crop((left, top, min(picture.width, box[2] + margin), min(picture.height, box[3] + margin)))
    shrink = FIT * _FINE / length
    size = (max(1, round(cut.width * shrink)), max(1, round(cut.height * shrink)))
    kernel = Image.Resampling.BOX if shrink < 1 else Image.Resampling.BILINEAR
    # Eight bits do not hold the share that one pixel of a huge raster has in a working pixel.
    fine = (cut if shrink > 0.1 else cut.convert("F")).resize(size, kernel, reducing_gap=2.0)
    ink = np.asarray(fine, np.float32)
    full = np.full_like(ink, ink.max())
    if (ink * ink).sum() < _HAIRLINE * peak * ink.sum():
        around = np.asarray(fine.filter(ImageFilter.MaxFilter(5)), np.float32)
        full = np.maximum(around, 0.1 * full)
    return np.divide(ink, full)


def _stroke_width(fine: np.ndarray) -> float:
    """The mean width of the strokes, in pixels of `fine`.

    A stroke of length l and width w with round ends has area A = l w + pi w^2 / 4 and perimeter
    P = 2 l + pi w; w follows from both. The total variation of grey ink is its perimeter: no threshold
    is needed.
    """
    padded = np.pad(fine, 1)
    down, up = padded[1:, 1:] - padded[:-1, :-1], padded[1:, :-1] - padded[:-1, 1:]
    perimeter = float(np.sqrt((down * down + up * up) / 2).sum())
    area = float(fine.sum())
    return float((perimeter - np.sqrt(max(perimeter**2 - 4 * np.pi * area, 0.0))) / np.pi)


def _fit(width: float, field: float) -> _Fit:
    """How to scale and grow ink that is 100 working pixels long with strokes of this width.

    field: the longer side of the raster in lengths of the ink. The limit between a dot and a stroke is
    gradual, so that the picture does not jump while a stroke gets longer.
    """
    length = FIT * _FINE
    drawn = float(np.clip((length / width - _SOLID) / (_DRAWN - _SOLID), 0, 1))
    # As large as it is in the raster, but neither beyond 20 pixels nor finer than the finest pen.
    kept_scale = max(_FINE, min(length * field / SIDE, width / PEN[0]))
    pen = float(np.clip(width / _FINE, *PEN))
    # The centre line, which growing does not lengthen, plus one pen width makes 20.
    scale = (length - width) / (FIT - pen) if drawn else kept_scale
    scale = float(scale**drawn * kept_scale ** (1 - drawn))
    pen = drawn * pen + (1 - drawn) * width / kept_scale
    return _Fit(scale, (pen * scale - width) / 2)


def _grow(fine: np.ndarray, grow: float) -> np.ndarray:
    """The ink with each edge moved outwards by `grow` pixels (inwards if negative), edges one pixel soft."""
    if abs(grow) < 0.05:
        return fine
    reach = int(np.ceil(abs(grow))) + 1
    inside = np.pad(fine, reach) > 0.5
    if grow > 0:
        return np.clip(grow + 1 - _distance(inside, reach), 0, 1)
    shrunk = np.clip(grow + _distance(~inside, reach), 0, 1)
    # Uneven grey can be all edge, and nothing would be left of it.
    return shrunk if shrunk.any() else fine


def _distance(to: np.ndarray, reach: int) -> np.ndarray:
    """The distance of each pixel to the nearest pixel of `to`, exact up to `reach`, larger beyond."""
    squared = np.where(to, np.float32(0), np.float32(4 * reach * reach))
    for _ in range(2):
        nearest = squared.copy()
        for step in range(1, reach + 1):
            np.minimum(nearest[step:], squared[:-step] + step * step, out=nearest[step:])
            np.minimum(nearest[:-step], squared[step:] + step * step, out=nearest[:-step])
        squared = nearest.T
    return np.sqrt(squared)


def _place(fine: np.ndarray, scale: float) -> np.ndarray:
    """The field of 28x28 output pixels around the centre of mass, kept so that no ink is cut off."""
    level = _EDGE * float(fine.max())
    corner = [_corner(fine.sum(axis), fine.max(axis) > level, scale) for axis in (0, 1)]
    left, top = int(np.floor(corner[0])), int(np.floor(corner[1]))
    side = int(np.ceil(SIDE * scale)) + 1
    field = Image.fromarray(fine).crop((left, top, left + side, top + side))
    x, y = corner[0] - left, corner[1] - top
    box = (x, y, x + SIDE * scale, y + SIDE * scale)
    # Sub-pixel centring and this kernel measured best; whole-pixel shifts cost half a point of recognition.
    small = field.resize((SIDE, SIDE), Image.Resampling.HAMMING, box=box)
    return np.clip(np.asarray(small, np.float32), 0, 1)


def _corner(profile: np.ndarray, inked: np.ndarray, scale: float) -> float:
    """Where the field begins along one axis, in working pixels."""
    mass = float((profile * (np.arange(len(profile)) + 0.5)).sum() / profile.sum())
    where = np.flatnonzero(inked)
    last, first = where[-1] + 1 - SIDE * scale, where[0]
    return float(np.clip(mass - _CENTRE * scale, last, max(first, last)))
