"""The first weights of a network, drawn in NumPy so that both engines begin at the same place."""

import math
from typing import Literal

import numpy as np

from aedesk.models.architecture import Architecture
from aedesk.models.layers import LOG_VARIANCE

Initialisation = Literal["glorot", "he"]


def initial_weights(
    architecture: Architecture,
    seed: int,
    initialisation: Initialisation = "glorot",
    output_bias: float = 0.0,
) -> dict[str, np.ndarray]:
    """Name -> float32 array for everything that the network holds; the same seed draws the same numbers.

    Biases are zero, but for those of the last layer: `output_bias`. Batch norm begins as the identity. The
    log-variance of a code is drawn by `glorot` always, so that codes begin with a spread of about 1.

    glorot: uniform within +-sqrt(6 / (fan_in + fan_out)) (Glorot & Bengio 2010, eq. 16).
    he: normal with standard deviation sqrt(2 / fan_in) (He et al. 2015, eq. 10).
    """
    rng = np.random.default_rng(seed)
    weights = {}
    for name, shape in architecture.tensor_shapes.items():
        if name.endswith((".keys", ".values")):
            weights[name] = rng.standard_normal(shape, np.float32)
            continue
        if len(shape) == 1:
            begins_at_one = name.endswith((".weight", ".running_variance"))
            weights[name] = np.full(shape, begins_at_one, np.float32)
            continue
        field = math.prod(shape[2:])  # 1 for a dense layer, kernel area for a convolution
        fan_out, fan_in = shape[0] * field, shape[1] * field
        if initialisation == "glorot" or name.startswith(LOG_VARIANCE):
            bound = math.sqrt(6 / (fan_in + fan_out))
            drawn = rng.uniform(-bound, bound, shape)
        else:
            drawn = rng.normal(0, math.sqrt(2 / fan_in), shape)
        weights[name] = drawn.astype(np.float32)
    weights[name] += np.float32(output_bias)  # the last parameter is the bias of the output
    return weights
