"""Pictures of digits as files: one, several side by side, a sheet, an animation."""

from __future__ import annotations

import io
import math
import os
from collections.abc import Sequence

import numpy as np
from PIL import Image

from aedesk.storage import files

_SIDE = 28
_FRAME_MS, _END_MS = 80, 600  # how long a frame of an animation stays, and the first and the last
_ANIMATION_SCALE = 8
_BETWEEN = 128  # the grey between pictures side by side


def grey(images: np.ndarray) -> np.ndarray:
    """Values in [0, 1] as uint8 of the same shape."""
    values: np.ndarray = np.rint(images * 255).astype(np.uint8)
    return values


def enlarged(picture: np.ndarray, scale: int) -> np.ndarray:
    """(..., H, W) -> (..., H * scale, W * scale): each pixel a square."""
    larger: np.ndarray = picture.repeat(scale, axis=-2).repeat(scale, axis=-1)
    return larger


def in_rows(images: np.ndarray, columns: int | None = None) -> list[np.ndarray]:
    """Images (n, ...) in rows of `columns`, the last one perhaps shorter; by default as near to a square as can be."""
    columns = columns or math.ceil(math.sqrt(len(images)))
    return [images[start : start + columns] for start in range(0, len(images), columns)]


def sheet(rows: Sequence[np.ndarray], scale: int) -> np.ndarray:
    """Rows of images, each (n, 28, 28) in [0, 1], side by side and below each other, enlarged.

    Returns (28 * rows * scale, 28 * longest row * scale) uint8; a short row ends in black.
    """
    longest = max(map(len, rows))
    tiles = np.zeros((len(rows), longest, _SIDE, _SIDE), np.uint8)
    for row, images in zip(tiles, rows, strict=True):
        row[: len(images)] = grey(images)
    return enlarged(tiles.transpose(0, 2, 1, 3).reshape(len(rows) * _SIDE, longest * _SIDE), scale)


def side_by_side(pictures: Sequence[np.ndarray], gap: int) -> np.ndarray:
    """Pictures (H, W) uint8 of one height in a row, with `gap` pixels of grey between two."""
    between = np.full((len(pictures[0]), gap), _BETWEEN, np.uint8)
    return np.hstack([part for picture in pictures for part in (between, picture)][1:])


def png(picture: np.ndarray | Image.Image) -> bytes:
    """A picture, or grey values (H, W) uint8, as the bytes of a PNG."""
    image = Image.fromarray(picture) if isinstance(picture, np.ndarray) else picture
    content = io.BytesIO()
    image.save(content, "PNG")
    return content.getvalue()


def write_png(path: str | os.PathLike[str], picture: np.ndarray | Image.Image) -> None:
    """Write what `png` makes, whole or not at all. Raises AedeskError where that is not possible."""
    files.write_whole(path, png(picture))


def write_gif(path: str | os.PathLike[str], images: np.ndarray) -> None:
    """Write images (n, 28, 28) in [0, 1] as a grey GIF that runs there and back for ever; otherwise as `write_png`."""
    there_and_back = [*range(len(images)), *range(len(images) - 2, 0, -1)]
    larger = enlarged(grey(images), _ANIMATION_SCALE)
    first, *others = [Image.fromarray(larger[number]) for number in there_and_back]
    stays = [_END_MS if number in {0, len(images) - 1} else _FRAME_MS for number in there_and_back]
    content = io.BytesIO()
    first.save(content, "GIF", save_all=True, append_images=others, duration=stays, loop=0)
    files.write_whole(path, content.getvalue())
