"""Running `aedesk` in this process, and a small trained model for its commands."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from polling import PATIENCE

from aedesk import paths
from aedesk.cli import main


@dataclass(frozen=True)
class Outcome:
    """What a command left: its exit status and everything on both streams."""

    status: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        """The one document on stdout."""
        return json.loads(self.out)

    @property
    def problem(self) -> str:
        """The one line of a refusal, once it is certain that this is one."""
        assert self.status == 2, self
        lines = self.err.splitlines()
        assert len(lines) == 1, self.err
        assert lines[0].startswith("aedesk: ")
        assert "internal error" not in lines[0]
        assert self.out == ""
        return lines[0]


Aedesk = Callable[..., Outcome]


@pytest.fixture
def aedesk(capfd: pytest.CaptureFixture[str]) -> Aedesk:
    """`aedesk("models", "--json")` in this process; output of C libraries is seen as well."""

    def run(*words: object) -> Outcome:
        capfd.readouterr()
        status = main([str(word) for word in words])
        return Outcome(status, *capfd.readouterr())

    return run


@pytest.fixture
def process() -> Callable[..., subprocess.CompletedProcess[str]]:
    """`python -m aedesk` in a process of its own."""

    def run(*words: object, **settings: Any) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-m", "aedesk", *map(str, words)]
        return subprocess.run(
            command, capture_output=True, text=True, timeout=PATIENCE, check=False, **settings
        )

    return run


@pytest.fixture(scope="session")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a run over the offline digits: an epoch, a second. Not to be written to."""
    folder = tmp_path_factory.mktemp("trained") / "tiny"
    status = main(
        ["train", "--preset", "dense-2d", "--data", "digits", "--epochs", "1", "--out", str(folder)]
    )
    assert status == 0
    return folder


@pytest.fixture
def shipped(trained: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """The name of a shipped model: the trained one, as if the installation had only this."""
    weights = tmp_path / "weights"
    shutil.copytree(trained, weights / "dense-2d")
    monkeypatch.setattr(paths, "weights", lambda: weights)
    return "dense-2d"


def tree(folder: Path) -> dict[str, bytes]:
    """Every file below a folder, and every folder, with its content."""
    return {
        str(path.relative_to(folder)): path.read_bytes() if path.is_file() else b""
        for path in sorted(folder.rglob("*"))
    }


@pytest.fixture
def untouched(tmp_path: Path) -> Callable[[], bool]:
    """Whether everything below `tmp_path` is as it was when the test asked for the first time."""
    before: list[dict[str, bytes]] = []

    def check() -> bool:
        before.append(tree(tmp_path))
        return before[0] == before[-1]

    return check
