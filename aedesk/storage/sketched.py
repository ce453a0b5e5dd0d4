"""Sketches of the images of a set, drawn once and kept in the cache."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from aedesk import paths
from aedesk.data.imageset import ImageSet
from aedesk.errors import AedeskError, Cancelled
from aedesk.sketch.hand import HELD_OUT, KINDS, sketched
from aedesk.sketch.strokes import trace
from aedesk.storage.cached import cached

_KIND = "sketches"
_METHOD = 3  # raised when the same images get other sketches than before: those of before are passed over
_PIECE = 50  # sketches between two looks at whether they are still wanted
_ALL = KINDS + HELD_OUT

Progress = Callable[[str, int, int], None]
"""Told what is being done, how much of it is done, and of how much."""
IsCancelled = Callable[[], bool]


@dataclass(frozen=True, eq=False)
class SketchPool:
    """images: (count, 28, 28) uint8, ink = 255, framed as sketches are. of: (count,) int32, which image each shows."""

    images: np.ndarray
    of: np.ndarray

    def __len__(self) -> int:
        return len(self.images)


def sketch_pool(
    images: ImageSet,
    count: int,
    seed: int,
    *,
    progress: Progress | None = None,
    cancelled: IsCancelled | None = None,
) -> SketchPool:
    """`count` sketches of these images, evenly of all hands of `KINDS`; about 3 ms each, the second time none.

    Each image is drawn once before any is drawn twice. The same images and seed give the same sketches, and the
    first of them whatever the count. Raises Cancelled where they are not wanted any more.
    """
    rounds = -(-count // max(1, len(images)))
    order = np.random.default_rng(seed)
    of = [np.empty(0, int), *(order.permutation(len(images)) for _ in range(rounds))]
    chosen = np.concatenate(of)[:count]
    drawn = _kept(images, chosen, KINDS, seed, progress or _ignore, cancelled or _never)
    return SketchPool(drawn, chosen.astype(np.int32))


def sketches_by(
    images: ImageSet,
    kinds: Sequence[str],
    seed: int,
    *,
    progress: Progress | None = None,
    cancelled: IsCancelled | None = None,
) -> np.ndarray:
    """(kinds, N, 28, 28) uint8: each image drawn by a hand of each kind; kept as `sketch_pool` does.

    kinds: of `KINDS` and `HELD_OUT`. Raises Cancelled, and AedeskError for another kind.
    """
    for kind in kinds:
        if kind not in _ALL:
            raise AedeskError(f"no hand is {kind!r}; there are {', '.join(_ALL)}")
    # All sketches of an image one after the other: it is traced once.
    chosen = np.repeat(np.arange(len(images)), len(kinds))
    drawn = _kept(images, chosen, kinds, seed, progress or _ignore, cancelled or _never)
    return drawn.reshape(len(images), len(kinds), 28, 28).swapaxes(0, 1)


def _kept(
    images: ImageSet,
    chosen: np.ndarray,
    kinds: Sequence[str],
    seed: int,
    progress: Progress,
    cancelled: IsCancelled,
) -> np.ndarray:
    """`_drawn`, or what it gave before."""
    known = hashlib.sha256(np.ascontiguousarray(images.images).data)
    known.update(np.ascontiguousarray(chosen, np.int64).data)
    known.update(f"{_METHOD} {len(images)} {' '.join(kinds)} {seed}".encode())
    path = paths.cache() / "sketches" / f"{known.hexdigest()[:32]}.safetensors"
    shape = (len(chosen), 28, 28)
    return cached(
        path,
        _KIND,
        "images",
        shape,
        np.uint8,
        lambda: _drawn(images.images, chosen, kinds, seed, progress, cancelled),
    )


def _drawn(
    images: np.ndarray,
    chosen: np.ndarray,
    kinds: Sequence[str],
    seed: int,
    progress: Progress,
    cancelled: IsCancelled,
) -> np.ndarray:
    """(n, 28, 28) uint8: a sketch of each chosen image, by hands of the kinds in turn."""
    drawn = np.zeros((len(chosen), 28, 28), np.uint8)
    traced = -1
    for number, image in enumerate(chosen):
        if number % _PIECE == 0:
            if cancelled():
                raise Cancelled("The work was cancelled.")
            progress("drawing sketches", number, len(chosen))
        if image != traced:
            strokes, traced = trace(images[image]), image
        drawn[number] = sketched(strokes, kinds[number % len(kinds)], np.random.default_rng([seed, number]))
    progress("drawing sketches", len(chosen), len(chosen))
    return drawn


def _ignore(what: str, done: int, total: int) -> None:
    pass


def _never() -> bool:
    return False
