"""Where results go: checked before the work, written whole after it."""

from __future__ import annotations

import argparse
import os
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from aedesk.cli.arguments import user_path
from aedesk.errors import AedeskError
from aedesk.storage import files
from aedesk.storage.pictures import write_gif, write_png

if TYPE_CHECKING:
    from aedesk.gui.charts.chart import Chart
    from aedesk.storage.table import Table

SHEET_SCALE = 4  # screen pixels for a pixel of a digit: large enough to look at
DRAWN = (".png", ".svg", ".pdf")  # what a figure can be written as


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


def spare(targets: Iterable[Path], pictures: Iterable[Path]) -> None:
    """Refuse to write over the pictures that are to be read."""
    inputs = {picture.absolute() for picture in pictures}
    for target in targets:
        if target.absolute() in inputs:
            raise AedeskError(f"{target}: this is one of the pictures to read; choose another --out")


def write_picture(path: Path, picture: np.ndarray) -> None:
    """Write (H, W) uint8 as a grey PNG, whole or not at all, making its folder if need be."""
    files.make_folder(path.parent)
    write_png(path, picture)


def write_animation(path: Path, frames: np.ndarray) -> None:
    """Write (n, 28, 28) in [0, 1] as a GIF that runs there and back for ever, as `write_picture`."""
    files.make_folder(path.parent)
    write_gif(path, frames)


def add_results(parser: Any, figure_of: str) -> None:
    """The options of `check_results` and `write_results`; figure_of: what is drawn, in words."""
    parser.add_argument(
        "--figure", type=user_path, metavar="FILE", help=f"draw {figure_of}: a .png, .svg or .pdf file"
    )
    parser.add_argument("--csv", type=user_path, metavar="FILE", help="write the numbers into a .csv file")


def check_results(arguments: argparse.Namespace) -> None:
    """`destination` for what `write_results` will write."""
    if arguments.figure is not None:
        destination(arguments.figure, DRAWN)
    if arguments.csv is not None:
        destination(arguments.csv, [".csv"])


def write_results(arguments: argparse.Namespace, table: Table, chart: Callable[[], Chart]) -> None:
    """The figure and the numbers, where --figure and --csv ask for them, making their folders if need be."""
    if arguments.csv is not None:
        files.make_folder(arguments.csv.parent)
        table.write(arguments.csv)
    if arguments.figure is not None:
        from aedesk.gui.charts.chart import write_chart

        files.make_folder(arguments.figure.parent)
        write_chart(arguments.figure, chart())


_PICTURES = {".png", ".jpg", ".jpeg", ".gif", ".bmp", ".tif", ".tiff", ".webp", ".pdf", ".svg"}


def _exists(path: Path) -> bool:
    try:
        return path.exists()
    except (OSError, ValueError):
        return False
