"""The pictures of points of the map, asked for as they come into view, and never waited for."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from aedesk.app.point_pictures import PointPictures

if TYPE_CHECKING:
    from aedesk.latent.atlas import Atlas

_BUDGET = 0.002  # seconds for decoding at once; the rest comes from the background


class PointsInView:
    """Pictures of an atlas's `indices` for a `PictureRow`; blank until they are decoded: `PointPictures.decoded`."""

    def __init__(self, pictures: PointPictures, atlas: Atlas, indices: np.ndarray, *, prepare: bool) -> None:
        """prepare: ask for those that are missing; else someone else does."""
        self._pictures, self._atlas, self._indices = pictures, atlas, indices
        self._prepare = prepare
        self._awaited: set[int] = set()

    def __len__(self) -> int:
        return len(self._indices)

    def __getitem__(self, which: list[int], /) -> np.ndarray:
        """(n, 28, 28) float32 in [0, 1]."""
        indices = self._indices[which]
        ready = self._pictures.ready(self._atlas, indices, _BUDGET)
        images = np.zeros((len(indices), 28, 28), np.float32)
        images[ready] = self._pictures.of(self._atlas, indices[ready])
        missing = indices[~ready]
        if self._prepare and not self._awaited.issuperset(missing.tolist()):
            self._awaited.update(missing.tolist())
            self._pictures.prepare(self._atlas, missing)
        return images
