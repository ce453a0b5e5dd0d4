"""What a run leaves on the disk while it goes on."""

from __future__ import annotations

import contextlib
import math
import time
from dataclasses import asdict, replace
from typing import Any

import numpy as np

from aedesk.errors import AedeskError
from aedesk.models.checkpoint import Checkpoint
from aedesk.models.presets import CHANGEABLE
from aedesk.storage import checkpoint as checkpoints
from aedesk.storage import files
from aedesk.storage.epochs import Snapshot
from aedesk.storage.lock import RunLock
from aedesk.storage.runs import Run
from aedesk.training.config import TrainingConfig
from aedesk.training.ending import best_epoch
from aedesk.training.engine import Engine
from aedesk.training.events import Changed, EpochDone, Reason
from aedesk.training.loop import Past

_SAVE_EVERY = 1.0  # seconds


class Record:
    """One stretch of a run on the disk: what is behind it, and what has to be saved of it."""

    def __init__(self, run: Run, lock: RunLock, config: TrainingConfig, plain: dict[str, Any]) -> None:
        self.run, self.config = run, config
        self._lock = lock
        self.past = Past()
        self.device = ""
        self._plain = plain | config.to_json() | {"command": config.command(run.name)}
        self._best: Checkpoint | None = None
        self._saved_at = -_SAVE_EVERY

    def take_up(self) -> Snapshot:
        """The snapshot to go on from; of what came after it, the changes alone are known, to be made again."""
        snapshot = self.run.epochs.newest()
        if snapshot is None:
            raise AedeskError(
                f"{self.run.path}: every epoch of this run that was kept is damaged; train it anew."
            )
        self.run.epochs.drop_after(snapshot.epoch)
        files.sweep(self.run.path)
        files.sweep(self.run.epochs.folder)
        history = [row for row in self.run.read_history() if row["epoch"] < snapshot.epoch]
        self.past.history = [*history, snapshot.row] if snapshot.row else history
        self.past.changes = [Changed(**change) for change in snapshot.changes]
        self.past.ahead = [change for change in _changes_in(self._plain) if change.epoch >= snapshot.epoch]
        self.run.write_history(self.past.history)
        if self.past.history:
            self._take_best(*self._best_weights(snapshot))
        self._thin()  # before the next one is saved: the budget may be less by now, and the disk full
        return snapshot

    def _best_weights(self, snapshot: Snapshot) -> tuple[int, dict[str, np.ndarray]]:
        """The best epoch of those whose weights can still be read, in a snapshot or in the model file."""
        best = best_epoch(self.past.history, self.past.changes)
        with contextlib.suppress(AedeskError):
            return best, (snapshot if best == snapshot.epoch else self.run.epochs.load(best)).weights
        with contextlib.suppress(AedeskError):
            saved = checkpoints.load(self.run.model)
            if saved.metrics.get("epoch") == best and saved.architecture == snapshot.architecture:
                return best, saved.weights
        return snapshot.epoch, snapshot.weights

    def __enter__(self) -> Record:
        self.run.write_config(self._settings())
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        if kind is not None:
            with contextlib.suppress(AedeskError, MemoryError):  # what ended the run is the news, not this
                self.flush()

    def keep(self, event: EpochDone, engine: Engine, points: np.ndarray) -> None:
        """Put an epoch on the disk; of a first one that was stopped, the model alone: nothing goes on from there."""
        self._lock.check()
        weights = engine.weights()
        epoch = int(event.row["epoch"])
        if event.best or self._best is None:
            self._take_best(epoch, weights)
        if event.partial:
            return
        changes = [asdict(change) for change in self.past.changes]
        snapshot = Snapshot(
            epoch, self.config.architecture, weights, engine.optimiser_state(), points, event.row, changes
        )
        self.run.epochs.save(snapshot)
        self.run.append_history(event.row)
        self._thin()
        if time.monotonic() - self._saved_at >= _SAVE_EVERY:
            self.flush()

    def _thin(self) -> None:
        best = best_epoch(self.past.history, self.past.changes)
        self.run.epochs.thin(self.config.keep_mb * 1_000_000, {self._begun, best})

    def note(self) -> None:
        """Write down that a number of the recipe was changed, in an epoch that may never end."""
        self._lock.check()
        self.run.write_config(self._settings())

    def flush(self, reason: Reason | None = None) -> None:
        """Save the best model so far with all that is known by now. reason: of the end, if that is reached."""
        self._lock.check()
        config = self._settings(reason)
        if self._best is None:
            self.run.write_config(config)
            return
        best = replace(self._best, config=config, history=list(self.past.history))
        self.run.save(best)
        self._best, self._saved_at = best, time.monotonic()

    @property
    def best(self) -> Checkpoint:
        """The model of the run, as it was saved last."""
        assert self._best is not None
        return self._best

    def _take_best(self, epoch: int, weights: dict[str, np.ndarray]) -> None:
        row = next(row for row in self.past.history if row["epoch"] == epoch)
        metrics = {name: row[name] for name in ("epoch", "train_loss", "validation_loss")}
        name = self.run.name
        self._best = Checkpoint(name, self.config.architecture, weights, metrics=metrics)

    def _settings(self, reason: Reason | None = None) -> dict[str, Any]:
        """What `config.json` says by now; of a run that is cut off, `running` with nobody who holds its lock."""
        changes = [asdict(change) for change in (*self.past.changes, *self.past.ahead)]
        status = "running" if reason is None else "stopped" if reason == "stopped" else "completed"
        return self._plain | {
            "device_used": self.device,
            "changes": changes,
            "status": status,
            "reason": reason,
        }

    @property
    def _begun(self) -> int:
        """The epoch that the run began with: 0, or that of another run."""
        origin = self._plain.get("branched_from")
        return int(origin.get("epoch", 0)) if isinstance(origin, dict) else 0


def _changes_in(plain: dict[str, Any]) -> list[Changed]:
    """What a run's `config.json` lists, in order, as far as it makes sense."""
    found = []
    listed = plain.get("changes")
    for change in listed if isinstance(listed, list) else []:
        with contextlib.suppress(TypeError, ValueError, LookupError, AttributeError):
            numbers = {name: float(change[name]) for name in ("epoch", "old", "new")}
            if change["name"] in CHANGEABLE and all(map(math.isfinite, numbers.values())):
                found.append(Changed(name=change["name"], **numbers))
    return sorted(found, key=lambda change: change.epoch)
