"""The row about growth: how training time follows the number of images and of epochs."""

from __future__ import annotations

import math
import statistics
from collections.abc import Mapping

from contenders import Begin, ours
from report import Section, table
from settings import Settings
from turns import compete

SHARES = (1 / 8, 1 / 4, 1 / 2, 1)
EPOCHS = (1, 2, 4, 8)
RECIPES = ("vanilla-64", "deep-64")
_MOST = 1.05


def exponent(seconds: Mapping[int, float]) -> float:
    """The slope of a straight line through (log size, log seconds): 1 where the time is linear in the size."""
    return statistics.linear_regression(
        *zip(*[map(math.log, pair) for pair in seconds.items()], strict=True)
    ).slope


def growth(settings: Settings) -> Section:
    rows, met = [], []
    for preset in RECIPES:
        for what, seconds in (
            ("images", by_images(settings, preset)),
            ("epochs", by_epochs(settings, preset)),
        ):
            slope = exponent(seconds)
            met.append(slope <= _MOST)
            times = ", ".join(f"{size:,}: {time:.3g}" for size, time in seconds.items())
            rows.append([f"`{preset}`", what, times, f"{slope:.2f}", f"{_MOST}", met[-1]])
    columns = ["recipe", "over", "seconds", "exponent", "bar", "met"]
    about = f"""\
Epochs with so many images, in turn; so many epochs of one run with {settings.images:,} images. The exponent is that of
a power of the size, fitted to the logarithms: linear is 1, and the bar is {_MOST}. The map's is in its own section."""
    return Section(f"{about}\n\n{table(columns, rows)}", met)


def by_images(settings: Settings, preset: str) -> dict[int, float]:
    """Seconds of an epoch by its images."""
    counts = {f"{round(settings.images * share)}": round(settings.images * share) for share in SHARES}
    beginnings: dict[str, Begin] = {name: ours(preset, count) for name, count in counts.items()}
    found = compete(beginnings, settings.rounds)
    return {count: found.median(name, "whole") for name, count in counts.items()}


def by_epochs(settings: Settings, preset: str) -> dict[int, float]:
    """Seconds of so many epochs of one run, the first one left out, in which torch gets ready."""
    with ours(preset, settings.images)() as contender:
        contender.epoch()
        wholes = [contender.epoch()["whole"] for _ in range(max(EPOCHS))]
    return {count: sum(wholes[:count]) for count in EPOCHS}
