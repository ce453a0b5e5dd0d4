import csv
import dataclasses
import json
import os
from pathlib import Path

import pytest

from aedesk import paths
from aedesk.errors import AedeskError
from aedesk.models.architecture import dense
from aedesk.models.checkpoint import Checkpoint
from aedesk.models.initialisation import initial_weights
from aedesk.storage import checkpoint as checkpoints
from aedesk.storage import files, library
from aedesk.storage.runs import Run, list_runs

HISTORY = [
    {"epoch": 1, "train_loss": 0.1, "validation_loss": 0.2, "learning_rate": 1e-3, "seconds": 0.5},
    {"epoch": 2, "train_loss": 1 / 3, "learning_rate": 1e-3, "seconds": 0.25, "images_per_second": 9.0},
]
TINY = Checkpoint(
    "tiny", dense(2), initial_weights(dense(2), 0), {"preset": "tiny", "seed": 3}, HISTORY, {"mse": 0.1}
)


def test_a_saved_run_reads_back_from_each_of_its_files(tmp_path: Path) -> None:
    run = Run.create(tmp_path / "deep" / "run")
    run.save(TINY)
    assert checkpoints.load(run.model).config == TINY.config
    assert json.loads(run.config.read_text()) == TINY.config
    assert run.read_history() == HISTORY


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
    assert Run(tmp_path).read_history() == HISTORY


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
