"""A run as it was: the model of an epoch that is kept, and a choice among epochs and images to show."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from aedesk.errors import AedeskError
from aedesk.models.checkpoint import Checkpoint
from aedesk.storage import files

if TYPE_CHECKING:
    from aedesk.models.model import Model
    from aedesk.storage.epochs import Snapshot
    from aedesk.storage.runs import Run

_OF_AN_EPOCH = ("epoch", "train_loss", "validation_loss")


def checkpoint_at(run: Run, epoch: int) -> Checkpoint:
    """The model of a kept epoch with all that was known then, such as can be saved as a file of its own.

    Raises AedeskError in one line if that epoch is not kept, and says which are, or if its file is damaged.
    """
    kept = run.epochs.kept()
    if not kept:
        raise AedeskError(f"{run.path}: no epoch of this run is kept")
    if epoch not in kept:
        raise AedeskError(f"{run.path}: epoch {epoch} is not kept; there are {in_words(kept)}")
    snapshot = run.epochs.load(epoch)
    config = run.read_config() if files.is_file(run.config) else {}
    history = [row for row in run.read_history() if row["epoch"] <= epoch]
    metrics = {name: snapshot.row[name] for name in _OF_AN_EPOCH if name in snapshot.row}
    name = f"{run.name} at epoch {epoch}"
    return Checkpoint(name, snapshot.architecture, snapshot.weights, config, history, metrics)


def model_of(snapshot: Snapshot) -> Model:
    """The network of a kept epoch, in use on the CPU."""
    from aedesk.models.model import Model  # torch takes seconds to import, and most of a run is told without

    return Model(Checkpoint(f"epoch {snapshot.epoch}", snapshot.architecture, snapshot.weights))


def spread(epochs: Sequence[int], most: int) -> list[int]:
    """At most `most` (two or more) of the ascending epochs, evenly spread, with the first and the last of them."""
    if len(epochs) <= most:
        return list(epochs)
    return [epochs[place] for place in np.linspace(0, len(epochs) - 1, most).round().astype(int)]


def one_of_each(labels: np.ndarray, count: int) -> np.ndarray:
    """Indices of at most `count` images: the first of each class in the order of classes, then others as they come."""
    _, first = np.unique(labels, return_index=True)
    others = np.setdiff1d(np.arange(len(labels)), first)
    chosen: np.ndarray = np.concatenate([first, others])[:count]
    return chosen


def in_words(epochs: Sequence[int]) -> str:
    """Ascending epochs as ranges: `0 to 8, 10, 12`; of many, the first and the last."""
    ranges: list[list[int]] = []
    for epoch in epochs:
        if ranges and epoch == ranges[-1][-1] + 1:
            ranges[-1].append(epoch)
        else:
            ranges.append([epoch])
    told = [str(each[0]) if len(each) == 1 else f"{each[0]} to {each[-1]}" for each in ranges]
    return ", ".join(told if len(told) <= 8 else [*told[:4], "...", *told[-3:]])
