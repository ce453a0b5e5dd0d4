"""A trained network as plain data: what a file holds and what rebuilds the model. No torch in here."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np

from aedesk.models.architecture import Architecture


@dataclass(frozen=True, eq=False)
class Checkpoint:
    """Weights and all that is known about them.

    weights: name -> float32 array, exactly the names and shapes of `architecture.tensor_shapes`.
    config: the settings of the run (JSON-safe). history: one dict per epoch. metrics: name -> number.
    """

    name: str
    architecture: Architecture
    weights: dict[str, np.ndarray]
    config: dict[str, Any] = field(default_factory=dict)
    history: list[dict[str, float]] = field(default_factory=list)
    metrics: dict[str, float] = field(default_factory=dict)
