"""What a training run tells while it runs: plain numbers and NumPy arrays that nobody else writes to."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np

HistoryRow = dict[str, float]  # epoch, train_loss, validation_loss, learning_rate, seconds


@dataclass(frozen=True)
class Started:
    """The data is in place and the first step is next. `device` in words, such as `CPU, 2 threads, float32`."""

    epochs: int
    steps_per_epoch: int
    training_images: int
    validation_images: int
    device: str


@dataclass(frozen=True)
class BatchDone:
    """Progress within an epoch, told a few times a second. loss: running mean of the epoch, per pixel.

    seconds_left: of the whole run, at the pace so far.
    """

    epoch: int
    step: int
    steps: int
    loss: float
    images_per_second: float
    seconds_left: float


@dataclass(frozen=True, eq=False)
class EpochDone:
    """An epoch has ended (or was stopped part of the way: `partial`).

    originals, reconstructions: (n, 28, 28) float32 in [0, 1], the same validation images in every epoch. The weights
    are no part of it: somebody who is slow to listen would keep those of many epochs in memory.
    """

    row: HistoryRow
    epochs: int
    originals: np.ndarray
    reconstructions: np.ndarray
    seconds_left: float
    partial: bool = False


@dataclass(frozen=True)
class Finishing:
    """The epochs are over; the model is measured on test images, and training images are encoded for its map.

    done, total: images. A run that is stopped leaves out the measuring.
    """

    done: int
    total: int


@dataclass(frozen=True)
class Finished:
    """The run is over, with the model of the last EpochDone. reason: all epochs done, or stopped by the user."""

    reason: Literal["completed", "stopped"]


Event = Started | BatchDone | EpochDone | Finishing | Finished
