"""What one step of training is taken with, and what it tells: the same for every engine. No torch in here."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, NamedTuple

from aedesk.models.presets import Recipe

Seed = tuple[int, int, int]
"""(seed of the run, epoch, step): what the random numbers of one step follow from, and nothing else."""


@dataclass(frozen=True)
class StepSettings:
    """What one step is taken with: all that may change from one step to the next.

    learning_rate: of this step, the schedule applied. noise_level: of a denoising network. penalty_weight: of a
    sparse, contractive or variational one, any warm-up applied. warp, guidance: as `Recipe` has them, as they are by
    this step.
    """

    learning_rate: float
    noise_level: float
    penalty_weight: float
    seed: Seed
    warp: float = 0.0
    guidance: float = 0.0

    @classmethod
    def of(cls, recipe: Recipe, seed: Seed) -> StepSettings:
        """As the recipe has them, without schedule and warm-up."""
        return cls(recipe.learning_rate, recipe.noise_level, recipe.penalty_weight, seed)


class StepLoss(NamedTuple):
    """Means per pixel: numbers, or tensors that a GPU may still be computing.

    reconstruction: of the output against the clean pictures. penalty: weighted: what the kind adds and, while training,
    guidance and filling; 0 for none of them. What a step descends is their sum.
    """

    reconstruction: Any
    penalty: Any
