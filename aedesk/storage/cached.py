"""An array in the user's cache: what takes minutes to make is made once, wherever that can be kept."""

from __future__ import annotations

import logging
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from aedesk.errors import AedeskError
from aedesk.storage import files, tensors

_log = logging.getLogger(__name__)


def cached(
    path: Path,
    kind: str,
    name: str,
    shape: tuple[int, ...],
    dtype: type[np.generic],
    make: Callable[[], np.ndarray],
) -> np.ndarray:
    """The array `name` of a file of this kind, or where there is none of this shape and type, `make()`, put there.

    A damaged file is made again. Where the array cannot be kept, the log says so. Raises what `make` does.
    """
    found: np.ndarray | None = _read(path, kind).get(name)
    if found is not None and found.shape == shape and found.dtype == dtype:
        return found
    made = make()
    try:
        files.make_folder(path.parent)
        tensors.write(path, kind, {name: made}, {})
    except AedeskError as problem:
        _log.warning("the %s are not kept: %s", name, problem)
    return made


def _read(path: Path, kind: str) -> dict[str, Any]:
    if not files.is_file(path):
        return {}
    try:
        return tensors.read(path, kind)[1]
    except AedeskError as problem:
        _log.warning("made again: %s", problem)
        return {}
