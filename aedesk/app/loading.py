"""What the Explore tab needs of a model, put together in a background thread.

torch is imported here, inside the functions, so that the window is on the screen before.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from aedesk.app.worker import Link
from aedesk.errors import AedeskError, Cancelled

if TYPE_CHECKING:
    from aedesk.data.imageset import DataSet, ImageSet
    from aedesk.latent.atlas import Atlas
    from aedesk.latent.neighbours import Guess, Neighbours
    from aedesk.latent.pca import Inverse
    from aedesk.latent.projection import Projection
    from aedesk.latent.trust import Trust
    from aedesk.models.model import Model

_CHUNK = 1000  # images encoded between two looks at whether they are still wanted


@dataclass(frozen=True, eq=False)
class ActiveModel:
    """A model in use, frozen, with its map.

    reference: what it was loaded by. atlas: the codes that guesses, samples and paths are made from; neighbours: of
    these. shown: the codes on the map, those of the atlas or of every training image; `projection.points` are theirs.
    every: the codes of every training image, once they have been asked for.
    """

    reference: str
    model: Model
    atlas: Atlas
    neighbours: Neighbours
    projection: Projection
    shown: Atlas
    every: Atlas | None = None

    def guess(self, code: np.ndarray) -> Guess:
        """The class of a code (D,) by its nearest neighbours in the atlas."""
        return self.neighbours.guess(code)

    @cached_property
    def trust(self) -> Trust:
        """How far the places of the map can be believed; it is made with the map, in the background."""
        from aedesk.latent.trust import Trust

        return Trust(self.projection, self.shown, self.model.encode, self.model.decode)

    @property
    def base(self) -> Projection:
        """Its map without points that it was not made from."""
        from aedesk.latent.projection import Wider

        return self.projection.base if isinstance(self.projection, Wider) else self.projection

    @property
    def wish(self) -> MapWish:
        """What its map was asked for with."""
        from aedesk.latent.axes import Axes
        from aedesk.latent.pca import Pca

        base = self.base
        if isinstance(base, Axes):
            return MapWish(base.kind, axes=(base.i, base.j))
        return MapWish(base.kind, inverse=base.inverse if isinstance(base, Pca) else "local")

    @property
    def can_settle(self) -> bool:
        """Whether `settle` finds a better place of a code than the map's own at once."""
        return self.projection.kind == "tsne"


@dataclass(frozen=True)
class MapWish:
    """How a map shall be laid out. inverse: of PCA. axes: the two numbers of a code that are the map `axes`."""

    kind: str
    inverse: Inverse = "local"
    axes: tuple[int, int] = (0, 1)


@dataclass(frozen=True, eq=False)
class Settling:
    """A map on its way: steps done, steps in all, and the points (N, 2) of the atlas as they lie now, or None.

    what: is being done, in words.
    """

    done: int
    total: int
    points: np.ndarray | None
    what: str = "Laying out the map"

    @property
    def words(self) -> str:
        """How far it is, for a status line."""
        return f"{self.what}: {self.done / max(1, self.total):.0%}"


News = str | Settling | ActiveModel
"""What is told while a model or a map is put together: lines about it, layouts, and last what it has come to."""


def prepare_torch() -> None:
    """Import torch, and leave a core to the window."""
    import threadpoolctl
    import torch

    threads = max(1, (os.cpu_count() or 2) - 1)
    torch.set_num_threads(threads)
    threadpoolctl.threadpool_limits(threads)


def load_active(reference: str, otherwise: str | None, link: Link[News]) -> Iterator[News]:
    """Yield lines about what is being done, and last the model with its atlas and map.

    Where `reference` cannot be loaded, `otherwise` is, if given.
    """
    try:
        yield from _load_active(reference, link)
    except AedeskError:
        if otherwise is None:
            raise
        yield from _load_active(otherwise, link)


def _load_active(reference: str, link: Link[News]) -> Iterator[News]:
    yield f"Loading {reference} ..."
    from aedesk.latent import atlas as atlases
    from aedesk.latent.neighbours import Neighbours
    from aedesk.latent.projection import best_known
    from aedesk.storage.library import load_model, resolve

    path = resolve(reference)
    model = load_model(path)
    atlas = atlases.atlas_for(path)
    if atlas is None:
        data = _data_for_atlas(str(model.checkpoint.config.get("data", "")))
        yield f"Encoding training images of {data.name} for the map ..."
        atlas = atlases.ensure(path, model, data.train, f"training images of {data.name}", data=data.name)
    if link.stopped():
        return
    neighbours = Neighbours(atlas.codes, atlas.labels)
    active = ActiveModel(reference, model, atlas, neighbours, best_known(atlas), atlas)
    yield _placing(active)
    if not link.stopped():
        _ = active.trust  # when the window is already used: at its start this brings in a library for 0.2 s


def with_projection(active: ActiveModel, wish: MapWish, link: Link[News]) -> Iterator[News]:
    """The same model with its map laid out by `wish`; how far it is goes to `link.tell`."""
    from aedesk.latent.projection import project

    def progress(done: int, total: int, points: np.ndarray | None) -> None:
        link.tell(Settling(done, total, points))

    try:
        projection = project(
            wish.kind,
            active.atlas,
            inverse=wish.inverse,
            axes=wish.axes,
            progress=progress,
            cancelled=link.stopped,
        )
        if active.shown is not active.atlas:
            projection = _widened(projection, active.shown, link)
    except Cancelled:
        return
    yield _ready(replace(active, projection=projection))


def with_all_points(active: ActiveModel, link: Link[News]) -> Iterator[News]:
    """The same model with every training image on its map; how far it is goes to `link.tell`.

    They are encoded the first time. Raises AedeskError where they are not on this machine.
    """
    every = active.every
    if every is None:
        images = _training_images(active)
        codes = np.empty((len(images), active.model.code_size), np.float32)
        for start in range(0, len(images), _CHUNK):
            if link.stopped():
                return
            part = slice(start, start + _CHUNK)
            codes[part] = active.model.encode(images.images[part])
            done = min(part.stop, len(images))
            link.tell(Settling(done, len(images), None, "Encoding training images"))
        every = _all(active, images, codes)
    try:
        projection = _widened(active.base, every, link)
    except Cancelled:
        return
    yield _ready(replace(active, shown=every, every=every, projection=projection))


def with_atlas_points(active: ActiveModel, link: Link[News]) -> Iterator[News]:
    """The same model with the images of its atlas on its map."""
    yield _ready(replace(active, shown=active.atlas, projection=active.base))


def settle(
    active: ActiveModel, code: np.ndarray, start: np.ndarray, link: Link[np.ndarray]
) -> Iterator[np.ndarray]:
    """The place (2,) of a code (D,) on a t-SNE map by descent from `start` (2,), where its neighbours would have it."""
    from aedesk.latent.tsne import TSne

    if isinstance(active.base, TSne) and not link.stopped():
        yield active.base.settle(code, start)


def _ready(active: ActiveModel) -> ActiveModel:
    """`_placing`, and its `trust` made: here in the background, where nobody waits."""
    _ = active.trust
    return _placing(active)


def _placing(active: ActiveModel) -> ActiveModel:
    """The same with its map ready for codes."""
    active.projection.to_points(active.atlas.codes[:1])
    return active


def _training_images(active: ActiveModel) -> ImageSet:
    """All that the atlas is drawn from."""
    from aedesk.data.sources import NAMES, is_present, load

    data = active.atlas.data
    if not data:
        raise AedeskError(
            f"It is not known which data set the map of {active.model.name} is of; train it again."
        )
    if data in NAMES and not is_present(data):
        raise AedeskError(
            f"All training images need {data}, which is not on this machine: get it on the Train tab."
        )
    images = load(data, offline=True).train
    if not active.atlas.can_be_of(images):
        raise AedeskError(
            f"{data} is not what it was when the map of {active.model.name} was made; train it again."
        )
    return images


def _all(active: ActiveModel, images: ImageSet, codes: np.ndarray) -> Atlas:
    from aedesk.latent import atlas as atlases

    chosen = np.arange(len(images), dtype=np.int32)
    return atlases.assemble(active.model, images, chosen, codes, active.atlas.source, active.atlas.data)


def _widened(projection: Projection, shown: Atlas, link: Link[News]) -> Projection:
    """The same map with all points of `shown` on it. Raises Cancelled."""
    from aedesk.latent.projection import widen

    def progress(done: int, total: int) -> None:
        link.tell(Settling(done, total, None, "Placing the points"))

    return widen(projection, shown.codes, progress=progress, cancelled=link.stopped)


def load_test_images(data: str) -> Iterator[ImageSet]:
    """The test images of a data set that is on this machine."""
    from aedesk.data.sources import load

    yield load(data, offline=True).test


def _data_for_atlas(trained_on: str) -> DataSet:
    """What the model was trained on if that is here, else digits that always are."""
    from aedesk.data.sources import NAMES, is_present, load

    here = trained_on in NAMES and is_present(trained_on)
    return load(trained_on if here else "digits", offline=True)
