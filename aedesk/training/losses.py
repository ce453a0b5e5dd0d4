"""What a reconstruction is judged by, taken on logits."""

import torch
import torch.nn.functional as F

from aedesk.models.presets import Loss


def reconstruction_loss(logits: torch.Tensor, images: torch.Tensor, loss: Loss) -> torch.Tensor:
    """The mean over pixels and images. logits, images: the same shape; images in [0, 1].

    `mse`: squared error of the sigmoid. `bce`: binary cross-entropy from the logits, exact where a sigmoid
    would round to 0 or 1.
    """
    if loss == "bce":
        return F.binary_cross_entropy_with_logits(logits, images)
    return F.mse_loss(logits.sigmoid(), images)
