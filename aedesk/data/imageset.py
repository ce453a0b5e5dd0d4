"""Images and labels in memory: one uint8 array, batches by slicing."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np


@dataclass(frozen=True, eq=False)
class ImageSet:
    """A set of labelled pictures.

    images: (N, 28, 28) uint8, ink = 255. labels: (N,) int64, indices into `classes`.
    classes: the names of the classes, "0" to "9" for digits.
    """

    images: np.ndarray
    labels: np.ndarray
    classes: tuple[str, ...]

    def __post_init__(self) -> None:
        if self.images.dtype != np.uint8 or self.images.shape[1:] != (28, 28):
            raise ValueError(f"images must be (N, 28, 28) uint8, not {self.images.shape} {self.images.dtype}")
        if self.labels.shape != self.images.shape[:1]:
            raise ValueError(f"{len(self.images)} images but labels of shape {self.labels.shape}")

    def __len__(self) -> int:
        return len(self.images)

    def __getitem__(self, which: slice | np.ndarray) -> ImageSet:
        """The chosen images, as a set of their own."""
        return replace(self, images=self.images[which], labels=self.labels[which])

    def pixels(self, which: slice | np.ndarray = slice(None)) -> np.ndarray:
        """The chosen images as (n, 28, 28) float32 in [0, 1], ink = 1."""
        return self.images[which].astype(np.float32) / 255

    def at_most(self, limit: int | None) -> ImageSet:
        """`limit` of the images, evenly spread, because some sets are sorted; all where that is more, or None."""
        if limit is None or limit >= len(self):
            return self
        return self[np.arange(limit) * len(self) // limit]

    def split(self, fraction: float, seed: int) -> tuple[ImageSet, ImageSet]:
        """(rest, held out): `fraction` of the images, drawn at random by `seed`, is held out; at least one stays."""
        held_out = min(round(len(self) * fraction), len(self) - 1)
        order = np.random.default_rng(seed).permutation(len(self))
        return self[np.sort(order[held_out:])], self[np.sort(order[:held_out])]


@dataclass(frozen=True, eq=False)
class DataSet:
    """A named data set: `train` to learn from, `test` for the final figure only."""

    name: str
    train: ImageSet
    test: ImageSet
