"""How true a flat map is to what it shows: trustworthiness and continuity (Venna & Kaski 2001)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from aedesk.analysis.watch import IsCancelled, Progress, Watch
from aedesk.data import sources
from aedesk.data.imageset import ImageSet
from aedesk.errors import AedeskError
from aedesk.latent import kept, pca, tsne
from aedesk.latent.atlas import Atlas
from aedesk.storage.table import Table

NEIGHBOURS = (5, 10, 20, 50)
SAMPLE = 2000  # images: every one is compared with every other

Space = Literal["pixels", "codes"]
SPACES: tuple[Space, ...] = ("pixels", "codes")

_ROWS = 500  # of a matrix of distances at a time


@dataclass(frozen=True)
class Faith:
    """How true one map is. label: of the model, or "pixels". kind: "native", "pca", "tsne", "umap", or "code" for the
    codes themselves, with all their numbers. space: what it is compared with.

    trustworthiness, continuity: in [0, 1], higher is better, one for each of the report's numbers of neighbours.
    """

    label: str
    kind: str
    space: Space
    trustworthiness: tuple[float, ...]
    continuity: tuple[float, ...]


@dataclass(frozen=True)
class FaithReport:
    """neighbours: how many around each image were looked at. count: images, at most. missing: whose pictures are not
    here, so that their maps are compared with codes alone."""

    neighbours: tuple[int, ...]
    count: int
    faiths: tuple[Faith, ...]
    missing: tuple[str, ...] = ()

    @property
    def table(self) -> Table:
        """A row for each map, space and number of neighbours."""
        return Table.of(
            [
                {
                    "model": faith.label,
                    "map": faith.kind,
                    "compared_with": faith.space,
                    "neighbours": k,
                    "trustworthiness": faith.trustworthiness[place],
                    "continuity": faith.continuity[place],
                }
                for faith in self.faiths
                for place, k in enumerate(self.neighbours)
            ]
        )


def ranks(points: np.ndarray) -> np.ndarray:
    """Points (n, D) -> (n, n) int32: of point i, whether j is its nearest (1), the next (2), ...; 0 is i itself."""
    points = np.asarray(points, np.float64)
    points = points - points.mean(axis=0)  # small numbers: less is lost where squares are subtracted
    squares = (points**2).sum(axis=1)
    count = len(points)
    places = np.empty((count, count), np.int32)
    for start in range(0, count, _ROWS):
        rows = slice(start, min(start + _ROWS, count))
        distances = squares[rows, None] + squares - 2 * points[rows] @ points.T
        own = np.arange(rows.start, rows.stop)
        distances[own - start, own] = -np.inf
        order = distances.argsort(axis=1, kind="stable")
        np.put_along_axis(places[rows], order, np.arange(count, dtype=np.int32)[None], axis=1)
    return places


def trustworthiness(before: np.ndarray, after: np.ndarray, k: int) -> float:
    """Whether neighbours on the map are neighbours in truth: 1 if all are, about 0.5 by chance.

    before, after: (n, n), `ranks` in the space that is shown and on the map. k: neighbours, below n / 2. Each of the k
    nearest on the map that is not among the k nearest in truth costs as much as it is too far down there; the most that
    can be lost is scaled to 1 (Venna & Kaski 2001, equation 1).
    """
    count = len(before)
    if not 1 <= k < count / 2:
        raise ValueError(f"{k} neighbours among {count} points")
    intruders = (after <= k) & (before > k)
    lost = float((before[intruders].astype(np.int64) - k).sum())
    return 1 - 2 / (count * k * (2 * count - 3 * k - 1)) * lost


def continuity(before: np.ndarray, after: np.ndarray, k: int) -> float:
    """Whether neighbours in truth are neighbours on the map: the same the other way round (Venna & Kaski 2001)."""
    return trustworthiness(after, before, k)


def compare(
    atlases: Sequence[tuple[str, Atlas]],
    *,
    neighbours: Sequence[int] = NEIGHBOURS,
    count: int = SAMPLE,
    progress: Progress | None = None,
    cancelled: IsCancelled | None = None,
) -> FaithReport:
    """Judge the maps of atlases, each with the label of its model, on at most `count` of its images.

    The maps are those of `maps_of`, and the codes themselves. They are compared with the pixels, where the images are
    on this machine, and with the codes; PCA of the pixels stands beside them, of the first sample.
    Raises Cancelled, and AedeskError where there are too few images for any of `neighbours`.
    """
    watch = Watch(progress, cancelled)
    chosen = [_chosen(atlas, count) for _, atlas in atlases]
    fewest = min(map(len, chosen))
    wanted = tuple(k for k in neighbours if k < fewest / 2)
    if not wanted:
        raise AedeskError(
            f"Neighbours are compared from {min(neighbours)} on, and {fewest} images are too few for that."
        )
    faiths: list[Faith] = []
    missing: list[str] = []
    known: dict[bytes, np.ndarray] = {}  # models with the same images have the same ranks
    for place, ((label, atlas), which) in enumerate(zip(atlases, chosen, strict=True)):
        images = _images(atlas)
        spaces: dict[Space, np.ndarray] = {}
        watch.tell(f"maps of {label}", place, len(atlases))
        if images is None:
            missing.append(label)
        else:
            flat = _flat(atlas, images, which)
            key = flat.tobytes()
            if key not in known:
                known[key] = ranks(flat)
                if len(known) == 1:
                    of_pixels = ranks(pca.fit(flat).points)
                    faiths.append(_faith("pixels", "pca", "pixels", known[key], of_pixels, wanted))
            spaces["pixels"] = known[key]
        spaces["codes"] = ranks(atlas.codes[which])
        if "pixels" in spaces and atlas.code_size > 2:
            faiths.append(_faith(label, "code", "pixels", spaces["pixels"], spaces["codes"], wanted))
        for kind, points in maps_of(atlas, label, watch):
            on_map = ranks(points[which])
            for space, before in spaces.items():
                faiths.append(_faith(label, kind, space, before, on_map, wanted))
    return FaithReport(wanted, max(map(len, chosen)), tuple(faiths), tuple(missing))


def maps_of(atlas: Atlas, label: str, watch: Watch) -> Iterator[tuple[str, np.ndarray]]:
    """The kind and the points (N, 2) of the maps of an atlas: the codes themselves if they are flat, else PCA; t-SNE,
    computed and kept where it does not come with the model; UMAP where it has been computed before.

    PCA of codes of two numbers only turns them: no neighbour changes. Raises Cancelled.
    """
    if atlas.code_size == 2:
        yield "native", atlas.codes
    else:
        yield "pca", pca.fit(atlas.codes).points

    def progress(done: int, total: int, points: np.ndarray | None) -> None:
        watch.tell(f"laying out the map of {label}", done, total)

    if len(atlas) > 2 * NEIGHBOURS[0]:  # of fewer there is no t-SNE
        yield "tsne", tsne.fit(atlas, progress=progress, cancelled=watch.cancelled).points
    umap = kept.find(atlas, "umap")
    if umap is not None:
        yield "umap", umap


def _faith(
    label: str, kind: str, space: Space, before: np.ndarray, after: np.ndarray, neighbours: tuple[int, ...]
) -> Faith:
    return Faith(
        label,
        kind,
        space,
        tuple(trustworthiness(before, after, k) for k in neighbours),
        tuple(continuity(before, after, k) for k in neighbours),
    )


def _chosen(atlas: Atlas, count: int) -> np.ndarray:
    """Which codes of an atlas are looked at: drawn at random, always the same."""
    return np.sort(np.random.default_rng(0).permutation(len(atlas))[:count])


def _images(atlas: Atlas) -> ImageSet | None:
    """The training images that an atlas is of, if they are on this machine and are what they were."""
    if not atlas.data:
        return None
    try:
        images = sources.load(atlas.data, offline=True).train
    except AedeskError:
        return None
    return images if atlas.can_be_of(images) else None


def _flat(atlas: Atlas, images: ImageSet, which: np.ndarray) -> np.ndarray:
    """The pictures of some codes of an atlas, (n, 784) float32 in [0, 1]."""
    assert atlas.images is not None
    return images.pixels(atlas.images[which]).reshape(len(which), -1)
