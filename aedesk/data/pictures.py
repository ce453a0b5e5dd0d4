"""A folder of picture files in class folders, read as grey images with bright ink."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from pathlib import Path

import numpy as np
from PIL import Image, ImageOps, UnidentifiedImageError

from aedesk.data.fitting import border_median, check_number, fit
from aedesk.errors import AedeskError, Cancelled

LIMIT = 200_000  # picture files
_PIXELS = 50_000_000  # of one picture; a phone's has 12 to 50 million
_SUFFIXES = {".png", ".jpg", ".jpeg", ".bmp", ".gif", ".tif", ".tiff", ".webp", ".pgm", ".ppm", ".pbm"}


def read_folder(folder: Path, cancelled: Callable[[], bool]) -> list[tuple[np.ndarray, np.ndarray]]:
    """The training part, then the test part if there is one: (N, 28, 28) uint8, ink bright; (N,) class names.

    Either `folder/CLASS/PICTURE`, or `folder/train/CLASS/PICTURE` and `folder/test/CLASS/PICTURE`. Whether
    ink is dark on light is decided once for the whole set, by the median grey along the pictures' edges.
    """
    halves = [folder / "train", folder / "test"]
    roots = halves if all(_class_folders(half) for half in halves) else [folder]
    files = [_pictures(root) for root in roots]
    if not all(files):
        raise AedeskError(
            f"{roots[files.index([])]} has no pictures in class folders: put each class's pictures into a"
            " folder that has the class's name"
        )
    check_number(sum(map(len, files)), LIMIT)
    images = []
    papers = []
    for file in (file for part in files for file in part):
        if cancelled():
            raise Cancelled("reading was cancelled")
        image, paper = _read(file)
        images.append(image)
        papers.append(paper)
    whole = np.stack(images)
    if np.median(papers) > 127:
        whole = 255 - whole
    parts = np.split(whole, [len(files[0])])[: len(files)]
    names = [np.array([file.parent.name for file in part]) for part in files]
    return list(zip(parts, names, strict=True))


def _class_folders(folder: Path) -> list[Path]:
    if not folder.is_dir():
        return []
    return sorted(inner for inner in folder.iterdir() if inner.is_dir() and not inner.name.startswith("."))


def _pictures(folder: Path) -> list[Path]:
    """Files that call themselves pictures, by class; notes and hidden files beside them are no error."""
    return [
        file
        for inner in _class_folders(folder)
        for file in sorted(inner.iterdir())
        if file.suffix.lower() in _SUFFIXES and not file.name.startswith(".")
    ]


def _read(file: Path) -> tuple[np.ndarray, float]:
    """The picture as (28, 28) uint8, not yet inverted, and the grey of its paper."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", Image.DecompressionBombWarning)
            with Image.open(file) as picture:
                if picture.width * picture.height > _PIXELS:
                    raise AedeskError(
                        f"{file} has {picture.width}x{picture.height} pixels, too many for a digit"
                    )
                grey = _grey(ImageOps.exif_transpose(picture))
        return fit(grey), border_median(np.asarray(grey))
    except AedeskError:
        raise
    except Exception as problem:  # Pillow's many decoders promise no set of errors for foreign bytes
        reason = "not a picture" if isinstance(problem, UnidentifiedImageError) else problem
        raise AedeskError(
            f"{file} cannot be read as a picture ({reason}): repair it or take it out"
        ) from None


def _grey(picture: Image.Image) -> Image.Image:
    """Mode L. Transparent parts become paper: white under dark ink, black under bright."""
    if picture.has_transparency_data:
        grey, alpha = picture.convert("LA").split()
        opaque = np.asarray(grey)[np.asarray(alpha) > 127]
        paper = Image.new("L", picture.size, 255 if opaque.size and opaque.mean() < 128 else 0)
        paper.paste(grey, mask=alpha)
        return paper
    if picture.mode.startswith(("I", "F")):  # 16 bits or more, which Pillow would clip at 255
        values = np.nan_to_num(np.asarray(picture, dtype=np.float64), posinf=0, neginf=0)
        top = 65535 if values.max() > 255 else 255
        return Image.fromarray(np.clip(values * (255 / top), 0, 255).astype(np.uint8))
    return picture.convert("L")
