"""Measures one representation: what a linear probe and its neighbours tell of classes, and what k-means finds."""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from aedesk.analysis.feature_report import (
    NEIGHBOURS,
    PROBE,
    Classifier,
    Encode,
    Groups,
    Representation,
    Score,
    View,
)
from aedesk.analysis.linear_probe import LinearProbe, fit_path
from aedesk.analysis.watch import Watch
from aedesk.data.imageset import ImageSet
from aedesk.errors import Cancelled
from aedesk.latent import clusters
from aedesk.latent.neighbours import Neighbours

_STRENGTHS = (1e-4, 1e-3, 1e-2, 1e-1, 1.0, 10.0)
_NEAREST = (1, 3, 5, 10)
_AT_ONCE = 1000  # images between two looks at whether the work is still wanted
_SAMPLE = 2000  # images of a silhouette, which takes every distance between two


@dataclass(frozen=True, eq=False)
class Images:
    """Which images have labels, which choose settings, and which judge."""

    known: ImageSet
    validation: ImageSet
    test: ImageSet


@dataclass(frozen=True, eq=False)
class Part:
    """Images as seen by one view: features (N, D) float32, labels (N,)."""

    features: np.ndarray = field(repr=False)
    labels: np.ndarray


@dataclass(frozen=True, eq=False)
class Seen:
    """All images as seen by one view."""

    view: View
    known: Part
    validation: Part
    test: Part


@dataclass(frozen=True, eq=False)
class Bench:
    """A representation with everything that is measured on it. views: what validation may choose between."""

    name: str
    encode: Encode
    classes: int
    views: tuple[Seen, ...]


def prepare(
    name: str, encode: Encode, images: Images, classes: int, watch: Watch
) -> tuple[Bench, Representation]:
    """All images in one representation, seen in two ways: as it is, and with all its numbers equally varied."""
    began = time.perf_counter()
    parts = {part: encoded(encode, getattr(images, part), watch) for part in ("known", "validation", "test")}
    seconds = time.perf_counter() - began
    # Their classes are not looked at: as for PCA and the network, any training image will do.
    centre, varied = parts["known"].mean(axis=0), parts["known"].std(axis=0)
    largest = float(varied.max()) or 1.0
    common = np.full_like(varied, np.sqrt((varied**2).mean()) or 1.0)
    views = (
        View("", centre, common),
        View("each number scaled", centre, np.where(varied > 1e-6 * largest, varied, largest)),
    )
    seen = []
    for view in views:
        watch.tell(f"{name}: getting ready", 0, 1)
        scaled = {
            part: Part(view(features), getattr(images, part).labels) for part, features in parts.items()
        }
        seen.append(Seen(view, scaled["known"], scaled["validation"], scaled["test"]))
    numbers = int(parts["known"].shape[1])
    title = {"pixels": "Pixels", "pca": f"PCA-{numbers}", "codes": "Codes"}[name]
    return Bench(name, encode, classes, tuple(seen)), Representation(name, title, numbers, seconds)


def encoded(encode: Encode, images: ImageSet, watch: Watch) -> np.ndarray:
    """Images -> their features (N, D) float32."""
    chunks = [encode(images.pixels(chunk)) for chunk in watch.chunks("encoding", len(images))]
    return np.concatenate(chunks) if chunks else encode(images.pixels())


def measure_probe(
    bench: Bench, count: int, chosen: Sequence[np.ndarray], watch: Watch
) -> tuple[Score, Classifier]:
    """The linear probe, with the view and the strength that are best on the validation images in the mean of draws."""
    fitted: dict[tuple[int, float], list[LinearProbe]] = defaultdict(list)
    right: dict[tuple[int, float], float] = defaultdict(float)
    seconds: dict[tuple[int, float], float] = defaultdict(float)
    turns = [(place, which) for place in range(len(bench.views)) for which in chosen]
    total = len(turns) * len(_STRENGTHS)
    for place, which in turns:
        seen = bench.views[place]
        path = fit_path(
            seen.known.features[which],
            seen.known.labels[which],
            bench.classes,
            _STRENGTHS,
            watch.cancelled,
        )
        for strength in _STRENGTHS:
            watch.tell(f"{bench.name}: linear probe, {count:,} labels", sum(map(len, fitted.values())), total)
            began = time.perf_counter()
            probe = next(path)
            seconds[place, strength] += time.perf_counter() - began
            fitted[place, strength].append(probe)
            right[place, strength] += _share(probe.predict(seen.validation.features), seen.validation.labels)
    place, strength = max(right, key=right.__getitem__)
    seen, probes = bench.views[place], fitted[place, strength]
    began = time.perf_counter()
    accuracies = tuple(_share(probe.predict(seen.test.features), seen.test.labels) for probe in probes)
    taken = (seconds[place, strength] + time.perf_counter() - began) / len(chosen)
    return (
        Score(bench.name, PROBE, count, accuracies, _words(f"C = {strength:g}", seen.view), taken),
        Classifier(bench.name, PROBE, count, bench.encode, seen.view, probes[0]),
    )


def measure_neighbours(
    bench: Bench, count: int, chosen: Sequence[np.ndarray], watch: Watch
) -> tuple[Score, Classifier]:
    """k-NN on the representation as it is, with the k that is best on the validation images in the mean of draws."""
    what = f"{bench.name}: k-NN, {count:,} labels"
    seen, ks = bench.views[0], [k for k in _NEAREST if k <= count]
    right = np.zeros(len(ks))
    for which in watch.each(f"{what}, choosing k", chosen):
        told = vote(seen.known, which, seen.validation.features, ks, watch)
        right += [_share(labels, seen.validation.labels) for labels in told]
    k = ks[int(right.argmax())]
    began = time.perf_counter()
    accuracies = []
    for which in watch.each(what, chosen):
        (labels,) = vote(seen.known, which, seen.test.features, [k], watch)
        accuracies.append(_share(labels, seen.test.labels))
    taken = (time.perf_counter() - began) / len(chosen)
    neighbours = Neighbours(seen.known.features[chosen[0]], seen.known.labels[chosen[0]])
    return (
        Score(bench.name, NEIGHBOURS, count, tuple(accuracies), f"k = {k}", taken),
        Classifier(bench.name, NEIGHBOURS, count, bench.encode, seen.view, neighbours, k),
    )


def vote(
    known: Part, which: np.ndarray, features: np.ndarray, ks: Sequence[int], watch: Watch
) -> list[np.ndarray]:
    """The class of each of `features` by a vote of its nearest among the chosen: (N,) for each of `ks`, ascending.

    A tie goes to the class of the nearest one, as in `Neighbours.predict`.
    """
    neighbours, labels = Neighbours(known.features[which]), known.labels[which]
    told = [np.empty(len(features), np.int64) for _ in ks]
    for start in range(0, len(features), _AT_ONCE):
        if watch.cancelled():
            raise Cancelled("The work was cancelled.")
        chunk = slice(start, start + _AT_ONCE)
        votes = labels[neighbours.nearest(features[chunk], ks[-1])[0]]
        rows = np.arange(len(votes))
        tally = np.zeros((len(votes), int(labels.max()) + 1))
        for place in range(ks[-1]):
            tally[rows, votes[:, place]] += 1 + 0.5 ** (
                place + 1
            )  # the parts of one settle ties, and no more
            if place + 1 in ks:
                told[ks.index(place + 1)][chunk] = tally.argmax(axis=1)
    return told


def measure_groups(bench: Bench, seed: int, watch: Watch) -> Groups:
    """As many groups as there are classes among the test images, by k-means on the representation as it is."""
    from sklearn.metrics import silhouette_score

    watch.tell(f"{bench.name}: k-means", 0, 1)
    part = bench.views[0].test
    count = int(np.clip(bench.classes, clusters.FEWEST, min(clusters.MOST, len(part.labels))))
    began = time.perf_counter()
    found = clusters.cluster(part.features, "kmeans", count, seed, watch.cancelled)
    seconds = time.perf_counter() - began
    sample = np.random.default_rng(seed).permutation(len(part.labels))[:_SAMPLE]

    def silhouette(labels: np.ndarray) -> float | None:
        kinds = len(np.unique(labels[sample]))
        if not 2 <= kinds < len(sample):
            return None
        return float(silhouette_score(part.features[sample], labels[sample]))

    return Groups(
        bench.name,
        found.k,
        clusters.purity(found.assignments, part.labels),
        silhouette(found.assignments),
        silhouette(part.labels),
        seconds,
    )


def _share(told: np.ndarray, labels: np.ndarray) -> float:
    """The share of images that were told rightly."""
    return float((told == labels).mean())


def _words(setting: str, view: View) -> str:
    return f"{setting}, {view.words}" if view.words else setting
