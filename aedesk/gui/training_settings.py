"""What the training form asks for: names, sentences for a student, choices. Values come from the recipes."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from aedesk.gui.fields import number, whole_number

AUTOMATIC = {"Automatic": "auto"}


@dataclass(frozen=True)
class Setting:
    """name: the field of TrainingConfig or Recipe. parse: from what was typed, where it is not a choice."""

    name: str
    label: str
    sentence: str
    choices: Mapping[str, str] | None = None
    parse: Callable[[str, str], float] | None = None


RECIPE = (
    Setting("epochs", "Epochs", "How many times training goes through all the images.", parse=whole_number),
    Setting(
        "batch_size",
        "Batch size",
        "How many images each step learns from: more are faster and smoother, fewer step more often.",
        parse=whole_number,
    ),
    Setting(
        "learning_rate",
        "Learning rate",
        "How far each step goes: too small learns slowly, too large overshoots and never settles.",
        parse=number,
    ),
    Setting(
        "optimiser",
        "Optimiser",
        "How a step is taken: Adam adapts it for each weight, SGD goes straight down the slope.",
        {"Adam": "adam", "SGD": "sgd"},
    ),
    Setting(
        "loss",
        "Loss",
        "What training makes small: MSE, the pixels' mean squared error, or BCE, their cross-entropy.",
        {"MSE": "mse", "BCE": "bce"},
    ),
    Setting(
        "engine",
        "Engine",
        "What computes: PyTorch, or this program's own NumPy code, which runs dense networks only.",
        {"PyTorch": "torch", "NumPy": "numpy"},
    ),
)
DEVICE = Setting("device", "Device", "Where it computes: Automatic takes a GPU if there is one.", AUTOMATIC)
ADVANCED = (
    Setting(
        "schedule",
        "Rate schedule",
        "Whether the learning rate stays, or falls to 0 over the last tenth or all along, for finer last steps.",
        {"Constant": "constant", "Cooldown": "cooldown", "Cosine": "cosine"},
    ),
    Setting(
        "validation_fraction",
        "Validation share",
        "The part of the training images, up to 0.5, that is held out to see how the model does on new ones.",
        parse=number,
    ),
    Setting(
        "seed",
        "Seed",
        "Where the random numbers start: the same seed on the same device gives the same run.",
        parse=whole_number,
    ),
    Setting(
        "precision",
        "Precision",
        "How exactly numbers are held: bfloat16 is faster on some hardware; Automatic knows where.",
        {"Automatic": "auto", "float32": "float32", "bfloat16": "bfloat16"},
    ),
)
SETTINGS = (*RECIPE, DEVICE, *ADVANCED)
ON_TORCH_ONLY = ("device", "precision")
