"""The layers of a network: what each does with a batch, and, beside it, what it does with a gradient.

x: (N, D) the input of a layer, y: (N, E) its output, dx and dy: the gradients of the loss with respect to them, of the
same shapes; dW and db: those with respect to a layer's parameters.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass

import numpy as np

from aedesk.models.layers import EPSILON, MOMENTUM
from aedesk.scratch.activations import Function


@dataclass(frozen=True, eq=False)
class Parameter:
    """An array that training adjusts in place, and the place for its gradient, of the same shape and type."""

    value: np.ndarray
    gradient: np.ndarray


class Layer(ABC):
    """One step on the way from a picture to its reconstruction.

    `forward` trains: it may draw random numbers, and it keeps what `learn` and `backward` need, until the next one.
    `apply` changes nothing.
    """

    @abstractmethod
    def apply(self, x: np.ndarray) -> np.ndarray:
        """x -> y, nothing left to chance."""

    def forward(self, x: np.ndarray, rng: np.random.Generator) -> np.ndarray:
        """x -> y while training."""
        return self.apply(x)

    def learn(self, dy: np.ndarray) -> None:  # noqa: B027 (most layers have no parameters)
        """Put the gradients of the layer's parameters in their places."""

    @abstractmethod
    def backward(self, dy: np.ndarray) -> np.ndarray:
        """dy -> dx, after `learn`; dy may be overwritten."""


class Dense(Layer):
    """y = x W^T + b. weight: (E, D); bias: (E,). A weight that is `shared` has part of its gradient already.

    Back-propagation as in Rumelhart, Hinton & Williams 1986: dW^T = x^T dy, db = the sum of dy over the batch,
    dx = dy W.
    """

    def __init__(self, weight: Parameter, bias: Parameter, shared: bool = False) -> None:
        self._weight, self._bias = weight, bias
        self._shared = shared

    def apply(self, x: np.ndarray) -> np.ndarray:
        y: np.ndarray = np.dot(x, self._weight.value.T)
        y += self._bias.value
        return y

    def forward(self, x: np.ndarray, rng: np.random.Generator) -> np.ndarray:
        self._x = x
        return self.apply(x)

    def learn(self, dy: np.ndarray) -> None:
        gradient = self._weight.gradient.T
        if self._shared:
            gradient += np.dot(self._x.T, dy)
        else:
            np.dot(self._x.T, dy, out=gradient)
        np.sum(dy, axis=0, out=self._bias.gradient)

    def backward(self, dy: np.ndarray) -> np.ndarray:
        dx: np.ndarray = np.dot(dy, self._weight.value)
        return dx


class TiedDense(Layer):
    """y = x W + b, W being the weight (D, E) of an encoder's layer, which this one is the way back of.

    dW^T = dy^T x, db = the sum of dy over the batch, dx = dy W^T. The gradients of both uses of W add up: this one
    comes first on the way back, so it lays down what the encoder's layer adds its own to.
    """

    def __init__(self, weight: Parameter, bias: Parameter) -> None:
        self._weight, self._bias = weight, bias

    def apply(self, x: np.ndarray) -> np.ndarray:
        y: np.ndarray = np.dot(x, self._weight.value)
        y += self._bias.value
        return y

    def forward(self, x: np.ndarray, rng: np.random.Generator) -> np.ndarray:
        self._x = x
        return self.apply(x)

    def learn(self, dy: np.ndarray) -> None:
        np.dot(dy.T, self._x, out=self._weight.gradient.T)
        np.sum(dy, axis=0, out=self._bias.gradient)

    def backward(self, dy: np.ndarray) -> np.ndarray:
        dx: np.ndarray = np.dot(dy, self._weight.value.T)
        return dx


class Activate(Layer):
    """y = f(x), number by number; dx = f'(x) dy."""

    def __init__(self, function: Function) -> None:
        self._function = function

    def apply(self, x: np.ndarray) -> np.ndarray:
        return self._function.value(x)

    def forward(self, x: np.ndarray, rng: np.random.Generator) -> np.ndarray:
        self._x, self._y = x, self.apply(x)
        return self._y

    def backward(self, dy: np.ndarray) -> np.ndarray:
        dy *= self._function.slope(self._x, self._y)
        return dy


class Dropout(Layer):
    """y = m x while training, m = 0 with probability `rate` for each number, else 1 / (1 - rate); dx = m dy.

    Srivastava et al. 2014, scaled while training and not afterwards (their section 10, "inverted").
    """

    def __init__(self, rate: float) -> None:
        self._rate = rate

    def apply(self, x: np.ndarray) -> np.ndarray:
        return x

    def forward(self, x: np.ndarray, rng: np.random.Generator) -> np.ndarray:
        self._mask = np.asarray(rng.random(x.shape, np.float32) >= self._rate, x.dtype)
        self._mask /= 1 - self._rate
        y: np.ndarray = x * self._mask
        return y

    def backward(self, dy: np.ndarray) -> np.ndarray:
        dy *= self._mask
        return dy


class BatchNorm(Layer):
    """y = w (x - m) / sqrt(v + e) + b for each of D features; w, b, and the running m and v: (D,).

    While training, m and v are those of the batch, of which the running ones take their share; afterwards the running
    ones are used. Ioffe & Szegedy 2015, algorithm 1; the gradients are theirs of section 3, put together: with n the
    normalised x and s = w / sqrt(v + e), dw = sum n dy, db = sum dy, dx = s (dy - db / N - n dw / N).
    """

    def __init__(
        self, weight: Parameter, bias: Parameter, running_mean: np.ndarray, running_variance: np.ndarray
    ) -> None:
        self._weight, self._bias = weight, bias
        self._running_mean, self._running_variance = running_mean, running_variance

    def apply(self, x: np.ndarray) -> np.ndarray:
        y: np.ndarray = self._features(x) - self._running_mean
        y *= self._weight.value / np.sqrt(self._running_variance + EPSILON)
        y += self._bias.value
        return y.reshape(x.shape)

    def forward(self, x: np.ndarray, rng: np.random.Generator) -> np.ndarray:
        features = self._features(x)
        count = len(features)
        self._knows_batch = count > 1  # a single image has no variance: the running one stands in
        if self._knows_batch:
            mean = features.mean(axis=0)
            centred = features - mean
            variance = np.mean(np.square(centred), axis=0)
            self._running_mean += MOMENTUM * (mean - self._running_mean)
            unbiased = variance * (count / (count - 1))
            self._running_variance += MOMENTUM * (unbiased - self._running_variance)
        else:
            centred = features - self._running_mean
            variance = self._running_variance
        self._deviation = np.sqrt(variance + EPSILON)
        self._normalised = np.divide(centred, self._deviation, out=centred)
        y: np.ndarray = self._normalised * self._weight.value
        y += self._bias.value
        return y.reshape(x.shape)

    def learn(self, dy: np.ndarray) -> None:
        features = self._features(dy)
        np.sum(features, axis=0, out=self._bias.gradient)
        np.sum(features * self._normalised, axis=0, out=self._weight.gradient)

    def backward(self, dy: np.ndarray) -> np.ndarray:
        dx: np.ndarray = self._features(dy)
        if self._knows_batch:
            count = len(dx)
            dx = dx - self._bias.gradient / count
            dx -= self._normalised * (self._weight.gradient / count)
        dx = dx * (self._weight.value / self._deviation)
        return dx.reshape(dy.shape)

    def _features(self, x: np.ndarray) -> np.ndarray:
        """(N, D) as it is; (N, 784) of pictures not yet flattened, a single channel, as (N * 784, 1)."""
        return x.reshape(-1, len(self._bias.value))
