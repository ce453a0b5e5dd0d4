"""How near one picture is to another: per image, over all pixels."""

from __future__ import annotations

import numpy as np

_WINDOW = 7  # pixels, of SSIM


def mse(images: np.ndarray, clean: np.ndarray) -> np.ndarray:
    """Mean squared error of (N, 28, 28) against as many clean ones, (N,) float64."""
    errors: np.ndarray = ((images.astype(np.float64) - clean) ** 2).mean(axis=(1, 2))
    return errors


def psnr(images: np.ndarray, clean: np.ndarray) -> np.ndarray:
    """Peak signal-to-noise ratio of each image, (N,) float64 in dB at a peak of 1; infinite where nothing differs."""
    with np.errstate(divide="ignore"):
        decibels: np.ndarray = -10 * np.log10(mse(images, clean))
    return decibels


def ssim(images: np.ndarray, clean: np.ndarray) -> np.ndarray:
    """Structural similarity of each image (Wang et al. 2004), (N,) float64: 1 is perfect; a window of 7x7 pixels."""
    from skimage.metrics import structural_similarity

    pairs = zip(clean.astype(np.float32), images.astype(np.float32), strict=True)
    return np.array(
        [structural_similarity(*pair, win_size=_WINDOW, data_range=1.0) for pair in pairs],  # type: ignore[no-untyped-call]
        np.float64,
    )
