"""What is known of the run on show, and how its end is told."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from aedesk.app.run_state import State
from aedesk.gui.curves.losses import marks_of
from aedesk.gui.train.figures import loss_text
from aedesk.training.config import TrainingConfig
from aedesk.training.ending import best_epoch
from aedesk.training.events import Changed, HistoryRow, Reason

_ENDS = {
    "completed": "Finished",
    "minutes": "Ended: its minutes are over",
    "patience": "Ended: no more progress",
    "target": "Ended: target loss reached",
}


@dataclass
class WatchedRun:
    """name: what it is called on the screen. epochs_done has a fraction; where: the same in words. elsewhere: somebody
    else trains it.
    """

    config: TrainingConfig
    name: str
    started: bool = False
    state: State = State.IDLE
    epochs_done: float = 0.0
    where: str = ""
    rows: list[HistoryRow] = field(default_factory=list)
    changes: list[Changed] = field(default_factory=list)
    reason: Reason | None = None
    elsewhere: bool = False

    @property
    def is_going_on(self) -> bool:
        """Whether it is not held or about to end."""
        return self.state in {State.RUNNING, State.STEPPING}

    @property
    def doing(self) -> str:
        """What it is doing while it is trained here."""
        words = {State.PAUSED: "Paused:", State.STOPPING: "Stopping"}.get(self.state, "Training")
        return f"{words} {self.name}"

    @property
    def can_go_on(self) -> bool:
        """Whether it has epochs left to run, and nobody else is at it."""
        return not self.elsewhere and self.epochs_done < self.config.recipe.epochs

    @property
    def share_done(self) -> float:
        return min(1.0, self.epochs_done / self.config.recipe.epochs)

    def take_history(self, rows: Iterable[HistoryRow], changes: Iterable[Mapping[str, Any]]) -> None:
        """Rows and changes as they lie on the disk, in place of those so far."""
        self.rows = list(rows)
        self.changes = [Changed(mark.epoch, mark.name, mark.old, mark.new) for mark in marks_of(changes)]
        self.epochs_done = self.rows[-1]["epoch"] if self.rows else 0.0

    @property
    def end(self) -> str:
        """How it ended, short enough to leave room for buttons in a small window."""
        if not self.rows:
            return "No epoch was completed"
        if self.reason in _ENDS:
            return _ENDS[self.reason]
        whole = int(self.epochs_done)
        done = (
            "in the first epoch"
            if not whole
            else "after 1 epoch"
            if whole == 1
            else f"after {whole:,} epochs"
        )
        return f"{'Stopped' if self.reason == 'stopped' else 'Cut off'} {done}"

    @property
    def best(self) -> str:
        """Its best epoch; empty before the first."""
        if not self.rows:
            return ""
        best = best_epoch(self.rows, self.changes)
        loss = next(row["validation_loss"] for row in self.rows if row["epoch"] == best)
        return f"Best loss {loss_text(loss)} at epoch {best:,}"


def changes_of(plain: Mapping[str, Any]) -> list[Any]:
    """The changes that a run's `config.json` lists, whatever somebody has made of that file."""
    changes = plain.get("changes")
    return changes if isinstance(changes, list) else []


def joined(*parts: str) -> str:
    """Parts of a sentence, each of which begins with a capital, as one; empty ones are left out."""
    first, *others = [part for part in parts if part] or [""]
    return "; ".join([first, *map(lowered, others)])


def lowered(words: str) -> str:
    """Within a sentence."""
    return words[:1].lower() + words[1:]
