"""What a run leaves on the disk while it goes on."""

from __future__ import annotations

import contextlib
import time
from dataclasses import asdict, replace
from typing import Any

import numpy as np

from aedesk.errors import AedeskError
from aedesk.models.checkpoint import Checkpoint
from aedesk.storage import checkpoint as checkpoints
from aedesk.storage.epochs import Snapshot
from aedesk.storage.runs import Run
from aedesk.training.config import TrainingConfig
from aedesk.training.ending import best_epoch
from aedesk.training.engine import Engine
from aedesk.training.events import Changed, EpochDone, Reason
from aedesk.training.loop import Past

_SAVE_EVERY = 1.0  # seconds


class Record:
    """One stretch of a run on the disk: what is behind it, and what has to be saved of it."""

    def __init__(self, run: Run, config: TrainingConfig, plain: dict[str, Any]) -> None:
        self.run, self.config = run, config
        self.past = Past()
        self.device = ""
        self._plain = plain | config.to_json() | {"command": config.command(run.name)}
        self._first = (plain.get("branched_from") or {}).get("epoch", 0)
        self._best: Checkpoint | None = None
        self._saved_at = -_SAVE_EVERY

    def take_up(self) -> Snapshot:
        """The snapshot to go on from, with all that came after it forgotten."""
        snapshot = self.run.epochs.newest()
        if snapshot is None:
            raise AedeskError(f"{self.run.path}: no epoch of this run is left to go on from; start it anew.")
        self.run.epochs.drop_after(snapshot.epoch)
        history = [row for row in self.run.read_history() if row["epoch"] < snapshot.epoch]
        self.past.history = [*history, snapshot.row] if snapshot.row else history
        self.past.changes = [Changed(**change) for change in snapshot.changes]
        self.run.write_history(self.past.history)
        if self.past.history:
            self._take_best(self._best_weights(snapshot))
        return snapshot

    def _best_weights(self, snapshot: Snapshot) -> dict[str, np.ndarray]:
        """Those of the best epoch: of its snapshot, or of the model file where that cannot be read."""
        best = best_epoch(self.past.history, self.past.changes)
        if best == snapshot.epoch:
            return snapshot.weights
        with contextlib.suppress(AedeskError):
            return self.run.epochs.load(best).weights
        saved = checkpoints.load(self.run.model)
        if saved.metrics.get("epoch") == best:
            return saved.weights
        raise AedeskError(
            f"{self.run.path}: its best epoch, {best}, is damaged; branch a new run from another."
        )

    def __enter__(self) -> Record:
        self.run.write_config(self._settings())
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        if kind is not None:
            with contextlib.suppress(AedeskError, MemoryError):  # what ended the run is the news, not this
                self.flush()

    def keep(self, event: EpochDone, engine: Engine, points: np.ndarray) -> None:
        """Put an epoch on the disk; of a first one that was stopped, the model alone: nothing goes on from there."""
        weights = engine.weights()
        if event.best or self._best is None:
            self._take_best(weights)
        if event.partial:
            return
        epoch = int(event.row["epoch"])
        changes = [asdict(change) for change in self.past.changes]
        snapshot = Snapshot(
            epoch, self.config.architecture, weights, engine.optimiser_state(), points, event.row, changes
        )
        self.run.epochs.save(snapshot)
        self.run.append_history(event.row)
        best = best_epoch(self.past.history, self.past.changes)
        self.run.epochs.thin(self.config.keep_mb * 1_000_000, {self._first, best})
        if time.monotonic() - self._saved_at >= _SAVE_EVERY:
            self.flush()

    def flush(self, reason: Reason | None = None) -> None:
        """Save the best model so far with all that is known by now. reason: of the end, if that is reached."""
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

    def _take_best(self, weights: dict[str, np.ndarray]) -> None:
        epoch = best_epoch(self.past.history, self.past.changes)
        row = next(row for row in self.past.history if row["epoch"] == epoch)
        metrics = {name: row[name] for name in ("epoch", "train_loss", "validation_loss")}
        name = self.run.name
        self._best = Checkpoint(name, self.config.architecture, weights, metrics=metrics)

    def _settings(self, reason: Reason | None = None) -> dict[str, Any]:
        """What `config.json` says by now; of a run that is cut off, `running` with nobody who holds its lock."""
        changes = [asdict(change) for change in self.past.changes]
        status = "running" if reason is None else "stopped" if reason == "stopped" else "completed"
        return self._plain | {
            "device_used": self.device,
            "changes": changes,
            "status": status,
            "reason": reason,
        }
