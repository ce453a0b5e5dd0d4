"""What follows the sums of a layer, element by element: each function with its slope.

z: the sums, y: the function's value, both of any shape and float type; results have the same. Constants and the slope
at a kink are torch's.
"""

from __future__ import annotations

import math
from abc import ABC, abstractmethod

import numpy as np

from aedesk.models.architecture import Activation


def sigmoid(z: np.ndarray) -> np.ndarray:
    """1 / (1 + exp(-z)) in [0, 1], same shape and type, for numbers of any size.

    Written as (1 + tanh(z / 2)) / 2, which never overflows and takes half the time.
    """
    y: np.ndarray = 0.5 * z
    np.tanh(y, out=y)
    y += 1
    y *= 0.5
    return y


def positive(z: np.ndarray) -> np.ndarray:
    """max(z, 0), same shape and type.

    The zeros are an array because NumPy takes the larger of two arrays twice as fast as that of an array and a number.
    """
    y: np.ndarray = np.maximum(z, np.zeros_like(z))
    return y


class Function(ABC):
    """y = f(z) for each number by itself."""

    @abstractmethod
    def value(self, z: np.ndarray) -> np.ndarray:
        """f(z), in an array of its own."""

    @abstractmethod
    def slope(self, z: np.ndarray, y: np.ndarray) -> np.ndarray:
        """f'(z), from whichever of z and y = f(z) gives it cheaper."""


class ReLU(Function):
    """max(z, 0) (Nair & Hinton 2010)."""

    def value(self, z: np.ndarray) -> np.ndarray:
        return positive(z)

    def slope(self, z: np.ndarray, y: np.ndarray) -> np.ndarray:
        slope: np.ndarray = y > 0
        return slope


class LeakyReLU(Function):
    """z where it is positive, else z / 100 (Maas, Hannun & Ng 2013)."""

    def value(self, z: np.ndarray) -> np.ndarray:
        y: np.ndarray = np.maximum(z, 0.01 * z)
        return y

    def slope(self, z: np.ndarray, y: np.ndarray) -> np.ndarray:
        slope: np.ndarray = np.maximum(z > 0, 0.01, dtype=z.dtype)
        return slope


class ELU(Function):
    """z where it is positive, else exp(z) - 1 (Clevert, Unterthiner & Hochreiter 2016, eq. 15 and 16; alpha = 1)."""

    def value(self, z: np.ndarray) -> np.ndarray:
        y: np.ndarray = np.expm1(np.minimum(z, 0))
        np.maximum(y, z, out=y)  # exp(z) - 1 is never below z
        return y

    def slope(self, z: np.ndarray, y: np.ndarray) -> np.ndarray:
        slope: np.ndarray = np.minimum(y, 0)
        slope += 1
        return slope


class GELU(Function):
    """z (1 + t) / 2 with t = tanh(a (z + b z^3)), a = sqrt(2 / pi), b = 0.044715 (Hendrycks & Gimpel 2016, section 2).

    Slope: (1 + t + z (1 - t^2) a (1 + 3 b z^2)) / 2.
    """

    _A, _B = math.sqrt(2 / math.pi), 0.044715

    def value(self, z: np.ndarray) -> np.ndarray:
        y = self._tanh(z)
        y += 1
        y *= z
        y *= 0.5
        return y

    def slope(self, z: np.ndarray, y: np.ndarray) -> np.ndarray:
        t = self._tanh(z)
        slope: np.ndarray = (3 * self._A * self._B) * z * z
        slope += self._A
        slope *= z
        slope *= 1 - t * t
        slope += t
        slope += 1
        slope *= 0.5
        return slope

    def _tanh(self, z: np.ndarray) -> np.ndarray:
        t: np.ndarray = (self._A * self._B) * z * z
        t += self._A
        t *= z
        np.tanh(t, out=t)
        return t


class SiLU(Function):
    """z s(z), s the sigmoid (Elfwing, Uchibe & Doya 2018, eq. 4); slope y + s (1 - y) (eq. 6)."""

    def value(self, z: np.ndarray) -> np.ndarray:
        y = sigmoid(z)
        y *= z
        return y

    def slope(self, z: np.ndarray, y: np.ndarray) -> np.ndarray:
        slope: np.ndarray = 1 - y
        slope *= sigmoid(z)
        slope += y
        return slope


class Tanh(Function):
    """(exp(z) - exp(-z)) / (exp(z) + exp(-z)); slope 1 - y^2 (LeCun et al. 1998, Efficient BackProp, section 4.4)."""

    def value(self, z: np.ndarray) -> np.ndarray:
        y: np.ndarray = np.tanh(z)
        return y

    def slope(self, z: np.ndarray, y: np.ndarray) -> np.ndarray:
        slope: np.ndarray = y * y
        np.subtract(1, slope, out=slope)
        return slope


class Sigmoid(Function):
    """1 / (1 + exp(-z)); slope y (1 - y) (Bishop 2006, Pattern Recognition and Machine Learning, eq. 4.88)."""

    def value(self, z: np.ndarray) -> np.ndarray:
        return sigmoid(z)

    def slope(self, z: np.ndarray, y: np.ndarray) -> np.ndarray:
        slope: np.ndarray = 1 - y
        slope *= y
        return slope


FUNCTIONS: dict[Activation, Function] = {
    "relu": ReLU(),
    "leaky-relu": LeakyReLU(),
    "elu": ELU(),
    "gelu": GELU(),
    "silu": SiLU(),
    "tanh": Tanh(),
    "sigmoid": Sigmoid(),
}
"""All but `linear`, which does nothing."""
