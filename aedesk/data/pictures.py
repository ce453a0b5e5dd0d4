"""A folder of picture files in class folders, read as grey images with bright ink."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
from PIL import Image

from aedesk.data.fetch import Progress
from aedesk.data.fitting import SIDE, border_median, check_number, fit
from aedesk.errors import AedeskError, Cancelled
from aedesk.picture_file import grey_of, open_picture

LIMIT = 200_000  # picture files
_REPORT_EVERY = 0.05  # seconds
_SUFFIXES = {".png", ".jpg", ".jpeg", ".bmp", ".gif", ".tif", ".tiff", ".webp", ".pgm", ".ppm", ".pbm"}


def read_folder(
    folder: Path, progress: Progress, cancelled: Callable[[], bool]
) -> list[tuple[np.ndarray, np.ndarray]]:
    """The training part, then the test part if there is one: (N, 28, 28) uint8, ink bright; (N,) class names.

    Either `folder/CLASS/PICTURE`, or `folder/train/CLASS/PICTURE` and `folder/test/CLASS/PICTURE`. Whether
    ink is dark on light is decided once for the whole set, by the median grey along the pictures' edges.
    progress is told of the bytes of the files. Raises AedeskError naming the file, and Cancelled.
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
    images, papers = _read_all(
        [file for part in files for file in part], f"reading {folder.name}", progress, cancelled
    )
    whole = 255 - images if np.median(papers) > 127 else images
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


def _read_all(
    files: list[Path], stage: str, progress: Progress, cancelled: Callable[[], bool]
) -> tuple[np.ndarray, list[float]]:
    """(N, 28, 28) uint8, not yet inverted, and the grey of each one's paper."""
    sizes = [_size(file) for file in files]
    total, done = sum(sizes), 0
    told = time.monotonic()
    images = np.empty((len(files), SIDE, SIDE), np.uint8)
    papers = []
    for place, (file, size) in enumerate(zip(files, sizes, strict=True)):
        if cancelled():
            raise Cancelled("reading was cancelled")
        images[place], paper = _read(file)
        papers.append(paper)
        done += size
        if place == len(files) - 1 or time.monotonic() - told >= _REPORT_EVERY:
            told = time.monotonic()
            progress(stage, done, total)
    return images, papers


def _size(file: Path) -> int:
    try:
        return file.stat().st_size
    except OSError:  # what is wrong with it is told when its turn comes
        return 0


def _read(file: Path) -> tuple[np.ndarray, float]:
    """The picture as (28, 28) uint8, not yet inverted, and the grey of its paper."""
    picture = open_picture(file)
    try:
        grey = np.rint(grey_of(picture) * 255).astype(np.uint8)
    except AedeskError as problem:
        raise AedeskError(f"{file}: {problem}") from None
    return fit(Image.fromarray(grey)), border_median(grey)
