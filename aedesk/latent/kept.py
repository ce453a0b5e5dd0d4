"""Maps that take long to compute, kept in the cache; those of the shipped atlases are shipped."""

from __future__ import annotations

import hashlib
import logging
from pathlib import Path

import numpy as np

from aedesk import paths
from aedesk.errors import AedeskError
from aedesk.latent.atlas import Atlas
from aedesk.storage import files, tensors

_KIND = "map"

_log = logging.getLogger(__name__)


def find(atlas: Atlas, kind: str) -> np.ndarray | None:
    """The points (N, 2) float32 of the map of this kind, shipped or kept before; None if there are none of use."""
    name = _file_name(atlas, kind)
    for path in (paths.weights() / "maps" / name, paths.cache() / "maps" / name):
        points = _read(path, len(atlas))
        if points is not None:
            return points
    return None


def keep(atlas: Atlas, kind: str, points: np.ndarray) -> None:
    """Put the points of a map into the cache; where that cannot be done, the log says so."""
    path = paths.cache() / "maps" / _file_name(atlas, kind)
    try:
        files.make_folder(path.parent)
        tensors.write(path, _KIND, {"points": points}, {"model": atlas.fingerprint})
    except AedeskError as problem:
        _log.warning("the map is not kept: %s", problem)


def _file_name(atlas: Atlas, kind: str) -> str:
    return f"{hashlib.sha256(atlas.codes.tobytes()).hexdigest()[:32]}-{kind}.safetensors"


def _read(path: Path, count: int) -> np.ndarray | None:
    if not files.is_file(path):
        return None
    try:
        _, arrays = tensors.read(path, _KIND)
    except AedeskError as problem:
        _log.warning("the map is computed again: %s", problem)
        return None
    points = arrays.get("points", np.empty(0))
    return points if points.shape == (count, 2) and points.dtype == np.float32 else None
