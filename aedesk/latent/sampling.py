"""New codes that look like those of an atlas: what a decoder turns into new digits."""

from __future__ import annotations

import numpy as np

from aedesk.errors import AedeskError
from aedesk.latent.atlas import Atlas

SAMPLERS = ("gaussian", "mixture", "prior")

_COMPONENTS = 10
_FULL_UP_TO = 128  # numbers in a code; above, a component has too few codes for a full covariance


def sample(kind: str, atlas: Atlas, n: int, seed: int = 0) -> np.ndarray:
    """n new codes, (n, D) float32, the same for the same seed; never negative where no code of the atlas is.

    kind: one of SAMPLERS. Raises AedeskError for `prior`, which plain autoencoders do not have.
    """
    if n < 1:
        raise AedeskError(f"The number of samples must be 1 or more, not {n}.")
    if kind == "prior":
        raise AedeskError(
            "This model has no prior: only a variational one has; sample by gaussian or mixture."
        )
    if kind not in SAMPLERS:
        raise AedeskError(f"There is no sampler {kind!r}; choose one of: {', '.join(SAMPLERS)}.")
    return gaussian(atlas, n, seed) if kind == "gaussian" else mixture(atlas, n, seed)


def gaussian(atlas: Atlas, n: int, seed: int = 0) -> np.ndarray:
    """n codes, (n, D) float32, from the normal distribution with the mean and covariance of the atlas."""
    mean = atlas.codes.mean(axis=0)
    # Random weights of the deviations have exactly their covariance: no matrix to factorise, singular or not.
    weights = np.random.default_rng(seed).standard_normal((n, len(atlas)), np.float32)
    return _reachable(mean + weights @ (atlas.codes - mean) / np.sqrt(max(1, len(atlas) - 1)), atlas)


def mixture(atlas: Atlas, n: int, seed: int = 0, components: int = _COMPONENTS) -> np.ndarray:
    """n codes, (n, D) float32, from a mixture of normal distributions fitted to the atlas by EM."""
    if len(atlas) == 1:  # nothing to fit, and scikit-learn refuses
        return gaussian(atlas, n, seed)
    from sklearn.mixture import GaussianMixture

    fitted = GaussianMixture(
        min(components, len(atlas)),
        covariance_type="full" if atlas.code_size <= _FULL_UP_TO else "diag",
        reg_covar=1e-3 * float(atlas.codes.var()) + 1e-9,  # units of a ReLU code that never fire do not vary
        random_state=seed,
    ).fit(atlas.codes.astype(np.float64))
    codes, _ = fitted.sample(n)
    return _reachable(
        codes[np.random.default_rng(seed).permutation(n)], atlas
    )  # it comes sorted by component


def _reachable(codes: np.ndarray, atlas: Atlas) -> np.ndarray:
    """Codes the encoder could give: not below zero after a ReLU."""
    return (np.maximum(codes, 0) if atlas.non_negative else codes).astype(np.float32)
