"""Writing a file whole or not at all."""

from __future__ import annotations

import contextlib
import errno
import os
import re
import secrets
import time
from collections.abc import Callable
from pathlib import Path
from typing import BinaryIO

from aedesk.errors import AedeskError

Content = bytes | Callable[[BinaryIO], object]

_SCRATCH = re.compile(r"\..+\.[0-9a-f]{12}\.tmp")
_REPLACE_TRIES = 5
_REPLACE_PAUSE = 0.05  # seconds


def write_whole(path: str | os.PathLike[str], content: Content) -> None:
    """Put `content` at `path`: whoever looks sees the old file or the new one, never a part.

    content: the bytes, or a function that writes them to the open file it is given.
    Raises AedeskError naming the file where it cannot be written; nothing new is left behind then.
    """
    path = Path(path)
    scratch = path.with_name(f".{path.name[:100]}.{secrets.token_hex(6)}.tmp")
    try:
        _write_durably(scratch, content)
        _replace(scratch, path)
    except OSError as problem:
        raise AedeskError(f"{path}: cannot be written: {reason(problem)}") from problem
    finally:
        with contextlib.suppress(OSError):
            scratch.unlink(missing_ok=True)
    _sync_folder(path.parent)


def make_folder(path: Path) -> None:
    """Make a folder and those above it, if need be. Raises AedeskError where that is not possible."""
    try:
        path.mkdir(parents=True, exist_ok=True)
    except OSError as problem:
        raise AedeskError(f"{path}: this folder cannot be made: {reason(problem)}") from problem


def check_writable(folder: Path) -> None:
    """Raise AedeskError unless files can be written into `folder`, before hours of work are put at risk."""
    probe = folder / f".{secrets.token_hex(6)}.tmp"
    try:
        probe.touch(exist_ok=False)
        probe.unlink()
    except OSError as problem:
        raise AedeskError(f"{folder}: nothing can be written here: {reason(problem)}") from problem


def sweep(folder: Path) -> None:
    """Remove what `write_whole` left in `folder` where it was killed; only for whoever alone writes there."""
    with contextlib.suppress(OSError):
        for path in list(folder.iterdir()):
            if _SCRATCH.fullmatch(path.name):
                path.unlink()


def is_file(path: Path) -> bool:
    """Whether a regular file is there; a name that no system allows is simply not there."""
    try:
        return path.is_file()
    except (OSError, ValueError):
        return False


def is_folder(path: Path) -> bool:
    """Whether a folder is there; a name that no system allows is simply not there."""
    try:
        return path.is_dir()
    except (OSError, ValueError):
        return False


def reason(problem: OSError) -> str:
    """What went wrong, in a few words, and what to do where that is known."""
    if problem.errno in {errno.ENOSPC, errno.EDQUOT}:
        return "the disk is full; make room and try again"
    if problem.errno in {errno.EACCES, errno.EPERM}:
        return "permission denied; choose another folder"
    if problem.errno == errno.EROFS:
        return "the file system is read-only; choose another folder"
    if problem.errno == errno.ENOENT:
        return "no such file or folder"
    if problem.errno == errno.EISDIR:
        return "a folder of that name is there; choose another name"
    return (problem.strerror or str(problem)).lower()


def _write_durably(path: Path, content: Content) -> None:
    # Created as any other file of the user (0o666 less the umask), not 0600 as by `tempfile`.
    with path.open("xb") as file:
        if callable(content):
            content(file)
        else:
            file.write(content)
        file.flush()
        os.fsync(file.fileno())


def _replace(scratch: Path, path: Path) -> None:
    """`os.replace`, tried again where Windows refuses because another window reads the old file just now."""
    for left in reversed(range(_REPLACE_TRIES)):
        try:
            scratch.replace(path)
            return
        except PermissionError:
            if not left:
                raise
            time.sleep(_REPLACE_PAUSE)


def _sync_folder(folder: Path) -> None:
    """Make the new name survive a power cut, where the platform opens folders (Windows does not)."""
    with contextlib.suppress(OSError):
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)
