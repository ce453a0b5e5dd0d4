"""What the Explore tab needs of a model, put together in a background thread.

torch is imported here, inside the functions, so that the window is on the screen before.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from aedesk.app.worker import Link
from aedesk.errors import AedeskError, Cancelled

if TYPE_CHECKING:
    from aedesk.data.imageset import DataSet, ImageSet
    from aedesk.latent.atlas import Atlas
    from aedesk.latent.neighbours import Guess, Neighbours
    from aedesk.latent.projection import Projection
    from aedesk.models.model import Model


@dataclass(frozen=True, eq=False)
class ActiveModel:
    """A model in use, frozen, with its map. `reference` is what it was loaded by."""

    reference: str
    model: Model
    atlas: Atlas
    neighbours: Neighbours
    projection: Projection

    def guess(self, code: np.ndarray) -> Guess:
        """The class of a code (D,) by its nearest neighbours in the atlas."""
        return self.neighbours.guess(code)


def prepare_torch() -> None:
    """Import torch, leave a core to the window, and do the lazy work of a first optimiser step now."""
    import threadpoolctl
    import torch

    threads = max(1, (os.cpu_count() or 2) - 1)
    torch.set_num_threads(threads)
    threadpoolctl.threadpool_limits(threads)
    weight = torch.zeros(1, requires_grad=True)
    optimiser = torch.optim.Adam([weight], fused=True)
    torch.autograd.backward(weight.sum())
    optimiser.step()


def load_active(
    reference: str, otherwise: str | None, link: Link[str | ActiveModel]
) -> Iterator[str | ActiveModel]:
    """Yield lines about what is being done, and last the model with its atlas and map.

    Where `reference` cannot be loaded, `otherwise` is, if given.
    """
    try:
        yield from _load_active(reference, link)
    except AedeskError:
        if otherwise is None:
            raise
        yield from _load_active(otherwise, link)


def _load_active(reference: str, link: Link[str | ActiveModel]) -> Iterator[str | ActiveModel]:
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
        atlas = atlases.ensure(path, model, data.train, f"training images of {data.name}")
    if link.stopped():
        return
    neighbours = Neighbours(atlas.codes, atlas.labels)
    yield ActiveModel(reference, model, atlas, neighbours, best_known(atlas))


def with_projection(
    active: ActiveModel, kind: str, link: Link[str | ActiveModel]
) -> Iterator[str | ActiveModel]:
    """The same model with its map laid out by `kind`."""
    from aedesk.latent.projection import project

    def progress(done: int, total: int) -> None:
        link.tell(f"Laying out the t-SNE map: {done / total:.0%}; until then the one before is shown")

    try:
        projection = project(kind, active.atlas, progress=progress, cancelled=link.stopped)
    except Cancelled:
        return
    yield replace(active, projection=projection)


def load_test_images(data: str) -> Iterator[ImageSet]:
    """The test images of a data set that is on this machine."""
    from aedesk.data.sources import load

    yield load(data, offline=True).test


def _data_for_atlas(trained_on: str) -> DataSet:
    """What the model was trained on if that is here, else digits that always are."""
    from aedesk.data.sources import NAMES, is_present, load

    here = trained_on in NAMES and is_present(trained_on)
    return load(trained_on if here else "digits", offline=True)
