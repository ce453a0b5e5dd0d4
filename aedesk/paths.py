"""The only place that knows where weights, assets, user data, runs and settings live.

`AEDESK_HOME` puts everything that belongs to the user into one folder (a portable set-up, a test);
without it each kind goes where the platform keeps it. `AEDESK_DATA_DIR` names the folder of data sets.
Nothing is ever written into the installation.
"""

import os
from pathlib import Path

import platformdirs

_PACKAGE = Path(__file__).resolve().parent


def _shipped(folder: str) -> Path:
    """A wheel carries the folder inside the package; a checkout keeps it beside the package."""
    inside = _PACKAGE / folder
    return inside if inside.is_dir() else _PACKAGE.parent / folder


def weights() -> Path:
    """The shipped models: one run folder for each, named by its preset. Read-only."""
    return _shipped("weights")


def assets() -> Path:
    """The icon and anything else pictured. Read-only."""
    return _shipped("assets")


def _user(kind: str, platform_folder: Path) -> Path:
    home = os.environ.get("AEDESK_HOME")
    return expanded(home) / kind if home else platform_folder


def expanded(path: str | os.PathLike[str]) -> Path:
    """The path with `~` put in full; that of a user who is not known here is taken as it is."""
    try:
        return Path(path).expanduser()
    except RuntimeError:
        return Path(path)


def runs() -> Path:
    """One folder for each training run of the user."""
    return _user("runs", platformdirs.user_data_path("aedesk", appauthor=False) / "runs")


def data(override: str | os.PathLike[str] | None = None) -> Path:
    """Data sets in torchvision's layout (`DIR/MNIST/raw/...`); `override` is a `--data-dir`."""
    chosen = override or os.environ.get("AEDESK_DATA_DIR")
    if chosen:
        return expanded(chosen)
    return _user("data", platformdirs.user_data_path("aedesk", appauthor=False) / "data")


def cache() -> Path:
    """Maps and atlases that were computed here; safe to delete."""
    return _user("cache", platformdirs.user_cache_path("aedesk", appauthor=False))


def settings() -> Path:
    """What the window remembers between starts: settings.json and the last sketch."""
    return _user("settings", platformdirs.user_config_path("aedesk", appauthor=False))
