"""Flat maps of a space of codes, with the way there and the way back."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Literal, Protocol

import numpy as np

from aedesk.errors import AedeskError, Cancelled
from aedesk.latent import pca, tsne, umap
from aedesk.latent.atlas import Atlas
from aedesk.latent.axes import Axes

Kind = Literal["native", "pca", "tsne", "umap", "axes"]

_ROWS = 1000  # codes placed between two looks at `cancelled`


class Projection(Protocol):
    """A map of an atlas: `points` (N, 2) float32 are the places of its codes, in their order."""

    @property
    def kind(self) -> Kind: ...

    @property
    def points(self) -> np.ndarray: ...

    def to_points(self, codes: np.ndarray) -> np.ndarray:
        """Codes (n, D) or (D,) -> their places on the map, (n, 2) float32."""

    def to_codes(self, points: np.ndarray) -> np.ndarray:
        """Places (n, 2) or (2,) -> codes (n, D) float32 that a decoder can turn into pictures."""


@dataclass(frozen=True, eq=False)
class Native:
    """The code itself as the map: for codes of two numbers."""

    points: np.ndarray
    kind: Literal["native"] = field(default="native", init=False)

    def to_points(self, codes: np.ndarray) -> np.ndarray:
        return np.array(codes, np.float32).reshape(-1, 2)

    def to_codes(self, points: np.ndarray) -> np.ndarray:
        return np.array(points, np.float32).reshape(-1, 2)


@dataclass(frozen=True, eq=False)
class Wider:
    """A map with more points on it than it was made from; the ways there and back are those of `base`.

    points: (M, 2) float32, of any codes.
    """

    base: Projection
    points: np.ndarray

    @property
    def kind(self) -> Kind:
        return self.base.kind

    def to_points(self, codes: np.ndarray) -> np.ndarray:
        return self.base.to_points(codes)

    def to_codes(self, points: np.ndarray) -> np.ndarray:
        return self.base.to_codes(points)


def widen(
    base: Projection,
    codes: np.ndarray,
    progress: Callable[[int, int], None] | None = None,
    cancelled: Callable[[], bool] | None = None,
) -> Wider:
    """The map `base` with the places of these codes, (M, D), as its points.

    progress(codes placed, codes in all) is told, cancelled() -> bool asked, every thousand. Raises Cancelled if ended.
    """
    points = np.empty((len(codes), 2), np.float32)
    for start in range(0, len(codes), _ROWS):
        if cancelled is not None and cancelled():
            raise Cancelled("placing the points was cancelled; ask for them again to start over")
        part = slice(start, start + _ROWS)
        points[part] = base.to_points(codes[part])
        if progress is not None:
            progress(min(part.stop, len(codes)), len(codes))
    return Wider(base, points)


def kinds(code_size: int) -> tuple[Kind, ...]:
    """The maps that make sense for codes of this size, the best first."""
    return ("native", "pca", "tsne", "umap") if code_size == 2 else ("pca", "tsne", "umap", "axes")


def best_known(atlas: Atlas) -> Projection:
    """The best map that is there at once: the code itself, a t-SNE map computed before, or PCA."""
    if atlas.code_size == 2:
        return Native(atlas.codes)
    return tsne.known(atlas) or pca.fit(atlas.codes)


def project(
    kind: str,
    atlas: Atlas,
    *,
    inverse: pca.Inverse = "local",
    axes: tuple[int, int] = (0, 1),
    progress: tsne.Progress | None = None,
    cancelled: Callable[[], bool] | None = None,
) -> Projection:
    """A map of the atlas; t-SNE and UMAP take their time the first time, and are kept in the cache.

    inverse: of PCA. axes: which two numbers of a code, from 0, are the map "axes". progress(steps done, steps in all,
    the points (N, 2) as they lie now, or None) and cancelled() -> bool are for t-SNE and UMAP.
    Raises AedeskError if there is no such map for these codes, Cancelled if ended.
    """
    if kind not in kinds(atlas.code_size):
        known = ", ".join(kinds(atlas.code_size))
        raise AedeskError(
            f"There is no map {kind!r} of codes of {atlas.code_size} numbers; choose one of: {known}."
        )
    if kind == "native":
        return Native(atlas.codes)
    if kind == "pca":
        return pca.fit(atlas.codes, inverse)
    if kind == "axes":
        return Axes(atlas.codes, *axes)
    fit = tsne.fit if kind == "tsne" else umap.fit
    return fit(atlas, progress=progress, cancelled=cancelled)
