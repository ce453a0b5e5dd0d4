"""Losses on logits, each with its gradient by hand.

logits, images: (N, 784), images in [0, 1]. Each loss returns (mean over pixels and images, its gradient with
respect to the logits); y stands for the sigmoid of the logits z, x for the images, n for N * 784.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

Loss = Callable[[np.ndarray, np.ndarray], tuple[float, np.ndarray]]


def sigmoid(logits: np.ndarray) -> np.ndarray:
    """1 / (1 + exp(-z)) in [0, 1], same shape and type, for logits of any size.

    The exponent stops at 88, the last whole one that float32 holds; no result changes by more than 1e-38.
    """
    y: np.ndarray = 1 / (1 + np.exp(np.minimum(-logits, 88)))
    return y


def mse(logits: np.ndarray, images: np.ndarray) -> tuple[float, np.ndarray]:
    """Mean squared error of the sigmoid output.

    Loss: sum (y - x)^2 / n. Gradient: 2 (y - x) y (1 - y) / n, by the chain rule through
    dy/dz = y (1 - y) (Bishop 2006, Pattern Recognition and Machine Learning, eq. 4.88).
    """
    y = sigmoid(logits)
    error = y - images
    loss = float(np.mean(np.square(error)))
    gradient = 1 - y
    gradient *= y
    gradient *= error
    gradient *= 2 / error.size
    return loss, gradient


def bce(logits: np.ndarray, images: np.ndarray) -> tuple[float, np.ndarray]:
    """Binary cross-entropy, -(x log y + (1 - x) log(1 - y)), as a function of the logits.

    Loss: sum (max(z, 0) - x z + log(1 + exp(-|z|))) / n, the same number without a logarithm of 0.
    Gradient: (y - x) / n (Bishop 2006, eq. 4.91 with the data replaced by the logits).
    """
    softplus = np.maximum(logits, 0) + np.log1p(np.exp(-np.abs(logits)))
    loss = float(np.mean(softplus - images * logits))
    gradient = sigmoid(logits)
    gradient -= images
    gradient /= gradient.size
    return loss, gradient


LOSSES: dict[str, Loss] = {"mse": mse, "bce": bce}
