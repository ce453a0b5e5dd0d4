"""All that a run learns from: training images, sketches of them, and the places that codes are led to."""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import dataclass, field

import numpy as np

from aedesk.data.imageset import ImageSet
from aedesk.errors import AedeskError
from aedesk.latent import guide
from aedesk.models.architecture import Memory
from aedesk.models.checkpoint import Checkpoint
from aedesk.storage import library
from aedesk.storage.sketched import sketch_pool
from aedesk.training.background import Ask, Tell, beside
from aedesk.training.config import TrainingConfig
from aedesk.training.controls import Controls
from aedesk.training.events import Preparing


@dataclass(frozen=True, eq=False)
class Lessons:
    """images: the training images, and after them the sketches. places: (N, 2) float32, where the code of each is led
    to, or None where codes go where they like. teacher: the model that the recipe names."""

    images: ImageSet
    places: np.ndarray | None = field(default=None, repr=False)
    teacher: Checkpoint | None = field(default=None, repr=False)


def gather(
    config: TrainingConfig, training: ImageSet, controls: Controls
) -> Generator[Preparing, None, Lessons]:
    """The lessons of a run, the same whenever they are gathered; what takes long is kept in the cache.

    A sketch is led to the place of the image that was drawn. Raises AedeskError where they cannot be made, Cancelled
    where the run is stopped.
    """
    recipe = config.recipe
    teacher = _teacher(config)
    images, of = training, np.arange(len(training))
    if recipe.sketches:
        count = round(recipe.sketches * len(training))

        def draw(progress: Tell, cancelled: Ask) -> tuple[np.ndarray, np.ndarray]:
            pool = sketch_pool(training, count, config.seed, progress=progress, cancelled=cancelled)
            return pool.images, pool.of

        drawn, shown = yield from beside(draw, controls)
        of = np.concatenate([of, shown])
        images = ImageSet(np.concatenate([training.images, drawn]), training.labels[of], training.classes)
    if not recipe.guidance:
        return Lessons(images, teacher=teacher)

    def lay_out(progress: Tell, cancelled: Ask) -> np.ndarray:
        normal = recipe.kind == "variational"
        return guide.places(training.images, normal=normal, progress=progress, cancelled=cancelled)

    places = yield from beside(lay_out, controls)
    return Lessons(images, places[of], teacher)


def _teacher(config: TrainingConfig) -> Checkpoint | None:
    """The model that the recipe names, if any. Raises AedeskError where it is not here, or where the network has a
    memory that cannot go by its encoder."""
    if not config.recipe.teacher:
        return None
    teacher = library.load_checkpoint(config.recipe.teacher)
    *before, last = config.architecture.encoder
    if isinstance(last, Memory) and teacher.architecture.encoder != tuple(before):
        raise AedeskError(
            f"{teacher.name} cannot be the teacher of this network: its encoder is another one; leave the teacher out."
        )
    return teacher
