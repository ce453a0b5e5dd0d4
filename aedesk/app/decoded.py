"""What the codes of an atlas decode to, kept as it comes, and how far that is off the originals."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from aedesk.app.worker import Link
from aedesk.errors import Cancelled
from aedesk.storage.pictures import grey

if TYPE_CHECKING:
    from aedesk.data.imageset import ImageSet
    from aedesk.latent.atlas import Atlas
    from aedesk.models.model import Model

CHUNK = 50  # codes decoded at once where a budget must be kept to, or someone may lose interest
_PART_SECONDS = 0.2  # of work in the background between two messages: each makes a view look again
_LARGEST_PART = 5000


@dataclass(frozen=True, eq=False)
class Part:
    """Some indices (n,) of an atlas's codes, decoded, and how far they are off the originals, or NaN."""

    indices: np.ndarray
    pictures: np.ndarray
    errors: np.ndarray


@dataclass(eq=False)
class Decoded:
    """What has been decoded of an atlas of N codes: pictures (N, 28, 28) uint8, and their errors (N,) or NaN.

    Memory is taken only for pictures that were decoded.
    """

    pictures: np.ndarray
    there: np.ndarray
    errors: np.ndarray

    @classmethod
    def of(cls, count: int) -> Decoded:
        return cls(
            np.zeros((count, 28, 28), np.uint8), np.zeros(count, bool), np.full(count, np.nan, np.float32)
        )

    def keep(self, part: Part) -> None:
        # In this order: a `Lookup` in another thread believes `there`.
        self.pictures[part.indices] = part.pictures
        self.errors[part.indices] = part.errors
        self.there[part.indices] = True


@dataclass(frozen=True, eq=False)
class Lookup:
    """Some points of an atlas, for a thread that has the time to decode what nobody has decoded before.

    indices: (n,). images: the originals, if they are here. Both methods raise Cancelled where they
    have to decode and `cancelled` says so.
    """

    model: Model
    atlas: Atlas
    images: ImageSet | None
    indices: np.ndarray
    known: Decoded = field(repr=False)

    def pictures(self, cancelled: Callable[[], bool]) -> np.ndarray:
        """As of `PointPictures.of`, (n, 28, 28) float32 in [0, 1]."""
        if self.images is not None:
            pictures = originals(self.images, self.atlas, self.indices)
        else:
            there = self.known.there[self.indices]
            pictures = self.known.pictures[self.indices]
            for places, part in self._decoded(~there, cancelled):
                pictures[places] = part.pictures
        return pictures.astype(np.float32) / np.float32(255)

    def errors(self, cancelled: Callable[[], bool]) -> np.ndarray | None:
        """As of `PointPictures.errors` without a budget, (n,) float32, or None without the originals."""
        if self.images is None:
            return None
        errors: np.ndarray = self.known.errors[self.indices]
        for places, part in self._decoded(np.isnan(errors), cancelled):
            errors[places] = part.errors
        return errors

    def _decoded(
        self, missing: np.ndarray, cancelled: Callable[[], bool]
    ) -> Iterator[tuple[np.ndarray, Part]]:
        """The places (m,) of missing points, (n,) bool, and what they decode to, a few at a time."""
        places = np.flatnonzero(missing)
        for start in range(0, len(places), CHUNK):
            if cancelled():
                raise Cancelled("decoding the points was cancelled; ask for them again to start over")
            some = places[start : start + CHUNK]
            yield some, decode(self.model, self.atlas, self.images, self.indices[some])


def decode(model: Model, atlas: Atlas, images: ImageSet | None, indices: np.ndarray) -> Part:
    """Decode some codes of an atlas, and compare them with their originals if there are any."""
    pictures = model.decode(atlas.codes[indices])
    errors = np.full(len(indices), np.nan, np.float32)
    if images is not None:
        difference = pictures - originals(images, atlas, indices).astype(np.float32) / 255
        errors = (difference**2).mean(axis=(1, 2))
    return Part(indices, grey(pictures), errors)


def decode_in_parts(
    model: Model, atlas: Atlas, images: ImageSet | None, missing: np.ndarray, link: Link[Part]
) -> Iterator[Part]:
    """In a worker: all of `missing`, in parts that take a moment each."""
    start, size = 0, CHUNK
    while start < len(missing) and not link.stopped():
        began = time.perf_counter()
        yield decode(model, atlas, images, missing[start : start + size])
        start += size
        size = int(np.clip(size * _PART_SECONDS / (time.perf_counter() - began), 1, _LARGEST_PART))


def originals(images: ImageSet, atlas: Atlas, indices: np.ndarray) -> np.ndarray:
    """The pictures that some codes of an atlas were made from, (n, 28, 28) uint8."""
    assert atlas.images is not None
    pictures: np.ndarray = images.images[atlas.images[indices]]
    return pictures
