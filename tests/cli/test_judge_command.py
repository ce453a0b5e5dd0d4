"""`aedesk judge`: its figures, its making, and what is refused."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from aedesk import paths
from aedesk.analysis.judge import Judge


def test_the_judge_tells_how_good_it_is_and_how_it_was_made(aedesk) -> None:
    outcome = aedesk("judge", "--data", "digits", "--json")
    assert outcome.status == 0, outcome.err
    report = outcome.json
    assert report["data"] == "digits"
    assert 0.5 < report["accuracy"] < 1
    assert 0 < report["calibration_error"] < 1
    assert report["trained_on"] == "mnist"
    assert report["command"].startswith("aedesk judge --train")
    assert report["parameters"] == Judge.load().parameters
    lines = dict(line.split(maxsplit=1) for line in aedesk("judge", "--data", "digits").out.splitlines())
    assert lines.keys() == report.keys()
    assert float(lines["accuracy"]) == pytest.approx(report["accuracy"], abs=1e-4)


def test_a_judge_is_trained_into_a_file_that_says_how(aedesk, tmp_path: Path) -> None:
    out = tmp_path / "new" / "own.safetensors"
    outcome = aedesk("judge", "--train", out, "--data", "digits", "--epochs", 1, "--json")
    assert outcome.status == 0, outcome.err
    judge = Judge.load(out)
    assert judge.made["command"] == "aedesk judge --train own.safetensors --data digits --epochs 1"
    assert judge.made["trained_on"] == "digits"
    assert str(judge.made["device"]).endswith("bfloat16")
    assert outcome.json["held_out"] == judge.made["held_out"] > 100
    assert outcome.json["temperature"] == judge.temperature > 0


def test_what_cannot_be_done_is_told_before_any_work(aedesk, tmp_path: Path, digits) -> None:
    own = tmp_path / "own.npz"
    np.savez(own, images=digits.test.images[:40], labels=digits.test.labels[:40] % 2)
    assert "--train" in aedesk("judge", "--epochs", 3).problem
    assert "digits 0 to 9" in aedesk("judge", "--data", own).problem
    assert "digits 0 to 9" in aedesk("judge", "--train", tmp_path / "a.safetensors", "--data", own).problem
    assert ".safetensors" in aedesk("judge", "--train", tmp_path / "judge.png").problem
    assert "whole number" in aedesk("judge", "--train", tmp_path / "a.safetensors", "--epochs", 0).problem
    assert list(tmp_path.iterdir()) == [own]


def test_an_installation_without_a_judge_says_so(aedesk, tmp_path: Path, monkeypatch) -> None:
    monkeypatch.setattr(paths, "weights", lambda: tmp_path)
    assert "judge.safetensors" in aedesk("judge").problem
