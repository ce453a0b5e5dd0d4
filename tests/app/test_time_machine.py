"""Back and forth in a run: what is shown is the epoch that was asked for, whatever happens to the folder meanwhile."""

from __future__ import annotations

import random
import shutil
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from kept_run import CORNER, IMAGES, make_run, row
from polling import poll_until

from aedesk import sketch
from aedesk.app.ink import Ink
from aedesk.app.jobs import Jobs
from aedesk.app.time_machine import EpochView, TimeMachine
from aedesk.app.trainer import Trainer
from aedesk.data import sources
from aedesk.data.imageset import DataSet
from aedesk.errors import AedeskError, Cancelled
from aedesk.latent import tsne
from aedesk.models.model import Model
from aedesk.storage import sample as samples
from aedesk.storage.runs import Run
from aedesk.training.config import TrainingConfig
from aedesk.training.events import EpochDone


class Bench:
    """A time machine with an ink, and everything that it has said."""

    def __init__(self) -> None:
        self.jobs, self.ink = Jobs(), Ink()
        self.machine = TimeMachine(self.jobs, self.ink)
        self.views: list[EpochView] = []
        self.kept: list[list[int]] = []
        self.sketches: list[tuple[np.ndarray, np.ndarray] | None] = []
        self.problems: list[BaseException] = []
        self.machine.shown.connect(self.views.append)
        self.machine.kept_changed.connect(self.kept.append)
        self.machine.sketch_changed.connect(self.sketches.append)
        self.machine.failed.connect(self.problems.append)

    def poll_until(self, condition: Callable[[], bool]) -> None:
        poll_until(self.jobs, condition, lambda: (self.shown(), self.problems))

    def settle(self) -> None:
        self.poll_until(lambda: not self.jobs.are_running)

    def open(self, run: Run) -> None:
        self.machine.open(run.path)
        self.settle()

    def show(self, epoch: int | None) -> EpochView:
        self.machine.show(epoch)
        self.settle()
        return self.views[-1]

    def shown(self) -> list[int]:
        return [view.epoch for view in self.views]

    def draw(self) -> None:
        self.ink.press(150, 150, 40)
        self.ink.drag(400, 400, 40)
        self.ink.release()


@pytest.fixture
def bench() -> Iterator[Bench]:
    bench = Bench()
    yield bench
    bench.jobs.stop_all()
    bench.settle()


@pytest.fixture
def run(tmp_path: Path, digits: DataSet) -> Run:
    """Epochs 0, 1, 2 and 4 are kept."""
    return make_run(tmp_path / "run", digits)


def model_of(run: Run, epoch: int) -> Model:
    return Model(run.checkpoint(run.epochs.load(epoch)))


def grown(run: Run, epoch: int) -> None:
    """Another epoch of the run is over."""
    old = run.epochs.load(4)
    points = old.points + (epoch - 4) * CORNER
    run.epochs.save(type(old)(epoch, old.architecture, old.weights, {}, points, row(epoch)))


class Layout:
    """In place of t-SNE: a map as soon as it is told to go on; what each began from is kept."""

    def __init__(self) -> None:
        self.starts: list[np.ndarray | None] = []
        self.goes_on = True
        self.given_up = 0

    def __call__(
        self, codes: np.ndarray, *, start: np.ndarray | None, cancelled: Callable[[], bool]
    ) -> np.ndarray:
        self.starts.append(start)
        while not self.goes_on:
            if cancelled():
                self.given_up += 1
                raise Cancelled("given up")
            time.sleep(0.001)
        return np.full((len(codes), 2), len(self.starts), np.float32)


@pytest.fixture
def layout(monkeypatch: pytest.MonkeyPatch) -> Layout:
    layout = Layout()
    monkeypatch.setattr(tsne, "layout", layout)
    return layout


def test_a_run_that_is_opened_shows_its_newest_epoch(bench: Bench, run: Run) -> None:
    bench.open(run)
    assert bench.kept[-1] == bench.machine.kept == [0, 1, 2, 4]
    (view,) = bench.views
    assert view is bench.machine.view
    assert (view.folder, view.epoch, view.kind, view.row) == (run.path, 4, "plain", row(4))
    np.testing.assert_array_equal(view.points, run.epochs.load(4).points)
    np.testing.assert_array_equal(view.sample.images, samples.load(run.sample).images)
    assert view.originals.shape == view.reconstructions.shape == (10, 28, 28)
    assert view.originals.dtype == np.float32
    assert view.originals.max() <= 1
    assert {picture.tobytes() for picture in (view.originals * 255).round().astype(np.uint8)} <= {
        picture.tobytes() for picture in view.sample.images
    }
    np.testing.assert_array_equal(view.reconstructions, model_of(run, 4).reconstruct(view.originals))
    assert view.model.name == "run after 4 epochs"
    assert bench.machine.bytes == run.epochs.bytes() > 0
    assert bench.machine.epoch == 4
    assert bench.problems == []


@pytest.mark.parametrize(("asked", "shown"), [(0, 0), (1, 1), (3, 2), (4, 4), (99, 4), (-7, 0)])
def test_an_older_epoch_is_shown_or_the_nearest_that_is_kept(
    bench: Bench, run: Run, asked: int, shown: int
) -> None:
    bench.open(run)
    view = bench.show(asked)
    assert view.epoch == bench.machine.epoch == shown
    assert view.row == (row(shown) if shown else {})
    np.testing.assert_array_equal(view.points, run.epochs.load(shown).points)
    np.testing.assert_array_equal(view.reconstructions, model_of(run, shown).reconstruct(view.originals))
    assert not bench.machine.is_following


def test_the_newest_epoch_is_followed_until_an_older_one_is_asked_for(bench: Bench, run: Run) -> None:
    bench.open(run)
    assert bench.machine.is_following
    grown(run, 5)
    bench.machine.refresh()
    bench.settle()
    assert bench.shown() == [4, 5]
    bench.show(1)
    grown(run, 6)
    bench.machine.refresh()
    bench.settle()
    assert bench.shown() == [4, 5, 1]
    assert bench.kept[-1] == [0, 1, 2, 4, 5, 6]
    assert bench.show(None).epoch == 6
    grown(run, 7)
    bench.machine.refresh()
    bench.settle()
    assert bench.shown() == [4, 5, 1, 6, 7]


def test_nothing_is_read_again_where_nothing_has_come(bench: Bench, run: Run) -> None:
    bench.open(run)
    told = len(bench.kept)
    for _ in range(3):
        bench.machine.refresh()
        bench.machine.open(run.path)
        bench.machine.show(4)
        bench.machine.choose_map("plain")
    bench.settle()
    assert bench.shown() == [4]
    assert len(bench.kept) == told


def test_quick_steps_show_the_last_and_do_not_starve_what_was_begun(bench: Bench, run: Run) -> None:
    bench.open(run)
    for epoch in (1, 2, 0, 2, 1, 0):
        bench.machine.show(epoch)
    bench.settle()
    assert bench.shown() == [4, 1, 0]


def test_steps_quicker_than_epochs_can_be_read_still_show_some(bench: Bench, run: Run) -> None:
    bench.open(run)
    steps = iter(range(10**6))

    def scrubbed() -> bool:
        bench.machine.show((0, 1, 2, 4)[next(steps) % 4])
        return len(bench.views) > 10

    bench.poll_until(scrubbed)
    bench.settle()
    assert bench.views[-1].epoch == (0, 1, 2, 4)[(next(steps) - 1) % 4]


def test_an_epoch_that_is_asked_for_before_anything_is_kept_does_not_end_the_following(
    bench: Bench, tmp_path: Path, digits: DataSet
) -> None:
    bench.machine.open(tmp_path / "run")
    bench.machine.show(3)
    bench.machine.choose_map("plain")
    assert bench.machine.kept == []
    assert bench.machine.epoch is None
    make_run(tmp_path / "run", digits, kept=(0, 1))
    bench.machine.refresh()
    bench.settle()
    assert bench.shown() == [1]


def test_an_epoch_that_was_thinned_out_a_moment_ago_gives_way_to_its_neighbour(
    bench: Bench, run: Run
) -> None:
    bench.open(run)
    run.epochs.path(1).unlink()
    assert bench.show(1).epoch == 0
    assert not bench.machine.is_following
    assert bench.kept[-1] == [0, 2, 4]
    run.epochs.path(2).unlink()
    run.epochs.path(4).unlink()
    assert bench.show(2).epoch == 0
    assert bench.problems == []


def test_the_newest_epoch_may_be_thinned_out_while_it_is_waited_for(bench: Bench, run: Run) -> None:
    bench.machine.open(run.path)
    grown(run, 5)
    run.epochs.path(4).unlink()
    bench.settle()
    assert bench.problems == []
    assert bench.views[-1].epoch in {4, 5}  # it may have been read before
    bench.machine.refresh()
    bench.settle()
    assert bench.views[-1].epoch == 5


def test_a_damaged_epoch_is_told_and_the_one_on_show_stays(bench: Bench, run: Run) -> None:
    bench.open(run)
    content = run.epochs.path(1).read_bytes()
    run.epochs.path(1).write_bytes(content[:-7])
    bench.machine.show(1)
    bench.settle()
    (problem,) = bench.problems
    assert isinstance(problem, AedeskError)
    assert "00001.safetensors: damaged" in str(problem)
    assert bench.machine.view is bench.views[-1]
    assert bench.shown() == [4]
    assert bench.machine.epoch == 4
    assert bench.show(2).epoch == 2
    run.epochs.path(1).write_bytes(content)
    assert bench.show(1).epoch == 1
    assert len(bench.problems) == 1


@pytest.mark.parametrize("name", ["sample.safetensors", "config.json"])
def test_a_run_of_which_a_part_is_damaged_is_told(bench: Bench, run: Run, name: str) -> None:
    (run.path / name).write_bytes(b"{")
    bench.open(run)
    (problem,) = bench.problems
    assert f"{name}: " in str(problem)
    assert bench.views == []


def test_a_folder_that_disappears_takes_nothing_from_the_screen(bench: Bench, run: Run) -> None:
    bench.open(run)
    bench.machine.show(1)
    shutil.rmtree(run.path)
    bench.settle()
    bench.machine.refresh()
    bench.machine.show(2)
    bench.machine.choose_map("tsne")
    bench.machine.show(None)
    bench.settle()
    assert bench.problems == []
    assert bench.kept[-1] == []
    assert bench.machine.bytes == 0
    assert bench.machine.view is bench.views[-1]
    bench.machine.look_at_sketch()
    bench.machine.close()
    assert bench.machine.view is None


def test_what_the_epochs_take_on_the_disk_is_known_as_they_come_and_go(bench: Bench, run: Run) -> None:
    bench.open(run)
    run.epochs.path(7).write_bytes(bytes(1000))
    run.epochs.path(1).unlink()
    bench.machine.refresh()
    assert bench.machine.kept == [0, 2, 4, 7]
    assert bench.machine.bytes == run.epochs.bytes() > 1000
    bench.machine.close()
    assert bench.machine.bytes == 0
    bench.settle()


@pytest.mark.parametrize("kind", ["plain", "tsne"])
def test_nothing_comes_of_a_look_after_the_run_was_closed(
    bench: Bench, run: Run, layout: Layout, kind: Any
) -> None:
    layout.goes_on = False
    bench.machine.choose_map(kind)
    bench.machine.open(run.path)
    if kind == "tsne":
        bench.poll_until(lambda: len(layout.starts) == 1)
    bench.machine.close()
    before = len(bench.views)
    bench.settle()
    assert len(bench.views) == before
    assert bench.machine.view is None
    assert bench.machine.folder is None
    assert bench.machine.epoch is None
    assert bench.kept[-1] == []
    assert bench.sketches[-1] is None
    assert bench.problems == []


def test_another_run_is_shown_at_once_in_place_of_the_one_that_is_being_read(
    bench: Bench, run: Run, tmp_path: Path, digits: DataSet
) -> None:
    other = make_run(tmp_path / "other", digits, kept=(0, 2))
    bench.machine.open(run.path)
    bench.machine.open(other.path)
    bench.settle()
    assert [(view.folder, view.epoch) for view in bench.views] == [(other.path, 2)]


def test_a_run_that_was_closed_and_made_anew_in_the_same_place_shows_nothing_of_the_old(
    bench: Bench, run: Run, digits: DataSet, layout: Layout
) -> None:
    bench.machine.choose_map("tsne")
    bench.open(run)
    old = bench.views[-1]
    bench.machine.show(1)
    bench.machine.close()
    shutil.rmtree(run.path)
    make_run(run.path, digits, kept=(0, 4), preset="dense-32")
    bench.open(run)
    assert bench.views[-1].model.code_size == 32
    assert bench.views[-1].points[0, 0] != old.points[0, 0]
    assert layout.starts[-1] is None


# --- the sketch ---


def test_the_sketch_is_rebuilt_as_the_epoch_on_show_would(bench: Bench, run: Run) -> None:
    bench.draw()
    bench.open(run)
    for epoch in (4, 1, 0):
        bench.show(epoch)
        both = bench.sketches[-1]
        assert both is not None
        np.testing.assert_array_equal(both[0], sketch.normalise(bench.ink.pixels))
        np.testing.assert_array_equal(both[1], model_of(run, epoch).reconstruct(both[0])[0])
        assert both[0].shape == both[1].shape == (28, 28)
    count = len(bench.sketches)
    bench.ink.press(100, 400, 40)
    bench.ink.release()
    bench.machine.look_at_sketch()
    assert len(bench.sketches) == count + 1
    assert bench.sketches[-1] is not None
    assert not np.array_equal(bench.sketches[-1][0], both[0])


def test_a_picture_that_was_put_on_the_canvas_is_rebuilt_as_it_is(
    bench: Bench, run: Run, digits: DataSet
) -> None:
    bench.open(run)
    picture = digits.test.images[3].astype(np.float32) / 255
    bench.ink.show_picture(picture)
    bench.machine.look_at_sketch()
    both = bench.sketches[-1]
    assert both is not None
    np.testing.assert_array_equal(both[0], picture)
    np.testing.assert_array_equal(both[1], model_of(run, 4).reconstruct(picture)[0])


def test_there_is_no_sketch_without_a_drawing_or_a_run(bench: Bench, run: Run) -> None:
    bench.draw()
    bench.machine.look_at_sketch()
    assert bench.sketches[-1] is None
    bench.open(run)
    assert bench.sketches[-1] is not None
    bench.ink.clear()
    bench.machine.look_at_sketch()
    assert bench.sketches[-1] is None


# --- t-SNE ---


def test_a_tsne_map_comes_after_everything_else_and_starts_from_the_nearest_there_is(
    bench: Bench, run: Run, layout: Layout
) -> None:
    bench.open(run)
    bench.machine.choose_map("tsne")
    bench.settle()
    plain, coming, there = bench.views
    assert [(view.kind, view.map_is_coming) for view in (plain, coming, there)] == [
        ("plain", False), ("tsne", True), ("tsne", False),
    ]  # fmt: skip
    np.testing.assert_array_equal(coming.points, plain.points)
    assert (there.points == 1).all()
    assert there.points.shape == (IMAGES, 2)
    bench.show(0)
    assert bench.views[-2].map_is_coming
    assert (bench.views[-2].points == 1).all(), "until its own is there, the map it starts from"
    assert (bench.views[-1].points == 2).all()
    bench.show(1)
    assert [start if start is None else start[0, 0] for start in layout.starts] == [None, 1, 2]
    bench.show(4)
    assert (bench.views[-1].points == 1).all()
    assert not bench.views[-1].map_is_coming
    assert len(layout.starts) == 3, "what was computed is not computed again"
    bench.machine.choose_map("plain")
    bench.settle()
    np.testing.assert_array_equal(bench.views[-1].points, plain.points)


def test_a_tsne_map_that_takes_its_time_is_given_up_for_what_is_asked_next(
    bench: Bench, run: Run, layout: Layout
) -> None:
    layout.goes_on = False
    bench.open(run)
    bench.machine.choose_map("tsne")
    bench.poll_until(lambda: len(layout.starts) == 1)
    bench.machine.show(1)
    bench.poll_until(lambda: len(layout.starts) == 2)
    bench.machine.choose_map("plain")
    bench.settle()
    assert layout.given_up == 2
    assert [(view.epoch, view.kind) for view in bench.views] == [
        (4, "plain"), (4, "tsne"), (1, "tsne"), (1, "plain"),
    ]  # fmt: skip
    assert bench.problems == []


def test_a_wish_that_is_repeated_goes_on_and_one_that_comes_back_is_taken_up_again(
    bench: Bench, run: Run, layout: Layout
) -> None:
    bench.machine.choose_map("tsne")
    bench.open(run)
    layout.goes_on = False
    bench.machine.show(1)
    bench.poll_until(lambda: len(layout.starts) == 2)
    bench.machine.show(1)
    bench.machine.choose_map("tsne")
    for _ in range(10):
        bench.jobs.poll()
        time.sleep(0.002)
    assert layout.given_up == 0
    bench.machine.show(2)
    bench.machine.show(1)
    bench.poll_until(lambda: len(layout.starts) == 3)
    layout.goes_on = True
    bench.settle()
    assert bench.views[-1].epoch == 1
    assert not bench.views[-1].map_is_coming
    assert 2 not in bench.shown()


def test_epochs_that_come_while_a_tsne_map_is_computed_do_not_give_it_up(
    bench: Bench, run: Run, layout: Layout
) -> None:
    bench.machine.choose_map("tsne")
    layout.goes_on = False
    bench.machine.open(run.path)
    bench.poll_until(lambda: len(layout.starts) == 1)
    for epoch in (5, 6, 7):
        grown(run, epoch)
        bench.machine.refresh()
        bench.jobs.poll()
    layout.goes_on = True
    bench.settle()
    assert layout.given_up == 0
    assert [view.epoch for view in bench.views if not view.map_is_coming] == [4, 7]


def test_a_run_with_too_few_images_for_tsne_shows_its_plain_map(
    bench: Bench, run: Run, digits: DataSet
) -> None:
    samples.save(samples.choose(digits.test, 5), run.sample)
    bench.machine.choose_map("tsne")
    bench.open(run)
    np.testing.assert_array_equal(bench.views[-1].points, run.epochs.load(4).points)
    assert not bench.views[-1].map_is_coming
    assert bench.views[-1].originals.shape == (5, 28, 28)
    assert bench.problems == []


def test_a_mistake_of_our_own_is_told(bench: Bench, run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: Any, **__: Any) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr(tsne, "layout", broken)
    bench.open(run)
    bench.machine.choose_map("tsne")
    bench.settle()
    assert [type(problem) for problem in bench.problems] == [ZeroDivisionError]


def test_a_window_that_closes_ends_a_look(bench: Bench, run: Run, layout: Layout) -> None:
    layout.goes_on = False
    bench.machine.choose_map("tsne")
    bench.machine.open(run.path)
    bench.poll_until(lambda: len(layout.starts) == 1)
    grown(run, 5)
    bench.machine.refresh()
    bench.jobs.stop_all()
    bench.machine.show(1)
    bench.settle()
    assert bench.problems == []


# --- all together ---


def test_a_run_in_training_is_followed_to_its_last_epoch(
    bench: Bench, digits: DataSet, monkeypatch: pytest.MonkeyPatch
) -> None:
    few = DataSet("digits", digits.train[:60], digits.test[:10])
    monkeypatch.setattr(sources, "load", lambda *_, **__: few)
    trainer = Trainer(bench.jobs)

    def on_event(event: object) -> None:
        if isinstance(event, EpochDone) and trainer.folder is not None:
            bench.machine.open(trainer.folder)

    trainer.event.connect(on_event)
    trainer.failed.connect(bench.problems.append)
    config = TrainingConfig.of(
        "dense-32", data="digits", epochs=12, device="cpu", threads=1, validation_fraction=0.2, keep_mb=1
    )
    trainer.start(config)
    bench.settle()
    assert bench.problems == []
    assert bench.views[-1].epoch == 12
    assert bench.shown() == sorted(set(bench.shown()))
    assert trainer.folder is not None
    last = Run(trainer.folder).epochs.load(12)
    np.testing.assert_array_equal(bench.views[-1].points, last.points)
    assert bench.views[-1].row == last.row


@pytest.mark.parametrize("seed", range(3))
def test_after_random_orders_the_epoch_on_show_is_the_one_that_was_asked_for_last(
    bench: Bench, tmp_path: Path, digits: DataSet, layout: Layout, seed: int
) -> None:
    runs = [make_run(tmp_path / name, digits) for name in ("one", "two")]
    rolls, machine = random.Random(seed), bench.machine
    newest = 4
    for _ in range(250):
        choice = rolls.randrange(12)
        run = rolls.choice(runs)
        if choice < 3:
            machine.show(rolls.randrange(newest + 2))
        elif choice == 3:
            machine.show(None)
        elif choice == 4:
            machine.choose_map(rolls.choice(["plain", "tsne"]))
        elif choice == 5:
            machine.open(run.path)
        elif choice == 6 and rolls.random() < 0.2:
            machine.close()
        elif choice == 7:
            newest += 1
            run.epochs.save(
                type(first := runs[0].epochs.load(0))(
                    newest, first.architecture, first.weights, {}, first.points, row(newest)
                )
            )
        elif choice == 8:
            kept = run.epochs.kept()
            for epoch in rolls.sample(kept[1:-1], len(kept) // 4):
                run.epochs.path(epoch).unlink()
        elif choice == 9:
            machine.refresh()
        elif choice == 10:
            layout.goes_on = rolls.random() < 0.5
        bench.jobs.poll()
    layout.goes_on = True
    machine.open(runs[0].path)
    machine.refresh()
    bench.settle()
    assert machine.view is not None
    assert (machine.view.folder, machine.view.epoch) == (runs[0].path, runs[0].epochs.kept()[-1])
    target = rolls.choice(machine.kept)
    machine.show(target)
    bench.settle()
    assert (machine.view.epoch, machine.view.kind) == (target, machine.kind)
    assert not machine.view.map_is_coming
    np.testing.assert_array_equal(
        model_of(runs[0], target).reconstruct(machine.view.originals), machine.view.reconstructions
    )
    assert bench.problems == []
