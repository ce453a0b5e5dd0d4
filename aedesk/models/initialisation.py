"""The first weights of a network, drawn in NumPy so that both engines begin at the same place."""

import math
from typing import Literal

import numpy as np

from aedesk.models.architecture import Architecture

Initialisation = Literal["glorot", "he"]


def initial_weights(
    architecture: Architecture,
    seed: int,
    initialisation: Initialisation = "glorot",
    output_bias: float = 0.0,
) -> dict[str, np.ndarray]:
    """Name -> float32 array for every parameter; the same seed draws the same numbers.

    Biases are zero, but for those of the last layer: `output_bias`.

    glorot: uniform within +-sqrt(6 / (fan_in + fan_out)) (Glorot & Bengio 2010, eq. 16).
    he: normal with standard deviation sqrt(2 / fan_in) (He et al. 2015, eq. 10).
    """
    rng = np.random.default_rng(seed)
    weights = {}
    for name, shape in architecture.parameter_shapes.items():
        if name.endswith(".bias"):
            weights[name] = np.zeros(shape, np.float32)
            continue
        field = math.prod(shape[2:])  # 1 for a dense layer, kernel area for a convolution
        fan_out, fan_in = shape[0] * field, shape[1] * field
        if initialisation == "glorot":
            bound = math.sqrt(6 / (fan_in + fan_out))
            drawn = rng.uniform(-bound, bound, shape)
        else:
            drawn = rng.normal(0, math.sqrt(2 / fan_in), shape)
        weights[name] = drawn.astype(np.float32)
    weights[name] += np.float32(output_bias)  # the last parameter is the bias of the output
    return weights
