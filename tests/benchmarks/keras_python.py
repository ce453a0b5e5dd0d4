"""A Python that has Keras: the one that is named, or an environment of its own in the user's cache."""

from __future__ import annotations

import subprocess
import sys
import venv
from pathlib import Path

from turns import Skip

from aedesk import paths


def find(named: Path | None) -> Path:
    """The Python to run Keras with; an environment for it is made where there is none. Skip where it cannot be."""
    if named is not None:
        if not _has_keras(named):
            raise Skip(f"{named} has no Keras with TensorFlow")
        return named
    folder = paths.cache() / "benchmark-keras"
    python = folder / ("Scripts/python.exe" if sys.platform == "win32" else "bin/python")
    if python.exists() and _has_keras(python):
        return python
    print(f"making an environment with tensorflow-cpu in {folder}", file=sys.stderr)
    venv.create(folder, clear=True, with_pip=True)
    command = [str(python), "-m", "pip", "install", "--quiet", "tensorflow-cpu"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode or not _has_keras(python):
        words = done.stderr.strip().splitlines() or ["it has no Keras afterwards"]
        raise Skip(f"tensorflow-cpu cannot be installed: {words[-1]}")
    return python


def _has_keras(python: Path) -> bool:
    try:
        done = subprocess.run([python, "-c", "import keras, tensorflow"], capture_output=True, check=False)
    except OSError:
        return False
    return done.returncode == 0
