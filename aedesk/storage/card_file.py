"""Where the quality card of a model is kept: `card.json` beside its file."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from aedesk.errors import AedeskError
from aedesk.storage import files
from aedesk.storage.runs import CARD, EPOCHS, MODEL

_MAX = 1 << 20  # bytes; a card takes about 2 kB


def path_of(model_path: Path) -> Path:
    """Where the card of a model file is, or would be: of `any.safetensors` in `any.card.json`."""
    return model_path.with_name(CARD) if model_path.name == MODEL else model_path.with_suffix(f".{CARD}")


def check_can_be_kept(model_path: Path) -> None:
    """Raise AedeskError where no card can be written beside a model file, before minutes of measuring."""
    if model_path.parent.name == EPOCHS:
        raise AedeskError(f"{model_path}: an epoch of a run has no card of its own; measure the run")
    files.check_writable(model_path.parent)


def write(path: Path, plain: dict[str, Any]) -> None:
    """Write a JSON-safe card, whole or not at all. Raises AedeskError."""
    files.write_whole(path, json.dumps(plain, indent=2, allow_nan=False).encode() + b"\n")


def read(path: Path) -> Any:
    """What `write` wrote. Raises AedeskError in one line if it cannot be read, or is no JSON."""
    try:
        with path.open("rb") as file:
            content = file.read(_MAX + 1)
    except OSError as problem:
        raise AedeskError(f"{path}: the card cannot be read: {files.reason(problem)}") from problem
    try:
        if len(content) > _MAX:
            raise ValueError("too large")
        return json.loads(content)
    except (ValueError, RecursionError):
        raise AedeskError(f"{path}: damaged: this is no card; measure the model again") from None
