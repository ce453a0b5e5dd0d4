"""A whole training run: from a data set to a run folder that holds a usable model after every epoch."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from dataclasses import replace

import threadpoolctl
import torch

from aedesk.data.imageset import DataSet, ImageSet
from aedesk.errors import AedeskError
from aedesk.latent import atlas as atlases
from aedesk.models.checkpoint import Checkpoint
from aedesk.models.initialisation import initial_weights
from aedesk.models.model import Model
from aedesk.scratch.engine import NumpyEngine
from aedesk.storage.runs import Run
from aedesk.storage.tensors import one_line
from aedesk.training.config import TrainingConfig
from aedesk.training.device import choose, choose_precision, describe
from aedesk.training.engine import Engine, TorchEngine
from aedesk.training.events import EpochDone, Event, Finished, HistoryRow, Started
from aedesk.training.loop import never, train


def run_training(
    config: TrainingConfig, data: DataSet, run: Run, stopped: Callable[[], bool] = never
) -> Iterator[Event]:
    """Train by `config` on `data` into `run`: Started, then what `loop.train` yields.

    The model is saved before its EpochDone is told; its test error and its atlas before Finished. A full disk or a
    device without enough memory raises AedeskError, and the epochs saved so far stay.
    """
    training, validation = data.train.split(config.validation_fraction, config.seed)
    if not len(validation):
        raise AedeskError(
            f"{data.name} has too few images to hold some out; use more, or raise the validation share."
        )
    try:
        with _threads(config.threads):
            yield from _run(config, data, run, training, validation, stopped)
    except (RuntimeError, MemoryError) as problem:
        if not _is_out_of_memory(problem):
            raise
        size = config.recipe.batch_size
        advice = f"try {size // 2}" if size > 1 else "close other programs"
        raise AedeskError(
            f"The device ran out of memory at batch size {size}; {advice}. The epochs done so far are saved."
        ) from None


def _run(
    config: TrainingConfig,
    data: DataSet,
    run: Run,
    training: ImageSet,
    validation: ImageSet,
    stopped: Callable[[], bool],
) -> Iterator[Event]:
    engine, device = _engine(config, training)
    yield Started(
        epochs=config.recipe.epochs,
        steps_per_epoch=-(-len(training) // config.recipe.batch_size),
        training_images=len(training),
        validation_images=len(validation),
        device=device,
    )
    history: list[HistoryRow] = []
    checkpoint = None
    for event in train(config, engine, training, validation, stopped):
        if isinstance(event, EpochDone):
            history.append(event.row)
            checkpoint = _checkpoint(config, run, event, list(history), device)
            run.save(checkpoint)
        if isinstance(event, Finished) and checkpoint is not None:
            _complete(checkpoint, data, run, config.seed)
        yield event


def _is_out_of_memory(problem: RuntimeError | MemoryError) -> bool:
    """A GPU's memory, NumPy's, or the CPU's: for the last one torch has no type of its own."""
    return isinstance(problem, torch.OutOfMemoryError | MemoryError) or "DefaultCPUAllocator" in str(problem)


@contextlib.contextmanager
def _threads(count: int) -> Iterator[None]:
    """Use `count` threads for torch and for the BLAS of NumPy, which torch's call does not reach; 0: as they are."""
    if not count:
        yield
        return
    before = torch.get_num_threads()
    torch.set_num_threads(count)
    try:
        with threadpoolctl.threadpool_limits(count):
            yield
    finally:
        torch.set_num_threads(before)


def _engine(config: TrainingConfig, training: ImageSet) -> tuple[Engine, str]:
    """The engine at its first weights, and in words where it runs."""
    recipe, architecture = config.recipe, config.architecture
    weights = initial_weights(architecture, config.seed, recipe.initialisation, recipe.output_bias)
    if config.engine == "numpy":
        return NumpyEngine(architecture, recipe, weights, training.images), "CPU, NumPy alone, float32"
    device = choose(config.device)
    precision = choose_precision(config.precision, device, architecture)
    engine = TorchEngine(architecture, recipe, weights, training.images, device, precision)
    return engine, describe(device, precision)


def _checkpoint(
    config: TrainingConfig, run: Run, event: EpochDone, history: list[HistoryRow], device: str
) -> Checkpoint:
    name = (
        one_line(run.path.resolve().name) or config.preset
    )  # a path may be `.`, or a name not fit to be shown
    return Checkpoint(
        name=name,
        architecture=config.architecture,
        weights=event.weights,
        config={**config.to_json(), "device_used": device, "command": config.command(name)},
        history=history,
        metrics={name: event.row[name] for name in ("train_loss", "validation_loss")},
    )


def _complete(checkpoint: Checkpoint, data: DataSet, run: Run, seed: int) -> None:
    """Measure the finished model on the test images, and keep the codes of training images beside it."""
    model = Model(checkpoint)
    originals = data.test.pixels()
    error = float(((model.reconstruct(originals) - originals) ** 2).mean())
    run.save(replace(checkpoint, metrics={**checkpoint.metrics, "test_mse": error}))
    source = f"training images of {data.name}"
    atlases.save(atlases.build(model, data.train, seed=seed, source=source), run.atlas)
