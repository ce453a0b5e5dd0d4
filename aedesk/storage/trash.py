"""Runs that were deleted a moment ago, and can be had back until the window closes; and new names for runs.

A deleted run lies in `.trash` beside it, in the same file system: to delete and to restore are one step each.
"""

from __future__ import annotations

import contextlib
import re
import secrets
import shutil
import sys
import time
import unicodedata
from dataclasses import dataclass
from pathlib import Path

from aedesk.errors import AedeskError
from aedesk.storage import files, library
from aedesk.storage.lock import moving
from aedesk.storage.tensors import one_line

TRASH = ".trash"
A_DAY = 86_400.0  # seconds

_MAX_NAME = 80  # characters; and 240 bytes, where most file systems end at 255
_FORBIDDEN = '/\\:*?"<>|'
_OF_WINDOWS = re.compile(r"(con|prn|aux|nul|com\d|lpt\d)(\..*)?", re.IGNORECASE)


@dataclass(frozen=True)
class Token:
    """What brings a deleted run back. original: where it was; kept: where it lies now."""

    original: Path
    kept: Path


def put(path: Path) -> Token:
    """Delete the run in `path`, for now. Raises AedeskError if it is being trained or cannot be moved."""
    _check_is_there(path)
    place = path.parent / TRASH / secrets.token_hex(8)
    files.make_folder(place)
    try:
        with moving(path):
            _move(path, place / path.name)
    except AedeskError:
        _drop_place(place)
        raise
    return Token(path, place / path.name)


def restore(token: Token) -> Path:
    """Put a deleted run back, under its old name or, where that is taken now, one like it: that is returned.

    Raises AedeskError if it is not there any more, or cannot be moved.
    """
    if not files.is_folder(token.kept):
        raise AedeskError(f"{token.original.name}: this run was deleted for good and cannot be had back")
    number = 1
    while True:
        name = token.original.name if number == 1 else f"{token.original.name}-{number}"
        try:
            _move_to_free(token.kept, token.original.with_name(name))
        except FileExistsError:
            number += 1
            continue
        _drop_place(token.kept.parent)
        return token.original.with_name(name)


def purge(token: Token) -> None:
    """Delete a run for good; one that is not there any more is no problem, nor one that the system holds on to."""
    shutil.rmtree(token.kept.parent, ignore_errors=True)
    _drop_place(token.kept.parent)


def empty(folder: Path, older_than: float = A_DAY) -> None:
    """Delete for good what was deleted from `folder` more than `older_than` seconds ago.

    That is what windows left behind that could not close in order; a younger one may be another window's to restore.
    """
    with contextlib.suppress(OSError):
        for place in list((folder / TRASH).iterdir()):
            if time.time() - place.stat().st_mtime > older_than:
                shutil.rmtree(place, ignore_errors=True)
                _drop_place(place)


def rename(path: Path, name: str) -> Path:
    """Give the run in `path` another name, and return its new path.

    Raises AedeskError, in words about the name, if it is not fit for every system, or taken; and if the run is being
    trained or cannot be moved.
    """
    name = checked_name(name)
    target = path.with_name(name)
    if name == path.name:
        return path
    _check_is_there(path)
    with moving(path):
        try:
            if target.exists() and target.samefile(
                path
            ):  # other capitals, on a system that knows no difference
                _move(path, target)
            else:
                _move_to_free(path, target)
        except FileExistsError:
            raise AedeskError(f'"{name}" is taken already; choose another name') from None
        except OSError as problem:
            raise AedeskError(f"{target}: cannot be used: {files.reason(problem)}") from problem
    return target


def checked_name(name: str) -> str:
    """The name without blanks around it. Raises AedeskError, in words, where some system would not take it."""
    name = unicodedata.normalize("NFC", name.strip())
    if not name:
        raise AedeskError("The name is empty; type one, such as dense-32-long")
    if len(name) > _MAX_NAME or len(name.encode(errors="replace")) > 3 * _MAX_NAME:
        raise AedeskError(f"The name is too long; {_MAX_NAME} characters are the most")
    if any(character in _FORBIDDEN for character in name):
        raise AedeskError(f"A name cannot hold any of {' '.join(_FORBIDDEN)}")
    if name != one_line(name):
        raise AedeskError("A name cannot hold characters that do not show")
    if name[0] in ".-~" or name.endswith("."):
        raise AedeskError("A name cannot begin with a dot, a dash or a tilde, nor end with a dot")
    if _OF_WINDOWS.fullmatch(name):
        raise AedeskError(f'"{name}" is no name on Windows; choose another')
    if name in library.shipped():
        raise AedeskError(f'"{name}" is a shipped model; choose another name')
    return name


def _check_is_there(path: Path) -> None:
    if not files.is_folder(path):
        raise AedeskError(f"{path.name}: this run is not there any more")
    if path.is_symlink():
        raise AedeskError(
            f"{path.name}: this is a link to a folder elsewhere; change it with the file manager"
        )


def _move_to_free(path: Path, target: Path) -> None:
    """Move a folder to a name that nothing has. Raises FileExistsError if something has, AedeskError otherwise."""
    if sys.platform == "win32":
        if target.exists():
            raise FileExistsError(target)
    else:  # elsewhere a folder may be moved onto an empty one, so the name is taken first
        try:
            target.mkdir()
        except FileExistsError:
            raise
        except OSError as problem:
            raise AedeskError(f"{target}: this folder cannot be made: {files.reason(problem)}") from problem
    try:
        _move(path, target)
    except AedeskError:
        if sys.platform != "win32":
            _drop(target)
        raise


def _move(path: Path, target: Path) -> None:
    try:
        path.rename(target)
    except FileExistsError:
        raise
    except OSError as problem:
        raise AedeskError(f"{path.name}: this run cannot be moved: {files.reason(problem)}") from problem


def _drop_place(place: Path) -> None:
    """Remove the empty place of a deleted run, and the trash if it was the last one."""
    _drop(place)
    _drop(place.parent)


def _drop(folder: Path) -> None:
    with contextlib.suppress(OSError):
        folder.rmdir()
