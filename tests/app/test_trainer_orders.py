"""Whatever is ordered in whatever order, the trainer says what its thread does, and its folders can be used."""

from __future__ import annotations

import contextlib
import random
import shutil
import threading
import time
from collections import Counter
from pathlib import Path
from typing import Any, ClassVar

import pytest
from polling import PATIENCE, poll_until

from aedesk import paths
from aedesk.app.jobs import Jobs
from aedesk.app.trainer import State, Trainer
from aedesk.data import sources
from aedesk.data.imageset import DataSet
from aedesk.errors import AedeskError
from aedesk.models.step import StepLoss
from aedesk.scratch.engine import NumpyEngine
from aedesk.storage import trash
from aedesk.storage.library import load_model
from aedesk.storage.runs import Run
from aedesk.training.config import TrainingConfig
from aedesk.training.torch_engine import TorchEngine

ORDERS = 1000
STEPS = 4  # of an epoch


class Driver:
    """A window's trainer, somebody who presses everything at random, and what must hold after each press."""

    def __init__(self, seed: int, steps: Counter[str]) -> None:
        self.random = random.Random(seed)
        self.steps = steps
        self.done: Counter[str] = Counter()
        self.events = 0
        self.folders: list[Path] = []
        self.removed: set[Path] = set()
        self.open()

    def open(self) -> None:
        """A window opens."""
        self.jobs = Jobs()
        self.trainer = Trainer(self.jobs)
        self.trainer.event.connect(self._on_event)
        self.trainer.state_changed.connect(self._on_state)
        self.trainer.finished.connect(self._on_finished)
        self.trainer.failed.connect(self._on_failed)
        self.polling = False
        self.held_at: int | None = None  # steps taken when the run was held at the end of a step
        self.most: int | None = None  # steps that may be taken while it is paused
        self.allowed: int | None = None  # steps until the next hold

    # --- what is said ---

    def _on_event(self, event: object) -> None:
        self.events += 1
        self.done[type(event).__name__] += 1
        assert self.trainer.state is not State.IDLE
        assert self.held_at is None, f"{event} was told while the run is held"

    def _on_state(self, state: State) -> None:
        taken = self.steps["taken"]
        self.done[state.name] += 1
        self.most = self.held_at = None
        if state is State.PAUSED and self.polling:
            self.held_at = self.most = taken
            assert self.allowed is None or taken <= self.allowed, "more than the step that was asked for"
        elif state is State.PAUSED:
            self.most = (
                taken + STEPS
            )  # the thread holds at its next event, the end of the epoch at the latest
        if state is not State.STEPPING:
            self.allowed = None

    def _on_finished(self, folder: Path) -> None:
        self.done["finished"] += 1
        assert self.trainer.state is State.IDLE
        self.folders.append(folder)

    def _on_failed(self, problem: BaseException) -> None:
        self.done["failed"] += 1
        assert isinstance(problem, AedeskError), repr(problem)
        assert self.trainer.state is State.IDLE

    # --- what is ordered ---

    def start(self) -> None:
        self.trainer.start(self._config(), step=self._stride_or_none())

    def go_on(self) -> None:
        self.trainer.go_on(
            self._folder(), step=self._stride_or_none(), **self.random.choice([{}, {"epochs": 9}])
        )

    def branch(self) -> None:
        folder, epoch = self._folder(), self.random.randrange(4)
        self.trainer.branch(folder, epoch, self._config(), step=self._stride_or_none())

    def pause(self) -> None:
        self.trainer.pause()

    def resume(self) -> None:
        self.trainer.resume()

    def step_batch(self) -> None:
        if self.held_at is not None:
            self.allowed = self.held_at + 1
        self.trainer.step("batch")

    def step_epoch(self) -> None:
        if self.held_at is not None:
            self.allowed = self.held_at + STEPS
        self.trainer.step("epoch")

    def stop(self) -> None:
        self.trainer.stop()

    def change(self) -> None:
        self.trainer.change(self.random.choice(["learning_rate", "noise_level"]), self.random.random() / 100)

    def delay(self) -> None:
        self.trainer.delay = self.random.choice([0, 0, 0.001, 0.01])

    def delete(self) -> None:
        """The folder of the run disappears under it."""
        if self.trainer.folder is not None:
            self.removed.add(self.trainer.folder)
            shutil.rmtree(self.trainer.folder, ignore_errors=True)

    def throw_away(self) -> None:
        """A run is deleted in the window, which is refused for one that is being trained."""
        with contextlib.suppress(AedeskError):
            trash.put(self._folder() if self.trainer.folder is None else self.trainer.folder)

    def busy(self) -> None:
        """The window has something else to do."""
        time.sleep(self.random.choice([0.001, 0.003, 0.006]))

    def poll(self) -> None:
        time.sleep(self.random.choice([0, 0, 0.001]))
        self.polling = True
        self.jobs.poll()
        self.polling = False

    def wait(self) -> None:
        """Until the order has been followed."""
        state, events = self.trainer.state, self.events
        if state in {State.STEPPING, State.STOPPING}:
            self._poll_until(lambda: self.trainer.state is not state)
        elif state is State.RUNNING:
            self._poll_until(lambda: self.events > events or self.trainer.state is not state)

    def linger(self) -> None:
        until = time.monotonic() + 0.005
        self._poll_until(lambda: time.monotonic() > until)

    def close(self) -> None:
        """The window closes, and another one opens."""
        self.jobs.stop_all()
        self.held_at = self.most = self.allowed = None
        if self.random.random() < 0.5:
            self.random.choice([self.pause, self.step_batch, self.start, self.resume, self.stop])()
            self.held_at = self.most = self.allowed = None
        poll_until(self.jobs, lambda: not self.jobs.are_running)
        assert self.trainer.state is State.IDLE
        assert not training_threads()
        self.open()

    WEIGHTS: ClassVar[dict[str, float]] = {
        "start": 6, "go_on": 3, "branch": 3, "pause": 5, "resume": 5, "step_batch": 12, "step_epoch": 6,
        "stop": 1, "change": 4, "delay": 2, "delete": 0.5, "poll": 30, "wait": 16, "linger": 1, "close": 0.3,
        "busy": 16, "throw_away": 0.5,
    }  # fmt: skip

    def drive(self, orders: int) -> None:
        names = self.random.choices([*self.WEIGHTS], [*self.WEIGHTS.values()], k=orders)
        for name in names:
            try:
                getattr(self, name)()
            except AedeskError:  # a run that cannot be gone on with, told where it was asked for
                assert name == "go_on"
            self.done[name] += 1
            self.check()
        self.close()
        self.check_folders()

    # --- what must hold ---

    def check(self) -> None:
        state = self.trainer.state
        assert len(training_threads()) <= 1 or state is State.RUNNING
        if state is State.IDLE:
            patience = time.monotonic() + PATIENCE
            while training_threads():  # its end was told: it is on its last lines
                assert time.monotonic() < patience, "idle, but a thread lives"
        else:
            assert self.jobs.are_running
        if self.most is not None:
            assert self.steps["taken"] <= self.most, f"{state}, but it trains on"

    def check_folders(self) -> None:
        """Every run opens, or can be gone on with, or is gone."""
        for folder in {path for path in paths.runs().iterdir() if path.name != trash.TRASH} - self.removed:
            run = Run(folder)
            assert not run.is_busy
            assert run.read_config()["status"] in {"running", "stopped", "completed"}
            if run.model.is_file():
                load_model(folder)
            else:
                assert run.epochs.newest() is not None, f"{[*folder.iterdir()]}"

    def _poll_until(self, condition: Any) -> None:
        patience = time.monotonic() + PATIENCE
        while not condition():
            assert time.monotonic() < patience, f"{self.trainer.state} for ever"
            self.poll()
            time.sleep(0.0005)

    def _config(self) -> TrainingConfig:
        return TrainingConfig.of(
            "dense-2d",
            widths=(),
            code=self.random.choice([2, 2, 2, 1]),
            engine=self.random.choice(["torch", "numpy", "numpy"]),
            epochs=self.random.choice([1, 3, 5, 10_000]),
            batch_size=16,
            data="digits",
            device="cpu",
            threads=1,
            validation_fraction=0.1,
            keep_mb=self.random.choice([0, 1]),
        )

    def _folder(self) -> Path:
        return self.random.choice(self.folders[-5:] or [paths.runs() / "none"])

    def _stride_or_none(self) -> Any:
        return self.random.choice([None, None, "batch", "epoch"])


def training_threads() -> list[str]:
    return [thread.name for thread in threading.enumerate() if thread.name == "training"]


@pytest.fixture
def steps(digits: DataSet, monkeypatch: pytest.MonkeyPatch) -> Counter[str]:
    """A data set of four steps, which are counted where they are taken."""
    few = DataSet("digits", digits.train[:60], digits.test[:10])
    monkeypatch.setattr(sources, "load", lambda *_, **__: few)
    counted: Counter[str] = Counter()
    for engine in (TorchEngine, NumpyEngine):

        def step(self: Any, *how: Any, real: Any = engine.step) -> StepLoss:
            counted["taken"] += 1
            return real(self, *how)

        monkeypatch.setattr(engine, "step", step)
    return counted


@pytest.mark.parametrize("seed", range(2))
def test_random_orders_leave_a_consistent_trainer_and_no_live_thread(seed: int, steps: Counter[str]) -> None:
    driver = Driver(seed, steps)
    driver.drive(ORDERS)
    assert not training_threads()
    been = [*(state.name for state in State), "finished", "failed", "Changed", "BatchDone", "Finishing"]
    assert all(driver.done[name] for name in been), driver.done
