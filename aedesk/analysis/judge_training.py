"""How the judge is made: trained on distorted training images, then calibrated on others that were held out.

A plain classifier is sure that a blank sheet is a 1. So that the judge is not, a few pictures of each batch are none
of anything, and it learns to share its belief out evenly there (Hendrycks et al. 2019, "Deep Anomaly Detection with
Outlier Exposure").
"""

from __future__ import annotations

import copy
import math
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from aedesk.analysis.judge import DIGITS, STAGES, Judge, calibration_error, check_digits, softened
from aedesk.analysis.watch import IsCancelled, Progress, Watch
from aedesk.data.imageset import ImageSet
from aedesk.errors import AedeskError

if TYPE_CHECKING:
    from torch import Generator, Tensor, nn
    from torch.optim import Optimizer

_MOST_TURN = 0.26  # radians
_MOST_GROWTH = 0.15  # of the logarithm of the size, across and along
_MOST_SLANT = 0.2  # pixels sideways for each pixel up
_MOST_SHIFT = 2.5  # pixels
_BEND = 1.2  # pixels: deviation of each of the 4 x 4 displacements that a smooth bending is drawn from
_BENDS = 4
_MOST_CELLS = 15  # across a picture of nothing; with fewer, clouds


@dataclass(frozen=True)
class JudgeRecipe:
    """The numbers of the training; the defaults are those of the shipped judge."""

    widths: tuple[int, ...] = (32, 32, 64, 64, 128)  # filters of each of STAGES
    epochs: int = 20
    batch: int = 128
    learning_rate: float = 0.1  # its peak, of SGD with Nesterov momentum
    warm_up: float = 0.15  # of all steps: from nothing to the peak, then by a cosine to nothing again
    momentum: float = 0.9
    weight_decay: float = 5e-4  # of kernels, not of biases
    averaging: float = 0.998  # of the running mean of the weights, which is kept: how much a step leaves
    blanks: int = 8  # pictures of nothing with each batch
    held_out: float = 1 / 12  # of the training images: 5,000 of MNIST's, for the temperature and any choice
    seed: int = 0


def train(
    images: ImageSet,
    recipe: JudgeRecipe = JudgeRecipe(),
    *,
    progress: Progress | None = None,
    cancelled: IsCancelled | None = None,
) -> Judge:
    """A judge that has learned from `images` and was calibrated on the part of them that it did not learn from.

    images: training images of the ten digits. The same recipe, seed and number of threads give the same judge on
    the same machine. Raises Cancelled, and AedeskError where the classes are not the ten digits or the images too few.
    """
    check_digits(images)
    taught, held_out = images.split(recipe.held_out, recipe.seed)
    if len(taught) < recipe.batch or not len(held_out):
        raise AedeskError(f"{len(images)} images are too few to train a judge; take MNIST.")
    began = time.process_time()
    network = _learn(taught, recipe, Watch(progress, cancelled))
    arrays = {name: array.astype(np.float16).astype(np.float32) for name, array in _folded(network).items()}
    judge = Judge(arrays, 1.0, {})
    scores = judge.scores(held_out.pixels())
    temperature = best_temperature(scores, held_out.labels)
    return Judge(
        arrays,
        temperature,
        {
            "seed": recipe.seed,
            "epochs": recipe.epochs,
            "images": len(taught),
            "held_out": len(held_out),
            "core_seconds": round(time.process_time() - began),
            "held_out_accuracy": float((scores.argmax(axis=1) == held_out.labels).mean()),
            "held_out_calibration_error": calibration_error(softened(scores, temperature), held_out.labels),
        },
    )


def best_temperature(scores: np.ndarray, labels: np.ndarray) -> float:
    """The temperature at which the classes of held-out images are likeliest (Guo et al. 2017, section 4.2).

    scores: (N, 10). labels: (N,). Found between 1/10 and 10.
    """
    from scipy.optimize import minimize_scalar

    rows = np.arange(len(labels))

    def surprise(log_temperature: float) -> float:
        likely = softened(scores.astype(np.float64), math.exp(log_temperature))[rows, labels]
        return float(-np.log(np.maximum(likely, 1e-30)).mean())

    widest = math.log(10)
    found = minimize_scalar(surprise, bounds=(-widest, widest), method="bounded", options={"xatol": 1e-4})
    return float(math.exp(found.x))


def distorted(images: Tensor, generator: Generator) -> Tensor:
    """Pictures (n, 1, 28, 28) turned, slanted, resized, moved and bent, each by draws of its own; the same shape."""
    import torch
    from torch.nn import functional

    def evenly(most: float) -> Tensor:
        return (torch.rand(count, generator=generator) * 2 - 1) * most

    count, pixel = len(images), 2 / 28  # grids reach from -1 to 1
    turn, slant = evenly(_MOST_TURN), evenly(_MOST_SLANT)
    across, along = evenly(_MOST_GROWTH).exp(), evenly(_MOST_GROWTH).exp()
    affine = torch.stack(
        [
            turn.cos() * across,
            slant - turn.sin() * along,
            evenly(_MOST_SHIFT * pixel),
            turn.sin() * across,
            turn.cos() * along,
            evenly(_MOST_SHIFT * pixel),
        ],
        dim=1,
    )
    grid = functional.affine_grid(affine.reshape(count, 2, 3), list(images.shape), align_corners=False)
    bends = torch.randn(count, 2, _BENDS, _BENDS, generator=generator) * (_BEND * pixel)
    smooth = functional.interpolate(bends, size=(28, 28), mode="bilinear", align_corners=True)
    grid += smooth.permute(0, 2, 3, 1)  # (n, 2, 28, 28) -> (n, 28, 28, 2)
    return functional.grid_sample(images, grid, align_corners=False)


def nothing(count: int, generator: Generator) -> Tensor:
    """Pictures (count, 1, 28, 28) in [0, 1] that show no digit: even paper of any grey, clouds, noise.

    In turn: blank or evenly grey; a grid of 2 to 15 cells across of random greys, with smooth transitions; noise of
    single pixels, of which few or many are inked.
    """
    import torch
    from torch.nn import functional

    def drawn(*shape: int) -> Tensor:
        return torch.rand(shape, generator=generator)

    pictures = []
    for index in range(count):
        if index % 3 == 0:
            picture = (drawn(1, 1, 1, 1) * 2 - 1).clamp(min=0).expand(1, 1, 28, 28)  # every other one blank
        elif index % 3 == 1:
            cells = int(torch.randint(2, _MOST_CELLS + 1, (), generator=generator))
            picture = functional.interpolate(drawn(1, 1, cells, cells), size=(28, 28), mode="bilinear")
        else:
            picture = drawn(1, 1, 28, 28) * (drawn(1, 1, 28, 28) < drawn(1, 1, 1, 1))
        pictures.append(picture)
    return torch.cat(pictures)


def _learn(taught: ImageSet, recipe: JudgeRecipe, watch: Watch) -> nn.Sequential:
    """The network with the running mean of its weights, in float32, after all epochs."""
    import torch
    from torch.nn import functional

    generator = torch.Generator().manual_seed(recipe.seed)
    network = _network(recipe.widths, recipe.seed)
    average = copy.deepcopy(network)
    optimiser = _optimiser(network, recipe)
    images, labels = torch.from_numpy(taught.images), torch.from_numpy(taught.labels)
    evenly = torch.full((recipe.blanks, len(DIGITS)), 1 / len(DIGITS))
    per_epoch = len(images) // recipe.batch
    for step in watch.each("training the judge", range(recipe.epochs * per_epoch)):
        if step % per_epoch == 0:
            order = torch.randperm(len(images), generator=generator)
        rows = order[step % per_epoch * recipe.batch :][: recipe.batch]
        digits = distorted(images[rows, None].float() / 255, generator)  # (batch, 1, 28, 28)
        batch = torch.cat([digits, nothing(recipe.blanks, generator)])
        targets = torch.cat([functional.one_hot(labels[rows], len(DIGITS)).float(), evenly])
        for group in optimiser.param_groups:
            group["lr"] = _learning_rate(step / (recipe.epochs * per_epoch), recipe)
        # Twice as fast where the processor knows bfloat16; the weights themselves stay float32.
        with torch.autocast("cpu", torch.bfloat16):
            scores = network(batch.contiguous(memory_format=torch.channels_last)).float()
        loss = functional.cross_entropy(scores, targets)
        optimiser.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        optimiser.step()
        _move(average, network, max(1 - recipe.averaging, 10 / (step + 10)))
    return average.eval()


def _network(widths: Sequence[int], seed: int) -> nn.Sequential:
    """A convolution, batch norm and ReLU for each of STAGES, the mean over all places, a linear layer."""
    import torch
    from torch import nn

    layers: list[nn.Module] = []
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        for before, width, (kernel, stride, padding) in zip((1, *widths), widths, STAGES, strict=False):
            layers += [
                nn.Conv2d(before, width, kernel, stride, padding, bias=False),
                nn.BatchNorm2d(width),
                nn.ReLU(),
            ]
        layers += [nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(widths[-1], len(DIGITS))]
    network = nn.Sequential(*layers)
    return network.to(memory_format=torch.channels_last)


def _optimiser(network: nn.Module, recipe: JudgeRecipe) -> Optimizer:
    import torch

    kernels = [numbers for numbers in network.parameters() if numbers.ndim > 1]
    others = [numbers for numbers in network.parameters() if numbers.ndim <= 1]
    return torch.optim.SGD(
        [{"params": kernels, "weight_decay": recipe.weight_decay}, {"params": others, "weight_decay": 0.0}],
        lr=recipe.learning_rate,
        momentum=recipe.momentum,
        nesterov=True,
    )


def _learning_rate(done: float, recipe: JudgeRecipe) -> float:
    """The learning rate where the share `done` of all steps is done."""
    if done < recipe.warm_up:
        return recipe.learning_rate * done / recipe.warm_up
    return recipe.learning_rate * (1 + math.cos(math.pi * (done - recipe.warm_up) / (1 - recipe.warm_up))) / 2


def _move(average: nn.Module, network: nn.Module, share: float) -> None:
    """Move every weight and every statistic of `average` by `share` of the way to that of `network`."""
    for mean, now in zip(average.state_dict().values(), network.state_dict().values(), strict=True):
        if mean.is_floating_point():
            mean.lerp_(now, share)


def _folded(network: nn.Sequential) -> dict[str, np.ndarray]:
    """The numbers of a trained network as `Judge.arrays`, each batch norm taken into the convolution before it."""
    arrays: dict[str, np.ndarray] = {}
    numbers = {name: value.numpy() for name, value in network.state_dict().items()}
    for stage in range(len(STAGES)):
        norm = f"{3 * stage + 1}"
        scale = numbers[f"{norm}.weight"] / np.sqrt(
            numbers[f"{norm}.running_var"] + network[3 * stage + 1].eps
        )
        arrays[f"kernel{stage}"] = numbers[f"{3 * stage}.weight"] * scale[:, None, None, None]
        arrays[f"bias{stage}"] = numbers[f"{norm}.bias"] - numbers[f"{norm}.running_mean"] * scale
    last = len(network) - 1
    arrays["weights"], arrays["bias"] = numbers[f"{last}.weight"], numbers[f"{last}.bias"]
    return arrays
