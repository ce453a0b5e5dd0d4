"""The axes of a plot of losses: where their ticks are, and which corner is free for a legend. No Tk in here."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Literal

import numpy as np
from matplotlib.axes import Axes
from matplotlib.ticker import FixedLocator, MaxNLocator, NullFormatter, NullLocator, StrMethodFormatter

Corner = Literal["upper right", "upper left", "lower left", "lower right"]

_WIDE = 3  # largest over smallest loss from which a log axis has its ticks at 1, 2 and 5
_CORNERS: dict[Corner, tuple[int, int]] = {
    "upper right": (1, 1),
    "upper left": (0, 1),
    "lower left": (0, 0),
    "lower right": (1, 0),
}
_WORTH_MOVING = 0.5  # of what is hidden now may be hidden by a move at most


def set_scales(axes: Axes, epochs: int, ticks: Sequence[float], *, log: bool, numbers: int = 10) -> None:
    """Epochs from 0 to `epochs`, at `numbers` of them a tick at most; losses from the first tick to the last."""
    axes.set_yscale("log" if log else "linear")
    axes.yaxis.set_major_locator(FixedLocator(ticks))
    axes.yaxis.set_major_formatter(StrMethodFormatter("{x:.3g}"))
    axes.yaxis.set_minor_locator(NullLocator())
    axes.yaxis.set_minor_formatter(NullFormatter())
    axes.xaxis.set_major_locator(MaxNLocator(integer=True, nbins=numbers, steps=[1, 2, 5, 10]))
    axes.xaxis.set_major_formatter(StrMethodFormatter("{x:,.0f}"))
    axes.set_xlim(0, epochs)
    axes.set_ylim(ticks[0], ticks[-1])


def loss_ticks(low: float, high: float, *, log: bool) -> list[float]:
    """Round numbers from at most `low` to at least `high`; 1, 2, 5 of each decade where `log` asks for it."""
    if not (log and high / low >= _WIDE):
        air = max(high - low, abs(high) * 0.02, 1e-9) * 0.04
        bottom = max(low - air, low / 2 if log else 0.0)  # no loss is below 0
        ticks = [float(tick) for tick in MaxNLocator(nbins=5).tick_values(bottom, high + air)]
        return ticks if ticks[0] > 0 or not log else ticks[1:]
    decades = range(math.floor(math.log10(low)), math.ceil(math.log10(high)) + 1)
    round_numbers = [digit * 10.0**decade for decade in decades for digit in (1, 2, 5)]
    first = max(number for number in round_numbers if number <= low * (1 + 1e-9))
    last = min(number for number in round_numbers if number >= high * (1 - 1e-9))
    return [number for number in round_numbers if first <= number <= last]


def freest_corner(points: np.ndarray, width: float, height: float, present: Corner) -> Corner:
    """The corner where a box hides fewest `points` (n, 2), all in shares of the axes; `present` unless worth a move."""
    hidden = {}
    for corner, (right, top) in _CORNERS.items():
        across = points[:, 0] > 1 - width if right else points[:, 0] < width
        up = points[:, 1] > 1 - height if top else points[:, 1] < height
        hidden[corner] = int(np.count_nonzero(across & up))
    best = min(hidden, key=lambda corner: hidden[corner])
    return best if hidden[best] < _WORTH_MOVING * hidden[present] else present


def shortened(label: str, most: int) -> str:
    """At most `most` characters: the beginning and the end of a longer label."""
    if len(label) <= most:
        return label
    first = (most - 1) // 2
    return f"{label[:first]}\u2026{label[len(label) - (most - 1 - first) :]}"
