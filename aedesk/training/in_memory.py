"""A training that leaves no files: for protocols that train many networks and keep none."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import torch

from aedesk.data.imageset import DataSet, ImageSet
from aedesk.errors import Cancelled
from aedesk.models.checkpoint import Checkpoint
from aedesk.models.initialisation import initial_weights
from aedesk.models.model import Model
from aedesk.storage.epochs import Snapshot
from aedesk.training.config import TrainingConfig
from aedesk.training.controls import Controls
from aedesk.training.device import choose, choose_precision
from aedesk.training.engines import computing, engine_at
from aedesk.training.events import BatchDone
from aedesk.training.lessons import Lessons, gather
from aedesk.training.loop import train
from aedesk.training.preparation import split
from aedesk.training.remembering import remembering

Progress = Callable[[str, int, int], None]
IsCancelled = Callable[[], bool]
Train = Callable[[ImageSet, Progress, IsCancelled], Model]


def trainer(preset: str, *, epochs: int | None = None, seed: int = 0, device: str = "auto") -> Train:
    """A function that trains the preset on images it is given, and returns the model of the last epoch.

    It tells what it prepares, then "training" and the steps done of all, and raises Cancelled. Settings that make no
    sense raise AedeskError here, before any work.
    """
    # A teacher may have seen the very images that are kept from this network.
    config = TrainingConfig.of(preset, epochs=epochs, seed=seed, device=device, teacher="")
    choose(device)

    def run(images: ImageSet, progress: Progress, cancelled: IsCancelled) -> Model:
        return _trained(config, images, progress, cancelled)

    return run


def _trained(config: TrainingConfig, images: ImageSet, progress: Progress, cancelled: IsCancelled) -> Model:
    recipe, architecture = config.recipe, config.architecture
    precision = choose_precision(config.precision, choose(config.device), architecture, recipe)
    config = replace(config, threads=config.threads or torch.get_num_threads(), precision=precision)
    training, validation = split(config, DataSet("the training set", images, images[:0]))
    controls = Controls(cancelled)
    with computing(config):
        lessons = _gathered(config, training, controls, progress)
        weights = initial_weights(architecture, config.seed, recipe.initialisation, recipe.output_bias)
        weights = remembering(architecture, weights, lessons, config.seed)
        snapshot = Snapshot(0, architecture, weights, {}, np.empty((0, 2), np.float32))
        engine, _ = engine_at(config, snapshot, lessons.images.images, lessons.places)
        for event in train(config, engine, lessons.images, validation, controls):
            if isinstance(event, BatchDone):
                done = (event.epoch - 1) * event.steps + event.step
                progress("training", done, event.steps * recipe.epochs)
            if cancelled():
                raise Cancelled("The training was cancelled.")
        return Model(Checkpoint(config.preset, architecture, engine.weights()))


def _gathered(config: TrainingConfig, training: ImageSet, controls: Controls, progress: Progress) -> Lessons:
    gathering = gather(config, training, controls)
    while True:
        try:
            told = next(gathering)
        except StopIteration as end:
            lessons: Lessons = end.value
            return lessons
        progress(told.what, told.done, told.total)
