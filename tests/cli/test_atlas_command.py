"""`aedesk atlas`: all that a model needs to be shown without a wait."""

import shutil
from pathlib import Path

import numpy as np
import pytest

from aedesk import paths
from aedesk.latent import atlas as atlases
from aedesk.latent import mixture, tsne
from aedesk.latent.projection import best_known
from aedesk.storage.runs import ATLAS, MODEL


@pytest.fixture(scope="session")
def wide(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run with codes of 32 numbers. Not to be written to."""
    from aedesk.cli import main

    folder = tmp_path_factory.mktemp("trained") / "wide"
    words = ["--preset", "dense-32", "--data", "digits", "--epochs", "1"]
    assert main(["train", *words, "--out", str(folder)]) == 0
    return folder


@pytest.fixture
def model(wide: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder of that model alone; t-SNE comes to an end at once."""
    monkeypatch.setattr(tsne, "_EARLY_STEPS", 10)
    monkeypatch.setattr(tsne, "_STEPS", 10)
    folder = tmp_path / "model"
    folder.mkdir()
    shutil.copy(wide / MODEL, folder)
    return folder


def test_a_model_gets_all_that_the_window_looks_for(aedesk, model: Path) -> None:
    outcome = aedesk("atlas", model, "--count", 200)
    assert outcome.status == 0, outcome.err
    atlas = atlases.atlas_for(model / MODEL)
    assert len(atlas) == 200
    assert atlas.data == "digits"
    assert atlas.source == "training images of digits"
    assert best_known(atlas).kind == "tsne"
    assert mixture.known(atlas, model / MODEL) is not None
    for name in (ATLAS, mixture.MIXTURE):
        assert f"{model / name}: {(model / name).stat().st_size:,} bytes" in outcome.out


def test_what_is_to_be_shipped_lies_where_it_was_asked_for_and_is_found_there(
    aedesk, model: Path, tmp_path: Path, monkeypatch
) -> None:
    shipped = tmp_path / "weights"
    shutil.copytree(model, shipped / "mine")
    words = ("--count", 200, "--compact", "--out", shipped / "mine", "--maps", shipped / "maps")
    assert aedesk("atlas", model, *words).status == 0
    assert {path.name for path in model.iterdir()} == {MODEL}
    assert not (paths.cache() / "maps").exists()
    monkeypatch.setattr(paths, "weights", lambda: shipped)
    atlas = atlases.atlas_for(shipped / "mine" / MODEL)
    assert best_known(atlas).kind == "tsne"
    assert mixture.known(atlas) is not None
    plain = tmp_path / "plain"
    assert aedesk("atlas", model, "--count", 200, "--out", plain, "--no-map").status == 0
    assert (plain / ATLAS).stat().st_size > (shipped / "mine" / ATLAS).stat().st_size
    assert not (plain / "maps").exists()
    same = (path / mixture.MIXTURE for path in (plain, shipped / "mine"))
    assert next(same).read_bytes() == next(same).read_bytes()


def test_a_mixture_is_fitted_to_all_training_images(aedesk, model: Path, digits) -> None:
    from aedesk.storage.library import load_model

    assert aedesk("atlas", model, "--count", 20, "--no-map").status == 0
    found = mixture.load(model / mixture.MIXTURE)
    codes = load_model(model).encode(digits.train.images)
    np.testing.assert_allclose(found.centre, codes.mean(axis=0), atol=1e-4)


def test_codes_of_two_numbers_need_no_map(aedesk, trained: Path, tmp_path: Path) -> None:
    assert aedesk("atlas", trained, "--out", tmp_path / "out").status == 0
    assert {path.name for path in (tmp_path / "out").iterdir()} == {ATLAS, mixture.MIXTURE}


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--count", 3), "--count must be 10 or more"),
        (("--data", "nothing-here"), "nothing-here"),
        (("--out", __file__), "test_atlas_command.py"),
        (("--maps", f"{__file__}/maps"), "test_atlas_command.py"),
    ],
)
def test_what_cannot_be_is_refused_and_nothing_is_written(aedesk, model: Path, words, said: str) -> None:
    assert said in aedesk("atlas", model, *words).problem
    assert {path.name for path in model.iterdir()} == {MODEL}


def test_nothing_is_added_to_the_installation_unless_it_is_named(aedesk, shipped: str, untouched) -> None:
    untouched()
    assert "--out" in aedesk("atlas", shipped).problem
    assert untouched()
