"""How long a run has worked, and how long it still will."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager

_REPORT_EVERY = 0.1  # seconds between two BatchDone


class Clock:
    """Seconds spent at work, pauses left out, and what they say about the time to come.

    steps: of the whole run, of which `done` were taken before this clock began.
    """

    def __init__(self, steps: int, done: int = 0) -> None:
        self._steps = steps
        self._before = done
        self._done = done
        self._reported = 0.0
        self.worked = 0.0

    @contextmanager
    def work(self) -> Iterator[None]:
        begun = time.perf_counter()
        yield
        self.worked += time.perf_counter() - begun

    @contextmanager
    def step(self) -> Iterator[None]:
        with self.work():
            yield
        self._done += 1

    @contextmanager
    def report(self) -> Iterator[None]:
        with self.work():
            yield
        self._reported = self.worked

    @property
    def report_is_due(self) -> bool:
        """True at the first step and then every `_REPORT_EVERY` seconds of work."""
        return self._done == self._before + 1 or self.worked - self._reported >= _REPORT_EVERY

    @property
    def share_done(self) -> float:
        """Of all steps of the run, in [0, 1]."""
        return self._done / self._steps

    @property
    def steps_per_second(self) -> float:
        return (self._done - self._before) / max(self.worked, 1e-9)

    @property
    def seconds_left(self) -> float:
        return max(0, self._steps - self._done) / max(self.steps_per_second, 1e-9)
