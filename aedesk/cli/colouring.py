"""What the colours of a map's dots mean in a figure: classes, density, or clusters."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from aedesk.latent.atlas import Atlas
from aedesk.palette import class_colours

_BINS = 128  # across the larger side of the map, for the density
_BLUR = 1.5  # of a bin, standard deviation


@dataclass(frozen=True, eq=False)
class Colouring:
    """A colour for each of n dots, hex; or a value for each, (n,), which `scale` names.

    legend: (colour, words) pairs. note: for the title.
    """

    colours: list[str] | np.ndarray = field(repr=False)
    legend: list[tuple[str, str]] = field(default_factory=list)
    note: str = ""
    scale: str = ""


def by_class(atlas: Atlas, shown: np.ndarray) -> Colouring:
    """The class of each dot. shown: (n,) indices of the codes that are drawn."""
    colours = class_colours(len(atlas.classes))
    labels = atlas.labels[shown]
    counts = np.bincount(labels, minlength=len(atlas.classes))
    legend = [
        (colour, f"{name}  ({count:,})")
        for colour, name, count in zip(colours, atlas.classes, counts, strict=True)
        if count
    ]
    return Colouring([colours[label] for label in labels], legend)


def by_cluster(atlas: Atlas, shown: np.ndarray, method: str, count: int) -> Colouring:
    """The cluster of each dot, found among all codes of the atlas; the legend tells what is in it."""
    from aedesk.latent.clusters import cluster, purity

    found = cluster(atlas.codes, method, count)
    colours = class_colours(found.k)
    legend = [
        (colour, f"{number}: {one.share:.0%} are {atlas.classes[one.label]}  ({one.size:,})")
        for number, (colour, one) in enumerate(zip(colours, found.describe(atlas.labels), strict=True), 1)
    ]
    how = "k-means" if found.method == "kmeans" else "a mixture"
    note = f"{found.k} clusters by {how}, purity {purity(found.assignments, atlas.labels):.2f}"
    return Colouring([colours[number] for number in found.assignments[shown]], legend, note)


def by_density(points: np.ndarray) -> Colouring:
    """How many dots are near each dot (n, 2), as a share of where they are densest."""
    from scipy.ndimage import gaussian_filter, map_coordinates

    low = points.min(axis=0)
    bin_size = float((points.max(axis=0) - low).max()) / _BINS or 1.0
    places = (points - low) / bin_size
    counts = np.zeros((_BINS + 1, _BINS + 1))
    np.add.at(counts, tuple(np.rint(places).astype(int).T), 1)
    smooth = gaussian_filter(counts, _BLUR, mode="constant")
    near = map_coordinates(smooth, places.T, order=1, mode="nearest")
    return Colouring(near / near.max(), scale="density, of its maximum")
