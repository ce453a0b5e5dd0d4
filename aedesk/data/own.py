"""The user's own images: an IDX pair, an .npz, or a folder of pictures, as a data set of 28x28 images."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np

from aedesk.data import arrays, idx, pictures
from aedesk.data.catalogue import SOURCES, read_pair
from aedesk.data.fetch import Progress
from aedesk.data.fitting import fit_all
from aedesk.data.imageset import DataSet, ImageSet
from aedesk.errors import AedeskError

UNKNOWN = "?"
"""The only class of a set without labels."""

_TEST_SHARE = 1 / 6
_SEED = 0
_NUMBERED = 256  # whole-number labels below this are places in the list of classes, as in MNIST

Part = tuple[np.ndarray, np.ndarray | None]


def load(
    path: Path, *, progress: Progress | None = None, cancelled: Callable[[], bool] | None = None
) -> DataSet:
    """Read a file or folder; ink is bright in files of numbers, either way round in pictures.

    Without a test part of its own, a sixth of each class is held out, the same one at every call.
    progress(stage, bytes done, bytes in all) is told of a folder, whose files may be many.
    Raises AedeskError naming the file, and Cancelled.
    """
    cancelled = cancelled or (lambda: False)
    raw = _read(path, progress or (lambda stage, done, total: None), cancelled)
    images = [fit_all(part, cancelled) for part, _ in raw]
    labels, classes = classify([part for _, part in raw], [len(part) for part in images])
    train, *test = (ImageSet(*pair, classes) for pair in zip(images, labels, strict=True))
    if test:
        return DataSet(path.name, train, test[0])
    if len(train) < 2:
        raise AedeskError(f"{path} has only one image: one to train and one to test are the least")
    held_out = hold_out(train.labels)
    return DataSet(path.name, train[~held_out], train[held_out])


def _read(path: Path, progress: Progress, cancelled: Callable[[], bool]) -> Sequence[Part]:
    if path.is_dir():
        known = next((name for name, source in SOURCES.items() if source.folder(path).is_dir()), None)
        if known:
            raise AedeskError(f"{path} is a folder of data sets: use `--data {known} --data-dir {path}`")
        return pictures.read_folder(path, progress, cancelled)
    if arrays.is_npz(path):
        return arrays.read_npz(path)
    try:
        return _read_idx(path)
    except AedeskError as problem:
        raise AedeskError(
            f"{problem}; own data is an IDX pair, an .npz file or a folder of pictures"
        ) from None


def _read_idx(path: Path) -> list[Part]:
    """The pair of `path`; a `train-` pair takes the `t10k-` or `test-` pair beside it as its test part."""
    if "images-idx3" not in path.name:
        idx.read(path, dimensions=3)
        raise AedeskError(
            f"{path} has no `images-idx3` in its name, by which the file of its labels would be found"
        )
    names = [path.name]
    if path.name.startswith("train-"):
        others = (path.name.replace("train-", other, 1) for other in ("t10k-", "test-"))
        names += [name for name in others if path.with_name(name).is_file()][:1]
    return [
        read_pair(path.with_name(name), path.with_name(name.replace("images-idx3", "labels-idx1")))
        for name in names
    ]


def classify(
    parts: Sequence[np.ndarray | None], lengths: Sequence[int]
) -> tuple[list[np.ndarray], tuple[str, ...]]:
    """int64 labels for each part, and the classes' names; labels of None make one class, `UNKNOWN`.

    Whole numbers from 0 up keep their value, so that a 7 is class 7 as in MNIST even where no 6 occurs.
    Everything else is numbered in sorted order, names made of digits by their number.
    """
    given = [part for part in parts if part is not None]
    if not given:
        return [np.zeros(length, dtype=np.int64) for length in lengths], (UNKNOWN,)
    if len({part.dtype.kind == "U" for part in given}) > 1:
        given = [part.astype(str) for part in given]
    values = np.unique(np.concatenate(given)).tolist()
    if not isinstance(values[0], str) and values[0] >= 0 and values[-1] < _NUMBERED:
        return [part.astype(np.int64) for part in given], tuple(map(str, range(int(values[-1]) + 1)))
    if all(isinstance(value, str) and value.isdecimal() for value in values):
        values.sort(key=int)
    places = {value: place for place, value in enumerate(values)}
    labels = [np.array([places[value] for value in part.tolist()], dtype=np.int64) for part in given]
    return labels, tuple(map(str, values))


def hold_out(labels: np.ndarray) -> np.ndarray:
    """(N,) bool: a sixth of each class, at least one of two or more; never all, and never none of N >= 2."""
    generator = np.random.default_rng(_SEED)
    held_out = np.zeros(len(labels), dtype=bool)
    for label in np.unique(labels):
        places = np.flatnonzero(labels == label)
        count = max(1, round(len(places) * _TEST_SHARE)) if len(places) > 1 else 0
        held_out[generator.permutation(places)[:count]] = True
    if not held_out.any():
        held_out[generator.integers(len(labels))] = True
    return held_out
