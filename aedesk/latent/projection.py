"""Flat maps of a space of codes, with the way there and the way back."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Literal, Protocol

import numpy as np

from aedesk.errors import AedeskError
from aedesk.latent import pca, tsne
from aedesk.latent.atlas import Atlas

Kind = Literal["native", "pca", "tsne"]


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


def kinds(code_size: int) -> tuple[Kind, ...]:
    """The maps that make sense for codes of this size, the best first."""
    return ("native", "pca", "tsne") if code_size == 2 else ("pca", "tsne")


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
    progress: Callable[[int, int], None] | None = None,
    cancelled: Callable[[], bool] | None = None,
) -> Projection:
    """A map of the atlas; t-SNE takes its time the first time, and is kept in the cache.

    inverse: of PCA. progress(steps done, steps in all) and cancelled() -> bool are for t-SNE.
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
    return tsne.fit(atlas, progress=progress, cancelled=cancelled)
