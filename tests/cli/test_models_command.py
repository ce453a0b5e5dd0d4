"""`aedesk models`: the list, and the card of one."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from made_up_card import made_up_card

from aedesk import paths
from aedesk.analysis.card import Card, Tuned, keep
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


def keep_made_up(folder: Path, **figures: Any) -> Card:
    """A card beside the model in a folder, with these figures."""
    path = folder / "model.safetensors"
    return keep(made_up_card(checkpoints.load(path), **figures), path)


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


def test_the_list_has_the_figures_of_the_cards(aedesk, tmp_path: Path, monkeypatch) -> None:
    folder = save_untrained("dense-2d", tmp_path / "dense-2d")
    save_untrained("vanilla-64", tmp_path / "vanilla-64")
    keep_made_up(folder, knn_accuracy=0.9657, trustworthiness=0.97251)
    monkeypatch.setattr(paths, "weights", lambda: tmp_path)
    lines = aedesk("models").out.splitlines()
    assert "96.6%  0.973" in lines[1]
    assert "    -      -  784-64-784" in lines[2]
    rows = aedesk("models", "--json").json
    assert [row["knn_accuracy"] for row in rows] == [0.9657, None]


def test_a_card_is_told_in_words_beside_pca_and_what_is_published(aedesk, tmp_path: Path) -> None:
    tuned = Tuned(0.0391, "aedesk train --preset dense-2d --epochs 300", 7300, "x86_64 CPU", "2026-11-20")
    folder = save_untrained("dense-2d", tmp_path / "run")
    card = keep_made_up(folder, mse=0.0413, tuned=(tuned,), command="aedesk train --preset dense-2d --seed 1")
    out = aedesk("models", folder).out
    for text in (
        "0.04130",
        "78.1%",
        "0.9484",
        "61.2% (mixture)",
        "10,000 test images of mnist",
        card.command,
    ):
        assert text in out
    others = out[out.index("Beside others") :]
    assert "PCA, measured here" in others
    assert "0.03600  95.4%  94.0%  0.9680  [1]" in others
    assert "[1] Sainburg" in others
    assert "an MSE of 0.03910\n  in 2 h 02 min on x86_64 CPU, 2026-11-20\n  aedesk train" in others
    assert max(map(len, out.splitlines())) <= 110


def test_a_card_in_json_is_one_document_with_its_sources(aedesk, tmp_path: Path) -> None:
    folder = save_untrained("dense-2d", tmp_path / "run")
    card = keep_made_up(folder)
    document = aedesk("models", folder, "--json").json
    assert document["mse"] == card.mse
    assert document["caveat"] is None
    assert all(row["source"] and row["code_size"] == 2 for row in document["published"])


def test_a_model_that_was_never_measured_says_how_to(aedesk, tmp_path: Path) -> None:
    folder = save_untrained("dense-2d", tmp_path / "run")
    assert f"aedesk evaluate {folder} --save" in aedesk("models", folder).problem
    assert "no model 'dense-3d'" in aedesk("models", "dense-3d").problem


def test_an_installation_without_models_says_so(aedesk, tmp_path: Path, monkeypatch) -> None:
    monkeypatch.setattr(paths, "weights", lambda: tmp_path / "none")
    assert "aedesk train" in aedesk("models").out
    assert aedesk("models", "--json").json == []


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
