"""How the numbers of a recipe move while a run goes on."""

from __future__ import annotations

import math
from collections.abc import Sequence

from aedesk.models.presets import Recipe
from aedesk.training.events import Changed, HistoryRow

_COOLDOWN = 0.1  # of the run
_RISE = 0.3  # of the run, until the one cycle is at its top
_FIRST = 1 / 25  # of the top, where the one cycle begins
_LAST = 1e-4  # of the top, where it ends
_PLATEAU_PATIENCE = 3  # epochs without a better validation loss
_PLATEAU_FACTOR = 0.5
_UNWARPED = 0.25  # of the run, over which warping goes out
_GUIDANCE_LEFT = 0.3  # at the end, of what it was


def learning_rate(recipe: Recipe, share: float, halvings: int = 0) -> float:
    """The rate of the step before which `share` of the run's steps, in [0, 1), were taken.

    one-cycle: from 1/25 of the rate to all of it over the first three tenths and down to 1/10,000 of it, both along
    half a cosine wave, as torch's OneCycleLR. plateau: halved as often as `plateaus` says.
    """
    top = recipe.learning_rate
    if recipe.schedule == "cosine":
        return top * (1 + math.cos(math.pi * share)) / 2
    if recipe.schedule == "cooldown":
        return top * min(1, (1 - share) / _COOLDOWN)
    if recipe.schedule == "one-cycle":
        if share < _RISE:
            return _along_cosine(top * _FIRST, top, share / _RISE)
        return _along_cosine(top, top * _LAST, (share - _RISE) / (1 - _RISE))
    if recipe.schedule == "plateau":
        return top * _PLATEAU_FACTOR**halvings
    return top


def plateaus(history: Sequence[HistoryRow], changes: Sequence[Changed] = ()) -> int:
    """How often the `plateau` schedule has halved the learning rate by now.

    It does whenever three epochs have gone by without a better validation loss, counted anew after each halving, as
    torch's ReduceLROnPlateau with a patience of two; and counted anew when the noise or a weight was changed, after
    which losses mean something else.
    """
    anew = sorted(change.epoch for change in changes if change.name != "learning_rate")
    best, waited, count = math.inf, 0, 0
    for row in history:
        while anew and anew[0] < row["epoch"]:
            best, waited = math.inf, 0
            anew.pop(0)
        if row["validation_loss"] < best:
            best, waited = row["validation_loss"], 0
        else:
            waited += 1
        if waited == _PLATEAU_PATIENCE:
            waited, count = 0, count + 1
    return count


def warm_up(recipe: Recipe, epochs_done: float) -> float:
    """The share, in [0, 1], of the penalty's weight by then: it rises in a straight line over `recipe.warm_up` epochs
    where the kind is variational (Bowman et al. 2016)."""
    if recipe.kind != "variational" or not recipe.warm_up:
        return 1.0
    return min(1.0, epochs_done / recipe.warm_up)


def leading(recipe: Recipe, share: float) -> tuple[float, float]:
    """Warp and guidance of the step before which `share` of the run's steps, in [0, 1), were taken.

    The first goes out over the last quarter, so that the run ends on pictures as they are. The second falls
    geometrically to three tenths: first codes find their places, then what rebuilds best may move them a little.
    """
    return recipe.warp * min(1.0, (1 - share) / _UNWARPED), recipe.guidance * _GUIDANCE_LEFT**share


def _along_cosine(begin: float, end: float, share: float) -> float:
    return end + (begin - end) * (1 + math.cos(math.pi * share)) / 2
