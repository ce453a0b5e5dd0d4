"""How many operations an epoch of a dense network takes."""

from __future__ import annotations

from math import prod

from aedesk.models.architecture import Architecture
from aedesk.models.layers import Dense


def of_epoch(architecture: Architecture, images: int) -> int:
    """Multiplications and additions of the matrix products alone.

    A weight takes two for each image on the way forward, two for its own gradient, and two for that of its input,
    which the first layer needs none of. ValueError for a network that is not dense.
    """
    if not architecture.is_dense:
        raise ValueError("only a dense network's operations are counted")
    products = [
        prod(step.layer.weight_shape(step.before))
        for step in architecture.steps()
        if isinstance(step.layer, Dense)
    ]
    return images * (6 * sum(products) - 2 * products[0])
