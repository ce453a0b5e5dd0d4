"""`aedesk models` and `aedesk evaluate`."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from aedesk import paths
from aedesk.models.checkpoint import Checkpoint
from aedesk.models.initialisation import initial_weights
from aedesk.models.presets import PRESETS
from aedesk.storage import checkpoint as checkpoints


def save_untrained(preset: str, folder: Path) -> Path:
    """A model file of a preset at its first weights."""
    folder.mkdir(parents=True)
    architecture = PRESETS[preset].architecture
    card = Checkpoint(preset, architecture, initial_weights(architecture, 0), config={"data": "digits"})
    checkpoints.save(card, folder / "model.safetensors")
    return folder


def test_shipped_models_are_listed_with_what_matters(aedesk, shipped: str) -> None:
    outcome = aedesk("models")
    assert outcome.status == 0
    line = next(line for line in outcome.out.splitlines() if line.startswith(shipped))
    assert "784-128-64-2-64-128-784" in line
    assert "mse" in line
    assert " 2 " in line
    assert "compresses nothing" not in outcome.out


def test_the_list_in_json_is_one_document(aedesk, shipped: str) -> None:
    outcome = aedesk("models", "--json")
    assert outcome.status == 0
    assert outcome.err == ""
    (row,) = outcome.json
    assert row["name"] == shipped
    assert row["code_size"] == 2
    assert row["parameters"] == PRESETS["dense-2d"].architecture.parameters
    assert row["loss"] == "mse"
    assert 0 < row["test_mse"] < 1
    assert row["command"].startswith("aedesk train --preset dense-2d --data digits")


def test_a_code_larger_than_the_picture_is_called_what_it_is(aedesk, tmp_path: Path, monkeypatch) -> None:
    save_untrained("conv", tmp_path / "conv")
    monkeypatch.setattr(paths, "weights", lambda: tmp_path)
    assert "compresses nothing" in aedesk("models").out
    (row,) = aedesk("models", "--json").json
    assert "compresses nothing" in row["caveat"]
    assert row.get("test_mse") is None


def test_an_installation_without_models_says_so(aedesk, tmp_path: Path, monkeypatch) -> None:
    monkeypatch.setattr(paths, "weights", lambda: tmp_path / "none")
    assert "aedesk train" in aedesk("models").out
    assert aedesk("models", "--json").json == []


def test_a_model_is_evaluated_on_the_data_it_was_trained_on(aedesk, trained: Path, digits) -> None:
    outcome = aedesk("evaluate", trained, "--json")
    assert outcome.status == 0
    assert outcome.err == ""
    report = outcome.json
    assert set(report) >= {"mse", "psnr", "ssim", "pca_mse", "knn_accuracy", "code_size", "parameters"}
    assert report["data"] == "digits"
    assert report["test_images"] == len(digits.test)
    assert report["caveat"] is None
    stored = checkpoints.read_card(trained / "model.safetensors").metrics["test_mse"]
    assert report["mse"] == pytest.approx(stored, rel=1e-4)


def test_the_report_for_people_has_the_same_figures(aedesk, trained: Path) -> None:
    outcome = aedesk("evaluate", trained / "model.safetensors", "--data", "digits")
    assert outcome.status == 0
    lines = dict(line.split(maxsplit=1) for line in outcome.out.splitlines())
    assert lines["data"] == "digits"
    assert lines["code_size"] == "2"
    assert 0 < float(lines["mse"]) < float("inf")


def test_a_model_is_evaluated_on_own_data(aedesk, trained: Path, tmp_path: Path, digits) -> None:
    own = tmp_path / "own.npz"
    np.savez(own, images=digits.test.images[:60], labels=digits.test.labels[:60] % 2)
    report = aedesk("evaluate", trained, "--data", own, "--json").json
    assert report["test_images"] < 60
    assert 0 <= report["knn_accuracy"] <= 1


def test_no_pca_is_claimed_beside_a_code_larger_than_the_picture(aedesk, tmp_path: Path, digits) -> None:
    model = save_untrained("conv", tmp_path / "conv")
    own = tmp_path / "own.npz"
    np.savez(own, images=digits.test.images[:40], labels=digits.test.labels[:40] % 2)
    report = aedesk("evaluate", model, "--data", own, "--json").json
    assert report["pca_mse"] is None
    assert "compresses nothing" in report["caveat"]
    assert "compresses nothing" in aedesk("evaluate", model, "--data", own).out


@pytest.mark.parametrize("command", ["evaluate", "map", "generate", "reconstruct"])
def test_an_unknown_model_is_refused_by_name(aedesk, tmp_path: Path, command: str) -> None:
    more = {
        "map": ["--out", tmp_path / "x.png"],
        "generate": ["--sample", 1, "--out", tmp_path / "x.png"],
        "reconstruct": [tmp_path / "a.png", "--out", tmp_path / "x.png"],
    }
    problem = aedesk(command, "dense-3d", *more.get(command, [])).problem
    assert "dense-3d" in problem
    assert not any(tmp_path.iterdir())


def test_every_number_in_json_is_finite_or_null(aedesk, trained: Path, tmp_path: Path, monkeypatch) -> None:
    card = checkpoints.load(trained / "model.safetensors")
    card.metrics["validation_loss"] = float("nan")
    (tmp_path / "dense-2d").mkdir()
    checkpoints.save(card, tmp_path / "dense-2d" / "model.safetensors")
    monkeypatch.setattr(paths, "weights", lambda: tmp_path)
    (row,) = json.loads(aedesk("models", "--json").out, parse_constant=pytest.fail)
    assert row["validation_loss"] is None
