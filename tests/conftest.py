"""What every test may ask for: real digits, and a home of its own for the user's files."""

import os
from contextlib import suppress
from pathlib import Path

# Before NumPy and torch are imported: on a small machine two teams of threads wait for each other more than they work.
os.environ.setdefault("OMP_NUM_THREADS", "1")

import pytest
from hypothesis import HealthCheck, settings
from virtual_screen import VirtualScreen, is_possible

from aedesk.data.imageset import DataSet
from aedesk.errors import AedeskError

pytest_plugins = ["known_digits"]

# Nothing is measured by the clock: other processes of the tests work beside this one.
settings.register_profile("aedesk", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("aedesk")


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_auto_num_workers() -> int:
    """With `-n auto`: a process for each core, at most four; none where they would have to share a screen."""
    if not is_possible():
        return 0
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return min(cores, 4) if cores > 1 else 0


def pytest_configure(config: pytest.Config) -> None:
    """One of several processes opens its windows, and copies, on a screen of its own."""
    if not hasattr(config, "workerinput"):
        return
    os.environ.pop("DISPLAY", None)
    os.environ.pop("WAYLAND_DISPLAY", None)
    with suppress(OSError):  # then there is no screen, and the tests that need one say so
        screen = VirtualScreen()
        config.add_cleanup(screen.close)
        os.environ["DISPLAY"] = screen.display


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
