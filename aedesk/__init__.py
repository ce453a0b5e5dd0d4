"""aedesk, a desktop lab for autoencoders: its public face.

Cheap to import: whatever is heavy comes with its first use.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt
    from PIL import Image

    from aedesk.models.model import Model
    from aedesk.models.presets import Preset

__all__ = ["__version__", "load", "normalise_sketch", "presets"]


def load(model: str | os.PathLike[str], device: str = "cpu") -> Model:
    """A trained model: a shipped name such as "dense-32", a run folder, or a .safetensors file.

    It has `encode`, `decode` and `reconstruct`, NumPy in and NumPy out. Raises `aedesk.errors.AedeskError`.
    """
    from aedesk.storage.library import load_model

    return load_model(model, device)


def presets() -> dict[str, Preset]:
    """The networks that `aedesk train` knows, by name, each with its recipe."""
    from aedesk.models.presets import PRESETS

    return dict(PRESETS)


def normalise_sketch(picture: npt.ArrayLike | Image.Image) -> np.ndarray:
    """A grey picture of any size, ink bright on dark, brought to the form of MNIST's digits.

    picture: (H, W), uint8 or floats in [0, 1], or a grey Pillow image; one of 28x28 passes untouched.
    Returns (28, 28) float32 in [0, 1]. Raises `aedesk.errors.AedeskError`.
    """
    import numpy as np

    from aedesk import sketch

    return sketch.normalise(np.asarray(picture))


def __getattr__(name: str) -> Any:
    if name == "__version__":  # looking it up costs 20 ms, which a window that opens need not pay
        from importlib import metadata

        try:
            return metadata.version("aedesk")
        except metadata.PackageNotFoundError:
            return "0+unknown"  # a checkout that is not installed
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
