"""The Train tab's state: one run at a time, in the background."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from aedesk.app.jobs import Jobs
from aedesk.app.pace import Pace, Stride
from aedesk.app.run_state import State
from aedesk.app.signal import Signal
from aedesk.app.worker import Link, Worker
from aedesk.errors import Cancelled
from aedesk.storage.runs import Run
from aedesk.training.config import TrainingConfig
from aedesk.training.controls import Controls

if TYPE_CHECKING:
    from aedesk.data.imageset import DataSet
    from aedesk.training.device import Device
    from aedesk.training.events import Event


@dataclass(frozen=True)
class Fetching:
    """A data set is coming in: bytes `done` of `total` (None if the server does not say) of one file."""

    file: str
    done: int
    total: int | None


@dataclass(frozen=True)
class _Held:
    """The run has come to the end of a step, and waits; `order` is the number of the order that it followed."""

    order: int


_Train = Callable[["DataSet", Controls], Iterator["Event | Run"]]


class Trainer:
    """Starts, steers and stops the training of one model.

    Signals: `event` (what `go_on` yields, or Fetching), `state_changed` (State), `finished` (the run's folder, once its
    model can be used), `failed` (what went wrong; the epochs saved so far stay).
    """

    def __init__(self, jobs: Jobs) -> None:
        self._jobs = jobs
        self._worker: Worker[Any] | None = None
        self._pace = Pace()
        self.state = State.IDLE
        self.config: TrainingConfig | None = None
        self.folder: Path | None = None
        self.event: Signal[Event | Fetching] = Signal()
        self.state_changed: Signal[State] = Signal()
        self.finished: Signal[Path] = Signal()
        self.failed: Signal[BaseException] = Signal()

    def start(self, config: TrainingConfig, *, step: Stride | None = None) -> None:
        """Begin a run in a new folder among the user's runs; a data set that is not here is fetched first.

        step: hold after the first batch or epoch.
        """

        def work(data: DataSet, controls: Controls) -> Iterator[Event | Run]:
            from aedesk.training.session import run_training

            run = Run.new(config.label)
            yield run
            yield from run_training(config, data, run, controls)

        self._launch(config, work, step)

    def go_on(self, folder: Path, *, step: Stride | None = None, **changes: Any) -> None:
        """Take up a run where it was left. changes: of `session.MAY_CHANGE`. Raises AedeskError if it cannot be."""
        run = Run(folder)

        def work(data: DataSet, controls: Controls) -> Iterator[Event | Run]:
            from aedesk.training.session import go_on

            yield run
            yield from go_on(run, data, controls, **changes)

        changes = {name: value for name, value in changes.items() if value is not None}
        self._launch(TrainingConfig.from_json(run.read_config() | changes), work, step)

    def branch(self, folder: Path, epoch: int, config: TrainingConfig, *, step: Stride | None = None) -> None:
        """Begin a run as the one in `folder` was after `epoch`, with other settings."""

        def work(data: DataSet, controls: Controls) -> Iterator[Event | Run]:
            from aedesk.training.session import run_branch

            run = Run.new(config.label)
            yield run
            yield from run_branch(Run(folder), epoch, config, data, run, controls)

        self._launch(config, work, step)

    def _launch(self, config: TrainingConfig, train: _Train, step: Stride | None) -> None:
        if self.state is not State.IDLE:
            return
        self.config, self.folder = config, None
        pace = self._pace = Pace(self._pace.delay, step)
        self._worker = self._jobs.start(
            "training", lambda link: _work(config.data, train, pace, link), self._on_item, self._on_end
        )
        self._enter(State.STEPPING if step else State.RUNNING)

    def pause(self) -> None:
        """Hold the run at what it tells next; a data set goes on coming in until it is there."""
        if self._worker and self.state in {State.RUNNING, State.STEPPING}:
            self._worker.pause()
            self._enter(State.PAUSED)

    def resume(self) -> None:
        if self._worker and self.state in {State.PAUSED, State.STEPPING}:
            self._go(None, State.RUNNING)

    def step(self, stride: Stride) -> None:
        """Go on for one batch, or to the end of the epoch, and hold there."""
        if self._worker and self.state in {State.PAUSED, State.RUNNING}:
            self._go(stride, State.STEPPING)

    def _go(self, until: Stride | None, state: State) -> None:
        assert self._worker is not None
        self._pace.go(until, self._worker.resume)
        self._enter(state)

    def stop(self) -> None:
        """End the run soon; its best model so far is kept and usable."""
        if self._worker and self.state not in {State.IDLE, State.STOPPING}:
            self._worker.stop()
            self._enter(State.STOPPING)

    def change(self, name: str, value: float) -> None:
        """Go on with another learning rate, noise level or weight from the next step on."""
        if self.state is not State.IDLE:
            self._pace.controls.change(name, value)

    @property
    def delay(self) -> float:
        """Seconds to wait after every step; 0 for full speed. It stays from one run to the next."""
        return self._pace.delay

    @delay.setter
    def delay(self, seconds: float) -> None:
        self._pace.delay = seconds

    def _on_item(self, item: Any) -> None:
        if isinstance(item, Run):
            self.folder = item.path
        elif isinstance(item, _Held):
            # It may have been told to go on since then.
            if item.order == self._pace.orders and self.state is State.STEPPING:
                self._enter(State.PAUSED)
        elif item is not None:
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


def _work(
    source: str, train: _Train, pace: Pace, link: Link[Any]
) -> Iterator[Event | Fetching | Run | _Held | None]:
    """In the worker's thread: the data, then the run."""
    from aedesk.data.sources import load
    from aedesk.training.events import BatchDone

    pace.controls.stopped = link.stopped
    data = load(
        source,
        progress=lambda file, done, total: link.tell(Fetching(file, done, total)),
        cancelled=link.stopped,
    )
    for event in train(data, pace.controls):
        order = pace.hold_after(event, link.hold)
        if order is None:
            yield event
        else:
            link.tell(event)
            yield _Held(order)
        if isinstance(event, BatchDone) and pace.rest:
            link.wait(pace.rest)
            yield None  # a pause that came meanwhile holds here, not after another step
