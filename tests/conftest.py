"""What every test may ask for: real digits, and a home of its own for the user's files."""

import os
from pathlib import Path

# Before NumPy and torch are imported: on a small machine two teams of threads wait for each other more than they work.
os.environ.setdefault("OMP_NUM_THREADS", "1")

import pytest

from aedesk.data.imageset import DataSet
from aedesk.errors import AedeskError


def missing(what: str) -> None:
    """Skip for want of `what`, or fail where everything is required (`AEDESK_REQUIRE_ALL=1`, as in CI)."""
    if os.environ.get("AEDESK_REQUIRE_ALL") == "1":
        pytest.fail(f"AEDESK_REQUIRE_ALL=1, but {what}")
    pytest.skip(what)


@pytest.fixture(autouse=True)
def home(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Runs, caches and settings of a test stay away from the user's own."""
    folder = tmp_path_factory.mktemp("home")
    monkeypatch.setenv("AEDESK_HOME", str(folder))
    return folder


@pytest.fixture(scope="session")
def mnist() -> DataSet:
    """The real 60,000 and 10,000 digits, from `AEDESK_DATA_DIR`."""
    from aedesk.data.sources import load

    try:
        return load("mnist", offline=True)
    except AedeskError as problem:
        missing(f"real MNIST is not on this machine: {problem}")
        raise AssertionError from problem


@pytest.fixture(scope="session")
def digits() -> DataSet:
    """The 1,797 real digits of scikit-learn, always there."""
    from aedesk.data.sources import load

    return load("digits")
