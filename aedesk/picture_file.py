"""Foreign pictures, opened with care and brought to shades of grey: for a sketch and for a data set alike."""

from __future__ import annotations

import os
import warnings
from pathlib import Path
from typing import BinaryIO

import numpy as np
from PIL import Image, ImageOps, UnidentifiedImageError

from aedesk.errors import AedeskError

MAX_PIXELS = 64_000_000
FORMATS = ("BMP", "GIF", "ICO", "JPEG", "PNG", "PPM", "TGA", "TIFF", "WEBP")
"""Pictures of pixels only: Pillow hands some others to programs outside."""

WORKING_SIDE = 1024
"""Pixels of the longer side that are looked at; a digit needs no more."""


def open_picture(path: str | os.PathLike[str]) -> Image.Image:
    """The picture in a file (the first one of several), loaded whole and turned as its EXIF data says.

    A JPEG of more than twice `WORKING_SIDE` comes at a half, a quarter or an eighth of its size, which
    unpacks in less time. AedeskError where there is none, it is broken, or has more than 64 megapixels.
    """
    file = Path(path)
    try:
        _check_regular(file)
        with file.open("rb") as content:
            return read_picture(content, str(file))
    except PermissionError as problem:
        raise AedeskError(f"{file} may not be read; check its permissions") from problem
    except (OSError, ValueError) as problem:  # also a name that no file can have
        reason = getattr(problem, "strerror", None) or problem
        raise AedeskError(f"{file} cannot be read ({reason}); choose another") from problem


def read_picture(content: BinaryIO, name: str) -> Image.Image:
    """As `open_picture`, of a file that is open already. name: how an AedeskError calls it."""
    try:
        return _load(content, name)
    except AedeskError:
        raise
    except UnidentifiedImageError as problem:
        nature = "not a picture that can be read" if content.seek(0, os.SEEK_END) else "an empty file"
        raise AedeskError(f"{name} is {nature}; give one of these: {', '.join(FORMATS)}") from problem
    except MemoryError as problem:
        raise AedeskError(f"{name} does not fit into memory; make the picture smaller") from problem
    except Exception as problem:  # Decoders of broken files raise nearly any type.
        reason = " ".join(str(problem).split()) or type(problem).__name__
        raise AedeskError(f"{name} is a broken picture ({reason}); save it again") from problem


def grey_of(image: Image.Image) -> np.ndarray:
    """The picture's lightness, (H, W) float32 in [0, 1], its longer side at most `WORKING_SIDE`.

    Transparent parts become the ground that its ink needs. AedeskError where no grey can be made of it.
    """
    if 0 in image.size:
        raise AedeskError("the picture has no pixels; choose another")
    try:
        if image.mode == "F" or image.mode.startswith("I"):
            deep = Image.fromarray(_of_full_scale(np.asarray(image, np.float32)))
            return np.asarray(_reduced(deep))
        # Made small while it still has eight bits: a photograph in floats takes several times as long.
        if image.has_transparency_data:
            return _composed(_shares(_reduced(image.convert("RGBA").convert("LA"))))
        return _shares(_reduced(image.convert("L")))
    except ValueError as problem:
        raise AedeskError(f"pictures of colour mode {image.mode} cannot be read; save it as RGB") from problem


def _check_regular(file: Path) -> None:
    """Nothing else is opened: a named pipe would be waited for, and some devices have no end."""
    if file.is_dir():
        raise AedeskError(f"{file} is a folder; give a picture file")
    if not file.exists():
        raise AedeskError(f"there is no file {file}; check the name")
    if not file.is_file():
        raise AedeskError(f"{file} is not a regular file; give a picture file")


def _load(content: BinaryIO, name: str) -> Image.Image:
    with warnings.catch_warnings():
        # Pillow warns of large pictures and odd metadata; the limit below decides.
        warnings.simplefilter("ignore")
        try:
            image = Image.open(content, formats=FORMATS)
        except Image.DecompressionBombError:
            raise _too_large(name) from None
        if image.width * image.height > MAX_PIXELS:
            raise _too_large(name)
        if 0 in image.size:
            raise AedeskError(f"{name} holds a picture without pixels; choose another")
        image.verify()  # checksums, which loading passes over; the file must be read anew after it
        content.seek(0)
        image = Image.open(content, formats=FORMATS)
        image.draft(None, _working_size(image))
        image.load()
        try:
            return ImageOps.exif_transpose(image)
        except Exception:  # Broken EXIF data does not spoil the pixels.
            return image.copy()


def _too_large(name: str) -> AedeskError:
    return AedeskError(f"{name} has more than {MAX_PIXELS // 10**6} megapixels; make the picture smaller")


def _working_size(image: Image.Image) -> tuple[int, int]:
    """(width, height) of the picture, its longer side at most `WORKING_SIDE`."""
    longest = max(image.size)
    if longest <= WORKING_SIDE:
        return image.size
    return (max(1, image.width * WORKING_SIDE // longest), max(1, image.height * WORKING_SIDE // longest))


def _reduced(image: Image.Image) -> Image.Image:
    size = _working_size(image)
    return image if size == image.size else image.resize(size, Image.Resampling.BOX)


def _shares(image: Image.Image) -> np.ndarray:
    """Pixels of eight bits as float32 in [0, 1]."""
    return np.asarray(image, np.float32) / 255


def _of_full_scale(light: np.ndarray) -> np.ndarray:
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
