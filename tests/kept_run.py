"""A small run on the disk, made without training: what it has kept is known to the last number."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from aedesk.data.imageset import DataSet
from aedesk.models.checkpoint import Checkpoint
from aedesk.models.initialisation import initial_weights
from aedesk.models.presets import PRESETS
from aedesk.storage import sample as samples
from aedesk.storage.epochs import Snapshot
from aedesk.storage.runs import Run

IMAGES = 100
CORNER = np.array([3.0, 1.0], np.float32)  # how far every point goes in an epoch


def row(epoch: int) -> dict[str, float]:
    """The history of an epoch; every number is another."""
    return {
        "epoch": epoch,
        "train_loss": 0.5 / epoch,
        "validation_loss": 0.6 / epoch,
        "learning_rate": 0.001 * epoch,
        "seconds": 2.0,
        "train_penalty": 0.01 * epoch,
    }


def make_run(
    folder: Path,
    digits: DataSet,
    kept: tuple[int, ...] = (0, 1, 2, 4),
    preset: str = "dense-2d",
    **config: object,
) -> Run:
    """A finished run of max(kept) epochs of which `kept` can be looked back at."""
    run = Run.create(folder)
    sample = samples.choose(digits.test, IMAGES)
    samples.save(sample, run.sample)
    network = PRESETS[preset].architecture
    start = np.random.default_rng(0).normal(size=(IMAGES, 2)).astype(np.float32)
    for epoch in kept:
        points = start + epoch * CORNER
        weights = initial_weights(network, epoch)
        run.epochs.save(
            Snapshot(
                epoch, network, weights, {"steps": np.array([epoch])}, points, row(epoch) if epoch else {}
            )
        )
    history = [row(epoch) for epoch in range(1, max(kept) + 1)]
    settings = {
        "preset": preset,
        "data": "digits",
        "loss": "mse",
        "kind": "plain",
        "learning_rate": 0.001,
        "epochs": max(kept),
        "seed": 0,
        "status": "completed",
        **config,
    }
    metrics = {"validation_loss": 0.6 / max(kept), "test_mse": 0.25}
    run.save(Checkpoint(run.name, network, initial_weights(network, max(kept)), settings, history, metrics))
    run.log.write_text("2026-11-21 10:00:00  epoch 1/4\n", "utf-8")
    return run
