"""The t-SNE map of an atlas, computed once and kept."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Literal

import numpy as np

from aedesk.errors import AedeskError, Cancelled
from aedesk.latent import kept, pca, settling
from aedesk.latent.atlas import Atlas
from aedesk.latent.metric import Metric
from aedesk.latent.neighbours import Neighbours
from aedesk.latent.placed import Placed

_PERPLEXITY = 30.0
_EARLY_STEPS, _STEPS = 250, 500
_STEPS_ON = 150  # from a map that is nearly right
_REPORT_EVERY = 10  # steps
FEWEST = 10  # codes
_FEW = 3000  # codes up to which Barnes-Hut is quicker

Progress = Callable[[int, int, np.ndarray | None], None]


@dataclass(frozen=True, eq=False)
class TSne(Placed):
    """A t-SNE map as a projection."""

    kind: Literal["tsne"] = field(default="tsne", init=False)

    def settle(self, code: np.ndarray, start: np.ndarray | None = None) -> np.ndarray:
        """The place (2,) float32 where t-SNE lets a new code (D,) come to rest among the points, which stay.

        start: (2,) to begin from, `to_points` unless given. More exact than that, and a hundred times slower.
        """
        first = self.to_points(code)[0] if start is None else np.asarray(start, np.float32)
        return settling.settle(
            *self._points_of.nearest(self._metric(code), settling.NEIGHBOURS), self.points, first
        )


def known(atlas: Atlas) -> TSne | None:
    """The map of an atlas if it needs no computing: a shipped one, or one from the cache."""
    points = kept.find(atlas, "tsne")
    return None if points is None else TSne(atlas.codes, points)


def fit(
    atlas: Atlas, *, progress: Progress | None = None, cancelled: Callable[[], bool] | None = None
) -> TSne:
    """The map of an atlas: a known one, or computed by `layout` and put into the cache. Same atlas, same map."""
    there = known(atlas)
    if there is not None:
        return there
    computed = layout(atlas.codes, progress=progress, cancelled=cancelled)
    kept.keep(atlas, "tsne", computed)
    return TSne(atlas.codes, computed)


def layout(
    codes: np.ndarray,
    *,
    start: np.ndarray | None = None,
    as_they_are: bool = False,
    progress: Progress | None = None,
    cancelled: Callable[[], bool] | None = None,
) -> np.ndarray:
    """Places (N, 2) float32 of codes (N, D) by t-SNE (van der Maaten & Hinton 2008), computed by openTSNE.

    start: (N, 2), a map of the same images under a model not far from this one, as an epoch ago, which the new one goes
    on from in fewer steps; without it, PCA (Kobak & Berens 2019). as_they_are: compare codes by plain distance, not by
    `Metric`. progress(steps done, steps in all, the points as they lie now) is told, cancelled() -> bool asked, every
    few steps.
    Raises AedeskError if there are too few codes, Cancelled if ended.
    """
    told, ended = progress or _ignore, cancelled or _never
    if start is not None and start.shape != (len(codes), 2):
        raise ValueError(f"{len(codes)} codes cannot start from points of the form {start.shape}")
    if len(codes) < FEWEST:
        raise AedeskError(f"t-SNE needs at least {FEWEST} codes, and there are {len(codes)}; use PCA.")
    import openTSNE

    codes = codes if as_they_are else Metric(codes)(codes)
    workers = max(1, (os.cpu_count() or 1) - 1)  # a core stays free for the window
    perplexity = min(_PERPLEXITY, (len(codes) - 1) / 3)
    affinities = openTSNE.affinity.PerplexityBasedNN(
        knn_index=_knn_index(codes, int(3 * perplexity)), perplexity=perplexity, n_jobs=workers
    )
    # The FFT method gives the same map for any number of workers, Barnes-Hut only for one; but of few points, that one
    # is ten times as quick.
    method, workers = ("bh", 1) if len(codes) <= _FEW else ("fft", workers)
    embedding = openTSNE.TSNEEmbedding(
        _shrunk(pca.fit(codes).points) if start is None else start.astype(np.float64),
        affinities,
        n_jobs=workers,
        negative_gradient_method=method,
    )
    stages = [(_EARLY_STEPS, {"exaggeration": 12}), (_STEPS, {})] if start is None else [(_STEPS_ON, {})]
    total = sum(steps for steps, _ in stages)

    def optimise(embedding: Any, before: int, steps: int, **how: float) -> Any:
        def report(step: int, error: float, embedding: np.ndarray) -> bool:
            told(before + step, total, np.array(embedding, np.float32))
            return ended()

        return embedding.optimize(
            steps, callbacks=report, callbacks_every_iters=_REPORT_EVERY, propagate_exception=True, **how
        )

    try:
        done = 0
        for steps, how in stages:
            embedding = optimise(embedding, done, steps, momentum=0.8, **how)
            done += steps
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


def _shrunk(points: np.ndarray) -> np.ndarray:
    """Points (N, 2) shrunk to a standard deviation of 1e-4, with a trace of noise to part equal ones."""
    start = points - points.mean(axis=0, dtype=np.float64)
    spread = start[:, 0].std()
    noise = np.random.default_rng(0).normal(0, 1e-6, start.shape)
    return np.asarray(start * (1e-4 / spread if spread else 0.0) + noise)


def _ignore(done: int, total: int, points: np.ndarray | None) -> None:
    pass


def _never() -> bool:
    return False
