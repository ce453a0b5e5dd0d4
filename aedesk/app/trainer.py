"""The Train tab's state: one run at a time, in the background."""

from __future__ import annotations

import enum
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from aedesk.app.jobs import Jobs
from aedesk.app.signal import Signal
from aedesk.app.worker import Link, Worker
from aedesk.errors import Cancelled
from aedesk.training.config import TrainingConfig

if TYPE_CHECKING:
    from aedesk.training.device import Device
    from aedesk.training.events import Event


class State(enum.Enum):
    IDLE = "idle"
    RUNNING = "running"
    PAUSED = "paused"
    STOPPING = "stopping"


@dataclass(frozen=True)
class Fetching:
    """A data set is coming in: bytes `done` of `total` (None if the server does not say) of one file."""

    file: str
    done: int
    total: int | None


class Trainer:
    """Starts, pauses and stops the training of one model.

    Signals: `event` (what `run_training` yields, or Fetching), `state_changed` (State), `finished` (the run's
    folder, once its model can be used), `failed` (what went wrong; the epochs saved so far stay).
    """

    def __init__(self, jobs: Jobs) -> None:
        self._jobs = jobs
        self._worker: Worker[Event | Fetching | Path] | None = None
        self.state = State.IDLE
        self.folder: Path | None = None
        self.event: Signal[Event | Fetching] = Signal()
        self.state_changed: Signal[State] = Signal()
        self.finished: Signal[Path] = Signal()
        self.failed: Signal[BaseException] = Signal()

    def start(self, config: TrainingConfig) -> None:
        """Begin a run in a new folder among the user's runs; a data set that is not here is fetched first."""
        if self.state is not State.IDLE:
            return
        self.folder = None
        self._worker = self._jobs.start(
            "training", lambda link: _work(config, link), self._on_item, self._on_end
        )
        self._enter(State.RUNNING)

    def pause(self) -> None:
        if self._worker and self.state is State.RUNNING:
            self._worker.pause()
            self._enter(State.PAUSED)

    def resume(self) -> None:
        if self._worker and self.state is State.PAUSED:
            self._worker.resume()
            self._enter(State.RUNNING)

    def stop(self) -> None:
        """End the run soon; its model so far is kept and usable."""
        if self._worker and self.state in {State.RUNNING, State.PAUSED}:
            self._worker.stop()
            self._enter(State.STOPPING)

    def _on_item(self, item: Event | Fetching | Path) -> None:
        if isinstance(item, Path):
            self.folder = item
        else:
            self.event.emit(item)

    def _on_end(self, problem: BaseException | None) -> None:
        self._worker = None
        self._enter(State.IDLE)
        if isinstance(problem, Cancelled):
            return
        if problem is not None:
            self.failed.emit(problem)
        elif self.folder is not None:
            self.finished.emit(self.folder)

    def _enter(self, state: State) -> None:
        self.state = state
        self.state_changed.emit(state)


def list_devices() -> Iterator[list[Device]]:
    """What can be trained on, found in the background: asking CUDA takes a while."""
    from aedesk.training.device import devices

    yield devices()


def _work(config: TrainingConfig, link: Link[Event | Fetching | Path]) -> Iterator[Event | Fetching | Path]:
    """In the worker's thread: the data, the run's folder, the run."""
    from aedesk.data.sources import load
    from aedesk.storage.runs import Run
    from aedesk.training.session import run_training

    data = load(
        config.data,
        progress=lambda file, done, total: link.tell(Fetching(file, done, total)),
        cancelled=link.stopped,
    )
    run = Run.new(config.preset)
    yield run.path
    try:
        yield from run_training(config, data, run, link.stopped)
    finally:
        with suppress(
            OSError
        ):  # a run that could not begin leaves nothing; rmdir spares whatever is not empty
            run.path.rmdir()
