"""Going on with a run that was stopped or cut off, and branching from one of its epochs."""

import errno
import os
import shutil
import signal
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aedesk.data.imageset import DataSet
from aedesk.errors import AedeskError
from aedesk.models.step import StepLoss
from aedesk.scratch.engine import NumpyEngine
from aedesk.storage.epochs import Epochs
from aedesk.storage.library import load_model
from aedesk.storage.runs import MODEL, Run
from aedesk.training.config import TrainingConfig
from aedesk.training.controls import Controls
from aedesk.training.events import BatchDone, Changed, EpochDone, Event, Finished, Glimpse, Started
from aedesk.training.lessons import Lessons
from aedesk.training.preparation import branch, prepare, split
from aedesk.training.session import go_on, run_branch, run_training
from aedesk.training.torch_engine import TorchEngine


def configured(**changes: Any) -> TrainingConfig:
    usual = {"data": "digits", "epochs": 4, "batch_size": 64, "device": "cpu", "validation_fraction": 0.1}
    return TrainingConfig.of("dense-2d", **usual | changes)


@pytest.fixture(scope="module")
def few(digits: DataSet) -> DataSet:
    return DataSet("digits", digits.train[:220], digits.test[:30])


@pytest.fixture(scope="module")
def whole(few: DataSet, tmp_path_factory: pytest.TempPathFactory) -> Run:
    """A run of four epochs that nothing held up."""
    run = Run.create(tmp_path_factory.mktemp("whole") / "run")
    list(run_training(configured(), few, run))
    return run


def rows(run: Run) -> list[dict[str, float]]:
    """The history but for the time that it took."""
    return [{**row, "seconds": 0} for row in run.read_history()]


def assert_same(one: Run, other: Run) -> None:
    """Histories, models and last snapshots agree bit for bit."""
    assert rows(one) == rows(other)
    for first, second in (
        (load_model(one.path).checkpoint.weights, load_model(other.path).checkpoint.weights),
        (one.epochs.newest().weights, other.epochs.newest().weights),
        (one.epochs.newest().optimiser, other.epochs.newest().optimiser),
    ):
        assert first.keys() == second.keys()
        for name, array in first.items():
            np.testing.assert_array_equal(array, second[name])


def epochs_of(events: list[Event]) -> list[int]:
    return [int(event.row["epoch"]) for event in events if isinstance(event, EpochDone)]


@settings(max_examples=12, deadline=None)
@given(cuts=st.lists(st.integers(1, 9), max_size=4))
def test_a_run_cut_off_anywhere_ends_as_one_that_nothing_held_up(
    cuts: list[int], few: DataSet, whole: Run, tmp_path_factory: pytest.TempPathFactory
) -> None:
    run = Run.create(tmp_path_factory.mktemp("cut") / "run")
    prepare(configured(), few, run, Lessons(split(configured(), few)[0]))
    for cut in cuts:
        events = go_on(run, few)
        for count, _ in enumerate(events, 1):
            if count == cut:
                break
        events.close()  # type: ignore[attr-defined]
    list(go_on(run, few))
    assert_same(run, whole)


def test_a_run_goes_on_after_its_last_whole_epoch_and_says_so(few: DataSet, tmp_path: Path) -> None:
    run = Run.create(tmp_path / "run")
    controls = Controls()
    controls.every_step = True
    events = run_training(configured(), few, run, controls)
    for event in events:
        if isinstance(event, EpochDone) and event.row["epoch"] == 2:
            break
    next(events)  # a batch of the third
    events.close()  # type: ignore[attr-defined]
    assert run.read_config()["status"] == "running"
    assert not run.is_busy
    later = list(go_on(run, few))
    assert isinstance(later[0], Started)
    assert later[0].epoch == 2
    assert epochs_of(later) == [3, 4]
    assert run.read_config()["status"] == "completed"
    assert "on from epoch 2" in run.log.read_text()


def test_a_stop_keeps_the_best_so_far_and_the_run_can_go_on(
    few: DataSet, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    losses = iter([0.3, 0.2, 0.4, 0.1])
    monkeypatch.setattr(NumpyEngine, "evaluate", lambda self, *_: StepLoss(next(losses), 0.0))
    run = Run.create(tmp_path / "run")
    controls = Controls()
    for event in run_training(configured(engine="numpy"), few, run, controls):
        if isinstance(event, EpochDone):
            assert event.best == (event.row["epoch"] != 3)
            if event.row["epoch"] == 3:
                controls.stop()
    assert event == Finished("stopped")
    assert run.read_config()["status"] == "stopped"
    kept = load_model(run.path).checkpoint
    assert kept.metrics["epoch"] == 2
    assert len(kept.history) == 3
    for name, array in kept.weights.items():
        np.testing.assert_array_equal(array, run.epochs.load(2).weights[name])
    list(go_on(run, few))
    assert load_model(run.path).checkpoint.metrics["epoch"] == 4


def test_a_completed_run_goes_on_for_more_epochs(few: DataSet, whole: Run, tmp_path: Path) -> None:
    run = Run.create(tmp_path / "run")
    list(run_training(configured(epochs=2), few, run))
    assert epochs_of(list(go_on(run, few))) == []
    assert epochs_of(list(go_on(run, few, epochs=4))) == [3, 4]
    assert_same(run, whole)
    assert "--epochs 4" in run.read_config()["command"]


@pytest.mark.parametrize("change", [{"learning_rate": 0.1}, {"code": 3}, {"seed": 4}, {"batch_size": 3}])
def test_what_would_make_it_another_run_is_refused_with_a_way_out(
    change: dict[str, Any], few: DataSet, whole: Run
) -> None:
    with pytest.raises(AedeskError, match=f"own {next(iter(change))}; .*branch"):
        list(go_on(whole, few, **change))


def test_changes_made_on_the_way_are_part_of_what_goes_on(few: DataSet, tmp_path: Path) -> None:
    runs = [Run.create(tmp_path / name) for name in "ab"]
    for run in runs:
        controls = Controls()
        controls.change("learning_rate", 0.004)
        events = run_training(configured(), few, run, controls)
        for event in events:
            if run is runs[1] and isinstance(event, EpochDone) and event.row["epoch"] == 2:
                events.close()  # type: ignore[attr-defined]
                break
    list(go_on(runs[1], few))
    assert_same(*runs)
    assert [row["learning_rate"] for row in rows(runs[1])] == [0.004] * 4
    change = {"epoch": 0.0, "name": "learning_rate", "old": 0.001, "new": 0.004}
    assert runs[1].read_config()["changes"] == [change]
    assert runs[1].epochs.load(1).changes == [change]


def test_a_branch_with_the_same_settings_is_the_same_run(few: DataSet, whole: Run, tmp_path: Path) -> None:
    run = Run.create(tmp_path / "branch")
    events = list(run_branch(whole, 2, configured(), few, run))
    assert epochs_of(events) == [3, 4]
    assert rows(run) == rows(whole)[1:]  # the epoch that it branches from, and its own
    for name, array in whole.epochs.load(4).weights.items():
        np.testing.assert_array_equal(array, run.epochs.load(4).weights[name])
    assert run.read_config()["branched_from"] == {"run": "run", "epoch": 2}


@pytest.mark.parametrize("epoch", [0, 3])
def test_a_branch_with_other_settings_takes_another_way(
    epoch: int, few: DataSet, whole: Run, tmp_path: Path
) -> None:
    run = Run.create(tmp_path / "branch")
    config = configured(learning_rate=0.01, optimiser="sgd", kind="denoising", epochs=5)
    events = list(run_branch(whole, epoch, config, few, run))
    assert epochs_of(events) == list(range(epoch + 1, 6))
    first = run.epochs.load(epoch)
    for name, array in whole.epochs.load(epoch).weights.items():
        np.testing.assert_array_equal(array, first.weights[name])
    assert events[-1] == Finished("completed")
    assert rows(whole) == rows(whole)
    assert whole.epochs.kept() == [0, 1, 2, 3, 4]


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"code": 3}, "same network|network of its run"),
        ({"seed": 5}, "keeps data, seed"),
        ({"validation_fraction": 0.2}, "keeps data, seed"),
        ({"epochs": 2}, "more epochs than 2"),
    ],
)
def test_a_branch_that_would_be_no_branch_is_refused(
    changes: dict[str, Any], words: str, few: DataSet, whole: Run, tmp_path: Path
) -> None:
    run = Run.create(tmp_path / "branch")
    with pytest.raises(AedeskError, match=words):
        list(run_branch(whole, 2, configured(**changes), few, run))
    assert not run.path.exists()


def test_an_epoch_that_is_not_kept_is_no_place_to_branch(few: DataSet, whole: Run, tmp_path: Path) -> None:
    with pytest.raises(AedeskError, match="epoch 17 is not kept; there are 0 to 4"):
        branch(whole, 17, configured(epochs=20), few, Run.create(tmp_path / "branch"))


def test_other_pictures_under_the_same_name_are_noticed(few: DataSet, tmp_path: Path) -> None:
    run = Run.create(tmp_path / "run")
    list(run_training(configured(epochs=1), few, run))
    images = few.train.images.copy()
    images[7, 3, 3] ^= 1
    other = replace(few, train=replace(few.train, images=images))
    with pytest.raises(AedeskError, match="no longer the pictures"):
        list(go_on(run, other, epochs=2))
    assert run.epochs.kept() == [0, 1]


def test_a_run_that_somebody_trains_cannot_be_gone_on_with(few: DataSet, tmp_path: Path) -> None:
    run = Run.create(tmp_path / "run")
    events = run_training(configured(), few, run)
    next(events)
    assert run.is_busy
    with pytest.raises(AedeskError, match="being trained by another"):
        list(go_on(run, few))
    events.close()  # type: ignore[attr-defined]
    assert not run.is_busy
    assert list(go_on(run, few))[-1] == Finished("completed")


def test_a_damaged_last_epoch_costs_that_epoch_only(few: DataSet, whole: Run, tmp_path: Path) -> None:
    run = Run.create(tmp_path / "run")
    list(run_training(configured(epochs=3), few, run))
    path = run.epochs.path(3)
    path.write_bytes(path.read_bytes()[:-100])
    later = list(go_on(run, few, epochs=4))
    assert epochs_of(later) == [3, 4]
    assert_same(run, whole)


def test_a_line_of_the_history_that_was_cut_off_is_written_again(
    few: DataSet, whole: Run, tmp_path: Path
) -> None:
    run = Run.create(tmp_path / "run")
    list(run_training(configured(epochs=3), few, run))
    text = run.history.read_text()
    run.history.write_text(text[:-9])
    assert len(run.read_history()) == 2
    list(go_on(run, few, epochs=4))
    assert_same(run, whole)


def test_a_disk_that_was_full_for_a_while_costs_nothing_but_the_wait(
    few: DataSet, whole: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(handle: int) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    run = Run.create(tmp_path / "run")
    events = run_training(configured(), few, run)
    for event in events:
        if isinstance(event, EpochDone) and event.row["epoch"] == 2:
            break
    with monkeypatch.context() as patched:
        patched.setattr(os, "fsync", full)
        with pytest.raises(AedeskError, match="disk is full"):
            list(events)
    assert load_model(run.path).checkpoint.history
    list(go_on(run, few))
    assert_same(run, whole)


def test_kept_epochs_stay_within_their_budget(few: DataSet, tmp_path: Path) -> None:
    run = Run.create(tmp_path / "run")
    config = configured(epochs=12, keep_mb=12)  # an epoch takes 2.6 MB
    list(run_training(config, few, run))
    kept = run.epochs.kept()
    assert {0, 4, 8, 12} <= set(kept)
    assert len(kept) < 7
    assert run.epochs.bytes() <= 12e6
    assert len(run.read_history()) == 12


def test_with_no_room_for_epochs_a_run_can_still_be_gone_on_with(
    few: DataSet, whole: Run, tmp_path: Path
) -> None:
    run = Run.create(tmp_path / "run")
    list(run_training(configured(epochs=2, keep_mb=0), few, run))
    assert run.epochs.kept() == [0, 2]
    list(go_on(run, few, epochs=4))
    assert_same(run, whole)


def test_a_smaller_budget_makes_room_before_the_next_epoch_is_saved(few: DataSet, tmp_path: Path) -> None:
    run = Run.create(tmp_path / "run")
    list(run_training(configured(epochs=3), few, run))
    events = go_on(run, few, keep_mb=0, epochs=4)
    next(events)
    assert run.epochs.kept() == [0, 3]
    events.close()  # type: ignore[attr-defined]


def test_a_run_begun_by_one_engine_goes_on_with_the_weights_in_the_other(
    few: DataSet, tmp_path: Path
) -> None:
    parent = Run.create(tmp_path / "torch")
    list(run_training(configured(), few, parent))
    run = Run.create(tmp_path / "numpy")
    list(run_branch(parent, 2, configured(engine="numpy"), few, run))
    for one, other in zip(rows(parent)[1:], rows(run), strict=True):
        assert one["validation_loss"] == pytest.approx(other["validation_loss"], rel=1e-4)


def test_the_map_of_the_sample_moves_without_turning_over(few: DataSet, tmp_path: Path) -> None:
    run = Run.create(tmp_path / "run")
    config = TrainingConfig.of(
        "dense-32", data="digits", epochs=6, batch_size=32, device="cpu", validation_fraction=0.3
    )
    list(run_training(config, few, run))
    for epoch in range(2, 7):
        one, other = run.epochs.load(epoch - 1).points, run.epochs.load(epoch).points
        assert np.corrcoef(one.ravel(), other.ravel())[0, 1] > 0.5


def test_a_run_killed_in_the_middle_of_anything_goes_on_to_the_same_end(
    digits: DataSet, tmp_path: Path
) -> None:
    """`kill -9`, most likely within a save; `tests/benchmarks/pull_the_plug.py` does it 50 times."""
    cut = Run(tmp_path / "cut")
    words = ["train", "--preset", "dense-2d", "--data", "digits", "--threads", "1", "--epochs", "40"]
    process = subprocess.Popen(
        [sys.executable, "-m", "aedesk", *words, "--out", str(cut.path)],
        stderr=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        text=True,
    )
    assert process.stderr is not None
    told = 0
    for line in process.stderr:
        told += line.startswith("epoch")
        if told == 5:
            process.send_signal(signal.SIGKILL)
    process.wait()
    newest = cut.epochs.newest()
    assert newest is not None
    assert told <= newest.epoch < 40
    list(go_on(cut, digits))
    whole = Run.create(tmp_path / "whole")
    list(run_training(TrainingConfig.from_json(cut.read_config()), digits, whole))
    assert_same(cut, whole)


@pytest.mark.parametrize("name", ["learning_rate", "noise_level"])
def test_a_change_made_in_an_epoch_that_was_cut_off_is_made_again_at_the_same_step(
    name: str, few: DataSet, tmp_path: Path
) -> None:
    runs = [Run.create(tmp_path / letter) for letter in "ab"]
    for run in runs:
        controls = Controls()
        controls.every_step = True
        events = run_training(configured(kind="denoising"), few, run, controls)
        for event in events:
            if isinstance(event, BatchDone) and (event.epoch, event.step) == (3, 1):
                controls.change(name, 0.004)
            if isinstance(event, Changed) and run is runs[1]:
                events.close()  # type: ignore[attr-defined]
                break
    told = [event for event in go_on(runs[1], few) if isinstance(event, Changed)]
    assert [(change.name, change.epoch) for change in told] == [(name, 2.25)]
    assert_same(*runs)
    assert runs[0].read_config()["changes"] == runs[1].read_config()["changes"]
    assert len(runs[1].read_config()["changes"]) == 1


def test_a_change_that_was_stopped_upon_is_made_again_unless_the_user_changes_the_same(
    few: DataSet, tmp_path: Path
) -> None:
    run = Run.create(tmp_path / "run")
    controls = Controls()
    for event in run_training(configured(), few, run, controls):
        if isinstance(event, EpochDone) and event.row["epoch"] == 2:
            controls.change("learning_rate", 0.004)
        if isinstance(event, Changed):
            controls.stop()
    assert load_model(run.path).checkpoint.config["changes"][0]["epoch"] == 2
    again = Controls()
    again.change("learning_rate", 0.006)
    list(go_on(run, few, again))
    assert [row["learning_rate"] for row in rows(run)] == [0.001, 0.001, 0.006, 0.006]


@pytest.mark.parametrize(
    "broken", [{}, 3, [{"epoch": 0}], [None, {"epoch": "x", "name": "beta", "old": 1, "new": 2}]]
)
def test_changes_that_make_no_sense_are_passed_over(broken: Any, few: DataSet, tmp_path: Path) -> None:
    run = Run.create(tmp_path / "run")
    list(run_training(configured(epochs=1), few, run))
    run.write_config(run.read_config() | {"changes": broken, "branched_from": "nonsense"})
    assert epochs_of(list(go_on(run, few, epochs=2))) == [2]


def test_a_run_that_is_moved_away_while_it_trains_ends_and_goes_on_from_its_new_place(
    few: DataSet, whole: Run, tmp_path: Path
) -> None:
    run = Run.create(tmp_path / "run")
    events = run_training(configured(), few, run)
    for event in events:
        if isinstance(event, EpochDone) and event.row["epoch"] == 2:
            run.path.rename(tmp_path / "elsewhere")
            break
    with pytest.raises(AedeskError, match="moved or deleted while it was being trained"):
        list(events)
    assert not run.path.exists()
    moved = Run(tmp_path / "elsewhere")
    assert epochs_of(list(go_on(moved, few))) == [3, 4]
    assert_same(moved, whole)


def test_a_run_that_is_deleted_while_it_trains_does_not_come_back_in_pieces(
    few: DataSet, tmp_path: Path
) -> None:
    run = Run.create(tmp_path / "run")
    events = run_training(configured(), few, run)
    next(events)
    shutil.rmtree(run.path)
    with pytest.raises(AedeskError, match="moved or deleted"):
        list(events)
    assert not run.path.exists()


def test_a_new_run_in_the_folder_of_one_that_is_trained_leaves_that_one_alone(
    few: DataSet, tmp_path: Path
) -> None:
    run = Run.create(tmp_path / "run")
    events = run_training(configured(epochs=1), few, run)
    next(events)  # its first epoch is not done yet
    with pytest.raises(AedeskError, match="being trained by another"):
        list(run_training(configured(seed=1), few, Run.create(run.path, overwrite=True)))
    assert list(events)[-1] == Finished("completed")
    assert run.read_config()["seed"] == 0
    assert run.epochs.kept() == [0, 1]
    assert run.sample.exists()


def test_a_branch_that_fails_in_its_first_epoch_leaves_nothing(
    few: DataSet, whole: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> None:
        raise MemoryError

    monkeypatch.setattr(TorchEngine, "step", fail)
    run = Run.create(tmp_path / "branch")
    with pytest.raises(AedeskError, match="out of memory"):
        list(run_branch(whole, 2, configured(), few, run))
    assert not run.path.exists()


@pytest.mark.parametrize("left", ["epochs", "sample"])
def test_a_run_killed_while_it_was_prepared_goes_on_from_its_beginning(
    left: str, few: DataSet, whole: Run, tmp_path: Path
) -> None:
    run = Run.create(tmp_path / "run")
    prepare(configured(), few, run, Lessons(split(configured(), few)[0]))
    shutil.rmtree(run.epochs.folder)
    if left == "epochs":
        run.sample.unlink()
    assert epochs_of(list(go_on(run, few))) == [1, 2, 3, 4]
    assert_same(run, whole)


def test_a_run_that_kept_no_epochs_is_left_as_it_was(few: DataSet, tmp_path: Path) -> None:
    run = Run.create(tmp_path / "run")
    list(run_training(configured(epochs=1), few, run))
    shutil.rmtree(run.epochs.folder)
    (run.path / "lock").unlink()
    before = {path.name: path.read_bytes() for path in run.path.iterdir()}
    with pytest.raises(AedeskError, match=r"none of this run's epochs is kept.*train it anew"):
        list(go_on(run, few, epochs=2))
    assert {path.name: path.read_bytes() for path in run.path.iterdir()} == before


def test_a_run_whose_best_epoch_is_lost_goes_on_with_another(
    few: DataSet, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    losses = iter([0.1, 0.2, 0.3, 0.05])
    monkeypatch.setattr(NumpyEngine, "evaluate", lambda self, *_: StepLoss(next(losses), 0.0))
    run = Run.create(tmp_path / "run")
    list(run_training(configured(engine="numpy", epochs=3), few, run))
    run.epochs.path(1).write_bytes(b"junk")
    run.model.write_bytes(b"junk")
    events = go_on(run, few, epochs=4)
    next(events)
    events.close()  # type: ignore[attr-defined]
    list(go_on(run, few))
    assert load_model(run.path).checkpoint.metrics["epoch"] == 4


def test_what_a_kill_left_half_written_is_swept_away(few: DataSet, tmp_path: Path) -> None:
    run = Run.create(tmp_path / "run")
    list(run_training(configured(epochs=1), few, run))
    left = [
        run.path / f".{MODEL}.0123456789ab.tmp",
        run.epochs.folder / ".00002.safetensors.0123456789ab.tmp",
    ]
    for path in [*left, run.path / ".mine.tmp"]:
        path.write_bytes(b"half")
    list(go_on(run, few))
    assert not any(path.exists() for path in left)
    assert (run.path / ".mine.tmp").exists()


@pytest.mark.parametrize(
    "change",
    [{"loss": "bce"}, {"kind": "denoising", "noise_level": 3.0}, {"kind": "sparse", "sparsity": 10.0}],
)
@pytest.mark.parametrize("engine", ["torch", "numpy"])
def test_the_epoch_that_a_branch_begins_with_is_judged_as_the_branch_judges(
    change: dict[str, Any], engine: str, few: DataSet, whole: Run, tmp_path: Path
) -> None:
    run = Run.create(tmp_path / "branch")
    list(run_branch(whole, 4, configured(epochs=6, engine=engine, learning_rate=1e-9, **change), few, run))
    history = run.read_history()
    losses = [row["validation_loss"] for row in history]
    assert losses == pytest.approx([losses[0]] * 3, rel=1e-3)
    assert losses[0] != pytest.approx(rows(whole)[-1]["validation_loss"], rel=0.05)
    assert np.isnan(history[0]["train_loss"])  # nobody knows: the epoch was trained on another


@given(
    sizes=st.dictionaries(st.integers(0, 300), st.integers(1, 50), max_size=60),
    budget=st.integers(0, 2000),
    data=st.data(),
)
def test_thinning_keeps_within_the_budget_what_can_be_and_never_the_spared(
    sizes: dict[int, int], budget: int, data: st.DataObject
) -> None:
    from aedesk.storage.epochs import kept_within

    spared = data.draw(st.sets(st.sampled_from(sorted(sizes)), max_size=3)) if sizes else set()
    kept = kept_within(sizes, budget, spared)
    always = (spared | {max(sizes)}) if sizes else set()
    assert always <= kept <= sizes.keys()
    if sum(sizes.values()) <= budget:
        assert kept == sizes.keys()
    if kept != always:
        assert sum(sizes[epoch] for epoch in kept) <= budget
    again = kept_within({epoch: sizes[epoch] for epoch in kept}, budget, spared)
    assert again == kept


def test_a_folder_without_epochs_has_none(tmp_path: Path) -> None:
    epochs = Epochs(tmp_path / "nothing")
    assert epochs.kept() == []
    assert epochs.bytes() == 0
    assert epochs.newest() is None
    epochs.thin(0, ())


def test_a_run_that_is_told_step_by_step_gives_glimpses_of_itself(few: DataSet, tmp_path: Path) -> None:
    controls = Controls()
    controls.every_step = True
    events = list(run_training(configured(epochs=1), few, Run.create(tmp_path / "run"), controls))
    first, then = events[1:3]
    assert isinstance(first, Glimpse)
    assert isinstance(then, BatchDone)
    assert (first.epoch, first.step) == (then.epoch, then.step) == (1, 1)
    assert first.points.shape == (22, 2)
    quiet = list(run_training(configured(epochs=1), few, Run.create(tmp_path / "quiet")))
    assert not any(isinstance(event, Glimpse) for event in quiet)
