"""When a run is over, and which of its epochs is the best: both follow from its history alone."""

from __future__ import annotations

from collections.abc import Sequence

from aedesk.models.presets import Recipe
from aedesk.training.events import Changed, HistoryRow, Reason


def comparable(history: Sequence[HistoryRow], changes: Sequence[Changed]) -> Sequence[HistoryRow]:
    """The rows whose losses mean the same as the last one's: those since the noise or a weight was last changed."""
    since = max((change.epoch for change in changes if change.name != "learning_rate"), default=0.0)
    rows = [row for row in history if row["epoch"] > since]
    return rows or list(history[-1:])


def best_epoch(history: Sequence[HistoryRow], changes: Sequence[Changed] = ()) -> int:
    """The epoch of the least validation loss, the first of equal ones; 0 where there is none."""
    rows = comparable(history, changes)
    return int(min(rows, key=lambda row: row["validation_loss"])["epoch"]) if rows else 0


def why_over(recipe: Recipe, history: Sequence[HistoryRow], changes: Sequence[Changed]) -> Reason | None:
    """The reason for which no further epoch is run, or None."""
    if not history:
        return None
    rows = comparable(history, changes)
    if recipe.target > 0 and history[-1]["validation_loss"] <= recipe.target:
        return "target"
    if recipe.patience and int(rows[-1]["epoch"]) - best_epoch(rows) >= recipe.patience:
        return "patience"
    if recipe.minutes and sum(row["seconds"] for row in history) >= 60 * recipe.minutes:
        return "minutes"
    return "completed" if history[-1]["epoch"] >= recipe.epochs else None
