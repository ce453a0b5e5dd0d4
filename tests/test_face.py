"""`import aedesk`: cheap, and enough to use a model."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import aedesk
from aedesk.errors import AedeskError
from aedesk.models.checkpoint import Checkpoint
from aedesk.models.initialisation import initial_weights
from aedesk.models.presets import PRESETS
from aedesk.storage import checkpoint as checkpoints


@pytest.fixture
def run(tmp_path: Path) -> Path:
    """A run folder with an untrained network."""
    architecture = PRESETS["dense-2d"].architecture
    card = Checkpoint("untrained", architecture, initial_weights(architecture, 0))
    (tmp_path / "run").mkdir()
    checkpoints.save(card, tmp_path / "run" / "model.safetensors")
    return tmp_path / "run"


def test_importing_aedesk_imports_nothing_heavy() -> None:
    heavy = ["numpy", "torch", "torchvision", "PIL", "matplotlib", "sklearn", "scipy", "tkinter", "tqdm"]
    script = f"import sys, aedesk, aedesk.cli\nprint([name for name in {heavy} if name in sys.modules])"
    loaded = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert loaded.stdout == "[]\n"


def test_a_model_is_loaded_from_a_run_and_from_a_file_alike(run: Path) -> None:
    images = np.random.default_rng(0).random((3, 28, 28), np.float32)
    model = aedesk.load(run)
    codes = model.encode(images)
    assert codes.shape == (3, 2)
    assert codes.dtype == np.float32
    rebuilt = model.decode(codes)
    assert rebuilt.shape == (3, 28, 28)
    assert rebuilt.dtype == np.float32
    assert 0 <= rebuilt.min() <= rebuilt.max() <= 1
    assert np.allclose(model.reconstruct(images), rebuilt, atol=1e-6)
    assert np.array_equal(aedesk.load(str(run / "model.safetensors")).encode(images), codes)


def test_every_shipped_model_loads_by_its_name() -> None:
    from aedesk.storage.library import shipped

    for name in shipped():
        assert aedesk.load(name).reconstruct(np.zeros((28, 28), np.float32)).shape == (1, 28, 28)


def test_a_model_that_is_not_there_is_an_expected_problem() -> None:
    with pytest.raises(AedeskError, match="no-such-model"):
        aedesk.load("no-such-model")


def test_presets_come_with_their_recipes_and_cannot_be_spoilt() -> None:
    found = aedesk.presets()
    assert found["dense-2d"].recipe.epochs == 10
    found.clear()
    assert set(aedesk.presets()) == set(PRESETS)


def test_a_sketch_is_framed_like_mnist() -> None:
    ink = np.zeros((280, 280), np.uint8)
    ink[20:90, 30:42] = 255
    seen = aedesk.normalise_sketch(ink)
    assert seen.shape == (28, 28)
    assert seen.dtype == np.float32
    rows, columns = np.nonzero(seen > 0.5)
    assert rows.max() - rows.min() + 1 in range(19, 22)
    assert abs(columns.mean() - 14) < 1
    assert np.array_equal(aedesk.normalise_sketch(Image.fromarray(ink)), seen)


def test_a_picture_of_mnists_size_passes_untouched(digits) -> None:
    image = digits.test.pixels(slice(1))[0]
    assert np.array_equal(aedesk.normalise_sketch(image), image)


def test_the_version_is_a_text_and_other_names_do_not_exist() -> None:
    assert aedesk.__version__[0].isdigit()
    with pytest.raises(AttributeError, match="nonsense"):
        aedesk.nonsense  # noqa: B018
