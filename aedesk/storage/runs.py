"""A training run on disk: a folder that opens in the window and on the command line alike."""

from __future__ import annotations

import contextlib
import datetime
import json
import math
import os
import re
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from aedesk import paths
from aedesk.errors import AedeskError
from aedesk.models.checkpoint import Checkpoint
from aedesk.storage import checkpoint as checkpoints
from aedesk.storage import files
from aedesk.storage.epochs import Epochs, Snapshot
from aedesk.storage.lock import LOCK, RunLock, is_locked
from aedesk.storage.tensors import one_line

MODEL = "model.safetensors"
CONFIG = "config.json"
HISTORY = "history.csv"
ATLAS = "atlas.safetensors"
CARD = "card.json"
SAMPLE = "sample.safetensors"
EPOCHS = "epochs"
LOG = "log.txt"

_COLUMNS = ("epoch", "train_loss", "validation_loss", "learning_rate", "seconds")


@dataclass(frozen=True)
class Run:
    """The folder `path`.

    `config.json`: its settings and how it goes. `history.csv`: a row per epoch, added as it ends. `model.safetensors`:
    its best epoch as a model in use, which repeats the other two. `epochs`: snapshots to go on from and to look at.
    `sample.safetensors`: the validation images that it is watched with. `log.txt`: what it told, as lines.
    `atlas.safetensors`: codes of training images, once it is over. `card.json`: how good its model is, once measured.
    """

    path: Path

    @property
    def name(self) -> str:
        """What people call it: a path may be `.`, or a name not fit to be shown."""
        return one_line(self.path.resolve().name) or "run"

    @property
    def model(self) -> Path:
        return self.path / MODEL

    @property
    def config(self) -> Path:
        return self.path / CONFIG

    @property
    def history(self) -> Path:
        return self.path / HISTORY

    @property
    def atlas(self) -> Path:
        return self.path / ATLAS

    @property
    def card(self) -> Path:
        return self.path / CARD

    @property
    def sample(self) -> Path:
        return self.path / SAMPLE

    @property
    def epochs(self) -> Epochs:
        return Epochs(self.path / EPOCHS)

    @property
    def log(self) -> Path:
        return self.path / LOG

    @property
    def lock(self) -> RunLock:
        """Held by whoever trains this run."""
        return RunLock(self.path)

    @property
    def is_busy(self) -> bool:
        """Whether somebody trains this run now, here or elsewhere."""
        return is_locked(self.path)

    @classmethod
    def create(cls, folder: str | os.PathLike[str], *, overwrite: bool = False) -> Run:
        """A run in `folder`, which is made if need be; files of an older run stay until `save` replaces them.

        Raises AedeskError if a run is there already (unless `overwrite`), or if nothing can be written there.
        """
        run = cls(paths.expanded(folder))
        if files.is_file(run.path):
            raise AedeskError(f"{run.path}: a file is in the way; choose another folder for the run")
        taken = [path.name for path in (run.model, run.config, run.history) if files.is_file(path)]
        if taken and not overwrite:
            raise AedeskError(
                f"{run.path}: a run is here already ({', '.join(taken)}); choose another folder"
            )
        files.make_folder(run.path)
        files.check_writable(run.path)
        return run

    @classmethod
    def new(cls, name: str) -> Run:
        """A run in a new folder of the user's, such as `2026-11-20-dense-2d-1`; nobody else gets the same."""
        files.make_folder(paths.runs())
        safe = re.sub(r"[^A-Za-z0-9._-]+", "-", name).strip("-.")[:80] or "run"
        number = 1
        while True:
            folder = paths.runs() / f"{datetime.date.today().isoformat()}-{safe}-{number}"
            try:
                folder.mkdir()  # fails if another window was quicker
                return cls(folder)
            except FileExistsError:
                number += 1
            except OSError as problem:
                raise AedeskError(
                    f"{folder}: this folder cannot be made: {files.reason(problem)}"
                ) from problem

    def clear(self) -> None:
        """Remove what an older run has left in the folder, before a new one takes its place."""
        shutil.rmtree(self.epochs.folder, ignore_errors=True)
        for path in (self.model, self.config, self.history, self.sample, self.atlas, self.card, self.log):
            with contextlib.suppress(OSError):
                path.unlink(missing_ok=True)

    def discard(self) -> None:
        """Remove a run that came to nothing, and its folder unless something else is in there."""
        self.clear()
        with contextlib.suppress(OSError):
            (self.path / LOCK).unlink(missing_ok=True)
            self.path.rmdir()

    def save(self, checkpoint: Checkpoint) -> None:
        """Write the model, then what repeats parts of it, each whole: a crash in between loses nothing."""
        files.make_folder(self.path)
        checkpoints.save(checkpoint, self.model)
        self.write_config(checkpoint.config)
        self.write_history(checkpoint.history)

    def checkpoint(self, snapshot: Snapshot) -> Checkpoint:
        """One of this run's epochs as a model, with all that was known of it then."""
        epoch = snapshot.epoch
        history = [row for row in self.read_history() if row["epoch"] <= epoch]
        told = ("epoch", "train_loss", "validation_loss")
        metrics = {name: value for name, value in snapshot.row.items() if name in told}
        config = self.read_config() if files.is_file(self.config) else {}
        name = f"{self.name} after {epoch} {'epoch' if epoch == 1 else 'epochs'}"
        return Checkpoint(
            name,
            snapshot.architecture,
            snapshot.weights,
            config | {"changes": snapshot.changes},
            history,
            metrics,
        )

    def config_at(self, epoch: int) -> dict[str, Any]:
        """The settings as they were at one of this run's epochs: with what had been changed on the way."""
        return self.read_config() | {change["name"]: change["new"] for change in self.epochs.changes(epoch)}

    def write_config(self, config: dict[str, Any]) -> None:
        files.write_whole(self.config, json.dumps(config, indent=2).encode() + b"\n")

    def read_config(self) -> dict[str, Any]:
        """What `write_config` wrote. Raises AedeskError in one line if it is not there, or is no such thing."""
        try:
            plain = json.loads(self.config.read_bytes())
        except OSError as problem:
            raise AedeskError(
                f"{self.config}: the settings of this run cannot be read: {files.reason(problem)}"
            ) from problem
        except (ValueError, RecursionError):
            plain = None
        if not isinstance(plain, dict):
            raise AedeskError(f"{self.config}: damaged: these are no settings of a run")
        return plain

    def write_history(self, history: list[dict[str, float]]) -> None:
        files.write_whole(self.history, _table(history).encode())

    def append_history(self, row: dict[str, float]) -> None:
        """Add an epoch's row, with the columns of the rows before; it is on the disk when this returns."""
        try:
            with self.history.open("ab") as file:
                file.write((_table([row]) if not file.tell() else _line(row)).encode())
                file.flush()
                os.fsync(file.fileno())
        except OSError as problem:
            raise AedeskError(f"{self.history}: cannot be written: {files.reason(problem)}") from problem

    def read_history(self) -> list[dict[str, float]]:
        """A dict per epoch, up to the first line that is cut off; from the model where there is no table."""
        try:
            text = self.history.read_text("utf-8")
        except (OSError, UnicodeDecodeError):
            return checkpoints.read_card(self.model).history if files.is_file(self.model) else []
        return list(_rows(text))


def list_runs() -> list[Path]:
    """The user's runs that hold a model, newest first."""
    try:
        folders = list(paths.runs().iterdir())
    except OSError:
        return []
    saved = {folder: _saved_at(folder / MODEL) for folder in folders if files.is_file(folder / MODEL)}
    return sorted(saved, key=lambda folder: (saved[folder], folder.name), reverse=True)


def _saved_at(path: Path) -> int:
    try:
        return path.stat().st_mtime_ns
    except OSError:  # removed a moment ago
        return 0


def _columns(row: dict[str, float]) -> list[str]:
    return [*_COLUMNS, *(name for name in row if name not in _COLUMNS)]


def _table(history: list[dict[str, float]]) -> str:
    """CSV with a row per epoch: the columns that every run has, then others in order of appearance."""
    columns = _columns({name: math.nan for row in history for name in row})
    return "".join([",".join(columns) + "\n", *(_line(row, columns) for row in history)])


def _line(row: dict[str, float], columns: list[str] | None = None) -> str:
    cells = [_cell(row.get(name, math.nan)) for name in columns or _columns(row)]
    return ",".join(cells) + "\n"


def _rows(text: str) -> Iterator[dict[str, float]]:
    """What `_table` and `_line` wrote, as far as it is whole: every line ends, and the epochs count up."""
    lines = text.split("\n")[:-1]
    columns = lines[0].split(",") if lines else []
    if columns[:1] != ["epoch"]:
        return
    last = 0
    for line in lines[1:]:
        cells = line.split(",")
        try:
            row: dict[str, float] = {
                name: float(cell) if cell else math.nan for name, cell in zip(columns, cells, strict=True)
            }
            row["epoch"] = int(cells[0])
        except ValueError:
            return
        if row["epoch"] <= last:
            return
        last = int(row["epoch"])
        yield row


def _cell(number: float) -> str:
    """The shortest text that reads back as the same number; empty where there is none."""
    return "" if math.isnan(number) else repr(number if isinstance(number, int) else float(number))
