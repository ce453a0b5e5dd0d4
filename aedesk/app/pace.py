"""How fast a run goes, as its owner wants it: at full speed, in slow motion, or a step at a time."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from aedesk.training.controls import Controls
from aedesk.training.events import BatchDone, EpochDone

Stride = Literal["batch", "epoch"]


@dataclass
class Pace:
    """Set by the owner of a run, read by the thread that trains it.

    delay: seconds to wait after every step, 0 for full speed. until: what the run goes on for before it holds.
    """

    controls: Controls = field(default_factory=Controls)
    delay: float = 0.0
    until: Stride | None = None

    def set(self, *, delay: float | None = None, until: Stride | None) -> None:
        """Go on like this from now on; a delay of None leaves it as it is."""
        self.delay = self.delay if delay is None else delay
        self.until = until
        self.controls.every_step = self.delay > 0 or until == "batch"

    def is_reached(self, event: object) -> bool:
        """Whether the run is to hold after this event."""
        # The last batch of an epoch is followed by the epoch's end: a step of one batch that met only that holds too.
        kinds = {"batch": (BatchDone, EpochDone), "epoch": (EpochDone,)}
        return self.until is not None and isinstance(event, kinds[self.until])
