"""How the C library keeps memory: for threads that come and go, and from one step of a training to the next.

The numbers are those of mallopt(3) in glibc; other C libraries have no such settings, and nothing happens there.
"""

from __future__ import annotations

import contextlib
import ctypes
import threading
from collections.abc import Iterator

_M_TRIM_THRESHOLD, _M_MMAP_THRESHOLD, _M_ARENA_MAX = -1, -3, -8  # of <malloc.h>
_ARENAS = 2
_KEPT = 2**30  # bytes
_USUAL = 2**25  # bytes: the most that glibc comes to by itself, and that versions before 2.35 take

_lock = threading.Lock()
_inside = 0  # how many trainings are in `kept` just now


def share_arenas() -> None:
    """Have all threads take memory from two arenas; called before the first of them is started.

    glibc gives each thread one of its own, up to eight for a core, and each keeps the largest gap that a job ever left
    in it: a window in use went on growing by a percent a minute, while what it had in use stayed the same.
    """
    _set(_M_ARENA_MAX, _ARENAS)


@contextlib.contextmanager
def kept() -> Iterator[None]:
    """Inside, what is freed stays at hand; after the last one inside, all that is free goes back to the system.

    Large arrays are otherwise given back at once, and to be given the same memory anew, page by page, takes a third of
    a step of the NumPy engine and a sixth of one with convolutions.
    """
    global _inside
    with _lock:
        _inside += 1
        # Either setting ends what glibc finds out by itself, so the least comes first.
        _set(_M_MMAP_THRESHOLD, _USUAL)
        _set(_M_MMAP_THRESHOLD, _KEPT)
        _set(_M_TRIM_THRESHOLD, _KEPT)
    try:
        yield
    finally:
        with _lock:
            _inside -= 1
            if not _inside:
                _set(_M_MMAP_THRESHOLD, _USUAL)
                _set(_M_TRIM_THRESHOLD, 2 * _USUAL)
                _call("malloc_trim", 0)


def _set(what: int, value: int) -> None:
    _call("mallopt", what, value)


def _call(function: str, *values: int) -> None:
    with contextlib.suppress(OSError, AttributeError, TypeError):
        getattr(ctypes.CDLL(None), function)(*values)
