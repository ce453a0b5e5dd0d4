"""What a code of a given size is good for: the error of networks against their code sizes, with PCA at every size."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from aedesk.analysis import fidelity
from aedesk.analysis.pca import PIXELS, PixelPca
from aedesk.analysis.watch import IsCancelled, Progress, Watch
from aedesk.data.imageset import DataSet, ImageSet
from aedesk.errors import AedeskError
from aedesk.storage import library, runs
from aedesk.storage.table import Table

if TYPE_CHECKING:
    from aedesk.models.model import Model

MOST = 256  # components that the curve of PCA goes to


@dataclass(frozen=True)
class Point:
    """A network. mse: mean squared error per pixel. pca_mse: of PCA with codes of that size, None beyond 784."""

    label: str
    code_size: int
    mse: float
    pca_mse: float | None


@dataclass(frozen=True, eq=False)
class SizeReport:
    """data: the name of the data set. fitted, tested: how many images PCA was fitted on, and all were measured on.

    points: the smallest code first. pca: (S,) float64, the error per pixel of PCA with 1 ... S numbers.
    """

    data: str
    fitted: int
    tested: int
    points: tuple[Point, ...]
    pca: np.ndarray

    @property
    def table(self) -> Table:
        """The networks, then PCA at every size."""
        networks: list[dict[str, Any]] = [
            {"method": point.label, "code_size": point.code_size, "mse": point.mse, "pca_mse": point.pca_mse}
            for point in self.points
        ]
        curve = [
            {"method": "PCA", "code_size": size, "mse": mse, "pca_mse": mse}
            for size, mse in enumerate(self.pca.tolist(), start=1)
        ]
        return Table.of(networks + curve)

    @property
    def words(self) -> str:
        """How it was made."""
        return f"{self.tested:,} test images of {self.data}; PCA fitted on {self.fitted:,} training images"


def label_of(reference: str) -> str:
    """What a model is called in a chart: its shipped name, or that of its run's folder or of its file."""
    if reference in library.shipped():
        return reference
    path = library.resolve(reference)
    return path.parent.name if path.name == runs.MODEL else path.stem


def load_models(references: Sequence[str]) -> list[tuple[str, Model]]:
    """The models, each with a label that no other has. Raises AedeskError."""
    models: list[tuple[str, Model]] = []
    for reference in references:
        label = label_of(reference)
        known = {other for other, _ in models}
        models.append((reference if label in known else label, library.load_model(reference)))
    return models


def compare(
    models: Sequence[tuple[str, Model]],
    data: DataSet,
    *,
    limit: int | None = None,
    progress: Progress | None = None,
    cancelled: IsCancelled | None = None,
) -> SizeReport:
    """Measure models, each with the label it is shown by, and PCA on `data.test`; `data.train` serves PCA only.

    limit: at most so many test images, drawn at random but always the same. Raises Cancelled, and AedeskError where a
    part of `data` is empty.
    """
    if not len(data.train) or not len(data.test):
        raise AedeskError(f"{data.name} needs training and test images to measure errors on.")
    watch = Watch(progress, cancelled)
    test = sample(data.test, limit)
    sizes = [model.code_size for _, model in models if model.code_size <= PIXELS]
    pca = PixelPca.fit(data.train, max([MOST, *sizes]), progress=progress, cancelled=cancelled)
    errors = pca.errors(test, progress=progress, cancelled=cancelled)
    points = [
        Point(label, model.code_size, error(model, test, watch, label), _at(errors, model.code_size))
        for label, model in models
    ]
    points.sort(key=lambda point: (point.code_size, -point.mse))
    return SizeReport(data.name, len(data.train), len(test), tuple(points), errors[1 : MOST + 1])


def error(model: Model, images: ImageSet, watch: Watch, label: str = "") -> float:
    """The mean squared error per pixel of what `model` rebuilds of the images. Raises Cancelled."""
    total = 0.0
    for chunk in watch.chunks(f"rebuilding with {label or model.name}", len(images)):
        originals = images.pixels(chunk)
        total += float(fidelity.mse(model.reconstruct(originals), originals).sum())
    return total / len(images)


def sample(images: ImageSet, limit: int | None) -> ImageSet:
    """At most `limit` images, drawn at random, always the same, in their order."""
    if limit is None or limit >= len(images):
        return images
    return images[np.sort(np.random.default_rng(0).permutation(len(images))[:limit])]


def _at(errors: np.ndarray, size: int) -> float | None:
    """The error of PCA with `size` numbers: with more than it has components, that of all of them."""
    return None if size > PIXELS else float(errors[min(size, len(errors) - 1)])
