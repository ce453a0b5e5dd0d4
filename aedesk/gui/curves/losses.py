"""The losses of runs as they are to be drawn: in parts, smoothed, thinned, and with what was changed on the way.

No Tk in here.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, NamedTuple

import numpy as np

from aedesk.training.smoothing import decimate, smooth

Part = Literal["loss", "reconstruction", "penalty"]
Smoothing = Literal["none", "light", "strong"]
Kind = Literal["training", "validation", "batch"]
Row = Mapping[str, float]

MOST = 1500  # points of a line: about as many columns of pixels as there are
MOST_BESIDE = 600  # of a line of another run

# A smoothed curve remembers this share of the points that the axis has room for, but at least so many: it looks
# equally smooth whether there are 30 epochs or 10,000, and does not trail far behind a loss that falls fast.
_MEMORY: dict[Smoothing, tuple[float, float]] = {
    "none": (0.0, 1.0),
    "light": (0.01, 1.5),
    "strong": (0.03, 2.5),
}
_ENDS = (20, 50, 100, 200, 500, 1000, 2000, 5000)  # of the axis, before the whole plan is in sight
_AHEAD = 1.2  # times the epochs so far are in sight at least
_COLUMNS = (
    "epoch",
    "train_loss",
    "validation_loss",
    "train_penalty",
    "validation_penalty",
    "learning_rate",
)
_SHORT = {"learning_rate": "rate", "noise_level": "noise"}
_KEPT_BATCHES = 8192


class Losses:
    """The history of a run, which may grow; a row of an epoch that is there already replaces it and those after it."""

    def __init__(self, history: Iterable[Row] = ()) -> None:
        self._table = np.full((64, len(_COLUMNS)), np.nan)
        self._count = 0
        self.version = 0
        for row in history:
            self.add(row)

    def __len__(self) -> int:
        return self._count

    def add(self, row: Row) -> None:
        """Take in an epoch. row: as `events.HistoryRow`; what it lacks counts as not a number."""
        values = [float(row.get(name, math.nan)) for name in _COLUMNS]
        self._count = int(np.searchsorted(self.epochs, values[0]))
        if self._count == len(self._table):
            self._table = np.concatenate([self._table, np.full_like(self._table, np.nan)])
        self._table[self._count] = values
        self._count += 1
        self.version += 1

    @property
    def epochs(self) -> np.ndarray:
        return self._column("epoch")

    @property
    def rates(self) -> np.ndarray:
        """The learning rate of every epoch, (n,); NaN where it is not known."""
        return self._column("learning_rate")

    @property
    def has_penalty(self) -> bool:
        return bool(np.isfinite(self._column("train_penalty")).any())

    def loss(self, kind: Kind, part: Part) -> np.ndarray:
        """Of every epoch, (n,); NaN where it is not known."""
        name = "train" if kind == "training" else "validation"
        penalty = self._column(f"{name}_penalty")
        if part == "penalty":
            return penalty
        loss = self._column(f"{name}_loss")
        return loss if part == "loss" else loss - np.nan_to_num(penalty)

    def at(self, values: np.ndarray, epoch: float) -> float:
        """That of `values` (n,), one for each epoch, which is of `epoch`; NaN where that is not in the history."""
        place = int(np.searchsorted(self.epochs, epoch))
        if place >= self._count or self.epochs[place] != epoch:
            return math.nan
        return float(values[place])

    def nearest(self, epoch: float) -> int | None:
        """The epoch of the history that is nearest to a place on the axis."""
        if not self._count:
            return None
        return int(self.epochs[int(np.argmin(np.abs(self.epochs - epoch)))])

    def _column(self, name: str) -> np.ndarray:
        return self._table[: self._count, _COLUMNS.index(name)]


class Batches:
    """Losses of single batches, (epochs done, loss): when there are too many, every second one stays."""

    def __init__(self) -> None:
        self._table = np.empty((_KEPT_BATCHES, 2))
        self._count = 0
        self._stride = 1
        self._skipped = 0

    def __len__(self) -> int:
        return self._count

    def add(self, epochs_done: float, loss: float) -> None:
        self._skipped += 1
        if not math.isfinite(loss) or self._skipped < self._stride:
            return
        self._skipped = 0
        if self._count == _KEPT_BATCHES:
            self._count //= 2
            self._table[: self._count] = self._table[::2].copy()
            self._stride *= 2
        self._table[self._count] = epochs_done, loss
        self._count += 1

    @property
    def x(self) -> np.ndarray:
        return self._table[: self._count, 0]

    @property
    def y(self) -> np.ndarray:
        return self._table[: self._count, 1]


@dataclass(frozen=True)
class Mark:
    """A number that was changed in mid-run. epoch: epochs done by then, with a fraction."""

    epoch: float
    name: str
    old: float
    new: float

    @property
    def short_name(self) -> str:
        return _SHORT.get(self.name, self.name.replace("_", " "))

    @property
    def sentence(self) -> str:
        name = self.name.replace("_", " ")
        return f"{name} {self.old:.4g} \u2192 {self.new:.4g} at epoch {self.epoch:.4g}"


def marks_of(changes: Iterable[Mapping[str, Any]]) -> tuple[Mark, ...]:
    """The changes that the configuration of a run lists; one that makes no sense is left out."""
    marks = []
    for change in changes:
        try:
            numbers = [float(change[name]) for name in ("epoch", "old", "new")]
            marks.append(Mark(numbers[0], str(change["name"]), numbers[1], numbers[2]))
        except (KeyError, TypeError, ValueError):
            continue
    return tuple(mark for mark in marks if math.isfinite(mark.epoch))


@dataclass(frozen=True)
class Other:
    """A run beside the one on show. colour: which of `run_colours`."""

    label: str
    losses: Losses
    colour: int


class Stroke(NamedTuple):
    """A line to draw. faint: the noise behind a smoothed line."""

    kind: Kind
    faint: bool
    x: np.ndarray
    y: np.ndarray


@dataclass(frozen=True)
class Scene:
    """All that a plot of losses shows. epochs: the length of the axis at least. running: the epoch in progress."""

    own: Losses = field(default_factory=Losses)
    batches: Batches = field(default_factory=Batches)
    running: tuple[float, float] | None = None
    others: tuple[Other, ...] = ()
    marks: tuple[Mark, ...] = ()
    epochs: int = 1
    title: str = "Loss per pixel"
    run: str = ""
    part: Part = "loss"
    log: bool = False
    smoothing: Smoothing = "none"
    live: bool = False

    @property
    def is_empty(self) -> bool:
        return not (
            len(self.own) or len(self.batches) or self.running or any(len(o.losses) for o in self.others)
        )

    @property
    def last_epoch(self) -> int:
        """Where the axis ends: of a long plan only the beginning is in sight until the run has come near its end."""
        ends = [float(losses.epochs[-1]) for losses in self._all() if len(losses)]
        if self.running is not None:
            ends.append(self.running[0])
        end = max(ends, default=0.0)
        ahead = next((round_end for round_end in _ENDS if round_end >= _AHEAD * end), self.epochs)
        planned = ahead if 2 * ahead <= self.epochs else self.epochs
        return max(1, math.ceil(end), planned)

    @property
    def shows_batches(self) -> bool:
        return self.part == "loss" and len(self.batches) > 0

    def _all(self) -> Iterator[Losses]:
        yield self.own
        for other in self.others:
            yield other.losses

    def usable(self, y: np.ndarray) -> np.ndarray:
        """Which losses can be drawn, (n,) bool."""
        usable: np.ndarray = np.isfinite(y) & (y > 0) if self.log else np.isfinite(y)
        return usable

    def span(self) -> tuple[float, float] | None:
        """The least and the greatest loss to be seen; None if there is nothing."""
        losses = [run.loss(kind, self.part) for run in self._all() for kind in ("training", "validation")]
        if self.part == "loss":
            if self.running is not None:
                losses.append(np.array([self.running[1]]))
            # The first batches of all are far above everything that matters later on, so they do not set the scale.
            x, y = self.batches.x, self.batches.y
            noise = y if len(self.own) < 2 else y[np.searchsorted(x, 1) :]
            if len(noise):
                losses.append(np.array([noise.min()]))
                if len(self.own) < 2:
                    losses.append(np.array([np.percentile(noise, 98)]))
        found = np.concatenate(losses)
        found = found[self.usable(found)]
        return (float(found.min()), float(found.max())) if len(found) else None

    def strokes(self) -> list[Stroke]:
        """The lines of the run on show up to its last epoch."""
        weight = self._weight(self.last_epoch)
        strokes = self._batch_strokes(0, self._batches_done)
        kinds: Sequence[Kind] = ("training", "validation")
        for kind in kinds:
            strokes += self._strokes(kind, self.own.epochs, self.own.loss(kind, self.part), weight, MOST)
        return strokes

    def running_strokes(self) -> list[Stroke]:
        """What goes on from there: all that changes with a batch."""
        strokes = self._batch_strokes(max(0, self._batches_done - 1), len(self.batches))
        if self.running is None or self.part != "loss":
            return strokes
        x = np.append(self.own.epochs, self.running[0])
        y = np.append(self.own.loss("training", self.part), self.running[1])
        lines = self._strokes("training", x, y, self._weight(self.last_epoch), len(x))
        return strokes + [stroke._replace(x=stroke.x[-2:], y=stroke.y[-2:]) for stroke in lines]

    @property
    def _batches_done(self) -> int:
        """How many of the batches are of epochs that are over."""
        last = self.own.epochs[-1] if len(self.own) else 0.0
        return int(np.searchsorted(self.batches.x, last, "right"))

    def _batch_strokes(self, start: int, stop: int) -> list[Stroke]:
        if not self.shows_batches or start == stop:
            return []
        # In steps, else a line that grows would change all the way back with every batch.
        weight = self._weight(2 ** int(math.log2(len(self.batches))))
        x, y = self.batches.x[start:stop], self.batches.y
        smoothed = [y, smooth(y, weight)] if weight else [y]
        return [
            Stroke("batch", place == 0, *decimate(x[usable], line[start:stop][usable], MOST))
            for place, line in enumerate(smoothed)
            for usable in [self.usable(line[start:stop])]
        ]

    def other_strokes(self, other: Other, most: int = MOST_BESIDE) -> list[Stroke]:
        """The lines of another run, without the noise behind them."""
        weight = self._weight(self.last_epoch)
        kinds: Sequence[Kind] = ("training", "validation")
        lines = [
            self._strokes(kind, other.losses.epochs, other.losses.loss(kind, self.part), weight, most)[-1:]
            for kind in kinds
        ]
        return [stroke for line in lines for stroke in line]

    def _weight(self, points: int) -> float:
        """Of the past in a smoothed curve, on an axis with room for so many points."""
        share, least = _MEMORY[self.smoothing]
        return 1 - 1 / max(least, share * points)

    def _strokes(self, kind: Kind, x: np.ndarray, y: np.ndarray, weight: float, most: int) -> list[Stroke]:
        usable = self.usable(y)
        x, y = x[usable], y[usable]
        if not len(x):
            return []
        raw = decimate(x, y, most)
        if not weight:
            return [Stroke(kind, False, *raw)]
        return [Stroke(kind, True, *raw), Stroke(kind, False, *decimate(x, smooth(y, weight), most))]
