"""Mini-batch gradient descent and Adam: each changes the parameters of a network in place."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from math import sqrt
from typing import Protocol

import numpy as np

from aedesk.errors import AedeskError
from aedesk.models.layers import Shape
from aedesk.scratch.vector import Arrays, parts


class Optimiser(Protocol):
    """Steps down a gradient. `state` and `load_state` are named as those of every engine are."""

    def step(self, gradient: np.ndarray, learning_rate: float) -> None:
        """Move the parameters by one step; gradient: as long as their vector, in the same order; it is used up."""

    def state(self) -> Arrays:
        """A copy of what is remembered from step to step."""

    def load_state(self, state: Mapping[str, np.ndarray]) -> None:
        """Go on from what `state` gave; without it, from nothing."""


class SGD:
    """Plain mini-batch gradient descent: w <- w - learning_rate * g. It remembers nothing."""

    def __init__(self, parameters: np.ndarray, shapes: Mapping[str, Shape]) -> None:
        self._parameters = parameters

    def step(self, gradient: np.ndarray, learning_rate: float) -> None:
        gradient *= learning_rate
        self._parameters -= gradient

    def state(self) -> Arrays:
        return {}

    def load_state(self, state: Mapping[str, np.ndarray]) -> None:
        """Nothing to take over."""


class Adam:
    """Adam (Kingma & Ba 2015, algorithm 1) with the paper's constants, which are torch's defaults too.

    parameters: one vector, of which `vector.parts` gives those of each layer; shapes: theirs.
    State: `steps` (1,) int64, and `mean.NAME` and `square.NAME` shaped like the parameter of that name.
    """

    def __init__(
        self,
        parameters: np.ndarray,
        shapes: Mapping[str, Shape],
        betas: tuple[float, float] = (0.9, 0.999),
        epsilon: float = 1e-7,
    ) -> None:
        self._parameters = parameters
        self._shapes = shapes
        self._betas = betas
        self._epsilon = epsilon
        self.load_state({})

    def step(self, gradient: np.ndarray, learning_rate: float) -> None:
        """Move every parameter by its bias-corrected mean gradient over the root of the mean square.

        Both corrections go into the rate, and so into epsilon, as the paper has it at the end of section 2. All is
        computed where the gradient was: memory is what a step waits for.
        """
        self._steps += 1
        beta1, beta2 = self._betas
        correction = sqrt(1 - beta2**self._steps)
        rate = learning_rate * correction / (1 - beta1**self._steps)
        gradient *= 1 - beta1
        self._mean *= beta1
        self._mean += gradient
        gradient *= gradient
        gradient *= (1 - beta2) / (1 - beta1) ** 2
        self._square *= beta2
        self._square += gradient
        spread = np.sqrt(self._square, out=gradient)
        spread += self._epsilon * correction
        change = np.divide(self._mean, spread, out=gradient)
        change *= rate
        self._parameters -= change

    def state(self) -> Arrays:
        state = {"steps": np.array([self._steps], np.int64)}
        for moment, vector in (("mean", self._mean), ("square", self._square)):
            for name, part in parts(vector, self._shapes).items():
                state[f"{moment}.{name}"] = part.copy()
        return state

    def load_state(self, state: Mapping[str, np.ndarray]) -> None:
        """Go on from what `state` gave, or begin where it is empty; one of another network raises AedeskError."""
        if state and ("steps" not in state or state["steps"].shape != (1,)):
            raise AedeskError("the optimiser's state is of another network: it does not count its steps")
        mean, square = self._moment("mean", state), self._moment("square", state)
        self._mean, self._square = mean, square
        self._steps = int(state["steps"][0]) if state else 0

    def _moment(self, moment: str, state: Mapping[str, np.ndarray]) -> np.ndarray:
        """A vector of what is remembered of each parameter; zeros where nothing is."""
        vector = np.zeros_like(self._parameters)
        for name, part in parts(vector, self._shapes).items() if state else ():
            remembered = state.get(f"{moment}.{name}")
            if remembered is None or remembered.shape != part.shape:
                raise AedeskError(
                    f"the optimiser's state is of another network: {moment}.{name} is missing or misshapen"
                )
            part[...] = remembered
        return vector


OPTIMISERS: dict[str, Callable[[np.ndarray, Mapping[str, Shape]], Optimiser]] = {"sgd": SGD, "adam": Adam}
