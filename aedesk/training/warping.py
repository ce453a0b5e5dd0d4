"""Pictures slightly moved, turned, slanted and stretched, each by a random amount."""

from __future__ import annotations

import numpy as np
import torch
import torch.nn.functional as F

from aedesk.models.step import Seed

_MOVED = 0.75  # of the strength, in units of which a picture is 2 wide
_STREAM = 1  # of random numbers: those of a step's noise are another


def warped(images: torch.Tensor, strength: float, seed: Seed) -> torch.Tensor:
    """Images (N, 1, 28, 28) under affine maps that differ from the identity by normal numbers.

    strength: the standard deviation of the entries of the 2x2 matrix; 0.08 turns and slants by some degrees and moves
    by a pixel. Drawn on the CPU by `seed`: a run then sees the same on every device.
    """
    drawn = np.random.default_rng([*seed, _STREAM]).standard_normal((len(images), 2, 3)) * strength
    drawn[:, :, 2] *= _MOVED
    maps = torch.from_numpy((drawn + np.eye(2, 3)).astype(np.float32)).to(images.device)
    grid = F.affine_grid(maps, list(images.shape), align_corners=False)
    return F.grid_sample(images, grid, align_corners=False)
