"""What codes are worth to somebody with labels, few or many: beside raw pixels and PCA, on the same images."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from aedesk.analysis.feature_measures import (
    Images,
    encoded,
    measure_groups,
    measure_neighbours,
    measure_probe,
    prepare,
)
from aedesk.analysis.feature_report import Encode, FeatureReport
from aedesk.analysis.pca import PIXELS, PixelPca
from aedesk.analysis.watch import IsCancelled, Progress, Watch
from aedesk.data.imageset import DataSet
from aedesk.errors import AedeskError
from aedesk.storage import checkpoint as checkpoints
from aedesk.storage.code_files import CodeSet

if TYPE_CHECKING:
    from aedesk.models.model import Model

PARTS = ("train", "test", "both")
LABELS: tuple[int | None, ...] = (10, 100, 1000, None)
"""How many labels to learn from; None for all there are."""
MOST_KNOWN = 10_000
"""Labelled images that are used unless more are asked for: with 60,000 a comparison takes six times as long."""
DRAWS = 10

_VALIDATION, _VALIDATION_SHARE = 2000, 0.2  # images that choose settings; of the training images at most
_PCA_SIZE = 32  # where the code is larger than the picture


def codes_of(
    model: Model,
    data: DataSet,
    part: str = "both",
    *,
    limit: int | None = None,
    progress: Progress | None = None,
    cancelled: IsCancelled | None = None,
) -> CodeSet:
    """The codes of the images of `data`, those for training first.

    part: of `PARTS`. limit: at most so many of each part, the first ones. Raises AedeskError where there are none,
    Cancelled.
    """
    if part not in PARTS:
        raise AedeskError(f"There is no part {part!r} of a data set; choose one of: {', '.join(PARTS)}.")
    sets = {name: getattr(data, name)[:limit] for name in ("train", "test") if part in {name, "both"}}
    if not any(map(len, sets.values())):
        raise AedeskError(f"{data.name} has no images in this part; choose another part or data set.")
    watch = Watch(progress, cancelled)
    return CodeSet(
        codes=np.concatenate([encoded(model.encode, images, watch) for images in sets.values()]),
        labels=np.concatenate([images.labels for images in sets.values()]),
        images=np.concatenate([np.arange(len(images)) for images in sets.values()]),
        parts=np.repeat(np.array(list(sets)), [len(images) for images in sets.values()]),
        classes=data.train.classes,
        model=model.name,
        data=data.name,
        fingerprint=checkpoints.fingerprint(model.checkpoint),
    )


def encoders(
    model: Model, data: DataSet, *, progress: Progress | None = None, cancelled: IsCancelled | None = None
) -> dict[str, Encode]:
    """How pixels, PCA and codes are made: each takes images (N, 28, 28) in [0, 1] to features (N, D) float32.

    PCA is fitted on all training images, and of the size of the code where that is smaller than the picture.
    Raises Cancelled.
    """
    size = model.code_size if model.code_size < PIXELS else _PCA_SIZE
    pca = PixelPca.fit(data.train, size, progress=progress, cancelled=cancelled)
    return {
        "pixels": lambda images: images.reshape(-1, PIXELS).astype(np.float32),
        "pca": lambda images: pca.encode(images).astype(np.float32),
        "codes": model.encode,
    }


def compare(
    model: Model,
    data: DataSet,
    *,
    labels: Sequence[int | None] | None = None,
    known: int | None = MOST_KNOWN,
    draws: int = DRAWS,
    limit: int | None = None,
    seed: int = 0,
    progress: Progress | None = None,
    cancelled: IsCancelled | None = None,
) -> FeatureReport:
    """Hold the codes of `model` against pixels and PCA: linear probe and k-NN by labels, k-means without.

    labels: how many to learn from, None for all; without this those of `LABELS` that there are enough images for.
    known: at most so many training images have labels; None for all but those that settings are chosen on.
    limit: at most so many test images. Every representation gets the same images, labels, draws and choices.
    Raises AedeskError where there are too few images or classes, Cancelled.
    """
    watch = Watch(progress, cancelled)
    images = choose(data, known, limit, seed)
    budgets = _budgets(labels, len(images.known))
    makers = encoders(model, data, progress=progress, cancelled=cancelled)
    drawn = {count: _draws(images.known.labels, count, draws, seed) for count in budgets}
    representations, scores, groups, classifiers = [], [], [], []
    for name, encode in makers.items():
        bench, about = prepare(name, encode, images, len(data.train.classes), watch)
        representations.append(about)
        groups.append(measure_groups(bench, seed, watch))
        for count, chosen in drawn.items():
            for measure in (measure_probe, measure_neighbours):
                score, classifier = measure(bench, count, chosen, watch)
                scores.append(score)
                classifiers.append(classifier)
    return FeatureReport(
        model=model.name,
        data=data.name,
        learnt_from=str(model.checkpoint.config.get("data") or ""),
        classes=data.train.classes,
        known=len(images.known),
        validation=len(images.validation),
        test=len(images.test),
        draws=draws,
        representations=tuple(representations),
        scores=tuple(scores),
        groups=tuple(groups),
        classifiers=tuple(classifiers),
    )


def draw(labels: np.ndarray, count: int, rng: np.random.Generator) -> np.ndarray:
    """`count` of the images with these labels (N,) at random, as even over the classes as can be: (count,) int64."""
    order = rng.permutation(len(labels))
    turns = np.empty(len(labels), np.int64)
    for label in np.unique(labels):
        which = np.flatnonzero(labels[order] == label)
        turns[which] = np.arange(len(which))
    # Whose class has had its turn less often comes first; within a turn it is left to chance.
    turned: np.ndarray = order[np.lexsort((rng.permutation(len(order)), turns))]
    return turned[:count]


def choose(data: DataSet, known: int | None, limit: int | None, seed: int) -> Images:
    """Which images have labels, which choose settings, and which judge; none is in two of them."""
    present = len(np.unique(data.train.labels))
    if present < 2:
        raise AedeskError(
            f"{data.name} has {present} class{'es' if present != 1 else ''}: to compare what can be told of classes,"
            " choose data with two or more"
        )
    if not len(data.test):
        raise AedeskError(f"{data.name} has no test images to measure accuracy on; choose other data")
    if min(len(data.test), limit or len(data.test)) < 2:
        raise AedeskError("One test image has nothing to be grouped with; use two or more")
    random = np.random.default_rng(seed)
    order = random.permutation(len(data.train))
    held_out = min(_VALIDATION, round(len(order) * _VALIDATION_SHARE))
    if not held_out:
        raise AedeskError(f"{data.name} has too few training images: {len(order)}; choose data with more")
    end = None if known is None else held_out + known
    tests = np.sort(random.permutation(len(data.test))[:limit])
    return Images(data.train[order[held_out:end]], data.train[order[:held_out]], data.test[tests])


def _budgets(labels: Sequence[int | None] | None, known: int) -> list[int]:
    """The numbers of labels, ascending, each once."""
    wanted = {known if count is None else count for count in labels or LABELS}
    if labels is None:
        # Not two that are nearly the same.
        wanted = {count for count in wanted if count == known or count <= known / 2}
    for count in sorted(wanted):
        if count < 1:
            raise AedeskError(f"The number of labels must be 1 or more, not {count}.")
        if count > known:
            raise AedeskError(
                f"There are {known:,} labelled images here, not {count:,}: ask for fewer labels, or for all."
            )
    return sorted(wanted)


def _draws(labels: np.ndarray, count: int, draws: int, seed: int) -> list[np.ndarray]:
    """Which images are labelled, each time anew; only once where all of them are."""
    if count == len(labels):
        return [np.arange(count)]
    return [draw(labels, count, np.random.default_rng((seed, count, number))) for number in range(draws)]
