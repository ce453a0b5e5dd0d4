"""Gradient descent and Adam over all parameters of the torch engine, which lie in one array.

Torch's arithmetic without its `Optimizer`: that imports a compiler when it is made, for a second and a half, and takes
40 us of every step before it begins, of a millisecond that a step of a small network has. A parameter that a loss does
not reach has a slope of 0 here, not none: it still moves by its momentum.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import torch

from aedesk.models.presets import Recipe
from aedesk.training.flat import Flat

_EPSILON = 1e-7  # as in Keras, where the recipes come from


class _Part(NamedTuple):
    """A part of the arrays. pace: what its learning rate is multiplied by. moments: those of Adam, mean and square.

    rate, steps: its learning rate, and how many steps it has taken; on the device, where a captured step reads what it
    finds.
    """

    pace: float
    values: torch.Tensor
    slope: torch.Tensor
    moments: list[torch.Tensor]
    rate: torch.Tensor
    steps: torch.Tensor


class Optimiser:
    """Steps from `flat.values` down `flat.gradients`, by the recipe.

    encoder_pace: what the learning rate is multiplied by for the encoder's parameters.
    """

    def __init__(self, flat: Flat, recipe: Recipe, encoder_pace: float = 1.0) -> None:
        self._flat = flat
        self._moments: dict[str, torch.Tensor] = {}
        if recipe.optimiser == "adam":
            self._moments = {name: flat.zeros() for name in ("mean", "square")}
        encoder = flat.size("encoder.") if encoder_pace != 1 else 0
        self._parts = [self._part(slice(encoder, None), 1.0)]
        if encoder:
            self._parts.append(self._part(slice(0, encoder), encoder_pace))

    def set_learning_rate(self, learning_rate: float) -> None:
        """From the next step on."""
        for part in self._parts:
            part.rate.fill_(learning_rate * part.pace)

    def step(self) -> None:
        """Move every parameter."""
        for part in self._parts:
            if not part.moments:
                part.values.addcmul_(part.slope, part.rate, value=-1)
                continue
            part.steps.add_(1)
            mean, square = part.moments
            torch._fused_adam_(
                [part.values],
                [part.slope],
                [mean],
                [square],
                [],
                [part.steps],
                lr=part.rate,
                beta1=0.9,
                beta2=0.999,
                weight_decay=0,
                eps=_EPSILON,
                amsgrad=False,
                maximize=False,
            )

    def state(self) -> dict[str, np.ndarray]:
        """As `Engine.optimiser_state`."""
        if not self._moments:
            return {}
        arrays = {
            f"{kind}.{name}": moment.numpy().copy()
            for kind, moments in self._moments.items()
            for name, moment in self._flat.views(moments.cpu()).items()
        }
        return {"steps": np.array([int(self._parts[0].steps)], np.int64), **arrays}

    def load_state(self, state: dict[str, np.ndarray]) -> None:
        """Take over what `state` gave. Raises ValueError for arrays that are not those of this network's optimiser."""
        mine = {name: array.shape for name, array in self.state().items()}
        if {name: array.shape for name, array in state.items()} != mine:
            raise ValueError("the optimiser's state is not that of this network and optimiser")
        for kind, moments in self._moments.items():
            for name, moment in self._flat.views(moments).items():
                moment.copy_(torch.from_numpy(state[f"{kind}.{name}"]))
        for part in self._parts:
            part.steps.fill_(int(state["steps"][0]) if state else 0)

    def _part(self, where: slice, pace: float) -> _Part:
        flat = self._flat
        rate, steps = (torch.zeros((), device=flat.values.device) for _ in range(2))
        moments = [moment[where] for moment in self._moments.values()]
        return _Part(pace, flat.values[where], flat.gradients[where], moments, rate, steps)
