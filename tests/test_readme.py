"""What the README says is so."""

import re
import shlex
from pathlib import Path

import pytest

from aedesk.models.presets import PRESETS
from aedesk.storage.library import load_model, shipped

ROOT = Path(__file__).parent.parent
README = (ROOT / "README.md").read_text("utf-8")
COMMANDS = re.findall(r"^(aedesk .*?)(?:\s+#.*)?$", README, re.MULTILINE)


def test_there_are_commands_to_check():
    assert len(COMMANDS) >= 8


@pytest.mark.parametrize("line", COMMANDS)
def test_a_command_of_the_readme_is_understood(line):
    from aedesk.cli.parser import build

    assert callable(build().parse_args(shlex.split(line)[1:]).run)


@pytest.mark.parametrize("picture", re.findall(r"!\[.*?\]\((.*?)\)", README))
def test_a_picture_of_the_readme_is_there(picture):
    assert (ROOT / picture).is_file()


@pytest.mark.parametrize("name", PRESETS)
def test_the_table_of_models_has_the_figures_of_the_files(name):
    assert name in shipped()
    error = load_model(name).checkpoint.metrics["test_mse"]
    row = next(line for line in README.splitlines() if line.startswith(f"| `{name}` |"))
    assert f"{error:.4f}" in row


def test_the_numpy_run_is_quoted_as_it_was():
    history = load_model("mlp-128").checkpoint.history
    for epoch in (1, 2, 100):
        row = next(line for line in README.splitlines() if line.startswith(f"| {epoch} |"))
        assert f"{history[epoch - 1]['train_loss']:.4f}" in row
