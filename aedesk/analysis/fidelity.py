"""How near one picture is to another: per image, over all pixels."""

from __future__ import annotations

import numpy as np

_WINDOW = 7  # pixels, of SSIM
_C1, _C2 = 0.01**2, 0.03**2  # of SSIM, which keep a quotient of small numbers still


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
    """Structural similarity of each image (Wang et al. 2004), (N,) float64: 1 is perfect; a window of 7x7 pixels.

    As scikit-image has it: every pixel of a window counts alike, covariances are those of a sample, a data range of 1.
    """
    x, y = images.astype(np.float64), clean.astype(np.float64)
    mean_x, mean_y = _window_means(x), _window_means(y)
    of_sample = _WINDOW**2 / (_WINDOW**2 - 1)
    variances = of_sample * (_window_means(x**2 + y**2) - mean_x**2 - mean_y**2)
    covariance = of_sample * (_window_means(x * y) - mean_x * mean_y)
    likeness = (2 * mean_x * mean_y + _C1) * (2 * covariance + _C2)
    likeness /= (mean_x**2 + mean_y**2 + _C1) * (variances + _C2)
    similarities: np.ndarray = likeness.mean(axis=(1, 2))
    return similarities


def _window_means(pictures: np.ndarray) -> np.ndarray:
    """(N, H, W) -> the mean of every window that is whole, (N, H - 6, W - 6)."""
    count, height, width = pictures.shape
    along = (pictures.reshape(-1, width) @ _means_of_seven(width).T).reshape(count, height, -1)
    means: np.ndarray = _means_of_seven(height) @ along
    return means


def _means_of_seven(size: int) -> np.ndarray:
    """(size - 6, size): a product with it means over 7 neighbours; quicker, in a stack, than a filter is."""
    steps = np.subtract.outer(np.arange(size - _WINDOW + 1), np.arange(size))
    return np.where((steps <= 0) & (steps > -_WINDOW), 1 / _WINDOW, 0.0)
