"""From what a user calls a run to its folder; also of one that was deleted."""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

from aedesk.errors import AedeskError

if TYPE_CHECKING:
    from aedesk.storage.trash import Token

RUN = "a name in your runs folder, or a path"


def find(name: str) -> Path:
    """The folder of a run: of that name among the user's own, else at that path. Raises AedeskError in one line.

    One's own runs come first; write `./NAME` for a folder here.
    """
    from aedesk import paths
    from aedesk.storage import files
    from aedesk.storage.tensors import one_line

    if not name:
        raise AedeskError("the name of the run is empty; `aedesk runs list` shows yours")
    is_path = _is_path(name)
    if not is_path and is_run(paths.runs() / name):
        return paths.runs() / name
    folder = _in_full(name)
    if is_run(folder):
        return folder
    if files.is_folder(folder) and (is_path or not files.is_folder(paths.runs() / name)):
        raise AedeskError(f"{folder}: this folder holds no run; `aedesk runs list` shows yours")
    raise AedeskError(f"There is no run {one_line(name)!r}; `aedesk runs list` shows yours, or give a path.")


def find_all(names: Iterable[str]) -> list[Path]:
    """The folders of several runs, each once, before anything is done to one of them."""
    return [*dict.fromkeys(map(find, names))]


def is_run(folder: Path) -> bool:
    """Whether anything of a run is in a folder; a broken one is a run too."""
    from aedesk.storage import files
    from aedesk.storage.runs import CONFIG, EPOCHS, HISTORY, MODEL

    return any(files.is_file(folder / name) for name in (MODEL, CONFIG, HISTORY)) or files.is_folder(
        folder / EPOCHS
    )


def deleted_runs(name: str) -> list[Token]:
    """What brings back the runs that were called so, or lay at that path; all of the user's own if "". Oldest first.

    Raises AedeskError if there is none.
    """
    from aedesk import paths
    from aedesk.storage.tensors import one_line

    place = _in_full(name)
    folder, wanted = paths.runs(), place.name
    tokens = [] if name and _is_path(name) else _in_trash(folder, wanted if name else None)
    if name and not tokens:  # as `find`: one's own runs come first
        folder = place.parent
        tokens = _in_trash(folder, wanted)
    if not tokens:
        what = f"no run {one_line(wanted)!r}" if name else "no run"
        raise AedeskError(
            f"There is {what} in the trash of {folder}; what was deleted stays there for a day."
        )
    return tokens


def _in_trash(folder: Path, wanted: str | None) -> list[Token]:
    """What lies in the trash of a folder, of that name or all of it, oldest first."""
    from aedesk.storage import trash

    try:
        places = sorted((folder / trash.TRASH).iterdir(), key=lambda place: place.stat().st_mtime_ns)
        kept = [run for place in places for run in place.iterdir()]
    except OSError:
        return []
    return [trash.Token(folder / run.name, run) for run in kept if wanted is None or run.name == wanted]


def _is_path(name: str) -> bool:
    return name != Path(name).name or name == os.pardir


def _in_full(name: str) -> Path:
    """The path from the root on, so that `.` has a name too; a link stays what it is."""
    from aedesk import paths

    return Path(os.path.abspath(paths.expanded(name)))  # noqa: PTH100 - `resolve` follows links
