"""The contenders of the rows about training, each ready to be begun."""

from __future__ import annotations

import functools
import sys
from collections.abc import Callable
from pathlib import Path

import keras_python
from settings import Settings
from turns import Contender, Skip

from aedesk import paths

DENSE = ("dense-2d", "dense-32", "vanilla-64", "deep-64", "mlp-128", "dense-64")
RECIPES = (*DENSE, "conv")
BATCH = 256

Begin = Callable[[], Contender]


def ours(preset: str, images: int, *words: object, batch: int = BATCH, epochs: int = 3) -> Begin:
    """The product. words: further options of `ours.py`. epochs: in a turn."""
    words = ("--images", images, "--batch-size", batch, *words)
    return lambda: Contender(sys.executable, "ours.py", preset, *words, epochs=epochs)


def loader(preset: str, images: int) -> Begin:
    """A DataLoader loop."""
    return lambda: Contender(sys.executable, "loader_peer.py", preset, paths.data(), "--images", images)


def keras(python: Path, preset: str, images: int) -> Begin:
    return lambda: Contender(python, "keras_peer.py", preset, paths.data(), "--images", images)


def matrix_peak() -> Contender:
    return Contender(sys.executable, "matrix_peak.py")


@functools.cache
def keras_or_why_not(settings: Settings) -> Path | str:
    """A Python that has Keras, or why there is none; looked for once."""
    try:
        return keras_python.find(settings.keras)
    except Skip as reason:
        return str(reason)
