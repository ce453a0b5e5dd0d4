"""The same mathematics in torch, as an oracle: forward written out plainly, gradients by autograd.

Random numbers come from a NumPy generator, drawn in the order in which the NumPy engine draws them.
"""

from collections.abc import Iterable
from typing import NamedTuple

import numpy as np
import torch
import torch.nn.functional as F

from aedesk.models.architecture import Architecture
from aedesk.models.layers import LOG_VARIANCE, Activate, BatchNorm, Dense, Dropout, Step
from aedesk.models.presets import Recipe

Arrays = dict[str, np.ndarray]
Tensors = dict[str, torch.Tensor]

ACTIVATIONS = {
    "linear": lambda z: z,
    "relu": F.relu,
    "leaky-relu": lambda z: F.leaky_relu(z, 0.01),
    "elu": F.elu,
    "gelu": lambda z: F.gelu(z, approximate="tanh"),
    "silu": F.silu,
    "tanh": torch.tanh,
    "sigmoid": torch.sigmoid,
}


class Outcome(NamedTuple):
    """code: (N, D), sampled where it is variational. mean, log_variance: of the code, or the code and None."""

    outputs: torch.Tensor
    code: torch.Tensor
    mean: torch.Tensor
    log_variance: torch.Tensor | None


def as_tensors(architecture: Architecture, weights: Arrays) -> Tensors:
    """Copies, of which the parameters ask for gradients."""
    parameters = architecture.parameter_shapes.keys()
    return {
        name: torch.from_numpy(array.copy()).requires_grad_(name in parameters)
        for name, array in weights.items()
    }


def run(
    architecture: Architecture,
    tensors: Tensors,
    images: torch.Tensor,
    rng: np.random.Generator | None = None,
) -> Outcome:
    """(N, 784) images all the way; with `rng` as while training, when running statistics move."""
    steps = list(architecture.steps())
    size = len(architecture.encoder)
    log_variance = None
    if architecture.variational:
        last = through(steps[: size - 1], tensors, images, rng)
        log_variance = F.linear(last, tensors[f"{LOG_VARIANCE}.weight"], tensors[f"{LOG_VARIANCE}.bias"])
        mean = code = through(steps[size - 1 : size], tensors, last, rng)
        if rng is not None:
            drawn = torch.from_numpy(rng.standard_normal(tuple(mean.shape), np.float32))
            code = mean + (log_variance / 2).exp() * drawn.to(mean.dtype)
    else:
        mean = code = through(steps[:size], tensors, images, rng)
    return Outcome(through(steps[size:], tensors, code, rng), code, mean, log_variance)


def through(
    steps: Iterable[Step], tensors: Tensors, x: torch.Tensor, rng: np.random.Generator | None
) -> torch.Tensor:
    for step in steps:
        layer, name = step.layer, step.name
        if isinstance(layer, Dense):
            tied = step.tied_to is not None
            weight = tensors[f"{step.tied_to}.weight"].T if tied else tensors[f"{name}.weight"]
            x = F.linear(x, weight, tensors[f"{name}.bias"])
        if isinstance(layer, Dense | Activate):
            x = ACTIVATIONS[layer.activation](x)
        if isinstance(layer, Dropout) and rng is not None:
            kept = torch.from_numpy(rng.random(tuple(x.shape), np.float32) >= layer.rate)
            x = x * kept / (1 - layer.rate)
        if isinstance(layer, BatchNorm):
            shape, features = x.shape, step.before[0]
            maps = x.reshape(len(x), features, -1)
            x = F.batch_norm(
                maps,
                tensors[f"{name}.running_mean"],
                tensors[f"{name}.running_variance"],
                tensors[f"{name}.weight"],
                tensors[f"{name}.bias"],
                training=rng is not None and maps.numel() > features,
                momentum=0.1,
                eps=1e-5,
            ).reshape(shape)
    return x


def reconstruction(outputs: torch.Tensor, images: torch.Tensor, loss: str, output: str) -> torch.Tensor:
    if loss == "bce":
        return F.binary_cross_entropy_with_logits(outputs, images)
    pictures = outputs.sigmoid() if output == "sigmoid" else outputs
    return (F.mse_loss if loss == "mse" else F.l1_loss)(pictures, images)


def penalty(outcome: Outcome, kind: str) -> torch.Tensor:
    """Not yet weighted, per pixel."""
    if kind == "sparse":
        return outcome.code.abs().mean()
    if kind == "variational":
        normal = torch.distributions.Normal(0, 1)
        spread = (outcome.log_variance / 2).exp()
        divergences = torch.distributions.kl_divergence(
            torch.distributions.Normal(outcome.mean, spread), normal
        )
        return divergences.sum(1).mean() / 784
    return torch.zeros((), dtype=outcome.outputs.dtype)


def noisy(images: np.ndarray, recipe: Recipe, rng: np.random.Generator) -> np.ndarray:
    """What a denoising recipe makes of images; the same images for another kind."""
    if recipe.kind != "denoising":
        return images
    level = recipe.noise_level
    if recipe.noise == "gaussian":
        return images + np.float32(level) * rng.standard_normal(images.shape, np.float32)
    drawn = rng.random(images.shape, np.float32)
    if recipe.noise == "masking":
        return np.where(drawn < level, np.float32(0), images)
    return np.where(drawn < level / 2, np.float32(1), np.where(drawn < level, np.float32(0), images))


def weights_of(architecture: Architecture, seed: int, dtype: type[np.floating] = np.float64) -> Arrays:
    """Weights of a sensible size, with biases and running statistics that are neither 0 nor 1."""
    rng = np.random.default_rng(seed)
    weights = {}
    for name, shape in architecture.tensor_shapes.items():
        if len(shape) == 2:
            drawn = rng.normal(0, np.sqrt(2 / shape[1]), shape)
        elif name.endswith("running_variance"):
            drawn = rng.uniform(0.5, 2, shape)
        elif name.endswith(".weight"):
            drawn = rng.normal(1, 0.2, shape)
        else:
            drawn = rng.normal(0, 0.1, shape)
        weights[name] = drawn.astype(dtype)
    return weights
