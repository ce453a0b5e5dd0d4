"""The validation images that a run is watched with, kept beside it: no data set is needed to look back. No torch."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from aedesk.data.imageset import ImageSet
from aedesk.errors import AedeskError
from aedesk.storage import tensors

_KIND = "sample"


@dataclass(frozen=True, eq=False)
class Sample:
    """images: (n, 28, 28) uint8, ink = 255. labels: (n,) int64, indices into `classes`."""

    images: np.ndarray
    labels: np.ndarray
    classes: tuple[str, ...]


def choose(validation: ImageSet, count: int) -> Sample:
    """At most `count` of the validation images, evenly spread, because some sets are sorted by class."""
    which = np.unique(np.linspace(0, len(validation) - 1, min(count, len(validation))).astype(int))
    return Sample(validation.images[which], validation.labels[which], validation.classes)


def save(sample: Sample, path: str | os.PathLike[str]) -> None:
    """Write the sample, whole or not at all. Raises AedeskError if the file cannot be written."""
    arrays = {"images": sample.images, "labels": sample.labels.astype(np.int64)}
    tensors.write(path, _KIND, arrays, {"classes": list(sample.classes)})


def load(path: str | os.PathLike[str]) -> Sample:
    """Read what `save` wrote; AedeskError in one line for anything else."""
    card, arrays = tensors.read(path, _KIND)
    try:
        images, labels = arrays["images"], arrays["labels"]
        classes = tuple(map(str, card["classes"]))
        if images.dtype != np.uint8 or images.shape[1:] != (28, 28) or labels.shape != images.shape[:1]:
            raise ValueError("pictures of an unknown form")
        if labels.dtype != np.int64:
            raise ValueError("labels that are no numbers of classes")
        if labels.size and not 0 <= labels.min() <= labels.max() < len(classes):
            raise ValueError("labels without a class")
    except (LookupError, TypeError, ValueError) as problem:
        raise AedeskError(
            f"{Path(path)}: not a sample that aedesk can use: {tensors.one_line(problem)}"
        ) from None
    return Sample(images, labels, classes)
