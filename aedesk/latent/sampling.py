"""New codes that look like those of an atlas: what a decoder turns into new digits."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from aedesk.errors import AedeskError, Cancelled
from aedesk.latent.atlas import Atlas

SAMPLERS = ("gaussian", "mixture", "prior")
HOTTEST = 2.0  # the highest temperature

# Of a mixture. With 10 components in all, a digit classifier is sure (over .9) of 71 % of dense-32's samples, with one
# for every 60 codes of 86 %; of vanilla-64's 71 and 80 %, of mlp-128's 71 and 88 %, of conv's 56 and 72 %.
_CODES_PER_COMPONENT = 60
_MOST_COMPONENTS = 100
_MOST_NUMBERS = 400_000  # of all codes together that a mixture is fitted to, and at least so many codes:
_ENOUGH_CODES, _MOST_CODES = 5_000, 10_000  # with more it takes longer, and draws no better
_FULL_UP_TO = 128  # numbers in a code; above, a component has too few codes for a full covariance
_FEW_STEPS = 10  # of EM after k-means: with so many components, 50 give no better samples
_STEPS_AT_ONCE = 5  # of EM, between two looks at `cancelled`


def kinds(prior: bool) -> tuple[str, ...]:
    """The samplers of a model, the best first; only a variational one has a prior."""
    return ("prior", "mixture", "gaussian") if prior else ("mixture", "gaussian")


def sample(kind: str, atlas: Atlas, n: int, seed: int = 0, temperature: float = 1.0) -> np.ndarray:
    """n new codes, (n, D) float32, the same for the same seed; never negative where no code of the atlas is.

    kind: one of SAMPLERS. temperature: from 0 to 2, how far codes go from the mean, or from the means of a
    mixture; at 0 they are these means, at 1 they vary like the atlas.
    Raises AedeskError for `prior`, which plain autoencoders do not have.
    """
    if kind == "prior":
        raise AedeskError(
            "This model has no prior: only a variational one has; sample by gaussian or mixture."
        )
    if kind not in SAMPLERS:
        raise AedeskError(f"There is no sampler {kind!r}; choose one of: {', '.join(SAMPLERS)}.")
    return (gaussian if kind == "gaussian" else mixture)(atlas, n, seed, temperature)


def gaussian(atlas: Atlas, n: int, seed: int = 0, temperature: float = 1.0) -> np.ndarray:
    """n codes, (n, D) float32, from the normal distribution with the mean and covariance of the atlas."""
    _check(n, temperature)
    mean = atlas.codes.mean(axis=0)
    # Random weights of the deviations have exactly their covariance: no matrix to factorise, singular or not.
    weights = np.random.default_rng(seed).standard_normal((n, len(atlas)), np.float32)
    deviations = weights @ (atlas.codes - mean) / np.sqrt(max(1, len(atlas) - 1))
    return _reachable(mean + temperature * deviations, atlas.non_negative)


def mixture(
    atlas: Atlas, n: int, seed: int = 0, temperature: float = 1.0, components: int | None = None
) -> np.ndarray:
    """n codes, (n, D) float32, from a mixture of normal distributions; fitting takes longer than drawing."""
    _check(n, temperature)
    return Mixture.fit(atlas, components).sample(n, seed, temperature)


@dataclass(frozen=True, eq=False)
class Mixture:
    """A mixture of k normal distributions fitted to an atlas, to draw from as often as one likes.

    weights: (k,), of sum 1. means: (k, D). factors: of the covariances, (k, D, D) lower triangles, or (k, D)
    standard deviations. non_negative: whether no code may be below zero.
    """

    weights: np.ndarray
    means: np.ndarray = field(repr=False)
    factors: np.ndarray = field(repr=False)
    non_negative: bool

    @staticmethod
    def fit(
        atlas: Atlas, components: int | None = None, cancelled: Callable[[], bool] | None = None
    ) -> Mixture:
        """The mixture of an atlas, the same for the same atlas. Takes seconds; raises Cancelled if ended.

        components: one for every 60 codes if None, 100 at most.
        """
        if len(atlas) == 1:  # nothing to fit, and scikit-learn refuses
            codes = atlas.codes.astype(np.float64)
            return Mixture(np.ones(1), codes, np.zeros_like(codes), atlas.non_negative)
        most = int(np.clip(_MOST_NUMBERS // atlas.code_size, _ENOUGH_CODES, _MOST_CODES))
        codes = np.random.default_rng(0).permutation(atlas.codes, axis=0)[:most]
        count = components or int(np.clip(len(codes) // _CODES_PER_COMPONENT, 1, _MOST_COMPONENTS))
        fitted = fit_gaussians(codes, count, cancelled=cancelled, steps=_FEW_STEPS)
        diagonal = fitted.covariance_type == "diag"
        factors = np.sqrt(fitted.covariances_) if diagonal else np.linalg.cholesky(fitted.covariances_)
        return Mixture(fitted.weights_, fitted.means_, factors, atlas.non_negative)

    def sample(self, n: int, seed: int = 0, temperature: float = 1.0) -> np.ndarray:
        """n codes, (n, D) float32, the same for the same seed; a temperature only scales what the seed drew."""
        _check(n, temperature)
        rng = np.random.default_rng(seed)
        # The weights' sum may be off by more than `choice` allows where scikit-learn rounded.
        chosen = rng.choice(len(self.weights), n, p=self.weights / self.weights.sum())
        deviations = rng.standard_normal((n, self.means.shape[1]))
        if self.factors.ndim == 2:
            deviations *= self.factors[chosen]
        else:
            for component in np.unique(chosen):
                own = chosen == component
                deviations[own] = deviations[own] @ self.factors[component].T
        return _reachable(self.means[chosen] + temperature * deviations, self.non_negative)


def fit_gaussians(
    codes: np.ndarray,
    components: int,
    seed: int = 0,
    cancelled: Callable[[], bool] | None = None,
    steps: int = 100,
) -> Any:
    """scikit-learn's mixture of normal distributions, fitted by EM to codes (N, D) of which there are two or more."""
    from sklearn.exceptions import ConvergenceWarning
    from sklearn.mixture import GaussianMixture

    fitted = GaussianMixture(
        min(components, len(codes)),
        covariance_type="full" if codes.shape[1] <= _FULL_UP_TO else "diag",
        reg_covar=1e-3 * float(codes.var()) + 1e-9,  # units of a ReLU code that never fire do not vary
        random_state=seed,
        max_iter=_STEPS_AT_ONCE,
        warm_start=True,
    )
    exact = codes.astype(np.float64)
    for _ in range(steps // _STEPS_AT_ONCE):
        if cancelled is not None and cancelled():
            raise Cancelled("the mixture was cancelled; ask for it again to start over")
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", ConvergenceWarning)  # it is not meant to have come to an end yet
            fitted.fit(exact)
        if fitted.converged_:
            break
    return fitted


def _check(n: int, temperature: float) -> None:
    if n < 1:
        raise AedeskError(f"The number of samples must be 1 or more, not {n}.")
    if not 0 <= temperature <= HOTTEST:
        raise AedeskError(f"The temperature must be between 0 and {HOTTEST:g}, not {temperature:g}.")


def _reachable(codes: np.ndarray, non_negative: bool) -> np.ndarray:
    """Codes the encoder could give: not below zero after a ReLU."""
    return (np.maximum(codes, 0) if non_negative else codes).astype(np.float32)
