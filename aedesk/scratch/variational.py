"""The code of a variational autoencoder: a normal distribution for each picture (Kingma & Welling 2014).

m: means, l: logarithms of variances, both (N, D); together, side by side, (N, 2D).
"""

from __future__ import annotations

import numpy as np

from aedesk.scratch.layers import Dense, Layer


class Heads(Layer):
    """Two dense layers on one input: x -> m and l, side by side. The gradients with respect to x add up."""

    def __init__(self, mean: Dense, log_variance: Dense) -> None:
        self._heads = (mean, log_variance)

    def apply(self, x: np.ndarray) -> np.ndarray:
        return np.concatenate([head.apply(x) for head in self._heads], axis=1)

    def forward(self, x: np.ndarray, rng: np.random.Generator) -> np.ndarray:
        return np.concatenate([head.forward(x, rng) for head in self._heads], axis=1)

    def learn(self, dy: np.ndarray) -> None:
        for head, part in zip(self._heads, halves(dy), strict=True):
            head.learn(part)

    def backward(self, dy: np.ndarray) -> np.ndarray:
        dmean, dlog_variance = (
            head.backward(part) for head, part in zip(self._heads, halves(dy), strict=True)
        )
        dmean += dlog_variance
        return dmean


class Sample(Layer):
    """m and l -> a code: m + exp(l / 2) e with e drawn from N(0, 1) while training, m otherwise.

    The reparameterisation of section 2.4: with e held, dm = dy and dl = dy e exp(l / 2) / 2.
    """

    def apply(self, x: np.ndarray) -> np.ndarray:
        mean, _ = halves(x)
        return mean

    def forward(self, x: np.ndarray, rng: np.random.Generator) -> np.ndarray:
        mean, log_variance = halves(x)
        self._deviation = np.exp(0.5 * log_variance)
        self._deviation *= rng.standard_normal(mean.shape, np.float32)
        return mean + self._deviation

    def backward(self, dy: np.ndarray) -> np.ndarray:
        return np.concatenate([dy, 0.5 * dy * self._deviation], axis=1)


def halves(x: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """(N, 2D) -> views of the means (N, D) and of the log-variances (N, D)."""
    size = x.shape[1] // 2
    return x[:, :size], x[:, size:]
