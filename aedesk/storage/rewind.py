"""A run as it was, to be shown: the network of a kept epoch, and a choice among epochs and images."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from aedesk.models.checkpoint import Checkpoint

if TYPE_CHECKING:
    from aedesk.models.model import Model
    from aedesk.storage.epochs import Snapshot


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
