"""Where results go: checked before the work, written whole after it."""

from __future__ import annotations

import io
import os
from collections.abc import Iterable, Sequence
from pathlib import Path

import numpy as np
from PIL import Image

from aedesk.errors import AedeskError
from aedesk.storage import files

SHEET_SCALE = 4  # screen pixels for a pixel of a digit: large enough to look at
_SIDE = 28


def destination(path: Path, suffixes: Sequence[str], *, or_folder: bool = False) -> Path:
    """`path`, if a result can be written there; else AedeskError, before any work is done."""
    if path.suffix.lower() in suffixes:
        if files.is_folder(path):
            raise AedeskError(f"{path}: a folder of that name is there; choose another name")
        folder = path.parent
    elif or_folder and path.suffix.lower() not in _PICTURES:
        folder = path
    else:
        known = " or ".join(suffixes) + (", or name a folder" if or_folder else "")
        raise AedeskError(f"{path}: the name of the result must end in {known}")
    there = next(above for above in (folder, *folder.absolute().parents) if _exists(above))
    if not files.is_folder(there):
        raise AedeskError(f"{there}: a file is in the way of the folder {folder}; choose another name")
    if not os.access(there, os.W_OK):
        raise AedeskError(f"{there}: nothing can be written here; choose another folder")
    return path


def unique_names(stems: Iterable[str]) -> list[str]:
    """A file name for each stem, all different, also where capitals do not count: `a.png`, `a-2.png`."""
    names: list[str] = []
    taken: set[str] = set()
    for stem in stems:
        name, number = stem, 1
        while name.casefold() in taken:
            number += 1
            name = f"{stem}-{number}"
        taken.add(name.casefold())
        names.append(f"{name}.png")
    return names


def sheet(rows: Sequence[np.ndarray]) -> np.ndarray:
    """Rows of pictures, each (n, 28, 28) in [0, 1], side by side and below each other, each pixel enlarged.

    Returns (28 * rows * SHEET_SCALE, 28 * longest row * SHEET_SCALE) uint8; a short row ends in black.
    """
    longest = max(map(len, rows))
    tiles = np.zeros((len(rows), longest, _SIDE, _SIDE), np.uint8)
    for row, pictures in zip(tiles, rows, strict=True):
        row[: len(pictures)] = grey(pictures)
    flat = tiles.transpose(0, 2, 1, 3).reshape(len(rows) * _SIDE, longest * _SIDE)
    return flat.repeat(SHEET_SCALE, axis=0).repeat(SHEET_SCALE, axis=1)


def grey(pictures: np.ndarray) -> np.ndarray:
    """Values in [0, 1] as uint8 of the same shape."""
    values: np.ndarray = np.rint(pictures * 255).astype(np.uint8)
    return values


def write_picture(path: Path, picture: np.ndarray) -> None:
    """Write (H, W) uint8 as a grey PNG, whole or not at all, making its folder if need be."""
    content = io.BytesIO()
    Image.fromarray(picture).save(content, "PNG")
    files.make_folder(path.parent)
    files.write_whole(path, content.getvalue())


_PICTURES = {".png", ".jpg", ".jpeg", ".gif", ".bmp", ".tif", ".tiff", ".webp", ".pdf", ".svg"}


def _exists(path: Path) -> bool:
    try:
        return path.exists()
    except (OSError, ValueError):
        return False
