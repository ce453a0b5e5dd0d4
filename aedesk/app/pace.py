"""How fast a run goes, as its owner wants it: at full speed, in slow motion, or a step at a time."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Literal

from aedesk.training.controls import Controls
from aedesk.training.events import BatchDone, EpochDone

Stride = Literal["batch", "epoch"]

# The last batch of an epoch is followed by the epoch's end: a step of one batch that met only that holds too.
_ENDS = {"batch": (BatchDone, EpochDone), "epoch": (EpochDone,)}


class Pace:
    """Set by the owner of a run, read by the thread that trains it.

    controls: of the run. orders: how many times it was told to go on; a hold answers one of them.
    """

    def __init__(self, delay: float = 0.0, until: Stride | None = None) -> None:
        self.controls = Controls()
        self.orders = 0
        self._until = until
        self._delay = delay
        # An order and a hold come one after the other, so that neither undoes half of the other.
        self._lock = threading.Lock()
        self._tell_steps()

    @property
    def delay(self) -> float:
        """Seconds to wait after every step; 0 for full speed."""
        return self._delay

    @delay.setter
    def delay(self, seconds: float) -> None:
        with self._lock:
            self._delay = seconds
            self._tell_steps()

    @property
    def rest(self) -> float:
        """Seconds to wait after the step just done: a single one is answered at once."""
        return 0.0 if self._until == "batch" else self._delay

    def go(self, until: Stride | None, resume: Callable[[], object]) -> None:
        """The owner's order: `resume`, and hold after the next batch or at the end of the epoch; None: do not hold."""
        with self._lock:
            self.orders += 1
            self._until = until
            self._tell_steps()
            resume()

    def hold_after(self, event: object, hold: Callable[[], object]) -> int | None:
        """In the run's thread: `hold` if it went on up to this event; the number of the order that this answers."""
        with self._lock:
            if self._until is None or not isinstance(event, _ENDS[self._until]):
                return None
            hold()
            return self.orders

    def _tell_steps(self) -> None:
        self.controls.every_step = self._delay > 0 or self._until == "batch"
