"""The Train tab without a window: one run at a time, that is steered, stepped, stopped, gone on with and branched."""

import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from polling import PATIENCE, poll_until

from aedesk import paths
from aedesk.app import worker
from aedesk.app.jobs import Jobs
from aedesk.app.pace import Stride
from aedesk.app.trainer import Fetching, State, Trainer, list_devices
from aedesk.app.worker import Link
from aedesk.data import sources
from aedesk.data.imageset import DataSet
from aedesk.errors import AedeskError, Cancelled
from aedesk.storage.library import load_model
from aedesk.storage.runs import Run, list_runs
from aedesk.training.config import TrainingConfig
from aedesk.training.events import BatchDone, Changed, EpochDone, Finished, Finishing, Glimpse, Started

ENDLESS = 10_000


def configured(**changes: Any) -> TrainingConfig:
    return TrainingConfig.of("vanilla-64", **{"data": "digits", "device": "cpu", "epochs": 2, **changes})


class Bench:
    """A trainer with its jobs, and everything that it has said."""

    def __init__(self) -> None:
        self.jobs = Jobs()
        self.trainer = Trainer(self.jobs)
        self.events: list[Any] = []
        self.states: list[State] = []
        self.finished: list[tuple[Path, State]] = []
        self.problems: list[tuple[BaseException, State]] = []
        # Glimpses come by the clock, between the others.
        self.trainer.event.connect(
            lambda event: None if isinstance(event, Glimpse) else self.events.append(event)
        )
        self.trainer.state_changed.connect(self.states.append)
        self.trainer.finished.connect(lambda folder: self.finished.append((folder, self.trainer.state)))
        self.trainer.failed.connect(lambda problem: self.problems.append((problem, self.trainer.state)))

    def start(self, *, step: Stride | None = None, **changes: Any) -> None:
        self.trainer.start(configured(**changes), step=step)

    def poll_until(self, condition: Callable[[], bool]) -> None:
        poll_until(self.jobs, condition, lambda: (self.states, self.problems))

    def settle(self) -> None:
        self.poll_until(lambda: not self.jobs.are_running)

    def epochs(self) -> int:
        return sum(isinstance(event, EpochDone) for event in self.events)

    def kinds(self) -> list[type]:
        return [type(event) for event in self.events]

    def until(self, state: State) -> None:
        self.poll_until(lambda: self.trainer.state is state)

    def take(self, stride: Stride) -> list[type]:
        """What is told of one step."""
        before = len(self.events)
        self.trainer.step(stride)
        assert self.trainer.state is State.STEPPING
        self.until(State.PAUSED)
        return self.kinds()[before:]

    def stay(self) -> None:
        """Nothing comes any more, however long one waits."""
        before = len(self.events)
        for _ in range(20):
            time.sleep(0.002)
            self.jobs.poll()
        assert len(self.events) == before
        assert self.trainer.state is State.PAUSED

    def trained(self, **changes: Any) -> Path:
        """The folder of a run to the end."""
        self.start(**changes)
        self.settle()
        assert self.trainer.folder is not None
        return self.trainer.folder


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
    bench.trainer.step("batch")
    bench.trainer.change("learning_rate", 0.1)
    assert bench.states == []
    bench.start(epochs=ENDLESS)
    bench.trainer.resume()
    bench.trainer.stop()
    for verb in (bench.trainer.pause, bench.trainer.resume, bench.trainer.stop):
        verb()
    bench.trainer.step("epoch")
    bench.trainer.change("learning_rate", 0.1)
    assert bench.states == [State.RUNNING, State.STOPPING]
    bench.settle()
    assert bench.trainer.state is State.IDLE


@pytest.mark.parametrize(("stride", "told"), [("batch", [Started, BatchDone]), ("epoch", [])])
def test_a_run_may_begin_with_a_step(bench: Bench, stride: Stride, told: list[type]) -> None:
    bench.start(step=stride, batch_size=20, epochs=ENDLESS)
    assert bench.trainer.state is State.STEPPING
    bench.until(State.PAUSED)
    assert bench.kinds() == told if told else bench.kinds()[-1] is EpochDone
    assert bench.epochs() == len([kind for kind in bench.kinds() if kind is EpochDone]) <= 1
    bench.stay()
    assert bench.states == [State.STEPPING, State.PAUSED]


def test_steps_of_a_batch_go_through_an_epoch_one_by_one(bench: Bench) -> None:
    bench.start(step="batch", batch_size=20, epochs=ENDLESS)
    bench.until(State.PAUSED)
    steps = [bench.take("batch") for _ in range(7)]
    assert steps == [*[[BatchDone]] * 4, [EpochDone], *[[BatchDone]] * 2]
    assert [event.step for event in bench.events if isinstance(event, BatchDone)] == [1, 2, 3, 4, 5, 1, 2]
    bench.stay()


def test_a_step_of_an_epoch_ends_with_it_wherever_it_began(bench: Bench) -> None:
    bench.start(step="batch", batch_size=20, epochs=ENDLESS)
    bench.until(State.PAUSED)
    bench.take("batch")
    for epoch in (1, 2, 3):
        assert bench.take("epoch")[-1] is EpochDone
        assert bench.events[-1].row["epoch"] == epoch
    assert bench.epochs() == 3
    bench.stay()


def test_a_step_that_meets_the_end_of_the_run_ends_with_it(bench: Bench) -> None:
    bench.start(step="epoch", epochs=2)
    bench.until(State.PAUSED)
    bench.take("epoch")
    bench.trainer.step("epoch")
    bench.settle()
    assert bench.events[-1] == Finished("completed")
    assert bench.states[-2:] == [State.STEPPING, State.IDLE]
    assert len(bench.finished) == 1


def test_a_run_in_full_swing_can_be_stepped_and_a_step_turned_into_a_run(bench: Bench) -> None:
    bench.start(epochs=ENDLESS)
    bench.poll_until(lambda: bench.epochs() > 0)
    bench.take("epoch")
    assert isinstance(bench.events[-1], EpochDone)
    bench.stay()
    bench.trainer.step("epoch")
    bench.trainer.resume()
    assert bench.trainer.state is State.RUNNING
    before = bench.epochs()
    bench.poll_until(lambda: bench.epochs() > before + 2)
    assert bench.trainer.state is State.RUNNING


def test_a_step_can_be_paused_part_of_the_way(bench: Bench) -> None:
    bench.trainer.delay = 0.001
    bench.start(batch_size=1, epochs=ENDLESS, step="epoch")
    bench.poll_until(lambda: BatchDone in bench.kinds())
    bench.trainer.pause()
    assert bench.trainer.state is State.PAUSED
    for _ in range(3):
        bench.jobs.poll()
        time.sleep(0.005)
    bench.stay()
    assert bench.epochs() == 0
    bench.trainer.resume()
    bench.poll_until(lambda: bench.epochs() > 1)


@pytest.mark.parametrize("again", ["batch", "epoch"])
def test_an_order_is_followed_although_the_end_of_the_step_before_is_yet_to_be_told(
    bench: Bench, again: Stride
) -> None:
    """The run holds before the window hears of it; what is ordered meanwhile is about what comes next."""
    bench.start(step="batch", batch_size=20, epochs=ENDLESS)
    bench.until(State.PAUSED)
    bench.trainer.step("batch")
    time.sleep(0.05)  # it holds by now, and nobody has listened
    bench.trainer.resume()
    bench.trainer.pause()
    bench.trainer.step(again)
    seen: list[State] = []
    bench.poll_until(lambda: seen.append(bench.trainer.state) or bench.trainer.state is State.PAUSED)
    assert {*seen} == {State.STEPPING, State.PAUSED}
    bench.stay()
    assert isinstance(bench.events[-1], EpochDone if again == "epoch" else BatchDone | EpochDone)


@pytest.mark.parametrize("held", [False, True], ids=["stepping", "held"])
def test_a_run_can_be_stopped_in_a_step_and_between_two(bench: Bench, held: bool) -> None:
    bench.start(step="epoch", epochs=ENDLESS)
    bench.until(State.PAUSED)
    if not held:
        bench.trainer.step("epoch")
    bench.trainer.stop()
    bench.settle()
    assert bench.events[-1] == Finished("stopped")
    assert len(bench.finished) == 1


def test_a_window_that_closes_ends_a_run_that_holds(bench: Bench) -> None:
    bench.start(step="batch", epochs=ENDLESS)
    bench.until(State.PAUSED)
    bench.jobs.stop_all()
    bench.settle()
    assert bench.trainer.state is State.IDLE
    assert load_model(bench.finished[0][0]).code_size == 64


def test_slow_motion_tells_every_step_and_stays_from_run_to_run(bench: Bench) -> None:
    bench.trainer.delay = 0.002
    bench.trained(batch_size=20)
    steps = [(event.epoch, event.step) for event in bench.events if isinstance(event, BatchDone)]
    assert steps == [(epoch, step) for epoch in (1, 2) for step in range(1, 6)]
    bench.start(batch_size=20, epochs=ENDLESS)
    bench.poll_until(lambda: bench.epochs() == 3)
    bench.trainer.stop()
    bench.settle()
    assert bench.trainer.delay == 0.002


def test_slow_motion_can_begin_and_end_in_the_middle_of_a_run(bench: Bench) -> None:
    bench.start(batch_size=20, epochs=ENDLESS)
    bench.poll_until(lambda: bench.epochs() > 0)
    bench.trainer.delay = 0.002
    told = len(bench.events)
    bench.poll_until(lambda: bench.kinds()[told:].count(BatchDone) > 12)
    places = [event.epoch * 5 + event.step for event in bench.events[told:] if isinstance(event, BatchDone)]
    assert {*np.diff(places[-8:])} == {1}, "every step is told"
    bench.trainer.delay = 0
    assert bench.trainer.state is State.RUNNING
    before = bench.epochs()
    bench.poll_until(lambda: bench.epochs() > before + 20)


def test_a_step_is_taken_at_once_and_a_stop_heard_however_slow_the_motion(bench: Bench) -> None:
    bench.trainer.delay = 10_000
    bench.start(step="batch", batch_size=20, epochs=ENDLESS)
    bench.until(State.PAUSED)
    assert bench.take("batch") == [BatchDone]
    bench.trainer.resume()
    time.sleep(0.01)  # it waits
    bench.trainer.stop()
    bench.settle()
    assert bench.events[-1] == Finished("stopped")


def test_a_pause_in_slow_motion_holds_before_the_next_step(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    waited = threading.Event()
    monkeypatch.setattr(
        worker,
        "Link",
        lambda stopped, tell, hold, wait: Link(stopped, tell, hold, lambda _: waited.wait(PATIENCE)),
    )
    bench.trainer.delay = 0.001
    bench.start(batch_size=20, epochs=ENDLESS)
    bench.poll_until(lambda: BatchDone in bench.kinds())
    bench.trainer.pause()
    waited.set()
    bench.stay()
    assert bench.kinds() == [Started, BatchDone]


def test_a_number_of_the_recipe_changes_from_the_next_step_on(bench: Bench) -> None:
    bench.start(step="epoch", batch_size=20, epochs=ENDLESS)
    bench.until(State.PAUSED)
    bench.trainer.change("learning_rate", 0.0625)
    assert bench.take("batch") == [Changed, BatchDone]
    assert bench.events[-2] == Changed(1, "learning_rate", 0.001, 0.0625)
    assert bench.events[-1].learning_rate == 0.0625
    with pytest.raises(ValueError, match="batch_size cannot be changed"):
        bench.trainer.change("batch_size", 3)
    bench.trainer.stop()
    bench.settle()
    folder, _ = bench.finished[0]
    assert [change["new"] for change in Run(folder).read_config()["changes"]] == [0.0625]


def test_a_change_before_the_first_step_is_not_lost(bench: Bench) -> None:
    bench.start(step="batch", epochs=ENDLESS)
    bench.trainer.change("learning_rate", 0.0625)
    bench.until(State.PAUSED)
    assert bench.kinds() == [Started, Changed, BatchDone]


def test_a_stopped_run_goes_on_where_it_was(bench: Bench) -> None:
    bench.start(step="epoch", epochs=3)
    bench.until(State.PAUSED)
    bench.trainer.stop()
    bench.settle()
    ((folder, _),) = bench.finished
    bench.events.clear()
    bench.trainer.go_on(folder, device=None)
    assert bench.trainer.config == TrainingConfig.from_json(Run(folder).read_config())
    assert bench.trainer.config.device == "cpu", "None leaves the run its own"
    bench.settle()
    assert bench.events[0].epoch == 1
    assert [event.row["epoch"] for event in bench.events if isinstance(event, EpochDone)] == [2, 3]
    assert bench.finished[1:] == [(folder, State.IDLE)]
    assert bench.trainer.folder == folder


def test_a_run_may_go_on_for_more_epochs_step_by_step(bench: Bench) -> None:
    folder = bench.trained(epochs=1)
    bench.trainer.go_on(folder, epochs=3, step="epoch")
    assert bench.trainer.config is not None
    assert bench.trainer.config.recipe.epochs == 3
    bench.until(State.PAUSED)
    assert bench.events[-1].row["epoch"] == 2
    bench.trainer.resume()
    bench.settle()
    assert [row["epoch"] for row in Run(folder).read_history()] == [1, 2, 3]


def test_a_run_that_cannot_be_gone_on_with_is_told_at_once_or_fails_and_stays_as_it_was(
    bench: Bench, tmp_path: Path
) -> None:
    with pytest.raises(AedeskError, match="settings of this run cannot be read"):
        bench.trainer.go_on(tmp_path)
    assert bench.trainer.state is State.IDLE
    folder = bench.trained(epochs=1)
    before = {path.name: path.read_bytes() for path in folder.iterdir() if path.is_file()}
    bench.trainer.go_on(folder, seed=7)
    bench.settle()
    ((problem, _),) = bench.problems
    assert "branch a new run" in str(problem)
    assert {path.name: path.read_bytes() for path in folder.iterdir() if path.is_file()} == before


def test_a_run_that_another_window_trains_is_left_to_it(bench: Bench) -> None:
    folder = bench.trained(epochs=1)
    with Run(folder).lock.held():
        bench.trainer.go_on(folder, epochs=2)
        bench.settle()
    ((problem, _),) = bench.problems
    assert "being trained by another window" in str(problem)
    assert load_model(folder).code_size == 64


def test_a_branch_begins_where_its_run_was_and_leaves_that_alone(bench: Bench) -> None:
    folder = bench.trained(epochs=3)
    rows = Run(folder).read_history()
    bench.events.clear()
    bench.trainer.branch(folder, 2, configured(epochs=4, learning_rate=0.01), step="batch")
    bench.until(State.PAUSED)
    assert bench.kinds() == [Started, BatchDone]
    assert bench.events[0].epoch == 2
    assert bench.events[1].learning_rate == 0.01
    bench.trainer.resume()
    bench.settle()
    other = bench.trainer.folder
    assert other is not None
    assert other != folder
    assert other.parent == paths.runs()
    assert Run(other).read_config()["branched_from"] == {"run": folder.name, "epoch": 2}
    assert [row["epoch"] for row in Run(other).read_history()] == [2, 3, 4]
    assert Run(folder).read_history() == rows


@pytest.mark.parametrize(
    ("epoch", "changes", "words"),
    [
        (9, {}, "epoch 9 is not kept"),
        (1, {"code": 3}, "network of its run"),
        (2, {"epochs": 2}, "more epochs"),
    ],
)
def test_a_branch_that_cannot_begin_leaves_no_folder(
    bench: Bench, epoch: int, changes: dict[str, Any], words: str
) -> None:
    folder = bench.trained(epochs=2)
    bench.trainer.branch(folder, epoch, configured(**{"epochs": 5, **changes}))
    bench.settle()
    ((problem, state),) = bench.problems
    assert words in str(problem)
    assert state is State.IDLE
    assert [*paths.runs().iterdir()] == [folder]


def test_the_end_of_a_run_is_told_image_by_image(bench: Bench) -> None:
    bench.trained(epochs=1)
    told = [event for event in bench.events if isinstance(event, Finishing)]
    assert told[-1].done == told[-1].total == 20 + 100
    assert bench.kinds()[-1] is Finished


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
