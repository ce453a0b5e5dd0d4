"""The networks that are known by name, each with the recipe that trains it well. No torch in here."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from aedesk.models.architecture import Architecture, convolutional, dense
from aedesk.models.initialisation import Initialisation

Loss = Literal["mse", "bce"]
Optimiser = Literal["adam", "sgd"]
Reduction = Literal["mean", "sum"]
Schedule = Literal["constant", "cooldown", "cosine"]


@dataclass(frozen=True)
class Recipe:
    """How a network is trained.

    loss: `mse`, mean squared error of the sigmoid output, or `bce`, binary cross-entropy on logits.
    learning_rate: step size of the optimiser; batch_size in images; epochs: passes over the training images.
    schedule: the learning rate stays `constant`; or it falls to 0, in a straight line over the last tenth of the
    run (`cooldown`, Hagele et al. 2024) or all along like half a `cosine` wave (Loshchilov & Hutter 2017).
    reduction: what a step descends: the loss averaged over pixels, or summed over them (784 times as steep).
    Either way a reported loss is the mean over pixels and images.
    output_bias: where the logits begin. -1.9 is the logit of 0.13, the mean pixel of handwriting: from 0, the
    first steps of a network with many positive features before the output all push towards "no ink", overshoot
    together, and the sigmoid never comes back.
    """

    loss: Loss = "mse"
    optimiser: Optimiser = "adam"
    learning_rate: float = 1e-3
    schedule: Schedule = "constant"
    batch_size: int = 256
    epochs: int = 10
    initialisation: Initialisation = "glorot"
    reduction: Reduction = "mean"
    output_bias: float = 0.0


@dataclass(frozen=True)
class Preset:
    """A named network: `about` says in one sentence what it is good for."""

    name: str
    architecture: Architecture
    recipe: Recipe
    about: str


PRESETS: dict[str, Preset] = {
    preset.name: preset
    for preset in (
        Preset(
            "dense-2d",
            dense(128, 64, 2, 64, 128, code_activation="linear"),
            Recipe(epochs=10),
            "Squeezes a digit into two numbers: the map is the code itself.",
        ),
        Preset(
            "dense-32",
            dense(128, 32, 128, code_activation="linear"),
            Recipe(epochs=30),
            "32 numbers for a digit: sharp enough to read, small enough to sample.",
        ),
        Preset(
            "vanilla-64",
            dense(64),
            Recipe(epochs=20),
            "The smallest autoencoder: one hidden layer of 64, and it rebuilds well.",
        ),
        Preset(
            "deep-64",
            dense(256, 128, 64, 128, 256),
            Recipe(epochs=30),
            "Five hidden layers around a code of 64: what depth changes at equal size.",
        ),
        Preset(
            "conv",
            convolutional(),
            Recipe(epochs=10, schedule="cooldown", output_bias=-1.9),
            "Convolutions and the sharpest pictures; its code of 1,024 numbers is larger than the picture.",
        ),
        Preset(
            "mlp-128",
            dense(512, 256, 128, 256, 512),
            Recipe(
                optimiser="sgd",
                learning_rate=0.02,
                batch_size=64,
                epochs=100,
                initialisation="he",
                reduction="sum",
            ),
            "Plain mini-batch gradient descent, written by hand in NumPy and in PyTorch.",
        ),
        Preset(
            "dense-64",
            dense(128, 64, 128),
            Recipe(loss="bce", epochs=10),
            "Trained with binary cross-entropy: each pixel as a coin to be guessed.",
        ),
    )
}
