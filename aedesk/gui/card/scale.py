"""Where a figure lies between poor and perfect: all scales run the same way, better to the right. No Tk in here."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

_SMALLEST = 1e-9  # of what is given a logarithm


@dataclass(frozen=True)
class Scale:
    """From the `worst` figure at 0 to the `best` at 1, either of which may be the larger.

    steps: `even`; `factors`, so that half an error is always as far on as the next half; or `misses`, the same for
    what a share lacks of 1: from 90 % to 95 % is as far as from 98 % to 99 %.
    """

    worst: float
    best: float
    steps: Literal["even", "factors", "misses"] = "even"

    def place(self, value: float) -> float:
        """In [0, 1]; what is worse than the worst or better than the best is put at that end."""
        low, high, here = (self._stretched(each) for each in (self.worst, self.best, value))
        return min(1.0, max(0.0, (here - low) / (high - low)))

    def _stretched(self, value: float) -> float:
        if self.steps == "even":
            return value
        return math.log(max(_SMALLEST, value if self.steps == "factors" else 1 - value))


ERROR = Scale(0.07, 0.001, "factors")
DECIBELS = Scale(10, 34)
SIMILARITY = Scale(0, 0.998, "misses")
ACCURACY = Scale(0.3, 0.995, "misses")
TRUST = Scale(0.5, 0.9998, "misses")
SHARE = Scale(0, 1)
LOSS = Scale(1, 0)
RATIO = Scale(4, 1, "factors")
