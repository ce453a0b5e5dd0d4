"""The mixtures that ship: there for every model, small, and good."""

import pytest

from aedesk import paths
from aedesk.analysis.generation import sample_score
from aedesk.analysis.judge import Judge
from aedesk.latent import em
from aedesk.latent.atlas import atlas_for
from aedesk.latent.mixture import MIXTURE
from aedesk.latent.sampling import sample
from aedesk.storage.library import load_model, resolve, shipped

SURE = {
    "dense-2d": 0.63,
    "dense-32": 0.82,
    "vanilla-64": 0.79,
    "deep-64": 0.80,
    "conv": 0.84,
    "mlp-128": 0.84,
    "dense-64": 0.76,
    "denoise-conv": 0.87,
}
"""The least share of samples that the judge is sure of, five points below what it is of 2,000."""


@pytest.mark.parametrize("name", shipped())
def test_a_shipped_model_draws_digits_without_fitting_anything(name: str, monkeypatch) -> None:
    def fit(*given: object, **named: object) -> None:
        raise AssertionError("a mixture was fitted")

    monkeypatch.setattr(em, "fit", fit)
    codes = sample("mixture", atlas_for(resolve(name)), 150 if "conv" in name else 400, seed=1)
    if name in SURE:
        assert sample_score(Judge.load(), load_model(name), codes) > SURE[name]


def test_no_shipped_mixture_takes_more_than_250_kilobytes() -> None:
    sizes = [(paths.weights() / name / MIXTURE).stat().st_size for name in shipped()]
    assert max(sizes) <= 250_000
