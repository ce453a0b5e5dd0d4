"""Runs a generator in a background thread; the owner of the worker polls for what it yields."""

from __future__ import annotations

import contextlib
import logging
import os
import queue
import sys
import threading
import time
import traceback
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Generic, TypeVar

logger = logging.getLogger(__name__)

_NICENESS = 10

T = TypeVar("T")


@dataclass(frozen=True)
class Ended:
    """The last message of a worker: the generator returned (`problem` is None) or raised."""

    problem: BaseException | None = None


@dataclass(frozen=True)
class Link(Generic[T]):
    """What a generator in a worker knows of its owner.

    stopped(): whether to end. tell(item): where to tell what it cannot yield. hold(): pause at the next yield, as if
    the owner had asked for it. wait(seconds): sleep, until asked to end.
    """

    stopped: Callable[[], bool]
    tell: Callable[[T], None]
    hold: Callable[[], None] = lambda: None
    wait: Callable[[float], object] = time.sleep


class Worker(Generic[T]):
    """Iterates `make(link)` in a thread of its own.

    The generator is told to stop through `link.stopped()`, and pauses wherever it yields. The thread is no daemon: a
    process must not exit while torch works, so its owner calls `stop` and polls until `is_alive` is False.
    Nothing that belongs to Tk may be reachable from `make`.
    """

    def __init__(self, name: str, make: Callable[[Link[T]], Iterator[T]]) -> None:
        self._make = make
        self._messages: queue.SimpleQueue[T | Ended] = queue.SimpleQueue()
        self._stop = threading.Event()
        self._running = threading.Event()
        self._running.set()
        # A pause must not fall into the middle of a stop: nothing would end it.
        self._lock = threading.Lock()
        self._thread = threading.Thread(target=self._work, name=name)

    def start(self) -> Worker[T]:
        self._thread.start()
        return self

    @property
    def is_alive(self) -> bool:
        return self._thread.is_alive()

    @property
    def is_paused(self) -> bool:
        return not self._running.is_set()

    def pause(self) -> None:
        """Hold the generator at its next yield; too late once it has been asked to end."""
        with self._lock:
            if not self._stop.is_set():
                self._running.clear()

    def resume(self) -> None:
        self._running.set()

    def stop(self) -> None:
        """Ask the generator to end; it may yield its last words first."""
        with self._lock:
            self._stop.set()
            self._running.set()

    def drain(self, budget: float = 0.005) -> Iterator[T | Ended]:
        """What has been yielded since the last call, in order; at most about `budget` seconds of handling."""
        until = time.perf_counter() + budget
        while True:
            try:
                yield self._messages.get_nowait()
            except queue.Empty:
                return
            if time.perf_counter() > until:
                return

    def _work(self) -> None:
        _give_way()
        try:
            self._iterate()
        except BaseException as problem:  # whatever it is, the owner must hear of it
            logger.debug("worker %s ended", self._thread.name, exc_info=True)
            _clear_frames(problem)
            self._messages.put(Ended(problem))
        else:
            self._messages.put(Ended())

    def _iterate(self) -> None:
        link: Link[T] = Link(self._stop.is_set, self._messages.put, self.pause, self._stop.wait)
        for item in self._make(link):
            self._messages.put(item)
            self._running.wait()


def _give_way() -> None:
    """Whoever draws goes first: the window's thread, and the X server, get the core that they ask for at once."""
    if sys.platform == "linux":  # elsewhere this would be about the process, or about nothing
        me = threading.get_native_id()
        with contextlib.suppress(OSError):
            os.setpriority(os.PRIO_PROCESS, me, max(_NICENESS, os.getpriority(os.PRIO_PROCESS, me)))


def _clear_frames(problem: BaseException) -> None:
    """Forget the variables behind an error: they would keep a run's arrays alive for as long as its message."""
    cause: BaseException | None = problem
    while cause is not None:
        traceback.clear_frames(cause.__traceback__)
        cause = cause.__cause__ or cause.__context__
