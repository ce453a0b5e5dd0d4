"""Gradient descent and Adam over all parameters of the torch engine, which lie in one array.

Not torch's own: those import its compiler when they are made, a second and a half, and take 40 us of every step before
they begin, of a millisecond that a step of a small network has.
"""

from __future__ import annotations

from math import sqrt

import numpy as np
import torch

from aedesk.models.presets import Recipe
from aedesk.training.flat import Flat

_BETAS = 0.9, 0.999
_EPSILON = 1e-7  # as in Keras, where the recipes come from


class Optimiser:
    """Steps from `flat.values` down `flat.gradients`, by the recipe; Adam as in Kingma & Ba 2015, algorithm 1.

    encoder_pace: what the learning rate is multiplied by for the encoder's parameters.
    """

    def __init__(self, flat: Flat, recipe: Recipe, encoder_pace: float = 1.0) -> None:
        self._flat = flat
        self._steps = 0
        self._moments: dict[str, torch.Tensor] = {}
        if recipe.optimiser == "adam":
            self._moments = {name: torch.zeros_like(flat.values) for name in ("mean", "square")}
        self._slope = torch.empty_like(flat.values)
        encoder = flat.size("encoder.")
        self._paces = (slice(0, encoder), encoder_pace), (slice(encoder, None), 1.0)
        # Numbers that change from step to step lie on the device: a captured step reads them there.
        self._rate, self._correction = (torch.zeros((), device=flat.values.device) for _ in range(2))

    def advance(self, learning_rate: float) -> None:
        """What the next `step` is taken with. Apart from it, because this is no work for the device."""
        self._steps += 1
        mean, square = _BETAS
        self._rate.fill_(learning_rate / (1 - mean**self._steps) if self._moments else learning_rate)
        self._correction.fill_(sqrt(1 - square**self._steps))

    def step(self) -> None:
        """Move every parameter, once for each `advance`."""
        slope = self._flat.gradients
        if self._moments:
            slope = self._bounded(slope)
        for part, pace in self._paces:
            self._flat.values[part].addcmul_(slope[part], self._rate, value=-pace)

    def state(self) -> dict[str, np.ndarray]:
        """As `Engine.optimiser_state`."""
        if not self._moments:
            return {}
        arrays = {
            f"{kind}.{name}": moment.numpy().copy()
            for kind, moments in self._moments.items()
            for name, moment in self._flat.views(moments.cpu()).items()
        }
        return {"steps": np.array([self._steps], np.int64), **arrays}

    def load_state(self, state: dict[str, np.ndarray]) -> None:
        """Take over what `state` gave. Raises ValueError for arrays that are not those of this network's optimiser."""
        mine = {name: array.shape for name, array in self.state().items()}
        if {name: array.shape for name, array in state.items()} != mine:
            raise ValueError("the optimiser's state is not that of this network and optimiser")
        for kind, moments in self._moments.items():
            for name, moment in self._flat.views(moments).items():
                moment.copy_(torch.from_numpy(state[f"{kind}.{name}"]))
        self._steps = int(state["steps"][0]) if state else 0

    def _bounded(self, slope: torch.Tensor) -> torch.Tensor:
        """The mean slope over the root of the mean square, but for the bias that `advance` corrects."""
        mean, square = self._moments["mean"], self._moments["square"]
        mean.lerp_(slope, 1 - _BETAS[0])
        square.mul_(_BETAS[1]).addcmul_(slope, slope, value=1 - _BETAS[1])
        torch.sqrt(square, out=self._slope)
        self._slope.div_(self._correction).add_(_EPSILON)
        return torch.div(mean, self._slope, out=self._slope)
