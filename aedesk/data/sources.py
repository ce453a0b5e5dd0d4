"""Data sets by name or by path: `load` finds, fetches where it may, and reads."""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path

from aedesk import paths
from aedesk.data import bundled, fetch, own
from aedesk.data.catalogue import SOURCES, Source
from aedesk.data.fetch import IsCancelled, Progress
from aedesk.data.imageset import DataSet
from aedesk.errors import AedeskError

NAMES: tuple[str, ...] = (*SOURCES, "digits")
"""Every data set that `load` knows by name; `digits` is always there."""


def load(
    name_or_path: str | os.PathLike[str],
    *,
    data_dir: str | os.PathLike[str] | None = None,
    offline: bool = False,
    progress: Progress | None = None,
    cancelled: IsCancelled | None = None,
) -> DataSet:
    """A data set of `NAMES`, or the user's own: an IDX images file, an .npz, a folder of pictures.

    A known set is looked for below `data_dir` in torchvision's layout; what is missing is fetched unless
    `offline`. progress(file, bytes done, bytes in all or None) is told of a fetch, and of reading a folder;
    `cancelled` may end both.
    A name goes before a folder of that name: write `./mnist` for the folder. Raises AedeskError, Cancelled.
    """
    name = os.fspath(name_or_path)
    if name == "digits":
        return bundled.digits()
    source = SOURCES.get(name)
    if source is None:
        return own.load(_existing(name), progress=progress, cancelled=cancelled)
    data = paths.data(data_dir)
    missing = source.missing(data)
    if missing and offline:
        raise AedeskError(
            f"{name} is not in {data} ({source.family}/raw/{missing[0]} is missing): "
            f"`{_fetch_command(name, data_dir)}` gets it, and `--data digits` is always there"
        )
    if missing:
        fetch.fetch(name, data_dir, progress=progress, cancelled=cancelled)
    return _read(source, data, data_dir)


def in_full(name_or_path: str | os.PathLike[str]) -> str:
    """The words by which `load` finds the same data set from any folder: a name as it is, an existing path in full."""
    name = os.fspath(name_or_path)
    with suppress(OSError, RuntimeError, ValueError):  # a name that no file can have
        path = paths.expanded(name)
        if name not in NAMES and path.exists():
            return str(path.resolve())
    return name


def is_present(name: str, data_dir: str | os.PathLike[str] | None = None) -> bool:
    """Whether all files of a set of `NAMES` are there; their content is not looked at."""
    return name == "digits" or not SOURCES[name].missing(paths.data(data_dir))


def describe(name: str) -> str:
    """One line about a set of `NAMES`, for people."""
    if name == "digits":
        return "digits: scikit-learn's handwritten digits, 1,438 to train and 359 to test, always there"
    return f"{SOURCES[name].description} (a fetch of {fetch_size(name)})"


def fetch_size(name: str) -> str:
    """How much a fetch of a published set of `NAMES` brings in, for people."""
    return f"{SOURCES[name].megabytes} MB"


def _read(source: Source, data: Path, data_dir: str | os.PathLike[str] | None) -> DataSet:
    try:
        train, test = (source.read(data, part) for part in source.parts)
    except AedeskError as problem:
        raise AedeskError(f"{problem}; `{_fetch_command(source.name, data_dir)}` replaces it") from None
    return DataSet(source.name, train, test)


def _existing(name: str) -> Path:
    path = paths.expanded(name)
    try:
        exists = path.exists()
    except (OSError, ValueError):  # a name that no file can have
        exists = False
    if not exists:
        raise AedeskError(
            f"there is no data set {name!r}: choose one of {', '.join(NAMES)}, or name an existing IDX images"
            " file, .npz file or folder of pictures"
        )
    return path


def _fetch_command(name: str, data_dir: str | os.PathLike[str] | None) -> str:
    where = f" --data-dir {os.fspath(data_dir)}" if data_dir else ""
    return f"aedesk fetch {name}{where}"
