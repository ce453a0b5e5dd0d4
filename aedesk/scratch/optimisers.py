"""Mini-batch gradient descent and Adam: each changes the weights in place."""

from __future__ import annotations

from collections.abc import Callable
from math import sqrt
from typing import Protocol

import numpy as np


class Optimiser(Protocol):
    """Steps down a gradient. learning_rate may be changed between steps."""

    learning_rate: float

    def step(self, gradients: dict[str, np.ndarray]) -> None:
        """Move the weights by one step; gradients: name -> array shaped like the weight of that name."""


class SGD:
    """Plain mini-batch gradient descent: w <- w - learning_rate * g."""

    def __init__(self, weights: dict[str, np.ndarray], learning_rate: float) -> None:
        self.learning_rate = learning_rate
        self._weights = weights

    def step(self, gradients: dict[str, np.ndarray]) -> None:
        """Move every weight down its gradient."""
        for name, weight in self._weights.items():
            weight -= self.learning_rate * gradients[name]


class Adam:
    """Adam (Kingma & Ba 2015, algorithm 1) with the paper's constants, which are torch's defaults too."""

    def __init__(
        self,
        weights: dict[str, np.ndarray],
        learning_rate: float,
        betas: tuple[float, float] = (0.9, 0.999),
        epsilon: float = 1e-7,
    ) -> None:
        self.learning_rate = learning_rate
        self._weights = weights
        self._betas = betas
        self._epsilon = epsilon
        self._steps = 0
        self._means = {name: np.zeros_like(weight) for name, weight in weights.items()}
        self._squares = {name: np.zeros_like(weight) for name, weight in weights.items()}

    def step(self, gradients: dict[str, np.ndarray]) -> None:
        """Move every weight by its bias-corrected mean gradient over the root of the mean square."""
        self._steps += 1
        beta1, beta2 = self._betas
        rate = self.learning_rate / (1 - beta1**self._steps)
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


OPTIMISERS: dict[str, Callable[[dict[str, np.ndarray], float], Optimiser]] = {"sgd": SGD, "adam": Adam}
