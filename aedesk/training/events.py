"""What a training run tells while it runs: plain numbers, and arrays that nobody else writes to."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np

from aedesk.models.history import HistoryRow as HistoryRow

Reason = Literal["completed", "stopped", "minutes", "patience", "target"]


@dataclass(frozen=True)
class Preparing:
    """Before Started: what the run will learn from is made; the next time it is known. what: in words; done, total."""

    what: str
    done: int
    total: int


@dataclass(frozen=True)
class Started:
    """The data is in place and the next step is that of the epoch after `epoch`, 0 for a new run.

    `device` in words, such as `CPU, 2 threads, float32`. training_images: sketches are counted as well.
    """

    epochs: int
    steps_per_epoch: int
    training_images: int
    validation_images: int
    device: str
    epoch: int = 0


@dataclass(frozen=True)
class BatchDone:
    """Progress within an epoch, told a few times a second. loss: running mean of the epoch, per pixel.

    batch_loss: of the last batch alone. seconds_left: of the whole run, at the pace so far.
    """

    epoch: int
    step: int
    steps: int
    loss: float
    batch_loss: float
    learning_rate: float
    images_per_second: float
    seconds_left: float


@dataclass(frozen=True, eq=False)
class Glimpse:
    """The network in the middle of an epoch, told before a BatchDone where every step is told, a few times a second.

    weights: as `Engine.weights`. points: (n, 2) float32, where the codes of the run's sample lie by now.
    """

    epoch: int
    step: int
    weights: dict[str, np.ndarray]
    points: np.ndarray


@dataclass(frozen=True)
class EpochDone:
    """An epoch has ended, and lies on the disk (or the first one was stopped part of the way: `partial`).

    best: the validation loss is the least so far, so the run's model is that of this epoch.
    """

    row: HistoryRow
    epochs: int
    seconds_left: float
    best: bool
    partial: bool = False


@dataclass(frozen=True)
class Changed:
    """A number of the recipe (`presets.CHANGEABLE`) is another from now on. epoch: epochs done, with a fraction."""

    epoch: float
    name: str
    old: float
    new: float


@dataclass(frozen=True)
class Finishing:
    """The epochs are over; the model is measured on test images, and training images are encoded for its map.

    done, total: images. A run that is stopped leaves out the measuring.
    """

    done: int
    total: int


@dataclass(frozen=True)
class Finished:
    """The run is over, with its best epoch as its model.

    reason: all epochs done; stopped by the user; or its minutes are over, its patience, or its target is reached.
    """

    reason: Reason


Event = Preparing | Started | BatchDone | Glimpse | EpochDone | Changed | Finishing | Finished
