"""The training loop: one generator for every engine. It knows no threads; not iterating it pauses the run."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from aedesk.data.imageset import ImageSet
from aedesk.errors import AedeskError
from aedesk.models.presets import Recipe
from aedesk.models.step import StepLoss, StepSettings
from aedesk.training.clock import Clock
from aedesk.training.config import TrainingConfig
from aedesk.training.controls import Controls
from aedesk.training.ending import best_epoch, why_over
from aedesk.training.engine import Engine
from aedesk.training.events import BatchDone, Changed, EpochDone, Finished, HistoryRow
from aedesk.training.schedule import leading, learning_rate, plateaus, warm_up

_QUICK_VALIDATION = 1000  # images at most, of a first epoch that was stopped

LoopEvent = BatchDone | EpochDone | Changed | Finished


@dataclass
class Past:
    """What a run has behind it: the loop goes on from there, and adds to it.

    history: a row per epoch. changes: of the recipe's numbers, in their order. ahead: changes that were made in an
    epoch that was cut off, which are made again at the same steps, unless the user changes that number first.
    """

    history: list[HistoryRow] = field(default_factory=list)
    changes: list[Changed] = field(default_factory=list)
    ahead: list[Changed] = field(default_factory=list)

    @property
    def epoch(self) -> int:
        """How many epochs are over."""
        return int(self.history[-1]["epoch"]) if self.history else 0

    def recipe(self, first: Recipe) -> Recipe:
        """The recipe that began as `first`, as it is by now."""
        for change in self.changes:
            first = first.changed(change.name, change.new)
        return first


def train(
    config: TrainingConfig,
    engine: Engine,
    training: ImageSet,
    validation: ImageSet,
    controls: Controls | None = None,
    past: Past | None = None,
) -> Iterator[LoopEvent]:
    """Run the epochs of `config.recipe` that are not in `past` yet: BatchDone, EpochDone, Changed and, last, Finished.

    Not iterating pauses the run; the engine then has the weights of the event told last. `controls` is looked at before
    every step. A stop ends the run there, and the epoch that it falls into counts for nothing; but for the first one,
    which is validated (on fewer images) and told (`partial`), so that even the first minute's model is kept.
    Order and noise of an epoch follow from (seed, epoch) alone, so a run that goes on with the weights and the
    optimiser of an epoch's end takes the same steps as one that was never held up. A run whose loss is no longer
    finite raises AedeskError in place of that epoch's end.
    """
    controls, past = controls or Controls(), past or Past()
    recipe = past.recipe(config.recipe)
    steps = -(-len(training) // recipe.batch_size)
    clock = Clock(steps * recipe.epochs, past.epoch * steps)
    reason = why_over(recipe, past.history, past.changes)
    while reason is None:
        epoch = past.epoch + 1
        begun = clock.worked
        engine.begin_epoch(np.random.default_rng([config.seed, epoch]).permutation(len(training)))
        halvings = plateaus(past.history, past.changes)
        sums = _Sums()
        for step, start in enumerate(range(0, len(training), recipe.batch_size)):
            if controls.is_stopped:
                break
            for change in _changes(controls, recipe, past, epoch - 1 + step / steps):
                recipe = recipe.changed(change.name, change.new)
                past.changes.append(change)
                yield change
            stop = min(start + recipe.batch_size, len(training))
            settings = StepSettings(
                learning_rate(recipe, clock.share_done, halvings),
                recipe.noise_level,
                recipe.penalty_weight * warm_up(recipe, epoch - 1 + step / steps),
                (config.seed, epoch, step),
                *leading(recipe, clock.share_done),
            )
            with clock.step():
                loss = engine.step(start, stop, settings)
                sums.add(loss, stop - start)
            if clock.report_is_due or controls.every_step:
                with clock.report():  # reading the loss waits for the steps that a GPU has still to do
                    mean = _finite(float(sums.loss) / sums.images, epoch)
                    last = float(loss.reconstruction) + float(loss.penalty)
                rate = clock.steps_per_second * recipe.batch_size
                yield BatchDone(
                    epoch, step + 1, steps, mean, last, settings.learning_rate, rate, clock.seconds_left
                )
        partial = sums.images < len(training)
        if partial and past.history:
            reason = "stopped"
            break
        with clock.work():
            row = _row(config, recipe, engine, validation, sums, epoch, partial=partial)
            row["learning_rate"] = settings.learning_rate if sums.images else recipe.learning_rate
        row["seconds"] = round(clock.worked - begun, 3)
        past.history.append(row)
        best = best_epoch(past.history, past.changes) == epoch
        yield EpochDone(row, recipe.epochs, clock.seconds_left, best, partial)
        reason = "stopped" if partial else why_over(recipe, past.history, past.changes)
    yield Finished(reason)


class _Sums:
    """The losses of an epoch so far. Not float(...): reading a number from a GPU would wait for it at every step."""

    def __init__(self) -> None:
        self.images = 0
        self.loss: Any = 0.0
        self.penalty: Any = 0.0

    def add(self, loss: StepLoss, images: int) -> None:
        self.images += images
        self.loss += (loss.reconstruction + loss.penalty) * images
        self.penalty += loss.penalty * images

    def mean(self, total: Any) -> float:
        return float(total) / self.images if self.images else math.nan


def validated(config: TrainingConfig, recipe: Recipe, engine: Engine, images: np.ndarray) -> StepLoss:
    """The loss of validation images (N, 28, 28) uint8; it weighs the penalty in full, whatever the warm-up."""
    return engine.evaluate(images, StepSettings.of(recipe, (config.seed, 0, 0)))


def _row(
    config: TrainingConfig,
    recipe: Recipe,
    engine: Engine,
    validation: ImageSet,
    sums: _Sums,
    epoch: int,
    *,
    partial: bool,
) -> HistoryRow:
    """What the history says of this epoch."""
    judged = validation.images
    if partial:  # somebody waits for the end; evenly spread, because some sets are sorted by class
        judged = judged[:: -(-len(judged) // _QUICK_VALIDATION)]
    found = validated(config, recipe, engine, judged)
    row = {
        "epoch": epoch,
        "train_loss": _finite(sums.mean(sums.loss), epoch) if sums.images else math.nan,
        "validation_loss": _finite(found.reconstruction + found.penalty, epoch),
        "learning_rate": math.nan,
        "seconds": math.nan,
    }
    if recipe.has_penalty:
        row |= {"train_penalty": sums.mean(sums.penalty), "validation_penalty": found.penalty}
    return row


def _changes(controls: Controls, recipe: Recipe, past: Past, epoch: float) -> Iterator[Changed]:
    """What has been changed from outside since the last step, as far as it is another value."""
    for name, value in controls.take_changes().items():
        past.ahead = [change for change in past.ahead if change.name != name]
        old = float(getattr(recipe, name))
        if value != old:
            yield Changed(epoch, name, old, value)
    while past.ahead and past.ahead[0].epoch <= epoch:
        yield past.ahead.pop(0)


def _finite(loss: float, epoch: int) -> float:
    if not math.isfinite(loss):
        raise AedeskError(f"The loss is no longer a number at epoch {epoch}; try a smaller learning rate.")
    return loss
