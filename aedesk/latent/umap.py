"""The UMAP map of an atlas, computed once and kept.

umap-learn takes seconds to import, and compiles on one core what it needs: that happens in a process of its own, so
that a window stays quick, and a cancelled map is given up at once.
"""

from __future__ import annotations

import importlib.util
import os
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

import numpy as np

from aedesk.errors import AedeskError, Cancelled
from aedesk.latent import kept, pca, tsne
from aedesk.latent.atlas import Atlas
from aedesk.latent.metric import Metric
from aedesk.latent.neighbours import Neighbours
from aedesk.latent.placed import Placed
from aedesk.storage import files, tensors

_NEIGHBOURS = 15
_EPOCHS = 500
_PREPARATION = 250  # steps that the time until the first epoch is counted as
_FEWEST = 10  # codes
_POLL = 0.1  # seconds
_NO_CONSOLE = getattr(subprocess, "CREATE_NO_WINDOW", 0)  # Windows would flash one up


@dataclass(frozen=True, eq=False)
class Umap(Placed):
    """A UMAP map as a projection."""

    kind: Literal["umap"] = field(default="umap", init=False)


def fit(
    atlas: Atlas,
    *,
    progress: tsne.Progress | None = None,
    cancelled: Callable[[], bool] | None = None,
) -> Umap:
    """The map of an atlas: one kept before, or computed and put into the cache. Same atlas, same map.

    progress(steps done, steps in all, None) is told, cancelled() -> bool asked, several times a second.
    Raises AedeskError if the atlas has too few codes or umap-learn does not work, Cancelled if ended.
    """
    points = kept.find(atlas, "umap")
    if points is None:
        if len(atlas) < _FEWEST:
            raise AedeskError(
                f"UMAP needs at least {_FEWEST} codes, and this atlas has {len(atlas)}; use PCA."
            )
        if importlib.util.find_spec("umap") is None:
            raise AedeskError("UMAP needs the package umap-learn: pip install umap-learn")
        try:
            with tempfile.TemporaryDirectory(prefix="aedesk-umap-", ignore_cleanup_errors=True) as folder:
                points = _compute(atlas.codes, Path(folder), progress, cancelled)
        except OSError as problem:
            raise AedeskError(f"UMAP could not be run: {files.reason(problem)}") from problem
        kept.keep(atlas, "umap", points)
    return Umap(atlas.codes, points)


def _compute(
    codes: np.ndarray,
    folder: Path,
    progress: tsne.Progress | None,
    cancelled: Callable[[], bool] | None,
) -> np.ndarray:
    """The points (N, 2) float32 that a child process finds; files in `folder` lead there and back."""
    np.save(folder / "codes.npy", Metric(codes)(codes))
    told = folder / "steps.txt"
    complaints = folder / "errors.txt"
    package = Path(__file__).parents[2]  # where `aedesk` lies; the child must find the same
    search = os.pathsep.join(filter(None, [str(package), os.environ.get("PYTHONPATH")]))
    with told.open("wb") as steps, complaints.open("wb") as errors:
        child = subprocess.Popen(
            [sys.executable, "-m", __name__, str(folder)],
            stdin=subprocess.PIPE,
            stdout=steps,
            stderr=errors,
            env={**os.environ, "PYTHONPATH": search},
            creationflags=_NO_CONSOLE,
        )
    try:
        while child.poll() is None:
            if cancelled is not None and cancelled():
                raise Cancelled("the UMAP map was cancelled; choose it again to start over")
            if progress is not None:
                progress(_last(told), _PREPARATION + _EPOCHS, None)
            time.sleep(_POLL)
    finally:
        child.kill()
        child.communicate()
    if child.returncode or not (folder / "points.npy").is_file():
        lines = complaints.read_text(errors="replace").split("\n")
        reason = next((line for line in reversed(lines) if line.strip()), f"exit code {child.returncode}")
        raise AedeskError(f"UMAP failed: {tensors.one_line(reason)}; use t-SNE.")
    points: np.ndarray = np.load(folder / "points.npy")
    if points.shape != (len(codes), 2) or not np.isfinite(points).all():
        raise AedeskError("UMAP found no map of these codes; use t-SNE.")
    return np.ascontiguousarray(points, np.float32)


def _last(told: Path) -> int:
    """The last number that the child has written, line by line."""
    whole_lines = told.read_text().split("\n")[:-1]
    return int(whole_lines[-1]) if whole_lines else 0


def _lay_out(folder: Path) -> None:
    """In the child: codes.npy -> points.npy, by UMAP (McInnes, Healy & Melville 2018), started from PCA."""
    codes = np.load(folder / "codes.npy")
    import umap

    print(_PREPARATION // 2, flush=True)
    count = min(_NEIGHBOURS, len(codes) - 1)
    indices, distances = Neighbours(codes).nearest(codes, count)
    start = pca.fit(codes).points
    noise = np.random.default_rng(0).normal(0, 1e-3 * start.std() + 1e-6, start.shape)  # parts equal codes
    mapper = umap.UMAP(
        n_neighbors=count,
        n_epochs=_EPOCHS,
        init=(start + noise).astype(np.float32),
        precomputed_knn=(indices.astype(np.int32), distances),
        force_approximation_algorithm=True,  # or it would look for neighbours of its own among few codes
        random_state=0,
        n_jobs=1,
        tqdm_kwds={"disable": False, "file": _Steps(), "bar_format": "{n}", "mininterval": _POLL},
    )
    np.save(folder / "points.npy", mapper.fit_transform(codes))


class _Steps:
    """A file for tqdm: what it draws as a bar of its count alone goes to stdout as lines."""

    def write(self, text: str) -> None:
        if text.strip().isdigit():
            print(_PREPARATION + int(text), flush=True)

    def flush(self) -> None:
        pass


def _end_with_parent() -> None:
    """Leave when the process that has started this one is gone: its end of stdin closes then."""
    sys.stdin.read()
    os._exit(1)


if __name__ == "__main__":
    threading.Thread(target=_end_with_parent, daemon=True).start()
    _lay_out(Path(sys.argv[1]))
    os._exit(0)  # the thread above still holds stdin
