"""A few digits to be odd or usual among, and detectors of the odd one that are fitted once a process."""

import pytest
from once import once

from aedesk.analysis.anomaly import Detector
from aedesk.app import odd_one as odd_ones
from aedesk.data.imageset import DataSet
from aedesk.data.sources import load
from aedesk.storage.checkpoint import fingerprint

_fit = once(
    Detector.fit,
    lambda model, known, most_usual=None, **_: (fingerprint(model.checkpoint), len(known), most_usual),
)


@pytest.fixture(scope="module")
def few_digits(digits: DataSet) -> DataSet:
    """Enough to be odd or usual among, and scored in a moment."""
    return DataSet("digits", digits.train[:400], digits.test[:100])


@pytest.fixture
def quick_detectors(few_digits: DataSet, monkeypatch: pytest.MonkeyPatch) -> None:
    """What is usual is found out once for each network, and the digits are few."""

    def loaded(name, **how):
        return few_digits if name == "digits" else load(name, **how)

    monkeypatch.setattr(Detector, "fit", _fit)
    monkeypatch.setattr(odd_ones, "load", loaded)
