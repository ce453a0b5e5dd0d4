"""Epochs of `aedesk train`, without its progress bar, as a contender of `turns`: the very session, run folder and all.

    python ours.py PRESET [--images N] ...

Trains on as many images as are asked for, and holds out the usual share of others besides. An answer has `seconds` of
an epoch without its validation, which a peer has not; of these those in which it is `kept`, on the disk and for the
curves; `whole` seconds with its validation; and the losses.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np
import torch
from turns import Answer, serve

from aedesk.data.imageset import DataSet
from aedesk.data.sources import load
from aedesk.errors import AedeskError
from aedesk.storage.runs import Run
from aedesk.training import session
from aedesk.training.config import TrainingConfig
from aedesk.training.engines import engine_at
from aedesk.training.events import EpochDone, Started


class Validation:
    """Takes the time of every engine's validation."""

    def __init__(self) -> None:
        self.seconds = 0.0

    def timed_engine_at(self, *arguments: Any) -> tuple[Any, str]:
        engine, words = engine_at(*arguments)
        evaluate = engine.evaluate

        def timed(*arguments: Any) -> Any:
            if torch.cuda.is_available():
                torch.cuda.synchronize()  # steps that are still to be done are training
            begun = time.perf_counter()
            found = evaluate(*arguments)
            self.seconds += time.perf_counter() - begun
            return found

        engine.evaluate = timed  # type: ignore[method-assign]
        return engine, words


def data_of(name: str, images: int, held_out: float) -> DataSet:
    """A data set that leaves `images` to train on; beyond its own it begins anew."""
    data = load(name, offline=True)
    count = round(images / (1 - held_out))
    return DataSet(data.name, data.train[np.arange(count) % len(data.train)], data.test)


def main() -> None:
    parser = argparse.ArgumentParser(description="Epochs of `aedesk train`, in turns with others.")
    parser.add_argument("preset")
    parser.add_argument("--data", default="mnist")
    parser.add_argument("--images", type=int, default=60_000)
    parser.add_argument("--epochs", type=int, default=10_000, help="of the run, for its schedule")
    for name in ("batch-size", "seed", "threads"):
        parser.add_argument(f"--{name}", type=int)
    for name in ("engine", "device", "precision"):
        parser.add_argument(f"--{name}")
    settings = vars(parser.parse_args())
    preset, name, images = (settings.pop(key) for key in ("preset", "data", "images"))
    try:
        config = TrainingConfig.of(preset, **settings)
        compete(config, data_of(name, images, config.validation_fraction))
    except AedeskError as problem:
        sys.exit(str(problem))


def compete(config: TrainingConfig, data: DataSet) -> None:
    """Train an epoch whenever one is asked for."""
    validation = Validation()
    session.engine_at = validation.timed_engine_at  # type: ignore[assignment]
    with tempfile.TemporaryDirectory() as folder:
        events = session.run_training(config, data, Run.create(Path(folder) / "run"))
        started = next(event for event in events if isinstance(event, Started))

        def epoch() -> Answer:
            begun, before = time.perf_counter(), validation.seconds
            done = next(event for event in events if isinstance(event, EpochDone))
            whole = time.perf_counter() - begun
            kept = whole - done.row["seconds"]
            losses = {name: done.row[name] for name in ("train_loss", "validation_loss")}
            return {"seconds": whole - (validation.seconds - before), "kept": kept, "whole": whole, **losses}

        serve({"runs as": started.device, "images": started.training_images}, epoch)
        events.close()  # type: ignore[attr-defined]


if __name__ == "__main__":
    main()
