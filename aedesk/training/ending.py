"""When a run is over, and which of its epochs is the best: both follow from its history alone."""

from __future__ import annotations

from collections.abc import Sequence

from aedesk.models import history as histories
from aedesk.models.presets import Recipe
from aedesk.training.events import Changed, HistoryRow, Reason


def best_epoch(history: Sequence[HistoryRow], changes: Sequence[Changed] = ()) -> int:
    """The epoch of the least validation loss since losses mean what they do; 0 where there is none."""
    return histories.best_epoch(history, _named(changes))


def why_over(recipe: Recipe, history: Sequence[HistoryRow], changes: Sequence[Changed]) -> Reason | None:
    """The reason for which no further epoch is run, or None."""
    if not history:
        return None
    last = history[-1]
    if recipe.target > 0 and last["validation_loss"] <= recipe.target:
        return "target"
    if recipe.patience and int(last["epoch"]) - best_epoch(history, changes) >= recipe.patience:
        return "patience"
    if recipe.minutes and sum(row["seconds"] for row in history) >= 60 * recipe.minutes:
        return "minutes"
    return "completed" if last["epoch"] >= recipe.epochs else None


def _named(changes: Sequence[Changed]) -> list[tuple[str, float]]:
    return [(change.name, change.epoch) for change in changes]
