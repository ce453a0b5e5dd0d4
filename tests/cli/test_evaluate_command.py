"""`aedesk evaluate`: the quality card of a model."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from made_up_card import made_up_card

from aedesk.analysis import card_figures
from aedesk.analysis.card import card_of
from aedesk.data.imageset import DataSet
from aedesk.models.checkpoint import Checkpoint
from aedesk.models.initialisation import initial_weights
from aedesk.models.presets import PRESETS
from aedesk.storage import checkpoint as checkpoints
from aedesk.storage.library import load_model


@pytest.fixture
def own(tmp_path: Path, digits: DataSet) -> Path:
    """Odd and even digits, of which no judge of ten digits can say anything."""
    path = tmp_path / "own.npz"
    np.savez(path, images=digits.test.images[:60], labels=digits.test.labels[:60] % 2)
    return path


def untrained(preset: str, folder: Path, data: Path) -> Path:
    """The folder of a run of a preset on own data that holds its first weights."""
    folder.mkdir()
    architecture = PRESETS[preset].architecture
    checkpoint = Checkpoint(preset, architecture, initial_weights(architecture, 0), {"data": str(data)})
    checkpoints.save(checkpoint, folder / "model.safetensors")
    return folder


def test_a_model_is_evaluated_on_the_data_it_was_trained_on(
    aedesk, trained: Path, digits: DataSet, monkeypatch
) -> None:
    monkeypatch.setattr(card_figures, "SAMPLES", 50)
    outcome = aedesk("evaluate", trained, "--limit", 20, "--json")
    assert outcome.status == 0
    assert outcome.err == ""
    report = json.loads(outcome.out, parse_constant=pytest.fail)
    assert set(report) >= {"mse", "psnr", "ssim", "pca_mse", "knn_accuracy", "code_size", "parameters"}
    assert (report["model"], report["data"], report["trained_on"]) == ("tiny", "digits", "digits")
    assert report["test_images"] == report["sketches"] == 20
    assert report["caveat"] is None
    test = digits.test.at_most(20).pixels()
    error = ((load_model(str(trained)).reconstruct(test) - test) ** 2).mean()
    assert report["mse"] == pytest.approx(error, rel=1e-4)
    assert report["seconds"] > 0
    assert report["command"].startswith("aedesk train --preset dense-2d --data digits")
    assert report["map_kind"] == "native"


def test_the_report_for_people_has_the_same_figures(aedesk, tmp_path: Path, own: Path) -> None:
    folder = untrained("dense-2d", tmp_path / "run", own)
    outcome = aedesk("evaluate", folder)
    assert outcome.status == 0
    report = aedesk("evaluate", folder, "--json").json
    assert f"error of a pixel (MSE)      {report['mse']:.5f}" in outcome.out
    assert "parameters                  218,514" in outcome.out
    assert "samples that are digits     -" in outcome.out
    assert not (folder / "card.json").exists()


def test_a_card_is_kept_beside_a_run_for_the_list_and_the_window(aedesk, tmp_path: Path, own: Path) -> None:
    folder = untrained("dense-2d", tmp_path / "run", own)
    outcome = aedesk("evaluate", folder, "--save", "--json")
    assert str(folder / "card.json") in outcome.err
    card = card_of(folder / "model.safetensors")
    assert card is not None
    assert outcome.json == json.loads(json.dumps(card.to_json())) | {"caveat": None}
    assert f"{card.mse:.5f}" in aedesk("models", folder).out


def test_the_data_it_was_trained_on_may_be_named_in_any_form(
    aedesk, tmp_path: Path, own: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = untrained("dense-2d", tmp_path / "run", own)
    monkeypatch.chdir(own.parent)
    assert aedesk("evaluate", folder, "--save", "--data", own.name).status == 0
    assert card_of(folder / "model.safetensors") is not None


def test_a_card_of_part_of_the_images_or_of_other_data_is_not_kept(aedesk, tmp_path: Path, own: Path) -> None:
    folder = untrained("dense-2d", tmp_path / "run", own)
    for other in (("--limit", 5), ("--data", "digits")):
        assert "leave out --save" in aedesk("evaluate", folder, "--save", *other).problem
    assert not (folder / "card.json").exists()


def test_a_card_that_cannot_be_kept_is_told_before_the_work(aedesk, tmp_path: Path, own: Path) -> None:
    epochs = tmp_path / "epochs"
    untrained("dense-2d", epochs, own)
    assert (
        "an epoch of a run has no card" in aedesk("evaluate", epochs / "model.safetensors", "--save").problem
    )


def test_a_new_run_in_the_same_folder_does_not_keep_the_card_of_the_old_one(
    aedesk, tmp_path: Path, own
) -> None:
    folder = untrained("dense-2d", tmp_path / "run", own)
    path = folder / "model.safetensors"
    card = made_up_card(checkpoints.load(path))
    (folder / "card.json").write_text(json.dumps(card.to_json()))
    assert card_of(path) == card
    words = ("--preset", "vanilla-64", "--data", own, "--epochs", 1, "--out", folder, "--overwrite")
    assert aedesk("train", *words).status == 0
    assert not (folder / "card.json").exists()


def test_a_model_is_evaluated_on_own_data(aedesk, trained: Path, own: Path) -> None:
    report = aedesk("evaluate", trained, "--data", own, "--json").json
    assert 1 <= report["test_images"] < 60
    assert 0 <= report["knn_accuracy"] <= 1
    assert report["judge_accuracy"] is report["sample_score"] is report["sketch_accuracy"] is None


def test_no_pca_is_claimed_beside_a_code_larger_than_the_picture(aedesk, tmp_path: Path, own: Path) -> None:
    model = untrained("conv", tmp_path / "conv", own)
    report = aedesk("evaluate", model, "--json").json
    assert report["pca_mse"] is None
    assert "compresses nothing" in report["caveat"]
    assert "compresses nothing" in aedesk("evaluate", model).out


def test_without_the_test_images_one_line_says_so(aedesk, trained: Path, tmp_path: Path) -> None:
    words = ("--data", "mnist", "--data-dir", tmp_path, "--offline")
    assert "mnist" in aedesk("evaluate", trained, *words).problem
    assert "--limit must be 1 or more" in aedesk("evaluate", trained, "--limit", 0).problem
