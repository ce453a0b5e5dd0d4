"""What PNG, JPEG and WebP make of small grey pictures: how many bits, and what comes back."""

from __future__ import annotations

import io
import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from PIL import Image

FILE = "a file each"
BARE = "a file each, without its header"
SHEET = "one sheet of all"

_EDGE = 28
_CHUNK = 500  # pictures between two looks at whether the work is still wanted


@dataclass(frozen=True)
class Format:
    """A way to write a picture. variants: options of Pillow that differ in size only; the smallest file counts."""

    method: str
    setting: str
    variants: tuple[Mapping[str, Any], ...]


@dataclass(frozen=True, eq=False)
class Written:
    """counting: FILE, BARE or SHEET. bits: per picture. decoded: (N, 28, 28) uint8, what comes back."""

    counting: str
    bits: float
    decoded: np.ndarray = field(repr=False)


def _jpeg(quality: int) -> Format:
    # Tables made for the picture are smaller; without its header a file is smaller with those of the standard.
    variants = tuple(
        {"format": "JPEG", "quality": quality, "optimize": optimize} for optimize in (True, False)
    )
    return Format("JPEG", f"quality {quality}", variants)


def _webp(quality: int) -> Format:
    return Format("WebP", f"quality {quality}", ({"format": "WEBP", "quality": quality},))


FORMATS = (
    Format("PNG", "lossless", ({"format": "PNG", "optimize": True},)),
    Format("WebP", "lossless", ({"format": "WEBP", "lossless": True},)),
    *map(_jpeg, (1, 5, 10, 20, 30, 50, 75, 90)),
    *map(_webp, (0, 5, 10, 20, 35, 50, 75, 90)),
)


def write_all(images: np.ndarray, way: Format) -> Iterator[int | list[Written]]:
    """Write the pictures (N, 28, 28) uint8 one by one, and all on one sheet.

    Yields how many are done, now and then, and at last what it came to, counted in three ways. FILE: the mean size of
    a file for each. BARE: the same less the size of such a file of a blank picture, that is, about what depends on the
    picture. SHEET: all side by side in one large picture, its size shared by them.
    """
    blank = np.zeros((_EDGE, _EDGE), np.uint8)
    headers = [len(_bytes(blank, options)) for options in way.variants]
    whole, bare = 0, 0
    decoded = np.empty_like(images)
    for start in range(0, len(images), _CHUNK):
        yield start
        for number in range(start, min(start + _CHUNK, len(images))):
            files = [_bytes(images[number], options) for options in way.variants]
            whole += min(map(len, files))
            bare += min(max(0, len(file) - header) for file, header in zip(files, headers, strict=True))
            decoded[number] = _decoded(files[0])
    sheet = min((_bytes(_sheet(images), options) for options in way.variants), key=len)
    count = len(images)
    yield [
        Written(FILE, 8 * whole / count, decoded),
        Written(BARE, 8 * bare / count, decoded),
        Written(SHEET, 8 * len(sheet) / count, _cut(_decoded(sheet), count)),
    ]


def write_one(picture: np.ndarray, way: Format) -> tuple[int, np.ndarray]:
    """A picture (28, 28) uint8 -> (bytes of its file, what comes back)."""
    files = [_bytes(picture, options) for options in way.variants]
    return min(map(len, files)), _decoded(files[0])


def _bytes(picture: np.ndarray, options: Mapping[str, Any]) -> bytes:
    content = io.BytesIO()
    Image.fromarray(picture).save(content, **options)
    return content.getvalue()


def _decoded(content: bytes) -> np.ndarray:
    with Image.open(io.BytesIO(content)) as picture:
        return np.asarray(picture.convert("L"))


def _sheet(images: np.ndarray) -> np.ndarray:
    """As near to a square as can be, (rows * 28, columns * 28); what is left over stays blank."""
    columns = math.ceil(math.sqrt(len(images)))
    rows = -(-len(images) // columns)
    tiles = np.zeros((rows * columns, _EDGE, _EDGE), np.uint8)
    tiles[: len(images)] = images
    return (
        tiles.reshape(rows, columns, _EDGE, _EDGE)
        .transpose(0, 2, 1, 3)
        .reshape(rows * _EDGE, columns * _EDGE)
    )


def _cut(sheet: np.ndarray, count: int) -> np.ndarray:
    """The pictures of `_sheet`, (count, 28, 28)."""
    rows, columns = sheet.shape[0] // _EDGE, sheet.shape[1] // _EDGE
    tiles: np.ndarray = sheet.reshape(rows, _EDGE, columns, _EDGE).transpose(0, 2, 1, 3)
    return tiles.reshape(-1, _EDGE, _EDGE)[:count]
