"""How near pictures are to each other: against scikit-image."""

import numpy as np
import pytest
from skimage.metrics import mean_squared_error, peak_signal_noise_ratio, structural_similarity

from aedesk.analysis import fidelity
from aedesk.data.imageset import DataSet

RNG = np.random.default_rng(0)
CLEAN = RNG.random((5, 28, 28), np.float32)
NOISY = CLEAN + 0.1 * RNG.standard_normal((5, 28, 28), np.float32)


def test_each_measure_is_that_of_scikit_image():
    pairs = list(zip(CLEAN, NOISY, strict=True))
    mse = [mean_squared_error(*pair) for pair in pairs]
    psnr = [peak_signal_noise_ratio(*pair, data_range=1) for pair in pairs]
    ssim = [structural_similarity(*pair, win_size=7, data_range=1) for pair in pairs]
    np.testing.assert_allclose(fidelity.mse(NOISY, CLEAN), mse, rtol=1e-5)
    np.testing.assert_allclose(fidelity.psnr(NOISY, CLEAN), psnr, rtol=1e-5)
    np.testing.assert_allclose(fidelity.ssim(NOISY, CLEAN), ssim, rtol=1e-5)


@pytest.mark.parametrize("digits_of", ["scans", "black and white", "nothing at all"])
def test_likeness_of_whole_stacks_is_that_of_scikit_image_to_a_millionth(digits: DataSet, digits_of: str):
    clean = digits.test.pixels(slice(60))
    other = np.roll(digits.test.pixels(slice(1, 61)), 1, axis=2)
    if digits_of != "scans":
        clean, other = np.round(clean), np.round(other) * (digits_of == "black and white")
    expected = [
        structural_similarity(*pair, win_size=7, data_range=1)
        for pair in zip(clean.astype(np.float64), other.astype(np.float64), strict=True)
    ]
    np.testing.assert_allclose(fidelity.ssim(other, clean), expected, atol=1e-6)


def test_the_same_pictures_differ_by_nothing():
    assert not fidelity.mse(CLEAN, CLEAN).any()
    assert np.isinf(fidelity.psnr(CLEAN, CLEAN)).all()
    np.testing.assert_allclose(fidelity.ssim(CLEAN, CLEAN), 1)
