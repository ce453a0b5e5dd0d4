"""The folder of a run before its next step: of a new one, of a branch, and the data that go with it."""

from __future__ import annotations

import hashlib
import math
from dataclasses import replace
from typing import Any

import numpy as np
import torch

from aedesk.data import sources
from aedesk.data.imageset import DataSet, ImageSet
from aedesk.errors import AedeskError
from aedesk.latent.following import follow
from aedesk.models.checkpoint import Checkpoint
from aedesk.models.initialisation import initial_weights
from aedesk.models.model import Model
from aedesk.models.presets import Recipe
from aedesk.storage import library
from aedesk.storage import sample as samples
from aedesk.storage.epochs import Snapshot
from aedesk.storage.runs import Run
from aedesk.training.config import TrainingConfig
from aedesk.training.device import choose, choose_precision
from aedesk.training.engines import computing, engine_at
from aedesk.training.events import Changed, HistoryRow
from aedesk.training.lessons import Lessons
from aedesk.training.loop import Past, validated
from aedesk.training.remembering import remembering

_SAMPLE = 2000  # validation images on the live map
_SAMPLE_OF_MAPS = 500  # of a network with convolutions, which takes its time for each


def prepare(config: TrainingConfig, data: DataSet, run: Run, lessons: Lessons) -> TrainingConfig:
    """Make the folder of a new run, as it is before the first step; returns the settings as they are written there.

    lessons: what will be learnt from; a network with a memory begins with some of them.

    What is left to this machine and this folder is written out: with other threads or another precision, the bits are
    others; own data is to be found from any folder. Raises AedeskError if something that is asked for is not here.
    """
    config = resolved(config)
    _, validation = split(config, data)
    recipe, architecture = config.recipe, config.architecture
    weights = initial_weights(architecture, config.seed, recipe.initialisation, recipe.output_bias)
    weights = remembering(architecture, weights, lessons, config.seed)
    untrained = Model(Checkpoint(run.name, architecture, weights))
    sample = samples.choose(validation, _SAMPLE if architecture.is_dense else _SAMPLE_OF_MAPS)
    points = follow(untrained.encode(sample.images))
    with run.lock.held():
        run.clear()
        run.write_config(_settings(config, run, data))
        samples.save(sample, run.sample)
        run.epochs.save(Snapshot(0, architecture, weights, {}, points))
    return config


def branch(parent: Run, epoch: int, config: TrainingConfig, data: DataSet, run: Run) -> TrainingConfig:
    """Make the folder of a run that begins as `parent` was after `epoch`, and goes on by `config`; as `prepare`.

    Its history begins with that epoch, and its best model is sought from there on; so that epoch is judged anew where
    the branch judges otherwise, by another loss or weight perhaps, and its training loss is then not known (NaN).
    Raises AedeskError if that epoch is not kept, or if the network or the validation images would not be the same.
    """
    config = resolved(config)
    snapshot = parent.epochs.load(epoch)
    before = TrainingConfig.from_json(parent.read_config())
    if snapshot.architecture != config.architecture:
        raise AedeskError(
            "A branch goes on with the network of its run; for another network, start a new run."
        )
    held_out_by = ("seed", "validation_fraction", "data")
    if any(getattr(before, name) != getattr(config, name) for name in held_out_by):
        raise AedeskError(
            "A branch keeps data, seed and validation share: or images held out of training would be learnt from."
        )
    if config.recipe.epochs <= epoch:
        raise AedeskError(
            f"A branch from epoch {epoch} needs more epochs than {config.recipe.epochs} in all."
        )
    recipe = Past(changes=[Changed(**change) for change in snapshot.changes]).recipe(before.recipe)
    same = recipe.optimiser == config.recipe.optimiser
    snapshot = replace(snapshot, optimiser=snapshot.optimiser if same else {}, changes=[])
    if snapshot.row and _measure(recipe) != _measure(config.recipe):
        snapshot = replace(snapshot, row=_judged_anew(config, snapshot, data))
    origin = {"branched_from": {"run": parent.name, "epoch": epoch}}
    with run.lock.held():
        run.clear()
        run.write_config(_settings(config, run, data) | origin)
        samples.save(samples.load(parent.sample), run.sample)
        run.epochs.save(snapshot)
    return config


def split(config: TrainingConfig, data: DataSet) -> tuple[ImageSet, ImageSet]:
    training, validation = data.train.split(config.validation_fraction, config.seed)
    if not len(validation):
        raise AedeskError(
            f"{data.name} has too few images to hold some out; use more, or raise the validation share."
        )
    return training, validation


def _measure(recipe: Recipe) -> tuple[Any, ...]:
    """All that decides what a validation loss means."""
    noise = (recipe.noise, recipe.noise_level) if recipe.kind == "denoising" else ()
    return recipe.loss, recipe.kind if recipe.has_penalty else "", recipe.penalty_weight, noise


def _judged_anew(config: TrainingConfig, snapshot: Snapshot, data: DataSet) -> HistoryRow:
    """The row of a snapshot's epoch as a run by `config` would have told it, but for its training loss."""
    training, validation = split(config, data)
    with computing(config):
        engine, _ = engine_at(config, replace(snapshot, optimiser={}), training.images[:1])
        found = validated(config, config.recipe, engine, validation.images)
    losses = {"train_loss": math.nan, "validation_loss": found.reconstruction + found.penalty}
    if config.recipe.has_penalty:
        losses |= {"train_penalty": math.nan, "validation_penalty": found.penalty}
    kept = {name: snapshot.row[name] for name in ("learning_rate", "seconds")}
    return {"epoch": snapshot.epoch, **losses, **kept}


def check_data(plain: dict[str, Any], data: DataSet, config: TrainingConfig) -> None:
    if plain.get("data_sha256") not in {None, _fingerprint(data)}:
        raise AedeskError(
            f"{config.data}: these are no longer the pictures that this run began with; "
            "put them back, or start a new run."
        )


def _settings(config: TrainingConfig, run: Run, data: DataSet) -> dict[str, Any]:
    """What `config.json` says of a run that is about to begin."""
    return {
        **config.to_json(),
        "device_used": "",
        "command": config.command(run.name),
        "data_sha256": _fingerprint(data),
        "changes": [],
        "status": "running",
        "reason": None,
    }


def _fingerprint(data: DataSet) -> str:
    return hashlib.sha256(np.ascontiguousarray(data.train.images).data).hexdigest()


def resolved(config: TrainingConfig) -> TrainingConfig:
    """The settings with nothing left open that decides about the bits."""
    precision = config.precision
    if config.engine == "torch":
        precision = choose_precision(
            config.precision, choose(config.device), config.architecture, config.recipe
        )
    threads = config.threads or torch.get_num_threads()
    teacher = config.recipe.teacher and library.in_full(config.recipe.teacher)
    return replace(
        config,
        data=sources.in_full(config.data),
        recipe=replace(config.recipe, teacher=teacher),
        threads=threads,
        precision=precision,
    )
