"""From what a user calls a model to its file: a shipped name, a run or a path."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

from aedesk import paths
from aedesk.errors import AedeskError
from aedesk.models.checkpoint import Checkpoint
from aedesk.models.presets import PRESETS
from aedesk.storage import checkpoint as checkpoints
from aedesk.storage import files, runs, tensors

if TYPE_CHECKING:
    from aedesk.models.model import Model

ModelName = str | os.PathLike[str]


def shipped() -> list[str]:
    """Names of the shipped models that are really there, presets first and in their order."""
    try:
        there = {folder.name for folder in paths.weights().iterdir() if files.is_file(folder / runs.MODEL)}
    except OSError:
        return []
    return [name for name in PRESETS if name in there] + sorted(there - PRESETS.keys())


def resolve(model: ModelName) -> Path:
    """The model file that `model` means: a shipped name, a run folder, the name of a user's run, or a file.

    A shipped name comes before a folder of that name; write `./NAME` for the folder. Raises AedeskError.
    """
    name = os.fspath(model)
    if isinstance(model, str) and name in shipped():
        return paths.weights() / name / runs.MODEL
    path = paths.expanded(name)
    if files.is_file(path):
        return path
    if name == path.name and not files.is_folder(path) and files.is_file(paths.runs() / name / runs.MODEL):
        return paths.runs() / name / runs.MODEL
    if files.is_folder(path):
        if files.is_file(path / runs.MODEL):
            return path / runs.MODEL
        raise AedeskError(f"{path}: this folder holds no {runs.MODEL}; choose the folder of a finished run")
    raise AedeskError(
        f"There is no model {tensors.one_line(name)!r}; "
        f"give a run folder, a .safetensors file, or a shipped name: {', '.join(shipped()) or 'none here'}."
    )


def in_full(model: str) -> str:
    """The words by which `resolve` finds the same model from any folder: a shipped name as it is, a file in full.

    Raises AedeskError where it is not here.
    """
    return model if model in shipped() else str(resolve(model).resolve())


def found(model: ModelName) -> Path | None:
    """`resolve`, but None where the file is not there any more, as when its run has got another name."""
    try:
        return resolve(model)
    except AedeskError:
        return None


def load_checkpoint(model: ModelName) -> Checkpoint:
    """The checkpoint of a model, as `resolve` finds it, or of an epoch of a run. No torch. Raises AedeskError."""
    path = resolve(model)
    if path.parent.name == runs.EPOCHS and path.stem.isdigit():
        run = runs.Run(path.parent.parent)
        return run.checkpoint(run.epochs.load(int(path.stem)))
    return checkpoints.load(path)


def load_model(model: ModelName, device: str = "cpu") -> Model:
    """The model, ready to encode and decode, as `resolve` finds it. Raises AedeskError."""
    checkpoint = load_checkpoint(model)
    from aedesk.models.model import Model  # torch takes seconds to import, a missing file is told at once

    return Model(checkpoint, device)
