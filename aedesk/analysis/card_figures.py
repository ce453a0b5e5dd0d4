"""What a quality card says beyond the figures of a model alone: samples and map, sketches, and how it was made."""

from __future__ import annotations

import math
import platform
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

import aedesk
from aedesk.analysis.judge import Judge, knows
from aedesk.analysis.watch import IsCancelled, Progress, Watch
from aedesk.data.imageset import DataSet, ImageSet
from aedesk.latent.atlas import Atlas
from aedesk.latent.neighbours import Neighbours
from aedesk.models.checkpoint import Checkpoint
from aedesk.storage import checkpoint as checkpoints
from aedesk.storage.tensors import one_line

if TYPE_CHECKING:
    from aedesk.models.model import Model

SAMPLES = 2000
"""Codes drawn at random, for the sample score."""


def judge_accuracy(judge: Judge, test: ImageSet, watch: Watch) -> float | None:
    """How often the judge is right about test images; None where their classes have other names than digits."""
    if not knows(test.classes):
        return None
    right = 0
    for chunk in watch.chunks("judging the test images", len(test)):
        guesses = judge.probabilities(test.pixels(chunk)).argmax(axis=1)
        right += int((guesses == test.labels[chunk]).sum())
    return right / len(test)


def generating(
    judge: Judge,
    model: Model,
    atlas: Atlas,
    model_path: Path | None,
    progress: Progress | None,
    cancelled: IsCancelled | None,
) -> dict[str, Any]:
    """What the judge says of samples and of the map."""
    from aedesk.analysis.generation import map_score, sample_score
    from aedesk.latent.projection import best_known
    from aedesk.latent.sampling import kinds

    sampler = kinds(prior=model.architecture.variational)[0]
    Watch(progress, cancelled).tell("drawing samples", 0, 1)
    codes = _drawn(sampler, atlas, model_path, progress, cancelled)
    projection = best_known(atlas)
    of_map = map_score(judge, model, projection, progress=progress, cancelled=cancelled)
    return {
        "sampler": sampler,
        "sample_score": sample_score(judge, model, codes, progress=progress, cancelled=cancelled),
        "map_kind": projection.kind,
        "map_sure": of_map.sure,
        "map_sure_near": of_map.sure_near,
        "map_dead": of_map.dead,
    }


def _drawn(
    sampler: str,
    atlas: Atlas,
    model_path: Path | None,
    progress: Progress | None,
    cancelled: IsCancelled | None,
) -> np.ndarray:
    """The codes of all samples."""
    from aedesk.latent.mixture import mixture_for
    from aedesk.latent.sampling import sample

    if sampler == "mixture":  # which may have to be fitted first
        return mixture_for(atlas, model_path, progress=progress, cancelled=cancelled).sample(SAMPLES)
    return sample(sampler, atlas, SAMPLES)


def sketching(
    model: Model,
    data: DataSet,
    codes: np.ndarray,
    progress: Progress | None,
    cancelled: IsCancelled | None,
) -> dict[str, Any]:
    """What the model makes of test digits that are drawn again. codes: of all training images, (N, D)."""
    from aedesk.analysis.sketch_test import sketch_test

    neighbours = Neighbours(codes, data.train.labels)
    report = sketch_test(model, data, neighbours=neighbours, progress=progress, cancelled=cancelled)
    names = ("scan_accuracy", "sketch_accuracy", "sketch_ratio", "held_out_accuracy", "held_out_ratio")
    figures = {name: getattr(report, name) for name in names}
    known = {name: value for name, value in figures.items() if value is not None and math.isfinite(value)}
    return {"sketches": report.digits, **known}


def making(checkpoint: Checkpoint) -> dict[str, Any]:
    """How a model came to be, as far as its file tells."""
    config = checkpoint.config
    device = one_line(config.get("device_used") or "")  # such as `x86_64 CPU, 1 thread, bfloat16`
    seconds = [row["seconds"] for row in checkpoint.history if math.isfinite(row.get("seconds", math.nan))]
    threads, command = config.get("threads"), str(config.get("command") or "")
    if not command.isprintable():
        command = ""  # with anything replaced it would do something else
    return {
        "fingerprint": checkpoints.fingerprint(checkpoint),
        "model": checkpoint.name,
        "network": checkpoint.architecture.summary(),
        "kind": one_line(config.get("kind") or "plain"),
        "trained_on": one_line(config.get("data") or ""),
        "loss": one_line(config.get("loss") or ""),
        "epochs": len(checkpoint.history),
        "seconds": sum(seconds) if seconds else None,
        "device": device,
        "precision": device.rpartition(", ")[2] or one_line(config.get("precision") or ""),
        "threads": threads if type(threads) is int else None,
        "command": command,
    }


def versions() -> dict[str, str]:
    import torch

    return {
        "aedesk": aedesk.__version__,
        "Python": platform.python_version(),
        "NumPy": np.__version__,
        "PyTorch": str(torch.__version__),
    }
