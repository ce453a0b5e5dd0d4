"""Maps that take long to compute, kept in the cache; those of the shipped atlases are shipped."""

from __future__ import annotations

import hashlib
import logging
from pathlib import Path

import numpy as np

from aedesk import paths
from aedesk.errors import AedeskError
from aedesk.latent import steps
from aedesk.latent.atlas import Atlas
from aedesk.storage import files, tensors

_KIND = "map"
_METHOD = 2  # raised when the same codes get another map than before: those of before are passed over

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
    folder = paths.cache() / "maps"
    try:
        files.make_folder(folder)
        write(folder, atlas, kind, points)
    except AedeskError as problem:
        _log.warning("the map is not kept: %s", problem)


def write(folder: Path, atlas: Atlas, kind: str, points: np.ndarray, compact: bool = False) -> Path:
    """Write the points (N, 2) float32 of a map where `find` looks for them in a folder of maps: that file.

    compact: in half the bytes, as what is shipped; no point moves by more than 1/65534 of the map's width or height.
    Raises AedeskError.
    """
    arrays = {"points": points}
    if compact:
        arrays = dict(zip(("points", "offset", "scale"), steps.taken(points, np.uint16), strict=True))
    path = folder / _file_name(atlas, kind)
    tensors.write(path, _KIND, arrays, {"model": atlas.fingerprint})
    return path


def _file_name(atlas: Atlas, kind: str) -> str:
    return f"{hashlib.sha256(atlas.codes.tobytes()).hexdigest()[:32]}-{kind}{_METHOD}.safetensors"


def _read(path: Path, count: int) -> np.ndarray | None:
    if not files.is_file(path):
        return None
    try:
        _, arrays = tensors.read(path, _KIND)
        points = arrays.get("points", np.empty(0))
        if points.dtype == np.uint16:
            points = steps.values_of(points, arrays["offset"], arrays["scale"])
    except (AedeskError, ValueError, LookupError) as problem:
        _log.warning("the map is computed again: %s", problem)
        return None
    return points if points.shape == (count, 2) and points.dtype == np.float32 else None
