"""One piece of long work that a user waits for: it says how far it is, and can be cancelled."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from typing import Any, Generic, TypeVar

from aedesk.app.jobs import Jobs
from aedesk.app.signal import Signal
from aedesk.app.worker import Link, Worker
from aedesk.errors import Cancelled

T = TypeVar("T")

Work = Callable[[Callable[[str, int, int], None], Callable[[], bool]], T]
"""(progress, cancelled) -> the result; it raises Cancelled soon after `cancelled()` has become true."""

_EVERY = 0.05  # s between two tellings of progress


@dataclass(frozen=True)
class Stage:
    """What is being done, how much of it is done, and of how much."""

    what: str
    done: int
    total: int

    @property
    def share(self) -> float:
        """Of this stage, in [0, 1]."""
        return self.done / self.total if self.total else 0.0


@dataclass(frozen=True, eq=False)
class _Result:
    value: Any


class Task(Generic[T]):
    """Runs one work at a time in the background; starting another cancels the one before.

    Signals: `changed` (begun, further on, or at its end: read `stage`), `done` (its result), `failed` (why there is
    none; a work that was cancelled does not fail).
    """

    def __init__(self, jobs: Jobs, name: str) -> None:
        self._jobs, self._name = jobs, name
        self._worker: Worker[Any] | None = None
        self.stage: Stage | None = None
        self.changed: Signal[None] = Signal()
        self.done: Signal[T] = Signal()
        self.failed: Signal[BaseException] = Signal()

    @property
    def is_running(self) -> bool:
        return self._worker is not None

    def start(self, work: Work[T]) -> None:
        """Begin; nothing of the window may be within reach of `work`, which runs in a thread."""
        self.cancel()

        def on_item(item: Stage | _Result) -> None:
            if self._worker is not worker:
                return
            if isinstance(item, Stage):
                self.stage = item
                self.changed.emit(None)
            else:
                self.done.emit(item.value)

        def on_end(problem: BaseException | None) -> None:
            if self._worker is not worker:
                return
            self._worker = self.stage = None
            self.changed.emit(None)
            if problem is not None:
                self.failed.emit(problem)

        worker = self._worker = self._jobs.start(self._name, partial(_run, work), on_item, on_end)
        self.changed.emit(None)

    def cancel(self) -> None:
        """Give the work up; its thread ends by itself, and nothing is heard of it any more."""
        if self._worker is not None:
            self._worker.stop()
            self._worker = self.stage = None
            self.changed.emit(None)


def _run(work: Work[T], link: Link[Any]) -> Iterator[Any]:
    told = ("", 0.0)

    def progress(what: str, done: int, total: int) -> None:
        nonlocal told
        now = time.monotonic()
        if what != told[0] or now - told[1] >= _EVERY:
            told = what, now
            link.tell(Stage(what, done, total))

    try:
        result = work(progress, link.stopped)
    except Cancelled:
        return
    if not link.stopped():
        yield _Result(result)
