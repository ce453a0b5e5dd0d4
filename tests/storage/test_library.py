import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from aedesk import paths
from aedesk.errors import AedeskError
from aedesk.models.architecture import dense
from aedesk.models.checkpoint import Checkpoint
from aedesk.models.initialisation import initial_weights
from aedesk.storage import library
from aedesk.storage.runs import Run


def tiny(name: str) -> Checkpoint:
    return Checkpoint(name, dense(2), initial_weights(dense(2), 0))


@pytest.fixture
def weights(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Three shipped models and a folder that holds none."""
    folder = tmp_path / "weights"
    for name in ("extra", "vanilla-64", "dense-2d"):
        Run.create(folder / name).save(tiny(name))
    (folder / "conv").mkdir()
    monkeypatch.setattr(paths, "weights", lambda: folder)
    return folder


def test_shipped_models_are_those_really_there_in_the_order_of_presets(weights: Path) -> None:
    assert library.shipped() == ["dense-2d", "vanilla-64", "extra"]


def test_nothing_is_shipped_where_the_folder_is_missing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(paths, "weights", lambda: tmp_path / "gone")
    assert library.shipped() == []


def test_a_model_is_found_by_name_run_folder_run_name_and_file(weights: Path, tmp_path: Path) -> None:
    assert library.resolve("dense-2d") == weights / "dense-2d" / "model.safetensors"
    own = Run.create(tmp_path / "own")
    own.save(tiny("own"))
    user = Run.new("mine")
    user.save(tiny("mine"))
    assert library.resolve(own.path) == own.model
    assert library.resolve(str(own.path)) == own.model
    assert library.resolve(own.model) == own.model
    assert library.resolve(user.path.name) == user.model
    assert library.load_checkpoint(user.path.name).name == "mine"


def test_a_shipped_name_comes_before_a_folder_of_that_name(
    weights: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Run.create("dense-2d").save(tiny("own"))
    assert library.load_checkpoint("dense-2d").name == "dense-2d"
    assert library.load_checkpoint("./dense-2d").name == "own"


@pytest.mark.parametrize(
    "name", ["nothing", "", "two\nlines", "nul\0", "x" * 5000, "~nobody/here", "../weights"]
)
def test_an_unknown_name_lists_the_shipped_ones_in_one_line(weights: Path, name: str) -> None:
    with pytest.raises(AedeskError) as caught:
        library.resolve(name)
    assert "\n" not in str(caught.value)
    if name:
        assert "dense-2d, vanilla-64, extra" in str(caught.value)


def test_a_folder_without_a_model_says_so(weights: Path) -> None:
    with pytest.raises(AedeskError, match=r"conv: this folder holds no model\.safetensors"):
        library.resolve(weights / "conv")


def test_a_loaded_model_answers(weights: Path) -> None:
    model = library.load_model("vanilla-64")
    assert model.name == "vanilla-64"
    assert model.encode(np.zeros((3, 28, 28))).shape == (3, 2)


def test_storage_is_imported_without_torch() -> None:
    code = "import sys, aedesk.storage.library, aedesk.latent.projection; print('torch' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"
