"""The Train tab without a window: one run at a time, that can be paused, stopped and taken into use."""

import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from polling import poll_until

from aedesk import paths
from aedesk.app.jobs import Jobs
from aedesk.app.trainer import Fetching, State, Trainer, list_devices
from aedesk.data import sources
from aedesk.data.imageset import DataSet
from aedesk.errors import AedeskError, Cancelled
from aedesk.storage.library import load_model
from aedesk.storage.runs import Run, list_runs
from aedesk.training.config import TrainingConfig
from aedesk.training.events import EpochDone, Finished, Started

ENDLESS = 10_000


class Bench:
    """A trainer with its jobs, and everything that it has said."""

    def __init__(self) -> None:
        self.jobs = Jobs()
        self.trainer = Trainer(self.jobs)
        self.events: list[Any] = []
        self.states: list[State] = []
        self.finished: list[tuple[Path, State]] = []
        self.problems: list[tuple[BaseException, State]] = []
        self.trainer.event.connect(self.events.append)
        self.trainer.state_changed.connect(self.states.append)
        self.trainer.finished.connect(lambda folder: self.finished.append((folder, self.trainer.state)))
        self.trainer.failed.connect(lambda problem: self.problems.append((problem, self.trainer.state)))

    def start(self, **changes: Any) -> None:
        config = TrainingConfig.of(
            "vanilla-64", **{"data": "digits", "device": "cpu", "epochs": 2, **changes}
        )
        self.trainer.start(config)

    def poll_until(self, condition: Callable[[], bool]) -> None:
        poll_until(self.jobs, condition, lambda: (self.states, self.problems))

    def settle(self) -> None:
        self.poll_until(lambda: not self.jobs.are_running)

    def epochs(self) -> int:
        return sum(isinstance(event, EpochDone) for event in self.events)


@pytest.fixture
def bench() -> Iterator[Bench]:
    bench = Bench()
    yield bench
    bench.jobs.stop_all()
    bench.settle()


@pytest.fixture(autouse=True)
def few(digits: DataSet, monkeypatch: pytest.MonkeyPatch) -> None:
    """Epochs that take milliseconds."""
    few = DataSet("digits", digits.train[:100], digits.test[:20])
    monkeypatch.setattr(sources, "load", lambda *_, **__: few)


def test_a_run_goes_from_idle_to_running_to_idle_and_hands_over_a_model(bench: Bench) -> None:
    assert bench.trainer.state is State.IDLE
    bench.start()
    assert bench.trainer.state is State.RUNNING
    bench.settle()
    assert bench.states == [State.RUNNING, State.IDLE]
    assert isinstance(bench.events[0], Started)
    assert bench.events[-1] == Finished("completed")
    assert bench.epochs() == 2
    ((folder, state),) = bench.finished
    assert state is State.IDLE
    assert folder == bench.trainer.folder
    assert folder.parent == paths.runs()
    assert load_model(folder).code_size == 64
    assert bench.problems == []


def test_the_folder_is_known_while_the_run_goes_on(bench: Bench) -> None:
    bench.start(epochs=ENDLESS)
    bench.poll_until(lambda: bench.epochs() > 0)
    folder = bench.trainer.folder
    assert folder is not None
    assert load_model(folder).checkpoint.history
    assert bench.finished == []


def test_a_second_start_is_refused_while_one_run_goes_on_and_welcome_afterwards(bench: Bench) -> None:
    bench.start(epochs=2)
    bench.start(epochs=5)
    bench.settle()
    assert bench.epochs() == 2
    bench.start(epochs=1)
    assert bench.trainer.folder is None
    bench.settle()
    assert bench.epochs() == 3
    assert len({folder for folder, _ in bench.finished}) == 2
    assert len(list_runs()) == 2


def test_a_pause_holds_the_run_and_resuming_goes_on_where_it_was(bench: Bench) -> None:
    bench.start(epochs=ENDLESS)
    bench.poll_until(lambda: bench.epochs() > 0)
    bench.trainer.pause()
    assert bench.trainer.state is State.PAUSED
    held: list[int] = []

    def still() -> bool:
        held.append(len(bench.events))
        time.sleep(0.03)
        return len(held) > 4 and len(set(held[-4:])) == 1

    bench.poll_until(still)
    assert bench.jobs.are_running
    before = bench.epochs()
    bench.trainer.resume()
    assert bench.trainer.state is State.RUNNING
    bench.poll_until(lambda: bench.epochs() > before + 1)
    epochs = [event.row["epoch"] for event in bench.events if isinstance(event, EpochDone)]
    assert epochs == list(range(1, len(epochs) + 1))


@pytest.mark.parametrize("pause", [False, True], ids=["running", "paused"])
def test_a_stop_keeps_the_model_so_far(bench: Bench, pause: bool) -> None:
    bench.start(epochs=ENDLESS)
    bench.poll_until(lambda: bench.epochs() > 0)
    if pause:
        bench.trainer.pause()
    bench.trainer.stop()
    assert bench.trainer.state is State.STOPPING
    bench.settle()
    assert bench.events[-1] == Finished("stopped")
    assert bench.states[-2:] == [State.STOPPING, State.IDLE]
    ((folder, _),) = bench.finished
    assert len(load_model(folder).checkpoint.history) >= 1
    assert bench.problems == []


def test_an_immediate_stop_still_ends_in_a_usable_model_or_in_nothing(bench: Bench) -> None:
    bench.start(epochs=ENDLESS)
    bench.trainer.stop()
    bench.settle()
    assert bench.trainer.state is State.IDLE
    assert bench.problems == []
    assert [load_model(folder).code_size for folder, _ in bench.finished] == [64]


def test_verbs_out_of_turn_do_nothing(bench: Bench) -> None:
    for verb in (bench.trainer.pause, bench.trainer.resume, bench.trainer.stop):
        verb()
    assert bench.states == []
    bench.start(epochs=ENDLESS)
    bench.trainer.resume()
    bench.trainer.stop()
    for verb in (bench.trainer.pause, bench.trainer.resume, bench.trainer.stop):
        verb()
    assert bench.states == [State.RUNNING, State.STOPPING]
    bench.settle()
    assert bench.trainer.state is State.IDLE


def test_a_data_set_that_cannot_be_had_fails_the_run_before_it_has_a_folder(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: Any, **__: Any) -> DataSet:
        raise AedeskError("no such data set; choose another")

    monkeypatch.setattr(sources, "load", refuse)
    bench.start()
    bench.settle()
    ((problem, state),) = bench.problems
    assert "no such data set" in str(problem)
    assert state is State.IDLE
    assert bench.trainer.folder is None
    assert bench.finished == []
    assert not paths.runs().exists()


def test_a_run_that_cannot_begin_leaves_no_empty_folder(bench: Bench) -> None:
    bench.start(device="cuda:99")
    bench.settle()
    ((problem, _),) = bench.problems
    assert "cuda:99" in str(problem)
    assert bench.finished == []
    assert list(paths.runs().iterdir()) == []


def test_a_run_that_fails_later_keeps_its_epochs(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    save = Run.save

    def full(run: Run, checkpoint: Any) -> None:
        if len(checkpoint.history) > 1:
            raise AedeskError("the disk is full; make room and try again")
        save(run, checkpoint)

    monkeypatch.setattr(Run, "save", full)
    bench.start()
    bench.settle()
    ((problem, _),) = bench.problems
    assert "disk is full" in str(problem)
    assert bench.finished == []
    assert bench.trainer.folder is not None
    assert len(load_model(bench.trainer.folder).checkpoint.history) == 1
    bench.start(epochs=1)
    bench.settle()
    assert len(bench.finished) == 1


def test_a_mistake_of_our_own_is_told_too(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sources, "load", lambda *_, **__: None)
    bench.start()
    bench.settle()
    ((problem, _),) = bench.problems
    assert isinstance(problem, AttributeError)
    assert bench.trainer.state is State.IDLE


def test_fetching_is_told_and_can_be_stopped(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    def fetch(name: str, *, progress: Any, cancelled: Callable[[], bool]) -> DataSet:
        done = 0
        while not cancelled():
            done += 1
            progress("train-images", done, None if done % 2 else 100)
            time.sleep(0.001)
        raise Cancelled("the fetch was ended")

    monkeypatch.setattr(sources, "load", fetch)
    bench.start()
    bench.poll_until(lambda: len(bench.events) > 2)
    assert bench.events[:2] == [Fetching("train-images", 1, None), Fetching("train-images", 2, 100)]
    bench.trainer.stop()
    bench.settle()
    assert bench.states == [State.RUNNING, State.STOPPING, State.IDLE]
    assert bench.problems == bench.finished == []
    assert not paths.runs().exists()


def test_the_devices_can_be_listed_in_the_background(bench: Bench) -> None:
    found: list[Any] = []
    bench.jobs.start("devices", lambda link: list_devices(), found.append, lambda problem: None)
    bench.settle()
    (devices,) = found
    assert devices[0].name == "cpu"
