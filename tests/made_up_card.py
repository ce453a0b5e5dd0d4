"""A quality card whose figures nobody measured: they are like those of a model of that size."""

from __future__ import annotations

from typing import Any

from aedesk.analysis.card import Card
from aedesk.models.checkpoint import Checkpoint
from aedesk.storage.checkpoint import fingerprint


def made_up_card(checkpoint: Checkpoint, **changes: Any) -> Card:
    """A card of this model, with `changes` to its fields."""
    architecture = checkpoint.architecture
    fields: dict[str, Any] = {
        "fingerprint": fingerprint(checkpoint),
        "model": checkpoint.name,
        "network": architecture.summary(),
        "kind": "plain",
        "code_size": architecture.code_size,
        "parameters": architecture.parameters,
        "data": "mnist",
        "train_images": 60_000,
        "test_images": 10_000,
        "mse": 0.0413,
        "psnr": 14.31,
        "ssim": 0.462,
        "pca_mse": 0.0557,
        "knn_accuracy": 0.781,
        "nn_accuracy": 0.7412,
        "trustworthiness": 0.9484,
        "active_dimensions": architecture.code_size,
        "sampler": "mixture",
        "sample_score": 0.612,
        "map_kind": "native",
        "map_sure": 0.431,
        "map_sure_near": 0.668,
        "map_dead": 0.221,
        "judge_accuracy": 0.9952,
        "sketches": 500,
        "scan_accuracy": 0.784,
        "sketch_accuracy": 0.702,
        "sketch_ratio": 1.42,
        "held_out_accuracy": 0.655,
        "held_out_ratio": 1.61,
        "trained_on": "mnist",
        "loss": "mse",
        "epochs": 10,
        "seconds": 23.4,
        "device": "cpu",
        "precision": "float32",
        "threads": 2,
        "command": "aedesk train --preset dense-2d --data mnist --device cpu --seed 0 --out runs/dense-2d",
        "date": "2026-11-21",
        "versions": {"aedesk": "0.1.0", "torch": "2.15.0", "numpy": "2.4.1"},
        "tuned": (),
    }
    return Card(**(fields | changes))
