"""The t-SNE map of an atlas, computed once and kept in the cache; those of the shipped atlases are shipped."""

from __future__ import annotations

import hashlib
import logging
import os
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any, Literal

import numpy as np

from aedesk import paths
from aedesk.errors import AedeskError, Cancelled
from aedesk.latent import pca
from aedesk.latent.atlas import Atlas
from aedesk.latent.interpolation import Interpolator
from aedesk.latent.neighbours import Neighbours
from aedesk.storage import files, tensors

_KIND = "map"
_PERPLEXITY = 30.0
_EARLY_STEPS, _STEPS = 250, 500
_REPORT_EVERY = 10  # steps
_FEWEST = 10  # codes

_log = logging.getLogger(__name__)


@dataclass(frozen=True, eq=False)
class TSne:
    """A t-SNE map as a projection: for new codes, and between its points, the nearest decide.

    codes: (N, D) of the atlas. points: (N, 2), their places.
    """

    codes: np.ndarray = field(repr=False)
    points: np.ndarray
    kind: Literal["tsne"] = field(default="tsne", init=False)

    @cached_property
    def _codes_at(self) -> Interpolator:
        return Interpolator(self.points, self.codes)

    @cached_property
    def _points_of(self) -> Interpolator:
        return Interpolator(self.codes, self.points)

    def to_points(self, codes: np.ndarray) -> np.ndarray:
        return self._points_of.median(codes)  # a mean would fall between clusters

    def to_codes(self, points: np.ndarray) -> np.ndarray:
        return self._codes_at(points)


def known(atlas: Atlas) -> TSne | None:
    """The map of an atlas if it needs no computing: a shipped one, or one from the cache."""
    for path in (paths.weights() / "maps" / _file_name(atlas), paths.cache() / "maps" / _file_name(atlas)):
        points = _read(path, len(atlas))
        if points is not None:
            return TSne(atlas.codes, points)
    return None


def fit(
    atlas: Atlas,
    *,
    progress: Callable[[int, int], None] | None = None,
    cancelled: Callable[[], bool] | None = None,
) -> TSne:
    """The map of an atlas: a known one, or computed and put into the cache. Same atlas, same map.

    progress(steps done, steps in all) is told, cancelled() -> bool asked, every few steps.
    Raises AedeskError if the atlas has too few codes, Cancelled if ended.
    """
    there = known(atlas)
    if there is not None:
        return there
    path = paths.cache() / "maps" / _file_name(atlas)
    computed = _compute(atlas.codes, progress or _ignore, cancelled or _never)
    try:
        files.make_folder(path.parent)
        tensors.write(path, _KIND, {"points": computed}, {"model": atlas.fingerprint})
    except AedeskError as problem:
        _log.warning("the t-SNE map is not kept: %s", problem)
    return TSne(atlas.codes, computed)


def _file_name(atlas: Atlas) -> str:
    return f"{hashlib.sha256(atlas.codes.tobytes()).hexdigest()[:32]}-tsne.safetensors"


def _read(path: Path, count: int) -> np.ndarray | None:
    if not files.is_file(path):
        return None
    try:
        _, arrays = tensors.read(path, _KIND)
    except AedeskError as problem:
        _log.warning("the t-SNE map is computed again: %s", problem)
        return None
    known = arrays.get("points", np.empty(0))
    return known if known.shape == (count, 2) and known.dtype == np.float32 else None


def _compute(
    codes: np.ndarray, progress: Callable[[int, int], None], cancelled: Callable[[], bool]
) -> np.ndarray:
    """t-SNE (van der Maaten & Hinton 2008) by openTSNE, started from PCA (Kobak & Berens 2019)."""
    if len(codes) < _FEWEST:
        raise AedeskError(f"t-SNE needs at least {_FEWEST} codes, and this atlas has {len(codes)}; use PCA.")
    import openTSNE

    workers = max(1, (os.cpu_count() or 1) - 1)  # a core stays free for the window
    perplexity = min(_PERPLEXITY, (len(codes) - 1) / 3)
    affinities = openTSNE.affinity.PerplexityBasedNN(
        knn_index=_knn_index(codes, int(3 * perplexity)), perplexity=perplexity, n_jobs=workers
    )
    # The FFT method gives the same map for any number of workers; Barnes-Hut does not.
    embedding = openTSNE.TSNEEmbedding(
        _start(codes), affinities, n_jobs=workers, negative_gradient_method="fft"
    )
    total = _EARLY_STEPS + _STEPS

    def optimise(embedding: Any, before: int, steps: int, **how: float) -> Any:
        def report(step: int, error: float, embedding: np.ndarray) -> bool:
            progress(before + step, total)
            return cancelled()

        return embedding.optimize(
            steps, callbacks=report, callbacks_every_iters=_REPORT_EVERY, propagate_exception=True, **how
        )

    try:
        embedding = optimise(embedding, 0, _EARLY_STEPS, exaggeration=12, momentum=0.8)
        embedding = optimise(embedding, _EARLY_STEPS, _STEPS, momentum=0.8)
    except openTSNE.tsne.OptimizationInterrupt:
        raise Cancelled("the t-SNE map was cancelled; choose it again to start over") from None
    return np.ascontiguousarray(embedding, np.float32)


def _knn_index(codes: np.ndarray, k: int) -> Any:
    """Exact neighbours of every code but itself, as openTSNE takes them: its own are approximate or slow."""
    from openTSNE.nearest_neighbors import PrecomputedNeighbors

    indices, distances = Neighbours(codes).nearest(codes, k + 1)
    # Where codes coincide a code need not come first among its neighbours: drop it where it is, or the last.
    own = indices == np.arange(len(codes))[:, None]
    own[~own.any(axis=1), -1] = True
    shape = (len(codes), k)
    return PrecomputedNeighbors(
        indices[~own].reshape(shape), distances[~own].reshape(shape).astype(np.float64)
    )


def _start(codes: np.ndarray) -> np.ndarray:
    """The PCA map, shrunk to a standard deviation of 1e-4, with a trace of noise to part equal codes."""
    start = pca.fit(codes).points.astype(np.float64)
    spread = start[:, 0].std()
    noise = np.random.default_rng(0).normal(0, 1e-6, start.shape)
    return start * (1e-4 / spread if spread else 0.0) + noise


def _ignore(done: int, total: int) -> None:
    pass


def _never() -> bool:
    return False
