"""The training loop: one for both engines, a generator that knows no threads and no screen."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np

from aedesk.data.imageset import ImageSet
from aedesk.errors import AedeskError
from aedesk.models.presets import Recipe
from aedesk.training.config import TrainingConfig
from aedesk.training.engine import Engine
from aedesk.training.events import BatchDone, EpochDone, Event, Finished

_REPORT_EVERY = 0.1  # seconds between two BatchDone
_COOLDOWN = 0.1  # of the run
_QUICK_VALIDATION = 1000  # images at most, of an epoch that was stopped
SAMPLES = 10  # validation images shown with their reconstructions after every epoch


def never() -> bool:
    """The `stopped` of a run that nobody stops."""
    return False


def train(
    config: TrainingConfig,
    engine: Engine,
    training: ImageSet,
    validation: ImageSet,
    stopped: Callable[[], bool] = never,
) -> Iterator[Event]:
    """Run the epochs of `config.recipe`, yielding BatchDone, EpochDone and, last, Finished.

    Not iterating pauses the run; the engine then has the weights of the event told last. `stopped` is asked before
    every step: once it is true, the epoch ends there, is validated (on fewer images) and told like any other
    (`partial`), so that even the first minute's model is kept.
    The order of an epoch follows from (seed, epoch) alone. A run whose loss is no longer finite raises AedeskError
    in place of that epoch's end.
    """
    recipe = config.recipe
    originals = validation.pixels(slice(SAMPLES))
    steps = -(-len(training) // recipe.batch_size)
    clock = _Clock(steps * recipe.epochs)
    for epoch in range(1, recipe.epochs + 1):
        begun = clock.worked
        engine.begin_epoch(np.random.default_rng([config.seed, epoch]).permutation(len(training)))
        total: Any = 0.0
        seen = 0
        for start in range(0, len(training), recipe.batch_size):
            if stopped():
                break
            stop = min(start + recipe.batch_size, len(training))
            engine.learning_rate = learning_rate(recipe, clock.share_done)
            with clock.step():
                # Not float(...): reading a number from a GPU would wait for it at every step.
                loss: Any = engine.step(start, stop)
                total += loss * (stop - start)
            seen = stop
            if clock.report_is_due:
                with clock.report():  # reading the loss waits for the steps that a GPU has still to do
                    loss = _finite(float(total) / seen, epoch)
                step = -(-seen // recipe.batch_size)
                rate = clock.steps_per_second * recipe.batch_size
                yield BatchDone(epoch, step, steps, loss, rate, clock.seconds_left)
        partial = seen < len(training)
        if partial and epoch > 1 and not seen:  # stopped between two epochs: the last one has been told
            yield Finished("stopped")
            return
        with clock.work():
            judged = validation.images
            if partial:  # somebody waits for the end; evenly spread, because some sets are sorted by class
                judged = judged[:: -(-len(judged) // _QUICK_VALIDATION)]
            row = {
                "epoch": epoch,
                "train_loss": _finite(float(total) / seen, epoch) if seen else math.nan,
                "validation_loss": _finite(engine.evaluate(judged), epoch),
                "learning_rate": engine.learning_rate,
            }
            reconstructions = engine.reconstruct(originals)
        row["seconds"] = round(clock.worked - begun, 3)
        yield EpochDone(row, recipe.epochs, originals, reconstructions, clock.seconds_left, partial)
        if partial:
            yield Finished("stopped")
            return
    yield Finished("completed")


def _finite(loss: float, epoch: int) -> float:
    if not math.isfinite(loss):
        raise AedeskError(f"The loss is no longer a number at epoch {epoch}; try a smaller learning rate.")
    return loss


def learning_rate(recipe: Recipe, share: float) -> float:
    """The rate of the step before which `share` of the run's steps, in [0, 1), have been taken."""
    if recipe.schedule == "cosine":
        return recipe.learning_rate * (1 + math.cos(math.pi * share)) / 2
    if recipe.schedule == "cooldown":
        return recipe.learning_rate * min(1, (1 - share) / _COOLDOWN)
    return recipe.learning_rate


class _Clock:
    """Seconds spent at work, pauses left out, and what they say about the time to come."""

    def __init__(self, steps: int) -> None:
        self._steps = steps
        self._done = 0
        self._reported = 0.0
        self.worked = 0.0

    @contextmanager
    def work(self) -> Iterator[None]:
        begun = time.perf_counter()
        yield
        self.worked += time.perf_counter() - begun

    @contextmanager
    def step(self) -> Iterator[None]:
        with self.work():
            yield
        self._done += 1

    @contextmanager
    def report(self) -> Iterator[None]:
        with self.work():
            yield
        self._reported = self.worked

    @property
    def report_is_due(self) -> bool:
        """True at the first step and then every `_REPORT_EVERY` seconds of work."""
        return self._done == 1 or self.worked - self._reported >= _REPORT_EVERY

    @property
    def share_done(self) -> float:
        """Of all steps of the run, in [0, 1]."""
        return self._done / self._steps

    @property
    def steps_per_second(self) -> float:
        return self._done / max(self.worked, 1e-9)

    @property
    def seconds_left(self) -> float:
        return (self._steps - self._done) / max(self.steps_per_second, 1e-9)
