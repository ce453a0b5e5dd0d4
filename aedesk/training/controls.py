"""How a run is steered while it goes on, from another thread."""

from __future__ import annotations

import threading
from collections.abc import Callable

from aedesk.models.presets import CHANGEABLE


def _never() -> bool:
    return False


class Controls:
    """Stop, and changes of the recipe's numbers; the training loop looks at them before every step.

    stopped: asked as well, where somebody else may end the run. every_step: tell every step, not ten a second.
    """

    def __init__(self, stopped: Callable[[], bool] = _never) -> None:
        self.stopped = stopped
        self._stop = threading.Event()
        self._lock = threading.Lock()
        self._changes: dict[str, float] = {}
        self.every_step = False

    def stop(self) -> None:
        """End the run before its next step."""
        self._stop.set()

    @property
    def is_stopped(self) -> bool:
        return self._stop.is_set() or self.stopped()

    def change(self, name: str, value: float) -> None:
        """Go on with another learning rate, noise level or weight. Raises ValueError for what cannot change."""
        if name not in CHANGEABLE:
            raise ValueError(f"{name} cannot be changed while a run goes on")
        with self._lock:
            self._changes[name] = value

    def take_changes(self) -> dict[str, float]:
        """What has been changed since the last call."""
        if not self._changes:  # asked before every step: no lock where there is nothing to take
            return {}
        with self._lock:
            changes, self._changes = self._changes, {}
        return changes
