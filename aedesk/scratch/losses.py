"""What a reconstruction is judged by, each loss with its gradient by hand.

outputs: (N, 784), what the network's last layer gives; images: the same shape, in [0, 1]. Each loss returns (mean over
pixels and images, its gradient with respect to the outputs). z stands for the outputs, y for the picture, x for the
images, n for N * 784.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from aedesk.models.architecture import Output
from aedesk.models.presets import Loss as LossName
from aedesk.scratch.activations import positive, sigmoid

Loss = Callable[[np.ndarray, np.ndarray], tuple[float, np.ndarray]]


def mse(pictures: np.ndarray, images: np.ndarray) -> tuple[float, np.ndarray]:
    """Mean squared error: sum (y - x)^2 / n, with the gradient 2 (y - x) / n."""
    error = pictures - images
    loss = float(np.vdot(error, error)) / error.size
    error *= 2 / error.size
    return loss, error


def mae(pictures: np.ndarray, images: np.ndarray) -> tuple[float, np.ndarray]:
    """Mean absolute error: sum |y - x| / n, with the gradient sign(y - x) / n."""
    error = pictures - images
    loss = float(np.mean(np.abs(error)))
    np.sign(error, out=error)
    error /= error.size
    return loss, error


def bce(logits: np.ndarray, images: np.ndarray) -> tuple[float, np.ndarray]:
    """Binary cross-entropy, -(x log y + (1 - x) log(1 - y)), as a function of the logits.

    Loss: sum (max(z, 0) - x z - log(max(y, 1 - y))) / n, the same without a logarithm of 0,
    to 1e-7 in float32.
    Gradient: (y - x) / n (Bishop 2006, eq. 4.91 with the data replaced by the logits).
    """
    y = sigmoid(logits)
    sure = 1 - y
    np.maximum(sure, y, out=sure)
    loss = positive(logits)
    loss -= images * logits
    loss -= np.log(sure, out=sure)
    y -= images
    y /= y.size
    return float(np.mean(loss)), y


def of_sigmoid(loss: Loss) -> Loss:
    """The same loss for logits: y is their sigmoid.

    The chain rule through dy/dz = y (1 - y) (Bishop 2006, Pattern Recognition and Machine Learning, eq. 4.88).
    """

    def on_logits(logits: np.ndarray, images: np.ndarray) -> tuple[float, np.ndarray]:
        y = sigmoid(logits)
        value, gradient = loss(y, images)
        gradient *= y
        np.subtract(1, y, out=y)
        gradient *= y
        return value, gradient

    return on_logits


LOSSES: dict[tuple[LossName, Output], Loss] = {
    ("mse", "sigmoid"): of_sigmoid(mse),
    ("mae", "sigmoid"): of_sigmoid(mae),
    ("bce", "sigmoid"): bce,
    ("mse", "linear"): mse,
    ("mae", "linear"): mae,
}
"""By name and by what the network ends in. A linear output is judged before it is clipped: a pixel beyond white would
else learn nothing. Cross-entropy is for a sigmoid only."""
