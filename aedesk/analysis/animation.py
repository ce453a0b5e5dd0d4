"""A run as a film: its latent map over the epochs, and its reconstructions improving. Frames, not files."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from aedesk.analysis.animation_frames import DIGITS, MAP_SIZE, Caption, MapPainter, StripPainter
from aedesk.analysis.animation_look import look_of
from aedesk.errors import AedeskError, Cancelled
from aedesk.storage import files
from aedesk.storage import sample as samples
from aedesk.storage.rewind import model_of, one_of_each, spread
from aedesk.storage.sample import Sample

if TYPE_CHECKING:
    from aedesk.storage.epochs import Snapshot
    from aedesk.storage.runs import Run

Progress = Callable[[str, int, int | None], None]
"""Called with what is being done, how much of it is done, and out of how much."""

_MOST_KEYS = 80  # kept epochs that a film of the map passes through
_MOST_EPOCHS = 100  # frames of a film of reconstructions, one for an epoch
_MAP_PACE = 16.0  # frames a second
_STRIP_SECONDS = 8.0  # that the reconstructions take, where that is neither hasty nor slow
_STRIP_PACE = (2.0, 12.0)  # frames a second
_FAR, _SLACK = 0.005, 0.1  # share of an epoch's points at either end, and of the rest's extent around it
_SLOWER_FIRST = 2 / 3  # the epochs done grow with time to the power of its reciprocal
_READ, _DRAW = "Reading epochs", "Drawing frames"


@dataclass(frozen=True, eq=False)
class Animation:
    """frames: `count` pictures (H, W, 3) uint8, made as they are asked for, `per_second` of them to be shown.

    size: (W, H), both even. colours: (k, 3) uint8, at most 255, that do for all of the frames where few are allowed.
    The frames raise Cancelled where the one who asked for them says so, and AedeskError for a file that is damaged.
    """

    size: tuple[int, int]
    count: int
    per_second: float
    colours: np.ndarray
    frames: Iterator[np.ndarray]


def of_map(
    run: Run,
    *,
    dark: bool = False,
    frames: int = 100,
    progress: Progress | None = None,
    cancelled: Callable[[], bool] | None = None,
) -> Animation:
    """The places of the run's sample from its first kept epoch to its last, in the colours of their classes.

    The map has one scale for all epochs. Between kept epochs dots move smoothly (Fritsch & Carlson 1980, so none goes
    farther than it really went), and early epochs, in which most happens, are given the more time. Raises AedeskError
    if no epoch was kept, and Cancelled.
    """
    task = _Task(progress, cancelled)
    sample = _sample(run)
    epochs = spread(_kept(run), _MOST_KEYS)
    snapshots = [(each.epoch, each.points) for each in _snapshots(run, epochs, task)]
    keys = [(epoch, points) for epoch, points in snapshots if len(points) == len(sample.labels)]
    if not keys:
        raise AedeskError(f"{run.path}: no epoch is kept that can be drawn; train the run again")
    look = look_of(dark, len(sample.classes))
    painter = MapPainter(look, sample, _bounds([points for _, points in keys]), run.name)
    count = max(1, frames) if len(keys) > 1 else 1
    losses = _losses(run)

    def draw() -> Iterator[np.ndarray]:
        for number, (epoch, points) in enumerate(_moving(keys, count)):
            task.tell(_DRAW, number, count)
            share = (epoch - keys[0][0]) / max(1, keys[-1][0] - keys[0][0])
            yield painter.paint(points, Caption.of(epoch, keys[-1][0], losses, share))
        task.tell(_DRAW, count, count)

    return Animation(MAP_SIZE, count, _MAP_PACE, look.colours, draw())


def of_reconstructions(
    run: Run,
    *,
    dark: bool = False,
    progress: Progress | None = None,
    cancelled: Callable[[], bool] | None = None,
) -> Animation:
    """Ten images of the run's sample over what each kept epoch makes of them, one of each class where there are ten.

    At most 100 epochs, evenly spread. Raises AedeskError if no epoch was kept, and Cancelled.
    """
    task = _Task(progress, cancelled)
    sample = _sample(run)
    chosen = one_of_each(sample.labels, DIGITS)
    originals = sample.images[chosen].astype(np.float32) / 255
    epochs = spread(_kept(run), _MOST_EPOCHS)
    look = look_of(dark, 0)
    painter = StripPainter(look, originals, run.name)
    losses = _losses(run)
    first, last = epochs[0], epochs[-1]

    def draw() -> Iterator[np.ndarray]:
        for snapshot in _snapshots(run, epochs, task, _DRAW):
            rebuilt = model_of(snapshot).reconstruct(originals)
            share = (snapshot.epoch - first) / max(1, last - first)
            yield painter.paint(rebuilt, Caption.of(snapshot.epoch, last, losses, share))

    pace = float(np.clip(len(epochs) / _STRIP_SECONDS, *_STRIP_PACE))
    return Animation(painter.size, len(epochs), pace, look.colours, draw())


class _Task:
    """What is told of the work, and whether it is still wanted."""

    def __init__(self, progress: Progress | None, cancelled: Callable[[], bool] | None) -> None:
        self._progress, self._cancelled = progress, cancelled

    def tell(self, stage: str, done: int, total: int) -> None:
        if self._cancelled is not None and self._cancelled():
            raise Cancelled("The animation was cancelled; nothing was written.")
        if self._progress is not None:
            self._progress(stage, done, total)


def _kept(run: Run) -> list[int]:
    kept = run.epochs.kept()
    if not kept:
        raise AedeskError(
            f"{run.path}: no epoch of this run is kept, so nothing can be shown over its epochs"
        )
    return kept


def _sample(run: Run) -> Sample:
    sample = samples.load(run.sample)
    if not len(sample.labels):
        raise AedeskError(f"{run.sample}: holds no images, so there is nothing to draw")
    return sample


def _snapshots(run: Run, epochs: list[int], task: _Task, stage: str = _READ) -> Iterator[Snapshot]:
    for number, epoch in enumerate(epochs):
        task.tell(stage, number, len(epochs))
        # A window that trains the run may have thinned it a moment ago.
        if files.is_file(run.epochs.path(epoch)):
            yield run.epochs.load(epoch)
    task.tell(stage, len(epochs), len(epochs))


def _losses(run: Run) -> dict[int, float]:
    """The validation loss of each epoch that has one."""
    losses = {int(row["epoch"]): float(row.get("validation_loss", math.nan)) for row in run.read_history()}
    return {epoch: loss for epoch, loss in losses.items() if math.isfinite(loss)}


def _bounds(places: list[np.ndarray]) -> np.ndarray:
    """(2, 2), least and most, of all points (n, 2) of all epochs, but for the few that lie far from all others."""
    ends = np.stack([np.quantile(points, (_FAR, 1 - _FAR), axis=0) for points in places])
    low, high = ends[:, 0].min(axis=0), ends[:, 1].max(axis=0)
    slack = _SLACK * (high - low)
    every = np.concatenate(places)
    bounds: np.ndarray = np.stack(
        [np.maximum(every.min(axis=0), low - slack), np.minimum(every.max(axis=0), high + slack)]
    )
    return bounds


def _moving(keys: list[tuple[int, np.ndarray]], count: int) -> Iterator[tuple[float, np.ndarray]]:
    """`count` moments from the first key to the last: the epoch, with a fraction, and the points (n, 2) then."""
    epochs = np.array([epoch for epoch, _ in keys], float)
    if len(keys) == 1:
        yield epochs[0], keys[0][1]
        return
    from scipy.interpolate import PchipInterpolator

    times = (epochs - epochs[0]) ** _SLOWER_FIRST
    way = PchipInterpolator(times, np.stack([points for _, points in keys]), axis=0)
    for time in np.linspace(times[0], times[-1], count) if count > 1 else times[-1:]:
        yield float(epochs[0] + time ** (1 / _SLOWER_FIRST)), way(time)
