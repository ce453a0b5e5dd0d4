"""How the learning rate moves, and when a run is over."""

import math
from dataclasses import replace

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from aedesk.models.presets import Recipe
from aedesk.training.ending import best_epoch, why_over
from aedesk.training.events import Changed, HistoryRow
from aedesk.training.schedule import leading, learning_rate, plateaus

LOSSES = st.lists(st.floats(0.01, 1), max_size=40)


def rows(losses: list[float]) -> list[HistoryRow]:
    return [
        {"epoch": epoch, "train_loss": 1.0, "validation_loss": loss, "learning_rate": 0.1, "seconds": 1.0}
        for epoch, loss in enumerate(losses, 1)
    ]


def torchs(scheduler: type, steps: int, **settings: float) -> list[float]:
    """The rates of torch's own scheduler, before each of `steps` steps."""
    optimiser = torch.optim.SGD([torch.nn.Parameter(torch.zeros(1))], lr=0.1)
    schedule = scheduler(optimiser, **settings)
    rates = []
    for _ in range(steps):
        rates.append(optimiser.param_groups[0]["lr"])
        optimiser.step()
        schedule.step()
    return rates


def test_one_cycle_is_torchs_but_for_the_last_step() -> None:
    recipe = Recipe(schedule="one-cycle", learning_rate=0.1)
    ours = [learning_rate(recipe, step / 1000) for step in range(1000)]
    theirs = torchs(
        torch.optim.lr_scheduler.OneCycleLR, 1000, max_lr=0.1, total_steps=1001, final_div_factor=400
    )
    assert ours == pytest.approx(theirs, abs=5e-4)
    assert max(ours) == pytest.approx(0.1)
    assert min(ours) > 0


@given(LOSSES)
def test_plateaus_are_those_of_torch(losses: list[float]) -> None:
    optimiser = torch.optim.SGD([torch.nn.Parameter(torch.zeros(1))], lr=1.0)
    theirs = torch.optim.lr_scheduler.ReduceLROnPlateau(
        optimiser, factor=0.5, patience=2, threshold=0.0, eps=0.0
    )
    for loss in losses:
        theirs.step(loss)
    assert optimiser.param_groups[0]["lr"] == pytest.approx(0.5 ** plateaus(rows(losses)))
    recipe = Recipe(schedule="plateau", learning_rate=1.0)
    assert learning_rate(recipe, 0.5, plateaus(rows(losses))) == optimiser.param_groups[0]["lr"]


def test_a_plateau_is_counted_anew_once_losses_mean_something_else() -> None:
    history = rows([0.2, 0.1, 0.9, 0.8, 0.7, 0.6, 0.5])
    assert plateaus(history) == 1
    assert plateaus(history, [Changed(2.0, "learning_rate", 1, 4)]) == 1
    assert plateaus(history, [Changed(2.0, "beta", 1, 4)]) == 0
    assert (
        plateaus(rows([0.1, 0.2, 0.2, 0.2, 0.9, 0.8]), [Changed(4.5, "beta", 1, 4)]) == 1
    )  # what was, stays


@given(LOSSES.filter(bool))
def test_the_best_epoch_is_the_first_of_the_least_loss(losses: list[float]) -> None:
    assert best_epoch(rows(losses)) == losses.index(min(losses)) + 1


def test_losses_under_another_weight_are_not_compared() -> None:
    history = rows([0.1, 0.2, 0.5, 0.4])
    assert best_epoch(history) == 1
    assert best_epoch(history, [Changed(2.5, "beta", 1, 4)]) == 4
    assert best_epoch(history, [Changed(2.5, "learning_rate", 1, 4)]) == 1
    assert best_epoch(history, [Changed(4.0, "beta", 1, 4)]) == 1  # no epoch has ended since
    assert why_over(Recipe(patience=2), history, []) == "patience"
    assert why_over(Recipe(patience=2), history, [Changed(2.5, "beta", 1, 4)]) is None


@given(LOSSES, st.integers(0, 5), st.integers(1, 50), st.floats(0, 1))
def test_a_run_that_was_not_over_is_over_at_the_latest_after_its_epochs(
    losses: list[float], patience: int, epochs: int, target: float
) -> None:
    recipe = replace(Recipe(), patience=patience, epochs=epochs, target=target)
    assert why_over(recipe, [], []) is None
    ends = [why_over(recipe, rows(losses[:count]), []) for count in range(1, len(losses) + 1)]
    if len(losses) >= epochs:
        assert ends[epochs - 1] is not None
    assert all(math.isfinite(loss) for loss in losses)


@given(st.floats(0, 1), st.floats(0, 1e3), st.floats(0, 1))
def test_warp_goes_out_over_the_last_quarter_and_guidance_falls_to_three_tenths(
    warp: float, guidance: float, share: float
) -> None:
    recipe = Recipe(warp=warp, guidance=guidance)
    assert leading(recipe, 0.0) == (warp, guidance)
    assert leading(recipe, 0.75)[0] == pytest.approx(warp)
    assert leading(recipe, 0.875)[0] == pytest.approx(warp / 2)
    assert leading(recipe, 1.0) == pytest.approx((0.0, 0.3 * guidance))
    # Geometrically: half of the way twice is the whole.
    there = leading(recipe, share / 2)[1]
    assert there * there == pytest.approx(guidance * leading(recipe, share)[1], rel=1e-6, abs=1e-300)
