"""What a network is judged by, each a mean over images and per pixel: how well it rebuilds, and what its codes cost."""

from __future__ import annotations

from math import prod

import torch
import torch.nn.functional as F

from aedesk.models.architecture import IMAGE_SHAPE, Output
from aedesk.models.presets import Loss

_PIXELS = prod(IMAGE_SHAPE)
_NEAR = 0.1  # of the standard deviation of a map


def reconstruction_loss(
    logits: torch.Tensor, images: torch.Tensor, loss: Loss, output: Output = "sigmoid"
) -> torch.Tensor:
    """The mean over pixels and images. logits: what the last layer gives; images: the same shape, in [0, 1].

    `mse`: squared error of the output; `mae`: absolute error. `bce`: binary cross-entropy from the logits, exact
    where a sigmoid would round to 0 or 1. A `linear` output is taken before it is clipped: a pixel beyond white
    would else learn nothing.
    """
    if loss == "bce":
        return F.binary_cross_entropy_with_logits(logits, images)
    rebuilt = logits.sigmoid() if output == "sigmoid" else logits
    return F.mse_loss(rebuilt, images) if loss == "mse" else F.l1_loss(rebuilt, images)


def sparseness(codes: torch.Tensor) -> torch.Tensor:
    """The mean absolute value of the numbers of codes (N, D): the penalty of a sparse network."""
    return codes.abs().mean()


def divergence(mean: torch.Tensor, log_variance: torch.Tensor) -> torch.Tensor:
    """The Kullback-Leibler divergence of codes' distributions from a standard normal one, in nats per pixel.

    mean, log_variance: (N, D). Kingma & Welling 2014, appendix B.
    """
    return 0.5 * (mean.square() + log_variance.exp() - 1 - log_variance).sum(1).mean() / _PIXELS


def distance_to(places: torch.Tensor, codes: torch.Tensor) -> torch.Tensor:
    """How far flat codes (N, 2) are from their places (N, 2), a mean over all numbers: half the square of a distance
    below 0.1, and straight beyond (Huber 1964), so that the few that are far off pull no harder than others."""
    return F.huber_loss(codes.float(), places, delta=_NEAR)


def slope(codes: torch.Tensor, images: torch.Tensor, generator: torch.Generator) -> torch.Tensor:
    """The squared Frobenius norm of the codes' Jacobian, per pixel, estimated (Rifai et al. 2011).

    codes: (N, D), computed from images (N, 1, 28, 28) that require a gradient. By Hutchinson's estimate (1990):
    with random signs v, the expected square of v J is that of all rows together, at the price of one row.
    Can be differentiated again.
    """
    signs = torch.empty_like(codes).bernoulli_(0.5, generator=generator).mul_(2).sub_(1)
    (gradient,) = torch.autograd.grad(codes, images, signs, create_graph=True)
    return gradient.square().sum() / (len(images) * _PIXELS)
