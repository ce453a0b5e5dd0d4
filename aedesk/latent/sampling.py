"""New codes that look like those of an atlas, or come from a prior: what a decoder turns into new digits."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from aedesk.errors import AedeskError
from aedesk.latent.atlas import Atlas
from aedesk.latent.mixture import check, mixture_for, reachable
from aedesk.latent.temperature import HOTTEST

__all__ = ["HOTTEST", "SAMPLERS", "check_kind", "gaussian", "kinds", "prior", "sample"]

SAMPLERS = ("prior", "mixture", "gaussian")


def kinds(prior: bool) -> tuple[str, ...]:
    """The samplers of a model, the best first; only a variational one has a prior."""
    return SAMPLERS if prior else SAMPLERS[1:]


def check_kind(kind: str, prior: bool) -> None:
    """Raise AedeskError for a sampler that a model does not have. prior: whether it is variational."""
    if kind == "prior" and not prior:
        raise AedeskError(
            "This model has no prior: only a variational one has; sample by mixture or gaussian."
        )
    if kind not in SAMPLERS:
        raise AedeskError(f"There is no sampler {kind!r}; choose one of: {', '.join(kinds(prior))}.")


def sample(
    kind: str,
    atlas: Atlas,
    n: int,
    seed: int = 0,
    temperature: float = 1.0,
    *,
    model_path: Path | None = None,
) -> np.ndarray:
    """n new codes, (n, D) float32, the same for the same seed; never negative where no code of the atlas is.

    kind: one of SAMPLERS; "prior" is of use to a variational model only. temperature: from 0 to 2, how far codes go
    from the mean, or from the means of a mixture; at 0 they are these means, at 1 they vary like the atlas.
    model_path: as for `mixture_for`. Raises AedeskError.
    """
    check_kind(kind, prior=True)
    if kind == "prior":
        return prior(atlas.code_size, n, seed, temperature)
    if kind == "gaussian":
        return gaussian(atlas, n, seed, temperature)
    check(n, temperature)
    return mixture_for(atlas, model_path).sample(n, seed, temperature)


def prior(code_size: int, n: int, seed: int = 0, temperature: float = 1.0) -> np.ndarray:
    """n codes, (n, code_size) float32, from N(0, I): what a variational model was trained to decode (Kingma & Welling
    2014). The temperature scales them."""
    check(n, temperature)
    drawn = np.random.default_rng(seed).standard_normal((n, code_size), np.float32)
    return np.float32(temperature) * drawn


def gaussian(atlas: Atlas, n: int, seed: int = 0, temperature: float = 1.0) -> np.ndarray:
    """n codes, (n, D) float32, from the normal distribution with the mean and covariance of the atlas."""
    check(n, temperature)
    mean = atlas.codes.mean(axis=0)
    # Random weights of the deviations have exactly their covariance: no matrix to factorise, singular or not.
    weights = np.random.default_rng(seed).standard_normal((n, len(atlas)), np.float32)
    deviations = weights @ (atlas.codes - mean) / np.sqrt(max(1, len(atlas) - 1))
    return reachable(mean + temperature * deviations, atlas.non_negative)
