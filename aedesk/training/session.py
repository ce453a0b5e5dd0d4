"""A whole training run: a folder with a usable model from the first epoch on, that can be gone on with at any time.

However a run comes about, it is prepared as a folder with a snapshot to start from (`prepare`, `branch`), and then goes
on from the newest snapshot (`go_on`): a run that was cut off takes the very path of one that was not.
"""

from __future__ import annotations

import contextlib
import time
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import numpy as np
import torch

from aedesk.data.imageset import DataSet, ImageSet
from aedesk.errors import AedeskError
from aedesk.latent import atlas as atlases
from aedesk.latent.following import follow
from aedesk.models.model import Model
from aedesk.storage import sample as samples
from aedesk.storage.runs import Run
from aedesk.training.config import TrainingConfig
from aedesk.training.controls import Controls
from aedesk.training.engines import computing, engine_at
from aedesk.training.events import BatchDone, Changed, EpochDone, Event, Finished, Finishing, Glimpse, Started
from aedesk.training.lessons import Lessons, gather
from aedesk.training.loop import train
from aedesk.training.preparation import branch, check_data, prepare, resolved, split
from aedesk.training.record import Record
from aedesk.training.text_log import TextLog

_GLIMPSE_EVERY = 0.15  # seconds
_CHUNK = 500  # images between two Finishing
MAY_CHANGE = ("device", "epochs", "minutes", "patience", "target", "keep_mb")
"""Settings that a run may go on with in place of its own; for all others, branch a new one."""


def run_training(
    config: TrainingConfig, data: DataSet, run: Run, controls: Controls | None = None
) -> Iterator[Event]:
    """Train by `config` on `data` into `run`, a new one: `prepare` and `go_on`. What cannot begin leaves nothing."""
    controls = controls or Controls()
    with _nothing_or_a_run(run, 0):
        config = resolved(config)  # what is not here is told before lessons are made for minutes
        training, _ = split(config, data)
        with computing(config):  # with other threads the bits of a map are others
            lessons = yield from gather(config, training, controls)
            prepare(config, data, run, lessons)
        yield from _trained(run, data, controls, {}, lessons)


def run_branch(
    parent: Run, epoch: int, config: TrainingConfig, data: DataSet, run: Run, controls: Controls | None = None
) -> Iterator[Event]:
    """Train into `run`, a new one, from where `parent` was after `epoch`: `branch` and `go_on`, as `run_training`."""
    with _nothing_or_a_run(run, epoch):
        branch(parent, epoch, config, data, run)
        yield from go_on(run, data, controls)


@contextlib.contextmanager
def _nothing_or_a_run(run: Run, begun: int) -> Iterator[None]:
    """Remove a new run that fails before its first epoch, the one after `begun`, is done."""
    try:
        yield
    except Exception:
        # Busy: it failed because somebody else trains a run in that very folder.
        if not run.is_busy and max(_epochs_of(run), default=begun) <= begun:
            run.discard()
        raise


def _epochs_of(run: Run) -> list[int]:
    rows: list[dict[str, float]] = []
    with contextlib.suppress(AedeskError):
        rows = run.read_history()
    return [*run.epochs.kept(), *(int(row["epoch"]) for row in rows)]


def go_on(run: Run, data: DataSet, controls: Controls | None = None, **changes: Any) -> Iterator[Event]:
    """Train on from the newest snapshot: Preparing where there are lessons to be made, Started, what `loop.train`
    yields, and Finishing before Finished.

    changes: of MAY_CHANGE. An epoch is on the disk before it is told, so a crash costs the epoch in progress at most;
    the best model so far is saved at the first epoch, then about once a second, and at the end, however that comes.
    Before Finished is told there are the model, its atlas and, unless the run was stopped, its test error. A full disk
    or a device without enough memory raises AedeskError, and the epochs so far stay. So do data that are no longer
    those that the run began with, and a run that somebody else trains now, or that is moved away while it goes on.
    """
    changes = {name: value for name, value in changes.items() if value is not None}
    yield from _trained(run, data, controls or Controls(), changes)


def _trained(
    run: Run, data: DataSet, controls: Controls, changes: dict[str, Any], lessons: Lessons | None = None
) -> Iterator[Event]:
    """`go_on`, with the run's lessons where they are there already."""
    plain = run.read_config()
    if wrong := changes.keys() - {*MAY_CHANGE}:
        raise AedeskError(
            f"A run goes on with its own {' and '.join(sorted(wrong))}; to change that, branch a new run from it."
        )
    config = TrainingConfig.from_json(plain | changes)
    check_data(plain, data, config)
    training, validation = split(config, data)
    if lessons is None:
        with computing(config):
            lessons = yield from gather(config, training, controls)
    if not run.epochs.kept():
        plain = _begin_again(config, data, run, plain, lessons)
    try:
        with run.lock.held() as lock, computing(config, is_stepping=True):
            if run.read_config() != plain:
                raise AedeskError(f"{run.path}: somebody else has gone on with this run just now; try again.")
            record = Record(run, lock, config, plain)
            yield from _go_on(record, lessons, validation, data, controls)
    except (RuntimeError, MemoryError) as problem:
        if not _is_out_of_memory(problem):
            raise
        size = config.recipe.batch_size
        advice = f"try {size // 2}" if size > 1 else "close other programs"
        raise AedeskError(
            f"The device ran out of memory at batch size {size}; {advice}. The epochs done so far are saved."
        ) from None


def _go_on(
    record: Record, lessons: Lessons, validation: ImageSet, data: DataSet, controls: Controls
) -> Iterator[Event]:
    config, run = record.config, record.run
    snapshot = record.take_up()
    engine, device = engine_at(config, snapshot, lessons.images.images, lessons.places)
    record.device = device
    sample = samples.load(run.sample)
    with TextLog(run.log) as log, record:
        started = Started(
            epochs=config.recipe.epochs,
            steps_per_epoch=-(-len(lessons.images) // config.recipe.batch_size),
            training_images=len(lessons.images),
            validation_images=len(validation),
            device=device,
            epoch=record.past.epoch,
        )
        log.write(started)
        yield started
        points = snapshot.points
        glimpsed = 0.0
        for event in train(config, engine, lessons.images, validation, controls, record.past):
            if isinstance(event, EpochDone):
                points = follow(engine.encode(sample.images), points)
                record.keep(event, engine, points)
            elif isinstance(event, BatchDone) and controls.every_step:
                if time.monotonic() - glimpsed >= _GLIMPSE_EVERY:
                    glimpsed = time.monotonic()
                    now = follow(engine.encode(sample.images), points)
                    yield Glimpse(event.epoch, event.step, engine.weights(), now)
            elif isinstance(event, Changed):
                record.note()
            elif isinstance(event, Finished):
                record.flush(event.reason)
                yield from _complete(record, data, controls)
            log.write(event)
            yield event


def _begin_again(
    config: TrainingConfig, data: DataSet, run: Run, plain: dict[str, Any], lessons: Lessons
) -> dict[str, Any]:
    """Prepare a run once more that was cut off while it was prepared; its settings as they are written now."""
    if plain.get("branched_from") or run.read_history():
        raise AedeskError(
            f"{run.path}: none of this run's epochs is kept, so there is nothing to go on from; train it anew."
        )
    prepare(config, data, run, lessons)
    return run.read_config()


def _is_out_of_memory(problem: RuntimeError | MemoryError) -> bool:
    """A GPU's memory, NumPy's, or the CPU's: for the last one, and for cuBLAS, torch has no type of its own."""
    words = str(problem)
    return (
        isinstance(problem, torch.OutOfMemoryError | MemoryError)
        or "DefaultCPUAllocator" in words
        or "ALLOC_FAILED" in words
    )


def _complete(record: Record, data: DataSet, controls: Controls) -> Iterator[Finishing]:
    """Measure the finished model on the test images unless stopped, and keep codes of training images beside it."""
    model = Model(record.best)
    config = record.config
    chosen = atlases.choose(data.train, model.code_size, seed=config.seed)
    tests = len(data.test)
    squared = 0.0
    for part in _parts(tests):
        if controls.is_stopped:
            break
        originals = data.test.pixels(part)
        squared += float(((model.reconstruct(originals) - originals) ** 2).sum(dtype=np.float64))
        yield Finishing(part.stop, tests + len(chosen))
    else:
        if tests:
            error = squared / data.test.images.size
            best = record.best
            record.run.save(replace(best, metrics={**best.metrics, "test_mse": error}))
    codes = []
    for part in _parts(len(chosen)):
        codes.append(model.encode(data.train.images[chosen[part]]))
        yield Finishing(tests + part.stop, tests + len(chosen))
    source = f"training images of {data.name}"
    atlas = atlases.assemble(model, data.train, chosen, np.concatenate(codes), source, config.data)
    atlases.save(atlas, record.run.atlas)


def _parts(count: int) -> Iterator[slice]:
    for start in range(0, count, _CHUNK):
        yield slice(start, min(start + _CHUNK, count))
