"""What a kind of network adds to the loss, not yet weighted, each with its gradient by hand.

Each takes what the encoder gave and returns (mean over images, its gradient with respect to what was given).
"""

from __future__ import annotations

from collections.abc import Callable
from math import prod

import numpy as np

from aedesk.models.architecture import IMAGE_SHAPE
from aedesk.models.presets import Kind
from aedesk.scratch.variational import halves

Penalty = Callable[[np.ndarray], tuple[float, np.ndarray]]


def activity(codes: np.ndarray) -> tuple[float, np.ndarray]:
    """Mean size of the numbers of a code, sum |c| / n for codes (N, D) and n = N D; gradient sign(c) / n.

    The L1 norm keeps most numbers of a code near 0 (Goodfellow, Bengio & Courville 2016, section 14.2.1).
    """
    gradient = np.sign(codes)
    gradient /= codes.size
    return float(np.mean(np.abs(codes))), gradient


def divergence(encoded: np.ndarray) -> tuple[float, np.ndarray]:
    """Divergence of the codes' distributions N(m, exp(l)) from N(0, 1), per pixel; encoded: (N, 2D), m beside l.

    KL = sum (m^2 + exp(l) - 1 - l) / 2 over the numbers of a code (Kingma & Welling 2014, appendix B), here divided by
    n = N 784. Gradients: m / n and (exp(l) - 1) / (2 n).
    """
    count = len(encoded) * prod(IMAGE_SHAPE)
    mean, log_variance = halves(encoded)
    excess = np.expm1(log_variance)
    total = float(np.sum(np.square(mean)) + np.sum(excess - log_variance)) / 2
    excess *= 0.5
    gradient = np.concatenate([mean, excess], axis=1)
    gradient /= count
    return total / count, gradient


PENALTIES: dict[Kind, Penalty] = {"sparse": activity, "variational": divergence}
"""The kinds that add something, as far as NumPy alone can train them."""
