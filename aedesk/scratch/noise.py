"""What a denoising autoencoder's pictures go through before it sees them (Vincent et al. 2008, 2010)."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from aedesk.models.presets import Noise

Corrupt = Callable[[np.ndarray, float, np.random.Generator], np.ndarray]
"""(images in [0, 1], level, where the random numbers come from) -> noisy images, of the same shape and type."""


def gaussian(images: np.ndarray, level: float, rng: np.random.Generator) -> np.ndarray:
    """Each pixel plus `level` times a draw from N(0, 1); not clipped."""
    noisy = rng.standard_normal(images.shape, np.float32)
    noisy *= level
    noisy += images
    return noisy.astype(images.dtype, copy=False)


def masking(images: np.ndarray, level: float, rng: np.random.Generator) -> np.ndarray:
    """Each pixel becomes 0 with probability `level`."""
    kept = rng.random(images.shape, np.float32) >= level
    return images * kept


def salt_and_pepper(images: np.ndarray, level: float, rng: np.random.Generator) -> np.ndarray:
    """Each pixel becomes 0 with probability `level` / 2, and 1 with as much."""
    drawn = rng.random(images.shape, np.float32)
    noisy = images * (drawn >= level)
    noisy[drawn < level / 2] = 1
    return noisy


NOISES: dict[Noise, Corrupt] = {"gaussian": gaussian, "masking": masking, "salt-pepper": salt_and_pepper}
