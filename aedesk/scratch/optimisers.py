"""Mini-batch gradient descent and Adam: each changes the weights in place."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from math import sqrt
from typing import Protocol

import numpy as np

from aedesk.errors import AedeskError

Arrays = dict[str, np.ndarray]


class Optimiser(Protocol):
    """Steps down a gradient. `state` and `load_state` are named as those of every engine are."""

    def step(self, gradients: Arrays, learning_rate: float) -> None:
        """Move the weights by one step; gradients: name -> array shaped like the weight of that name."""

    def state(self) -> Arrays:
        """A copy of what is remembered from step to step."""

    def load_state(self, state: Mapping[str, np.ndarray]) -> None:
        """Go on from what `state` gave; without it, from nothing."""


class SGD:
    """Plain mini-batch gradient descent: w <- w - learning_rate * g. It remembers nothing."""

    def __init__(self, weights: Arrays) -> None:
        self._weights = weights

    def step(self, gradients: Arrays, learning_rate: float) -> None:
        for name, weight in self._weights.items():
            weight -= learning_rate * gradients[name]

    def state(self) -> Arrays:
        return {}

    def load_state(self, state: Mapping[str, np.ndarray]) -> None:
        """Nothing to take over."""


class Adam:
    """Adam (Kingma & Ba 2015, algorithm 1) with the paper's constants, which are torch's defaults too.

    State: `steps` (1,) int64, and `mean.NAME` and `square.NAME` shaped like the weight of that name.
    """

    def __init__(
        self, weights: Arrays, betas: tuple[float, float] = (0.9, 0.999), epsilon: float = 1e-7
    ) -> None:
        self._weights = weights
        self._betas = betas
        self._epsilon = epsilon
        self.load_state({})

    def step(self, gradients: Arrays, learning_rate: float) -> None:
        """Move every weight by its bias-corrected mean gradient over the root of the mean square."""
        self._steps += 1
        beta1, beta2 = self._betas
        rate = learning_rate / (1 - beta1**self._steps)
        correction = sqrt(1 - beta2**self._steps)
        for name, weight in self._weights.items():
            gradient, mean, square = gradients[name], self._means[name], self._squares[name]
            mean *= beta1
            mean += (1 - beta1) * gradient
            square *= beta2
            square += (1 - beta2) * np.square(gradient)
            spread = np.sqrt(square)
            spread /= correction
            spread += self._epsilon
            np.divide(mean, spread, out=spread)
            spread *= rate
            weight -= spread

    def state(self) -> Arrays:
        means = {f"mean.{name}": array.copy() for name, array in self._means.items()}
        squares = {f"square.{name}": array.copy() for name, array in self._squares.items()}
        return {"steps": np.array([self._steps], np.int64), **means, **squares}

    def load_state(self, state: Mapping[str, np.ndarray]) -> None:
        """Go on from what `state` gave, or begin where it is empty; one of another network raises AedeskError."""
        if state and ("steps" not in state or state["steps"].shape != (1,)):
            raise AedeskError("the optimiser's state is of another network: it does not count its steps")
        weights = self._weights.items()
        means = {name: _moment(state, f"mean.{name}", weight) for name, weight in weights}
        squares = {name: _moment(state, f"square.{name}", weight) for name, weight in weights}
        self._means, self._squares = means, squares
        self._steps = int(state["steps"][0]) if state else 0


OPTIMISERS: dict[str, Callable[[Arrays], Optimiser]] = {"sgd": SGD, "adam": Adam}


def _moment(state: Mapping[str, np.ndarray], name: str, weight: np.ndarray) -> np.ndarray:
    """The array of that name, copied, in the float type of the weight; zeros where nothing is remembered."""
    if not state:
        return np.zeros_like(weight)
    if name not in state or state[name].shape != weight.shape:
        raise AedeskError(f"the optimiser's state is of another network: {name} is missing or misshapen")
    return state[name].astype(weight.dtype)
