"""A training run on disk: a folder that opens in the window and on the command line alike."""

from __future__ import annotations

import csv
import datetime
import io
import json
import math
import os
import re
from dataclasses import dataclass
from pathlib import Path

from aedesk import paths
from aedesk.errors import AedeskError
from aedesk.models.checkpoint import Checkpoint
from aedesk.storage import checkpoint as checkpoints
from aedesk.storage import files

MODEL = "model.safetensors"
CONFIG = "config.json"
HISTORY = "history.csv"
ATLAS = "atlas.safetensors"

_COLUMNS = ("epoch", "train_loss", "validation_loss", "learning_rate", "seconds")


@dataclass(frozen=True)
class Run:
    """The folder `path`: the model, its configuration and history for people and programs, and its atlas.

    The model file holds everything; `config.json` and `history.csv` repeat parts of it.
    """

    path: Path

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

    def save(self, checkpoint: Checkpoint) -> None:
        """Write the model, then what repeats parts of it, each whole: a crash in between loses nothing."""
        files.make_folder(self.path)
        checkpoints.save(checkpoint, self.model)
        files.write_whole(self.config, json.dumps(checkpoint.config, indent=2).encode() + b"\n")
        files.write_whole(self.history, _table(checkpoint.history).encode())

    def read_history(self) -> list[dict[str, float]]:
        """One dict per epoch, from the model file."""
        return checkpoints.read_card(self.model).history


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


def _table(history: list[dict[str, float]]) -> str:
    """CSV with a row per epoch: the columns that every run has, then others in order of appearance."""
    others = {name: None for row in history for name in row if name not in _COLUMNS}
    text = io.StringIO()
    table = csv.writer(text, lineterminator="\n")
    table.writerow([*_COLUMNS, *others])
    for row in history:
        table.writerow([_cell(row.get(name, math.nan)) for name in (*_COLUMNS, *others)])
    return text.getvalue()


def _cell(number: float) -> str:
    """The shortest text that reads back as the same number; empty where there is none."""
    return "" if math.isnan(number) else repr(number if isinstance(number, int) else float(number))
