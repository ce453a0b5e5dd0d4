"""How near pictures are to each other: against scikit-image."""

import numpy as np
from skimage.metrics import mean_squared_error, peak_signal_noise_ratio, structural_similarity

from aedesk.analysis import fidelity

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


def test_the_same_pictures_differ_by_nothing():
    assert not fidelity.mse(CLEAN, CLEAN).any()
    assert np.isinf(fidelity.psnr(CLEAN, CLEAN)).all()
    np.testing.assert_allclose(fidelity.ssim(CLEAN, CLEAN), 1)
