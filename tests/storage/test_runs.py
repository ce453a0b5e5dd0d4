"""The folder of a run: what is written there reads back, as far as it is whole, and only what is its own goes."""

import csv
import dataclasses
import errno
import json
import math
import os
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aedesk import paths
from aedesk.errors import AedeskError
from aedesk.models.architecture import dense
from aedesk.models.checkpoint import Checkpoint
from aedesk.models.initialisation import initial_weights
from aedesk.storage import checkpoint as checkpoints
from aedesk.storage import files, library
from aedesk.storage import sample as samples
from aedesk.storage.epochs import Snapshot
from aedesk.storage.lock import is_locked
from aedesk.storage.runs import Run, list_runs

HISTORY = [
    {"epoch": 1, "train_loss": 0.1, "validation_loss": 0.2, "learning_rate": 1e-3, "seconds": 0.5},
    {"epoch": 2, "train_loss": 1 / 3, "learning_rate": 1e-3, "seconds": 0.25, "images_per_second": 9.0},
]
TINY = Checkpoint(
    "tiny", dense(2), initial_weights(dense(2), 0), {"preset": "tiny", "seed": 3}, HISTORY, {"mse": 0.1}
)
ROW = {**HISTORY[0], "epoch": 2, "train_loss": 0.5}
SNAPSHOT = Snapshot(2, dense(2), TINY.weights, {"steps": np.array([9])}, np.ones((3, 2), np.float32), ROW)


def read(run: Run) -> list[dict[str, float]]:
    """The history without what was not measured."""
    return [{name: cell for name, cell in row.items() if not math.isnan(cell)} for row in run.read_history()]


def rows(count: int, **more: float) -> list[dict[str, float]]:
    return [{**HISTORY[0], "epoch": epoch, "train_loss": 1 / epoch, **more} for epoch in range(1, count + 1)]


def test_a_saved_run_reads_back_from_each_of_its_files(tmp_path: Path) -> None:
    run = Run.create(tmp_path / "deep" / "run")
    run.save(TINY)
    assert checkpoints.load(run.model).config == TINY.config
    assert json.loads(run.config.read_text()) == TINY.config
    assert run.read_config() == TINY.config
    assert read(run) == HISTORY
    assert math.isnan(run.read_history()[0]["images_per_second"]), "every row has every column"


def test_the_history_has_a_row_for_each_epoch_and_an_empty_cell_for_what_was_not_measured(
    tmp_path: Path,
) -> None:
    run = Run.create(tmp_path)
    run.save(TINY)
    header, *rows = csv.reader(run.history.read_text().splitlines())
    assert header == [
        "epoch", "train_loss", "validation_loss", "learning_rate", "seconds", "images_per_second",
    ]  # fmt: skip
    assert rows == [["1", "0.1", "0.2", "0.001", "0.5", ""], ["2", repr(1 / 3), "", "0.001", "0.25", "9.0"]]


def test_a_run_is_not_overwritten_unless_asked(tmp_path: Path) -> None:
    Run.create(tmp_path).save(TINY)
    with pytest.raises(AedeskError, match=r"a run is here already \(model\.safetensors"):
        Run.create(tmp_path)
    again = Run.create(tmp_path, overwrite=True)
    assert checkpoints.load(again.model).name == "tiny"
    again.save(dataclasses.replace(TINY, name="newer"))
    assert checkpoints.load(again.model).name == "newer"


def test_a_folder_with_other_files_may_hold_a_run(tmp_path: Path) -> None:
    (tmp_path / "notes.txt").touch()
    Run.create(tmp_path).save(TINY)
    assert (tmp_path / "notes.txt").exists()


def test_a_place_where_nothing_can_be_written_is_told_before_training(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(AedeskError, match="a file is in the way"):
        Run.create(tmp_path / "file")
    with pytest.raises(AedeskError, match="cannot be made"):
        Run.create(tmp_path / "file" / "run")


@pytest.mark.parametrize("crash_after", [1, 2])
def test_a_crash_between_files_leaves_a_run_that_opens(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, crash_after: int
) -> None:
    real, calls = files.write_whole, []

    def write(path: Path, content: files.Content) -> None:
        if len(calls) == crash_after:
            raise KeyboardInterrupt
        calls.append(path)
        real(path, content)

    monkeypatch.setattr(files, "write_whole", write)
    with pytest.raises(KeyboardInterrupt):
        Run.create(tmp_path).save(TINY)
    assert library.load_checkpoint(tmp_path).name == "tiny"
    assert read(Run(tmp_path)) == HISTORY


def test_new_runs_get_names_of_their_own(home: Path) -> None:
    first, second, odd = Run.new("dense-2d"), Run.new("dense-2d"), Run.new("../my model/é")
    assert first.path.parent == second.path.parent == odd.path.parent == paths.runs()
    assert first.path.name.endswith("-dense-2d-1")
    assert second.path.name.endswith("-dense-2d-2")
    assert odd.path.name.endswith("-my-model-1")


def test_runs_are_listed_newest_first_and_only_with_a_model(home: Path) -> None:
    assert list_runs() == []
    runs = [Run.new("a"), Run.new("b"), Run.new("c")]
    for age, run in enumerate(runs[:2]):
        run.save(TINY)
        os.utime(run.model, (1000 - age, 1000 - age))
    assert list_runs() == [runs[0].path, runs[1].path]


number = st.floats(allow_nan=False, allow_infinity=False)
histories = st.lists(
    st.tuples(st.integers(1, 3), st.lists(number | st.just(math.nan), min_size=6, max_size=6)), max_size=6
)


def history_of(steps: list[tuple[int, list[float]]]) -> list[dict[str, float]]:
    """A row for each: how many epochs on, and its numbers."""
    names = [
        "train_loss",
        "validation_loss",
        "learning_rate",
        "seconds",
        "train_penalty",
        "validation_penalty",
    ]
    epochs = np.cumsum([step for step, _ in steps]).tolist()
    return [
        {"epoch": epoch, **dict(zip(names, numbers, strict=True))}
        for epoch, (_, numbers) in zip(epochs, steps, strict=True)
    ]


@settings(max_examples=30, deadline=None)
@given(steps=histories, at_once=st.integers(0, 6))
def test_rows_read_back_to_the_last_bit_whether_written_together_or_one_by_one(
    tmp_path_factory: pytest.TempPathFactory, steps: list[tuple[int, list[float]]], at_once: int
) -> None:
    run, history = Run(tmp_path_factory.mktemp("run")), history_of(steps)
    if at_once:
        run.write_history(history[:at_once])
    for row in history[at_once:]:
        run.append_history(row)
    assert repr(run.read_history()) == repr(history)  # a NaN equals nothing, but it reads like one
    together = Run(tmp_path_factory.mktemp("run"))
    together.write_history(history)
    if history[:at_once]:
        assert run.history.read_bytes() == together.history.read_bytes()


def test_a_history_that_is_cut_off_anywhere_reads_up_to_its_last_whole_line(tmp_path: Path) -> None:
    run, history = Run(tmp_path), rows(3)
    run.write_history(history)
    content = run.history.read_bytes()
    for cut in range(len(content)):
        run.history.write_bytes(content[:cut])
        assert run.read_history() == history[: max(0, content[:cut].count(b"\n") - 1)]


@pytest.mark.parametrize(
    ("line", "read"),
    [
        ("3,0.1,0.2,0.3", 2),  # a column less
        ("3,0.1,0.2,0.3,0.4,0.5", 2),
        ("3,x,0.2,0.3,0.4", 2),
        ("2.5,0.1,0.2,0.3,0.4", 2),
        ("2,0.1,0.2,0.3,0.4", 2),  # an epoch that was there
        ("", 2),
        ("3,0.1,0.2,0.3,0.4", 4),
    ],
)
def test_a_history_reads_up_to_the_first_line_that_makes_no_sense(
    tmp_path: Path, line: str, read: int
) -> None:
    run = Run(tmp_path)
    run.write_history(rows(2))
    with run.history.open("a") as file:
        file.write(f"{line}\n4,0.1,0.2,0.3,0.4\n")
    assert [row["epoch"] for row in run.read_history()] == list(range(1, read + 1))


@pytest.mark.parametrize("content", [b"", b"\n\n", b"\xff\xfe\x00", b"name,price\nbread,2\n", b"epoch"])
def test_a_file_that_is_no_history_has_no_rows(tmp_path: Path, content: bytes) -> None:
    run = Run(tmp_path)
    run.history.write_bytes(content)
    assert run.read_history() == []


def test_a_history_that_was_lost_is_told_by_the_model(tmp_path: Path) -> None:
    run = Run.create(tmp_path)
    assert run.read_history() == []
    run.save(TINY)
    run.history.unlink()
    assert run.read_history() == HISTORY


def test_a_row_that_cannot_be_written_is_told_in_one_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = Run(tmp_path / "gone")
    with pytest.raises(AedeskError, match=r"history\.csv: cannot be written: no such file or folder"):
        run.append_history(HISTORY[0])

    def full(handle: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(AedeskError, match="the disk is full; make room"):
        Run(tmp_path).append_history(HISTORY[0])


@pytest.mark.parametrize("content", [b"", b"{", b"[1, 2]", b"\xff", b"[" * 100_000, b"null"], ids=repr)
def test_settings_that_are_damaged_are_told_in_one_line(tmp_path: Path, content: bytes) -> None:
    run = Run(tmp_path)
    with pytest.raises(
        AedeskError, match=r"config\.json: the settings of this run cannot be read: no such file"
    ):
        run.read_config()
    run.config.write_bytes(content)
    with pytest.raises(AedeskError, match=r"config\.json: damaged") as caught:
        run.read_config()
    assert "\n" not in str(caught.value)


def test_a_model_may_be_saved_of_an_epoch_with_what_was_known_then(tmp_path: Path) -> None:
    run = Run.create(tmp_path / "run")
    run.save(dataclasses.replace(TINY, history=rows(4)))
    changes = [{"epoch": 1.5, "name": "learning_rate", "old": 1e-3, "new": 1e-4}]
    then = run.checkpoint(dataclasses.replace(SNAPSHOT, changes=changes))
    assert then.name == "run after 2 epochs"
    assert [row["epoch"] for row in then.history] == [1, 2]
    assert then.config == {**TINY.config, "changes": changes}
    assert then.metrics == {"epoch": 2, "train_loss": 0.5, "validation_loss": 0.2}
    first = run.checkpoint(dataclasses.replace(SNAPSHOT, epoch=0, row={}))
    assert (first.name, first.history, first.metrics) == ("run after 0 epochs", [], {})
    assert run.checkpoint(dataclasses.replace(SNAPSHOT, epoch=1)).name == "run after 1 epoch"
    checkpoints.save(then, run.model)
    assert library.load_checkpoint(run.path).name == "run after 2 epochs"


def whole_run(folder: Path) -> Run:
    """A run with one of every file."""
    run = Run.create(folder)
    run.save(TINY)
    run.epochs.save(SNAPSHOT)
    images = np.zeros((3, 28, 28), np.uint8)
    samples.save(samples.Sample(images, np.zeros(3, int), ("a",)), run.sample)
    run.atlas.touch()
    run.log.touch()
    with run.lock.held():
        assert is_locked(run.path)
    return run


def test_a_run_that_is_cleared_leaves_nothing_of_an_older_one(tmp_path: Path) -> None:
    run = whole_run(tmp_path)
    (tmp_path / "notes.txt").touch()
    run.clear()
    assert {path.name for path in tmp_path.iterdir()} == {"lock", "notes.txt"}
    run.clear()


def test_a_run_that_is_discarded_takes_its_folder_along_unless_something_else_is_in_there(
    tmp_path: Path,
) -> None:
    run = whole_run(tmp_path / "run")
    run.discard()
    assert not run.path.exists()
    run.discard()
    other = whole_run(tmp_path / "other")
    (other.path / "notes.txt").touch()
    other.discard()
    assert [path.name for path in other.path.iterdir()] == ["notes.txt"]


def test_a_run_is_busy_while_somebody_trains_it(tmp_path: Path) -> None:
    run = Run.create(tmp_path)
    assert not run.is_busy
    with run.lock.held():
        assert run.is_busy
        assert Run(tmp_path).is_busy
    assert not run.is_busy
