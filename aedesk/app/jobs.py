"""All background work of one window, polled from its own thread."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from aedesk.app.worker import Ended, Link, Worker


@dataclass(frozen=True)
class _Job:
    worker: Worker[Any]
    on_item: Callable[[Any], object]
    on_end: Callable[[BaseException | None], object]


class Jobs:
    """Starts workers and hands what they yield to callbacks, always inside `poll`: on the caller's thread."""

    def __init__(self) -> None:
        self._jobs: list[_Job] = []
        # Their end has been told; their threads may live a moment longer.
        self._leaving: list[Worker[Any]] = []
        self._stopped = False

    def start(
        self,
        name: str,
        make: Callable[[Link[Any]], Iterator[Any]],
        on_item: Callable[[Any], object],
        on_end: Callable[[BaseException | None], object],
    ) -> Worker[Any]:
        """Run `make(link)` in a thread; `on_item` gets what it yields or tells, `on_end` None or what it raised."""
        worker: Worker[Any] = Worker(name, make)
        if self._stopped:  # too late: it begins already asked to end
            worker.stop()
        self._jobs.append(_Job(worker, on_item, on_end))
        return worker.start()

    def poll(self) -> None:
        """Deliver what has arrived. Call it about every 30 ms; it keeps to a few milliseconds."""
        self._leaving = [worker for worker in self._leaving if worker.is_alive]
        for job in tuple(self._jobs):
            for message in job.worker.drain():
                if isinstance(message, Ended):
                    self._jobs.remove(job)
                    self._leaving.append(job.worker)
                    job.on_end(message.problem)
                else:
                    job.on_item(message)

    @property
    def are_running(self) -> bool:
        """Whether a thread is alive, or an end has not been told yet."""
        return bool(self._jobs) or any(worker.is_alive for worker in self._leaving)

    def stop_all(self) -> None:
        """Ask every worker to end, those yet to come as well.

        Poll until `are_running` is False before the process may exit.
        """
        self._stopped = True
        for job in self._jobs:
            job.worker.stop()
