"""What may befall a picture: noise, blur and missing parts, each with a strength. No torch in here."""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal, get_args

import numpy as np

Corruption = Literal["gaussian", "salt-pepper", "masking", "speckle", "blur", "occlusion", "strokes"]
Mixture = Literal["mixed"]

BLUR = 4.0  # pixels: the standard deviation of the widest blur
_EDGE = 28
_CUT = (4.0, 9.0)  # pixels: width and length of what one move of an eraser takes away
_MOST_CUTS = 40
_IN_MIXTURE: dict[Corruption, float] = {
    "gaussian": 0.4,
    "salt-pepper": 0.12,
    "speckle": 0.12,
    "blur": 0.12,
    "occlusion": 0.12,
    "strokes": 0.12,
}

Images = np.ndarray
_Corrupt = Callable[[Images, np.ndarray, np.random.Generator], Images]


def corrupt(images: Images, kind: Corruption | Mixture, strength: float, rng: np.random.Generator) -> Images:
    """Images (N, 28, 28), floats in [0, 1], ink = 1, after `kind` has befallen them; a new array of the same type.

    strength: from 0, which leaves every picture as it is, to `MOST` of the kind.

    gaussian: each pixel plus a draw from N(0, strength^2); not clipped.
    salt-pepper: each pixel becomes 0 with probability strength / 2, and 1 with as much.
    masking: each pixel becomes 0 with probability `strength` (Vincent et al. 2008).
    speckle: each pixel times 1 + a draw from N(0, strength^2); not clipped; paper stays clean.
    blur: Gaussian, of a standard deviation of `BLUR` * strength pixels.
    occlusion: a square without ink, 28 * strength pixels wide, its middle on an inked pixel.
    strokes: an eraser cuts across the ink until at least the share `strength` of it is gone.
    mixed: one of the others for each picture (gaussian two times in five), its strength uniform in [0, strength].

    Raises ValueError for another kind, and for a strength that is none.
    """
    if kind not in MOST:
        raise ValueError(f"there is no corruption {kind!r}; choose one of: {', '.join(MOST)}")
    if not 0 <= strength <= MOST[kind]:
        raise ValueError(f"a strength of {kind} is between 0 and {MOST[kind]:g}, not {strength:g}")
    if kind == "mixed":
        return _mixed(images, strength, rng)
    return _KINDS[kind](images, np.full(len(images), strength, np.float32), rng)


def _mixed(images: Images, strength: float, rng: np.random.Generator) -> Images:
    kinds = list(_IN_MIXTURE)
    chosen = rng.choice(len(kinds), len(images), p=list(_IN_MIXTURE.values()))
    strengths = (rng.random(len(images), np.float32) * strength).astype(np.float32)
    noisy = np.empty_like(images)
    for place, kind in enumerate(kinds):
        mine = chosen == place
        noisy[mine] = _KINDS[kind](images[mine], strengths[mine], rng)
    return noisy


def _gaussian(images: Images, strengths: np.ndarray, rng: np.random.Generator) -> Images:
    noise = rng.standard_normal(images.shape, np.float32)
    noise *= strengths[:, None, None]
    noise += images
    return noise.astype(images.dtype, copy=False)


def _salt_and_pepper(images: Images, strengths: np.ndarray, rng: np.random.Generator) -> Images:
    drawn = rng.random(images.shape, np.float32)
    limits = strengths[:, None, None]
    noisy = images * (drawn >= limits)
    noisy[drawn < limits / 2] = 1
    return noisy


def _masking(images: Images, strengths: np.ndarray, rng: np.random.Generator) -> Images:
    return images * (rng.random(images.shape, np.float32) >= strengths[:, None, None])


def _speckle(images: Images, strengths: np.ndarray, rng: np.random.Generator) -> Images:
    factor = rng.standard_normal(images.shape, np.float32)
    factor *= strengths[:, None, None]
    factor += 1
    return (images * factor).astype(images.dtype, copy=False)


def _blur(images: Images, strengths: np.ndarray, rng: np.random.Generator) -> Images:
    """As two products with a (28, 28) matrix for each picture: rows, then columns. Beyond the edge is no ink."""
    deviation = np.maximum(BLUR * strengths, 1e-3)[:, None, None]
    places = np.arange(_EDGE, dtype=np.float32)
    apart = places[:, None] - places
    # The weights of an unbounded row: near the edge some of the ink leaves the picture.
    weights = np.exp(-0.5 * (apart / deviation) ** 2)
    reach = np.arange(-4 * int(BLUR), 4 * int(BLUR) + 1, dtype=np.float32)
    weights /= np.exp(-0.5 * (reach / deviation) ** 2).sum(axis=2, keepdims=True)
    blurred: Images = weights @ images @ weights.swapaxes(1, 2)
    return blurred.astype(images.dtype, copy=False)


def _occlusion(images: Images, strengths: np.ndarray, rng: np.random.Generator) -> Images:
    edge = np.rint(_EDGE * strengths)
    x, y = _inked(images, rng)
    left, top = (np.rint(centre - edge / 2)[:, None] for centre in (x, y))
    places = np.arange(_EDGE)
    columns = (places >= left) & (places < left + edge[:, None])
    rows = (places >= top) & (places < top + edge[:, None])
    seen = ~(rows[:, :, None] & columns[:, None, :])
    return np.asarray(images * seen)


def _strokes(images: Images, strengths: np.ndarray, rng: np.random.Generator) -> Images:
    width, length = _CUT
    noisy = images.copy()
    to_keep = images.sum(axis=(1, 2)) * (1 - strengths)
    grid = np.arange(_EDGE, dtype=np.float32)
    for _ in range(_MOST_CUTS):
        open_ones = np.flatnonzero(noisy.sum(axis=(1, 2)) > to_keep * (1 + 1e-6))
        if not len(open_ones):
            break
        x, y = _inked(noisy[open_ones], rng)
        angle = rng.random(len(open_ones), np.float32) * np.pi
        dx, dy = np.cos(angle)[:, None, None], np.sin(angle)[:, None, None]
        right, down = grid[None, None, :] - x[:, None, None], grid[None, :, None] - y[:, None, None]
        along = np.clip(right * dx + down * dy, -(length - width) / 2, (length - width) / 2)
        is_cut = np.hypot(right - along * dx, down - along * dy) <= width / 2
        noisy[open_ones] *= ~is_cut
    return noisy


def _inked(images: Images, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """(x, y) of a pixel of each picture, drawn in proportion to its ink; any pixel of a blank one."""
    ink = images.reshape(len(images), _EDGE * _EDGE).astype(np.float32)
    ink = np.where(ink.sum(axis=1, keepdims=True) > 0, ink, 1)
    total = ink.cumsum(axis=1)
    drawn = rng.random((len(images), 1), np.float32) * total[:, -1:]
    pixel = np.minimum((total <= drawn).sum(axis=1), ink.shape[1] - 1)
    return (pixel % _EDGE).astype(np.float32), (pixel // _EDGE).astype(np.float32)


_KINDS: dict[Corruption, _Corrupt] = {
    "gaussian": _gaussian,
    "salt-pepper": _salt_and_pepper,
    "masking": _masking,
    "speckle": _speckle,
    "blur": _blur,
    "occlusion": _occlusion,
    "strokes": _strokes,
}
KINDS: tuple[Corruption, ...] = get_args(Corruption)
"""Every corruption, in the order of a menu."""
MOST: dict[Corruption | Mixture, float] = {
    **dict.fromkeys(KINDS, 1.0),
    "gaussian": 5.0,
    "speckle": 5.0,
    "mixed": 1.0,
}
"""How strong each can be."""
