"""What a run is doing."""

from __future__ import annotations

import enum


class State(enum.Enum):
    """STEPPING: running up to the end of a batch or an epoch, and paused again then."""

    IDLE = "idle"
    RUNNING = "running"
    STEPPING = "stepping"
    PAUSED = "paused"
    STOPPING = "stopping"
