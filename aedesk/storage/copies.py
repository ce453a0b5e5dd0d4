"""What of a run is copied out of it as it is, and where that may be put."""

from __future__ import annotations

from pathlib import Path

from aedesk.errors import AedeskError
from aedesk.storage import files
from aedesk.storage.runs import Run


def check_outside(run: Run, out: Path) -> None:
    """Raise AedeskError if `out` is within the run's own folder, whose files are not to be written over."""
    if out.resolve().is_relative_to(run.path.resolve()):
        raise AedeskError(f"{out}: this is within the run itself; choose another place")


def history(run: Run) -> bytes:
    """Its table as far as it is whole: the last line may be on its way. Raises AedeskError where there is none."""
    table = _content(run.history, "no epoch of this run has been completed, so it has no history yet")
    return table[: table.rfind(b"\n") + 1]


def log(run: Run) -> bytes:
    """What it told, as lines. Raises AedeskError where nothing was written down."""
    return _content(run.log, "this run has no log")


def _content(path: Path, otherwise: str) -> bytes:
    if not files.is_file(path):
        raise AedeskError(f"{path.parent}: {otherwise} ({path.name} is missing)")
    try:
        return path.read_bytes()
    except OSError as problem:
        raise AedeskError(f"{path}: cannot be read: {files.reason(problem)}") from problem
