"""Images of any size brought to 28x28: aspect ratio kept, centred, the margin in the paper's grey."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from PIL import Image

from aedesk.errors import AedeskError, Cancelled

SIDE = 28
LIMIT = 1_000_000  # images; 0.8 GB at 28x28


def fit(picture: Image.Image) -> np.ndarray:
    """A grey picture (mode L) of any size as (28, 28) uint8; one of 28x28 comes back as it is."""
    if picture.size == (SIDE, SIDE):
        return np.asarray(picture, dtype=np.uint8)
    scale = SIDE / max(picture.size)
    width, height = (max(1, round(length * scale)) for length in picture.size)
    small = picture.resize((width, height), Image.Resampling.LANCZOS)
    paper = Image.new("L", (SIDE, SIDE), round(border_median(np.asarray(picture))))
    paper.paste(small, ((SIDE - width) // 2, (SIDE - height) // 2))
    return np.asarray(paper, dtype=np.uint8)


def fit_all(images: np.ndarray, cancelled: Callable[[], bool]) -> np.ndarray:
    """(N, H, W) uint8 -> (N, 28, 28) uint8. AedeskError for more than `LIMIT` images; Cancelled."""
    check_number(len(images))
    if images.shape[1:] == (SIDE, SIDE):
        return images
    fitted = np.empty((len(images), SIDE, SIDE), dtype=np.uint8)
    for place, image in enumerate(images):
        if cancelled():
            raise Cancelled("reading was cancelled")
        fitted[place] = fit(Image.fromarray(image))
    return fitted


def check_number(images: int, limit: int = LIMIT) -> None:
    if images > limit:
        raise AedeskError(
            f"there are {images:,} images, more than the {limit:,} that are read: leave some out"
        )


def border_median(pixels: np.ndarray) -> float:
    """The median grey along the four edges of (H, W) pixels: the colour of the paper."""
    edges = (pixels[0], pixels[-1], pixels[:, 0], pixels[:, -1])
    return float(np.median(np.concatenate(edges)))
