"""The networks that are known by name, each with the recipe that trains it well. No torch in here."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, Literal

from aedesk.data.corruption import Corruption, Mixture
from aedesk.models.architecture import (
    Architecture,
    compressing,
    convolutional,
    denoising,
    dense,
    mapping,
    plane,
)
from aedesk.models.initialisation import Initialisation

Loss = Literal["mse", "bce", "mae"]
Optimiser = Literal["adam", "sgd"]
Reduction = Literal["mean", "sum"]
Schedule = Literal["constant", "cooldown", "cosine", "one-cycle", "plateau"]
Kind = Literal["plain", "denoising", "sparse", "contractive", "variational"]
Noise = Corruption | Mixture

CHANGEABLE = ("learning_rate", "noise_level", "sparsity", "contraction", "beta")
"""The numbers of a recipe that may be changed while a run goes on."""

PENALTIES = {"sparse": "sparsity", "contractive": "contraction", "variational": "beta"}
"""Which number of a recipe weighs the penalty of a kind; the other kinds have none."""


@dataclass(frozen=True)
class Recipe:
    """How a network is trained.

    loss: of the output against the picture: `mse`, squared error; `bce`, binary cross-entropy on logits; `mae`,
    absolute error; each averaged over pixels.
    learning_rate: step size of the optimiser; batch_size in images; epochs: passes over the training images.
    schedule: the learning rate stays `constant`; or it falls to 0, in a straight line over the last tenth of the
    run (`cooldown`, Hagele et al. 2024) or all along like half a `cosine` wave (Loshchilov & Hutter 2017); or it rises
    over the first three tenths and falls again (`one-cycle`, Smith & Topin 2018); or it is halved whenever the
    validation loss has not fallen for three epochs (`plateau`).
    reduction: what a step descends: the loss averaged over pixels, or summed over them (784 times as steep).
    Either way a reported loss is the mean over pixels and images.
    output_bias: where the logits begin. -1.9 is the logit of 0.13, the mean pixel of handwriting: from 0, the
    first steps of a network with many positive features before the output all push towards "no ink", overshoot
    together, and the sigmoid never comes back.
    kind: `plain`; `denoising` (Vincent et al. 2008) rebuilds the clean picture from one with `noise` of `noise_level`,
    which `data.corruption` defines; `sparse` adds `sparsity` times the mean size of a code's numbers; `contractive`
    (Rifai et al. 2011) `contraction` times the squared slope of the code; `variational` (Kingma & Welling 2014) `beta`
    times the divergence of the codes from a standard normal distribution, rising from 0 over the first `warm_up`
    epochs.
    sketches: how many sketches of training images are learnt from besides, as a share of the images: redrawn along
    their middle lines by many hands and pens (`sketch.hand`), because a drawing is no scan.
    warp: every picture is moved, turned and slanted a little before the encoder sees it, a standard deviation; what is
    to be rebuilt is the picture as it was.
    guidance: how much a code of two numbers is drawn to the place of its image on the t-SNE map of the training images;
    no label is used. It falls to three tenths over the run.
    teacher: a model, as `storage.library.resolve` takes it, whose encoder a network with a memory begins with; ""
    for none.
    filling: how much places of a flat map that are far from all codes of a batch have to show the picture of the
    nearest one.
    minutes, patience, target: the run ends early after so many minutes of work, so many epochs without a better
    validation loss, or at that validation loss; 0 for none of it.
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
    kind: Kind = "plain"
    noise: Noise = "gaussian"
    noise_level: float = 0.3
    sparsity: float = 3e-3
    contraction: float = 0.01
    beta: float = 0.2
    warm_up: int = 0
    sketches: float = 0.0
    warp: float = 0.0
    guidance: float = 0.0
    filling: float = 0.0
    teacher: str = ""
    minutes: float = 0.0
    patience: int = 0
    target: float = 0.0

    def changed(self, name: str, value: float) -> Recipe:
        """The same with another value for one of its numbers."""
        change: dict[str, Any] = {name: value}
        return replace(self, **change)

    @property
    def has_penalty(self) -> bool:
        """Whether this kind adds something to the loss of the output."""
        return self.kind in PENALTIES

    @property
    def penalty_weight(self) -> float:
        """What this kind's penalty is multiplied by; 0 where it has none."""
        name = PENALTIES.get(self.kind)
        return 0.0 if name is None else float(getattr(self, name))


def mismatch(architecture: Architecture, recipe: Recipe) -> str | None:
    """A sentence that says why a network cannot be trained by a recipe; None where it can."""
    if recipe.kind == "variational" and not architecture.variational:
        return "Variational training needs a network with a variational code."
    if architecture.variational and recipe.kind != "variational":
        return "A network with a variational code is trained by the variational kind only."
    if recipe.loss == "bce" and architecture.output == "linear":
        return "Binary cross-entropy needs the sigmoid output: it asks how sure a pixel is."
    return None


@dataclass(frozen=True)
class Preset:
    """A named network: `about` says in one sentence what it is good for."""

    name: str
    architecture: Architecture
    recipe: Recipe
    about: str


_COMPRESSING = Recipe(
    learning_rate=4e-3,
    schedule="one-cycle",
    batch_size=128,
    epochs=30,
    initialisation="he",
    output_bias=-1.9,
    sketches=0.15,
)

PRESETS: dict[str, Preset] = {
    preset.name: preset
    for preset in (
        Preset(
            "conv-2d",
            mapping(remembered=25_000),
            Recipe(
                learning_rate=1.5e-3,
                schedule="one-cycle",
                epochs=26,
                output_bias=-1.9,
                sketches=0.3,
                guidance=1.0,
                filling=0.1,
                teacher="conv-32",
            ),
            "The map to explore: two numbers, led by a t-SNE map, with islands for the digits.",
        ),
        Preset(
            "vae-2d",
            plane(),
            Recipe(
                kind="variational",
                beta=0.05,
                learning_rate=2e-3,
                schedule="one-cycle",
                epochs=25,
                output_bias=-1.9,
                sketches=0.3,
                warp=0.04,
                guidance=1.0,
            ),
            "One round heap of codes without gaps: draw two numbers at random and there is a digit.",
        ),
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
        Preset(
            "conv-32",
            compressing(32),
            _COMPRESSING,
            "32 numbers for a digit, by convolutions: half the error of a dense network of that code.",
        ),
        Preset(
            "conv-64",
            compressing(64),
            _COMPRESSING,
            "64 numbers for a digit, by convolutions: hardly to be told from the picture.",
        ),
        Preset(
            "denoise-conv",
            denoising(),
            Recipe(
                kind="denoising",
                noise="mixed",
                noise_level=0.7,
                learning_rate=1.5e-3,
                schedule="one-cycle",
                batch_size=128,
                epochs=30,
                initialisation="he",
                output_bias=-1.9,
            ),
            "Mends noisy, blurred and broken digits: trained to rebuild the clean picture from a spoilt one.",
        ),
    )
}
