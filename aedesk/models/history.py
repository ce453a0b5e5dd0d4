"""What the history of a run says about its epochs: which can be compared with each other, and which is the best."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

HistoryRow = dict[str, float]
"""epoch, train_loss, validation_loss, learning_rate, seconds; train_penalty and validation_penalty where the kind has
a penalty: the part of the two losses that it is."""


def comparable(history: Sequence[HistoryRow], changes: Iterable[tuple[str, float]]) -> Sequence[HistoryRow]:
    """The rows whose losses mean the same as the last one's: those since the noise or a weight was last changed.

    changes: what was changed, by its name in the recipe, and after how many epochs, with a fraction. One that no epoch
    has ended after yet changes nothing.
    """
    last = history[-1]["epoch"] if history else 0
    since = max((at for name, at in changes if name != "learning_rate" and at < last), default=0.0)
    return [row for row in history if row["epoch"] > since]


def best_epoch(history: Sequence[HistoryRow], changes: Iterable[tuple[str, float]] = ()) -> int:
    """The epoch of the least validation loss, the first of equal ones; 0 where there is none."""
    rows = comparable(history, changes)
    return int(min(rows, key=lambda row: row["validation_loss"])["epoch"]) if rows else 0
