"""Who trains a run: a lock of the operating system on one file of its folder, gone with the process that held it."""

from __future__ import annotations

import contextlib
import errno
import os
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from types import TracebackType

from aedesk.errors import AedeskError
from aedesk.storage import files

LOCK = "lock"

# `is_locked` takes the lock for an instant, so one refusal does not mean that somebody trains the run.
_TRIES = 10
_PAUSE = 0.005  # seconds
_REFUSED = {errno.EAGAIN, errno.EACCES, errno.EDEADLK}
_NOT_OFFERED = {errno.ENOSYS, errno.ENOLCK, errno.EOPNOTSUPP, errno.ENOTSUP, errno.EINVAL}


class RunLock:
    """The lock of the run in `folder`: held by one window or command at a time, while it trains the run.

    The file stays when the lock is released: to remove it would let two others hold two files of one name.
    """

    def __init__(self, folder: str | os.PathLike[str]) -> None:
        self.folder = Path(folder)
        self._handle: int | None = None

    @property
    def is_held(self) -> bool:
        """Whether this very object holds the lock."""
        return self._handle is not None

    def acquire(self) -> bool:
        """Take the lock without waiting for its owner; False if somebody else has it, this process included.

        A file system that offers no locks lets everybody in. Raises AedeskError where nothing can be written.
        """
        if self._handle is not None:
            return True
        for _ in range(_TRIES):
            handle = self._open()
            if _take(handle, alone=True) and self._is_still_here(handle):
                self._handle = handle
                return True
            os.close(handle)
            time.sleep(_PAUSE)
        return False

    def release(self) -> None:
        """Give the lock back; nothing happens if it is not held."""
        if self._handle is not None:
            _give_back(self._handle)
            self._handle = None

    def check(self) -> None:
        """Raise AedeskError if the folder that the lock was taken in is no longer at its path."""
        if self._handle is None or not self._is_still_here(self._handle):
            raise AedeskError(
                f"{self.folder}: this run was moved or deleted while it was being trained; "
                "if it is elsewhere now, go on with it from there"
            )

    @contextlib.contextmanager
    def held(self) -> Iterator[RunLock]:
        """The lock for as long as the block lasts. Raises AedeskError if another window or command has it."""
        if not self.acquire():
            raise _busy(self.folder)
        try:
            yield self
        finally:
            self.release()

    def __enter__(self) -> RunLock:
        if not self.acquire():
            raise _busy(self.folder)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, problem: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.release()

    def _open(self) -> int:
        try:
            return os.open(self.folder / LOCK, os.O_RDWR | os.O_CREAT, 0o666)
        except (OSError, ValueError) as problem:
            why = files.reason(problem) if isinstance(problem, OSError) else "no system allows this name"
            raise AedeskError(f"{self.folder}: this run cannot be locked: {why}") from problem

    def _is_still_here(self, handle: int) -> bool:
        """Whether the file is still in the folder: it may have been moved away between opening and locking."""
        try:
            return os.path.samestat(os.fstat(handle), (self.folder / LOCK).stat())
        except OSError:
            return False


def is_locked(folder: str | os.PathLike[str]) -> bool:
    """Whether somebody trains the run in `folder` now, another window, a command or this one."""
    try:
        handle = os.open(Path(folder) / LOCK, os.O_RDWR if sys.platform == "win32" else os.O_RDONLY)
    except (OSError, ValueError):
        return False  # never trained here, or nothing that could be
    free = _take(handle, alone=False)
    if free:
        _give_back(handle)
    else:
        os.close(handle)
    return not free


@contextlib.contextmanager
def moving(folder: str | os.PathLike[str]) -> Iterator[None]:
    """Nobody begins to train the run in `folder` while the block moves it. Raises AedeskError if one does now."""
    lock = RunLock(folder)
    with lock.held():
        if sys.platform == "win32":
            lock.release()  # Windows moves no folder with an open file in it
        yield


def _busy(folder: Path) -> AedeskError:
    return AedeskError(
        f"{folder.name}: this run is being trained by another window or command; stop it there"
    )


if sys.platform == "win32":
    import msvcrt

    def _take(handle: int, *, alone: bool) -> bool:  # there is one kind of lock here
        os.lseek(handle, 0, os.SEEK_SET)
        try:
            msvcrt.locking(handle, msvcrt.LK_NBLCK, 1)
        except OSError as problem:
            return problem.errno in _NOT_OFFERED
        return True

    def _give_back(handle: int) -> None:
        with contextlib.suppress(OSError):
            os.lseek(handle, 0, os.SEEK_SET)
            msvcrt.locking(handle, msvcrt.LK_UNLCK, 1)
        os.close(handle)

else:
    import fcntl

    def _take(handle: int, *, alone: bool) -> bool:
        try:
            fcntl.flock(handle, (fcntl.LOCK_EX if alone else fcntl.LOCK_SH) | fcntl.LOCK_NB)
        except OSError as problem:
            if problem.errno in _REFUSED:
                return False
            if problem.errno in _NOT_OFFERED:  # some network file systems: better unguarded than no training
                return True
            raise AedeskError(f"This run cannot be locked: {files.reason(problem)}") from problem
        return True

    def _give_back(handle: int) -> None:
        os.close(handle)  # the lock goes with its last handle
