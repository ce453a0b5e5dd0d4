"""A whole training run: from a data set to a run folder that holds a usable model from the first epoch on."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable, Iterator
from dataclasses import replace

import numpy as np
import threadpoolctl
import torch

from aedesk.data import sources
from aedesk.data.imageset import DataSet, ImageSet
from aedesk.errors import AedeskError
from aedesk.latent import atlas as atlases
from aedesk.models.checkpoint import Checkpoint
from aedesk.models.initialisation import initial_weights
from aedesk.models.model import Model
from aedesk.scratch.engine import NumpyEngine
from aedesk.storage.runs import Run
from aedesk.storage.tensors import one_line
from aedesk.training.config import Precision, TrainingConfig
from aedesk.training.device import choose, choose_precision, describe
from aedesk.training.engine import Engine, TorchEngine
from aedesk.training.events import EpochDone, Event, Finished, Finishing, HistoryRow, Started
from aedesk.training.loop import never, train

_SAVE_EVERY = 1.0  # seconds
_CHUNK = 500  # images between two Finishing


def run_training(
    config: TrainingConfig, data: DataSet, run: Run, stopped: Callable[[], bool] = never
) -> Iterator[Event]:
    """Train by `config` on `data` into `run`: Started, what `loop.train` yields, and Finishing before Finished.

    The first epoch is saved before it is told, later ones about once a second and at the end, however that comes: a
    crash costs the last second at most, and a run of short epochs does not rewrite its history for each. Before
    Finished is told there are the model, its atlas and, unless the run was stopped, its test error. A full disk or a
    device without enough memory raises AedeskError, and the epochs saved so far stay.
    """
    training, validation = data.train.split(config.validation_fraction, config.seed)
    if not len(validation):
        raise AedeskError(
            f"{data.name} has too few images to hold some out; use more, or raise the validation share."
        )
    try:
        config = _resolved(config)
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
    with _Saver(run) as saver:
        for event in train(config, engine, training, validation, stopped):
            if isinstance(event, EpochDone):
                history.append(event.row)
                saver.take(_checkpoint(config, run, engine.weights(), list(history), device))
            if isinstance(event, Finished):
                yield from _complete(saver.flush(), data, run, config, stopped)
            yield event


class _Saver:
    """Saves the newest checkpoint of a run: the first one at once, then about once a second, the last one always."""

    def __init__(self, run: Run) -> None:
        self._run = run
        self._newest: Checkpoint | None = None
        self._saved: Checkpoint | None = None
        self._saved_at = 0.0

    def __enter__(self) -> _Saver:
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        if kind is not None and self._newest is not None:
            with contextlib.suppress(AedeskError, MemoryError):  # what ended the run is the news, not this
                self.flush()

    def take(self, checkpoint: Checkpoint) -> None:
        self._newest = checkpoint
        if self._saved is None or time.monotonic() - self._saved_at >= _SAVE_EVERY:
            self.flush()

    def flush(self) -> Checkpoint:
        """The newest checkpoint, once it is on the disk."""
        assert self._newest is not None
        if self._saved is not self._newest:
            self._run.save(self._newest)
            self._saved, self._saved_at = self._newest, time.monotonic()
        return self._newest


def _is_out_of_memory(problem: RuntimeError | MemoryError) -> bool:
    """A GPU's memory, NumPy's, or the CPU's: for the last one torch has no type of its own."""
    return isinstance(problem, torch.OutOfMemoryError | MemoryError) or "DefaultCPUAllocator" in str(problem)


def _resolved(config: TrainingConfig) -> TrainingConfig:
    """What was left to this machine and this folder, written out.

    With other threads or another precision, the bits are others; own data is to be found from any folder.
    """
    precision: Precision = config.precision
    if config.engine == "torch":
        dtype = choose_precision(config.precision, choose(config.device), config.architecture)
        precision = "bfloat16" if dtype == torch.bfloat16 else "float32"
    threads = config.threads or torch.get_num_threads()
    return replace(config, data=sources.in_full(config.data), threads=threads, precision=precision)


@contextlib.contextmanager
def _threads(count: int) -> Iterator[None]:
    """Use `count` threads for torch and for the BLAS of NumPy, which torch's call does not reach."""
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
    config: TrainingConfig,
    run: Run,
    weights: dict[str, np.ndarray],
    history: list[HistoryRow],
    device: str,
) -> Checkpoint:
    name = (
        one_line(run.path.resolve().name) or config.preset
    )  # a path may be `.`, or a name not fit to be shown
    return Checkpoint(
        name=name,
        architecture=config.architecture,
        weights=weights,
        config={**config.to_json(), "device_used": device, "command": config.command(name)},
        history=history,
        metrics={name: history[-1][name] for name in ("train_loss", "validation_loss")},
    )


def _complete(
    checkpoint: Checkpoint, data: DataSet, run: Run, config: TrainingConfig, stopped: Callable[[], bool]
) -> Iterator[Finishing]:
    """Measure the finished model on the test images unless `stopped`, and keep codes of training images beside it."""
    model = Model(checkpoint)
    chosen = atlases.choose(data.train, model.code_size, seed=config.seed)
    tests = len(data.test)
    squared = 0.0
    for part in _parts(tests):
        if stopped():
            break
        originals = data.test.pixels(part)
        squared += float(((model.reconstruct(originals) - originals) ** 2).sum(dtype=np.float64))
        yield Finishing(part.stop, tests + len(chosen))
    else:
        if tests:
            error = squared / data.test.images.size
            run.save(replace(checkpoint, metrics={**checkpoint.metrics, "test_mse": error}))
    codes = []
    for part in _parts(len(chosen)):
        codes.append(model.encode(data.train.images[chosen[part]]))
        yield Finishing(tests + part.stop, tests + len(chosen))
    source = f"training images of {data.name}"
    atlas = atlases.assemble(model, data.train, chosen, np.concatenate(codes), source, config.data)
    atlases.save(atlas, run.atlas)


def _parts(count: int) -> Iterator[slice]:
    for start in range(0, count, _CHUNK):
        yield slice(start, min(start + _CHUNK, count))
