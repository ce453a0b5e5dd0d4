"""`aedesk train`: a run folder, the same from the same seed, and nothing at all from bad input."""

from __future__ import annotations

import csv
import dataclasses
import io
import json
import os
import shlex
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from polling import PATIENCE

from aedesk.data import fetch, sources
from aedesk.errors import Cancelled
from aedesk.storage import checkpoint as checkpoints
from aedesk.storage.runs import Run
from aedesk.training import lessons
from aedesk.training.config import SETTINGS

QUICK = ("train", "--data", "digits", "--epochs", "1")


def weights(folder: Path) -> dict[str, np.ndarray]:
    return checkpoints.load(folder / "model.safetensors").weights


def test_a_run_leaves_a_model_its_settings_and_its_history(aedesk, tmp_path: Path) -> None:
    run = tmp_path / "deep" / "run"
    outcome = aedesk(
        "train", "--data", "digits", "--preset", "vanilla-64", "--epochs", 2, "--seed", 3, "--out", run
    )
    assert outcome.status == 0
    assert str(run) in outcome.out
    assert "test MSE" in outcome.out
    config = json.loads((run / "config.json").read_text())
    assert (config["preset"], config["seed"], config["epochs"]) == ("vanilla-64", 3, 2)
    with (run / "history.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert list(rows[0])[:5] == ["epoch", "train_loss", "validation_loss", "learning_rate", "seconds"]
    assert [row["epoch"] for row in rows] == ["1", "2"]
    assert all(float(row["train_loss"]) > 0 and float(row["validation_loss"]) > 0 for row in rows)


def test_progress_into_a_file_is_a_plain_line_per_epoch(aedesk, tmp_path: Path) -> None:
    outcome = aedesk(
        "train", "--data", "digits", "--preset", "vanilla-64", "--epochs", 3, "--out", tmp_path / "run"
    )
    lines = outcome.err.splitlines()
    assert [line.split()[1] for line in lines[1:]] == ["1/3", "2/3", "3/3"]
    assert "digits" in lines[0]
    assert "\r" not in outcome.err
    assert "\x1b" not in outcome.err


def test_a_terminal_shows_a_bar_as_well(aedesk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    class Terminal(io.StringIO):
        def isatty(self) -> bool:
            return True

    terminal = Terminal()
    monkeypatch.setattr(sys, "stderr", terminal)
    assert aedesk(*QUICK, "--preset", "vanilla-64", "--out", tmp_path / "run").status == 0
    shown = terminal.getvalue()
    assert "images/s" in shown
    assert "finishing" in shown
    assert "epoch 1/1" in shown


@pytest.mark.parametrize("engine", ["torch", "numpy"])
def test_the_same_seed_gives_the_same_weights(aedesk, tmp_path: Path, engine: str) -> None:
    folders = [tmp_path / name for name in ("a", "b", "c")]
    for folder, seed in zip(folders, (7, 7, 8), strict=True):
        outcome = aedesk(
            *QUICK, "--preset", "vanilla-64", "--engine", engine, "--seed", seed, "--out", folder
        )
        assert outcome.status == 0, outcome.err
    first, same, other = map(weights, folders)
    assert all(np.array_equal(first[name], same[name]) for name in first)
    assert not np.array_equal(first["encoder.1.weight"], other["encoder.1.weight"])


def test_every_setting_reaches_the_run(aedesk, tmp_path: Path) -> None:
    settings = {
        "batch_size": 32,
        "learning_rate": 0.05,
        "loss": "bce",
        "optimiser": "sgd",
        "initialisation": "he",
        "reduction": "sum",
        "schedule": "cosine",
        "output_bias": -1.5,
        "validation_fraction": 0.2,
        "precision": "float32",
        "device": "cpu",
        "threads": 1,
        "keep_mb": 20,
        "kind": "sparse",
        "noise": "masking",
        "noise_level": 0.2,
        "sparsity": 0.01,
        "contraction": 0.5,
        "beta": 2.0,
        "warm_up": 0,
        "sketches": 0.01,
        "warp": 0.02,
        "guidance": 0.0,
        "filling": 0.0,
        "teacher": "dense-32",
        "minutes": 5.0,
        "patience": 3,
        "target": 0.001,
        "layers": "dense",
        "widths": "40,20",
        "filters": "8",
        "code": 5,
        "activation": "tanh",
        "code_activation": "sigmoid",
        "dropout": 0.1,
        "output": "sigmoid",
    }
    options = [word for name, value in settings.items() for word in (f"--{name.replace('_', '-')}", value)]
    switches = ["--batch-norm", "--no-tied"]
    outcome = aedesk(*QUICK, "--preset", "vanilla-64", *options, *switches, "--out", tmp_path / "run")
    assert outcome.status == 0
    config = json.loads((tmp_path / "run" / "config.json").read_text())
    lists = {"widths": [40, 20], "filters": [8]}
    assert {name: config[name] for name in settings} == settings | lists
    assert (config["batch_norm"], config["tied"]) == (True, False)
    # Nothing can be set in the window alone.
    others = {"data", "epochs", "seed", "engine", "batch_norm", "tied"}
    assert set(SETTINGS) == settings.keys() | others


def epochs_told(err: str) -> list[str]:
    return [line.split()[1] for line in err.splitlines() if line.startswith("epoch")]


def test_a_run_is_resumed_where_it_was_left_and_ends_as_one_never_held_up(aedesk, tmp_path: Path) -> None:
    usual = ("train", "--data", "digits", "--preset", "dense-2d", "--batch-size", 512)
    assert aedesk(*usual, "--epochs", 3, "--out", tmp_path / "whole").status == 0
    assert aedesk(*usual, "--epochs", 2, "--out", tmp_path / "run").status == 0
    outcome = aedesk("train", "--resume", tmp_path / "run", "--epochs", 3)
    assert outcome.status == 0
    assert epochs_told(outcome.err) == ["3/3"]
    for name, array in weights(tmp_path / "whole").items():
        np.testing.assert_array_equal(array, weights(tmp_path / "run")[name])


def test_settings_that_are_said_once_more_change_nothing(aedesk, tmp_path: Path) -> None:
    own = ("--preset", "dense-2d", "--widths", "16,8", "--code", 3, "--tied")
    assert aedesk(*QUICK, *own, "--out", tmp_path / "run").status == 0
    again = aedesk(*QUICK, *own, "--resume", tmp_path / "run", "--epochs", 2)
    assert (again.status, again.err.count("epoch 2/2")) == (0, 1)
    refused = aedesk("train", "--resume", tmp_path / "run", "--widths", "16,9")
    assert refused.status == 2
    assert "own widths; to change that, branch" in refused.err


def test_a_branch_goes_on_with_what_was_changed_before_it(aedesk, tmp_path: Path) -> None:
    parent = tmp_path / "parent"
    assert aedesk(*QUICK, "--preset", "dense-2d", "--out", parent).status == 0
    run = Run(parent)
    snapshot = run.epochs.load(1)
    change = {"epoch": 0.5, "name": "learning_rate", "old": 0.001, "new": 0.0004}
    run.epochs.save(dataclasses.replace(snapshot, changes=[change]))
    for words, rate in (((), 0.0004), (("--learning-rate", 0.002), 0.002)):
        out = tmp_path / f"branch-{rate}"
        assert aedesk("train", "--branch", parent, "--epochs", 2, *words, "--out", out).status == 0
        assert Run(out).read_config()["learning_rate"] == rate


def test_a_branch_begins_at_an_epoch_of_another_run(aedesk, tmp_path: Path) -> None:
    parent, run = tmp_path / "parent", tmp_path / "run"
    aedesk("train", "--data", "digits", "--preset", "dense-2d", "--epochs", 3, "--out", parent)
    outcome = aedesk("train", "--branch", parent, "--at", 1, "--learning-rate", 0.01, "--out", run)
    assert outcome.status == 0
    assert epochs_told(outcome.err) == ["2/3", "3/3"]
    config = json.loads((run / "config.json").read_text())
    assert config["branched_from"] == {"run": "parent", "epoch": 1}
    assert config["learning_rate"] == 0.01
    epoch = parent / "epochs" / "00001.safetensors"
    assert aedesk("evaluate", epoch, "--data", "digits", "--limit", 20).status == 0


def test_settings_come_from_a_file_and_the_command_line_has_the_last_word(aedesk, tmp_path: Path) -> None:
    toml = tmp_path / "vae.toml"
    toml.write_text(
        'preset = "dense-32"\ndata = "digits"\nkind = "variational"\nwidths = [30]\ncode = 4\nepochs = 9\n'
    )
    assert aedesk("train", "--config", toml, "--epochs", 1, "--out", tmp_path / "a").status == 0
    config = json.loads((tmp_path / "a" / "config.json").read_text())
    assert (config["kind"], config["widths"], config["code"], config["epochs"]) == ("variational", [30], 4, 1)
    again = aedesk("train", "--config", tmp_path / "a" / "config.json", "--out", tmp_path / "b")
    assert again.status == 0
    for name, array in weights(tmp_path / "a").items():
        np.testing.assert_array_equal(array, weights(tmp_path / "b")[name])


@pytest.mark.parametrize(
    ("name", "text", "words"),
    [
        ("a.json", "{", "no settings in TOML or JSON"),
        ("a.toml", "epochs = ", "no settings in TOML or JSON"),
        ("a.json", "[1]", "names with values"),
        ("a.json", '{"epochz": 3}', "no setting epochz"),
        ("a.json", '{"preset": "dense-2d", "epochs": "many"}', "number of epochs"),
        ("a.json", '{"epochs": 3}', "--preset"),
        ("a.json", '{"preset": "dense-2d", "widths": "128"}', "widths"),
    ],
)
def test_a_file_of_settings_that_makes_no_sense_is_refused(
    aedesk, tmp_path: Path, name: str, text: str, words: str
) -> None:
    (tmp_path / name).write_text(text)
    outcome = aedesk("train", "--config", tmp_path / name, "--data", "digits", "--out", tmp_path / "run")
    assert words in outcome.problem
    assert not (tmp_path / "run").exists()


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["--resume", "nowhere"], "no run 'nowhere'"),
        (["--resume", "RUN", "--learning-rate", "0.1"], "branch a new run"),
        (["--resume", "RUN", "--out", "x"], "leave out --out"),
        (["--branch", "RUN", "--at", "7", "--out", "x"], "epoch 7 is not kept; there are 0 to 1"),
        (["--branch", "RUN", "--out", "x"], "more epochs than 1"),
        (["--at", "1", "--preset", "dense-2d", "--out", "x"], "give --branch"),
        (["--preset", "dense-2d", "--tied", "--kind", "variational", "--out", "x"], "."),
    ],
)
def test_going_on_with_nonsense_is_refused_in_a_line(
    aedesk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, words: list[str], told: str
) -> None:
    monkeypatch.chdir(tmp_path)
    assert aedesk(*QUICK, "--preset", "dense-2d", "--out", "RUN").status == 0
    outcome = aedesk("train", "--data", "digits", *words)
    if told != ".":
        assert told in outcome.problem
    assert not Path("x").exists() or told == "."


def test_patience_ends_a_run_and_that_is_said(aedesk, tmp_path: Path) -> None:
    words = ("--epochs", 50, "--learning-rate", 1e-12, "--patience", 2, "--optimiser", "sgd")
    outcome = aedesk("train", "--data", "digits", "--preset", "dense-2d", *words, "--out", tmp_path / "run")
    assert outcome.status == 0
    assert len(epochs_told(outcome.err)) < 50
    assert "the validation loss has stopped falling" in outcome.err


def test_the_command_in_the_file_repeats_the_run(aedesk, tmp_path: Path) -> None:
    first = tmp_path / "first"
    assert (
        aedesk(*QUICK, "--preset", "vanilla-64", "--seed", 5, "--batch-size", 64, "--out", first).status == 0
    )
    command = shlex.split(checkpoints.load(first / "model.safetensors").config["command"])
    assert command[0] == "aedesk"
    assert "--threads" in command
    assert "--precision" in command
    again = tmp_path / "again"
    assert aedesk(*command[1:-1], again).status == 0
    assert all(np.array_equal(weights(first)[name], weights(again)[name]) for name in weights(first))


def test_a_run_in_the_way_is_spared_unless_told_otherwise(aedesk, tmp_path: Path, untouched) -> None:
    run = tmp_path / "run"
    train = (*QUICK, "--preset", "vanilla-64", "--out", run)
    assert aedesk(*train).status == 0
    untouched()
    assert str(run) in aedesk(*train, "--seed", 1).problem
    assert untouched()
    assert aedesk(*train, "--seed", 1, "--overwrite").status == 0
    assert checkpoints.load(run / "model.safetensors").config["seed"] == 1


def test_the_run_works_in_every_other_command(aedesk, trained: Path, tmp_path: Path) -> None:
    picture = tmp_path / "in.png"
    assert aedesk("evaluate", trained, "--limit", 20).status == 0
    assert aedesk("generate", trained, "--at", 0, 0, "--out", tmp_path / "new.png").status == 0
    Image.new("L", (60, 60)).save(picture)
    assert "no ink" in aedesk("reconstruct", trained, picture, "--out", tmp_path / "out.png").problem
    with Image.open(picture) as empty:
        empty.paste(255, (25, 10, 35, 50))
        empty.save(picture)
    assert aedesk("reconstruct", trained, picture, "--out", tmp_path / "out.png").status == 0
    assert aedesk("map", trained, "--out", tmp_path / "map.png").status == 0


@pytest.mark.parametrize(
    ("words", "hint"),
    [
        (["--preset", "dense-9"], "dense-9"),
        (["--preset", "vanilla-64", "--epochs", "0"], "epochs"),
        (["--preset", "vanilla-64", "--learning-rate", "nan"], "learning rate"),
        (["--preset", "vanilla-64", "--batch-size", "-5"], "batch size"),
        (["--preset", "vanilla-64", "--validation-fraction", "0.9"], "validation"),
        (["--preset", "vanilla-64", "--seed", "-1"], "seed"),
        (["--preset", "vanilla-64", "--device", "abacus"], "abacus"),
        (["--preset", "conv", "--engine", "numpy"], "NumPy"),
        (["--preset", "vanilla-64", "--data", "mnits"], "mnits"),
        (
            ["--preset", "vanilla-64", "--data", "mnist", "--offline", "--data-dir", "nowhere"],
            "aedesk fetch mnist",
        ),
    ],
)
def test_nonsense_is_refused_by_name_and_leaves_nothing(
    aedesk, tmp_path: Path, untouched, words: list[str], hint: str
) -> None:
    untouched()
    assert hint in aedesk("train", "--data", "digits", *words, "--out", tmp_path / "run").problem
    assert untouched()


def test_a_file_in_the_way_of_the_run_is_named(aedesk, tmp_path: Path, untouched) -> None:
    (tmp_path / "file").write_text("mine")
    untouched()
    for out in (tmp_path / "file", tmp_path / "file" / "run"):
        assert "file" in aedesk(*QUICK, "--preset", "vanilla-64", "--out", out).problem
    assert untouched()


def test_what_is_missing_is_fetched_and_that_is_said(aedesk, tmp_path: Path, monkeypatch, digits) -> None:
    def write(name: str, data_dir: Path, *, progress, cancelled) -> None:
        assert name == "mnist"
        raw = data_dir / "MNIST" / "raw"
        raw.mkdir(parents=True)
        for part, images in (("train", digits.train), ("t10k", digits.test)):
            shape = b"".join(side.to_bytes(4, "big") for side in images.images.shape)
            (raw / f"{part}-images-idx3-ubyte").write_bytes(b"\0\0\x08\x03" + shape + images.images.tobytes())
            labels = images.labels.astype(np.uint8)
            header = b"\0\0\x08\x01" + len(labels).to_bytes(4, "big")
            (raw / f"{part}-labels-idx1-ubyte").write_bytes(header + labels.tobytes())
            progress(f"{part}-images-idx3-ubyte.gz", 5, 10)

    monkeypatch.setattr(fetch, "fetch", write)
    data, run = tmp_path / "data", tmp_path / "run"
    train = ("train", "--preset", "vanilla-64", "--epochs", 1, "--data-dir", data, "--out", run)
    outcome = aedesk(*train)
    assert outcome.status == 0, outcome.err
    lines = outcome.err.splitlines()
    assert "fetching" in lines[0]
    assert str(data) in lines[0]
    assert lines[1:3] == ["train-images-idx3-ubyte.gz", "t10k-images-idx3-ubyte.gz"]
    assert "fetching" not in aedesk(*train, "--overwrite").err


def test_a_set_that_cannot_be_fetched_is_refused_with_those_that_can(aedesk) -> None:
    problem = aedesk("fetch", "imagenet").problem
    assert all(name in problem for name in sources.NAMES)


def test_own_data_is_found_again_from_another_folder(aedesk, tmp_path: Path, monkeypatch, digits) -> None:
    np.savez(tmp_path / "own.npz", images=digits.test.images, labels=digits.test.labels)
    monkeypatch.chdir(tmp_path)
    outcome = aedesk("train", "--preset", "vanilla-64", "--data", "own.npz", "--epochs", 1, "--out", "run")
    assert outcome.status == 0, outcome.err
    (tmp_path / "elsewhere").mkdir()
    monkeypatch.chdir(tmp_path / "elsewhere")
    evaluated = aedesk("evaluate", tmp_path / "run", "--limit", 20, "--json")
    assert evaluated.json["data"] == "own.npz"


@pytest.mark.skipif(sys.platform == "win32", reason="POSIX signals")
def test_ctrl_c_ends_the_run_and_keeps_its_model(tmp_path: Path) -> None:
    run = tmp_path / "run"
    words = ["train", "--preset", "vanilla-64", "--data", "digits", "--epochs", "10000", "--out", str(run)]
    training = subprocess.Popen(
        [sys.executable, "-m", "aedesk", *words], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    assert training.stderr is not None
    for line in training.stderr:
        if line.startswith("epoch"):
            break
    os.kill(training.pid, signal.SIGINT)
    out, err = training.communicate(timeout=PATIENCE)
    assert training.returncode == 130
    assert out == ""
    *epochs, last = err.splitlines()
    assert all(line.startswith("epoch") for line in epochs)
    assert last.startswith("aedesk: stopped; ")
    assert str(run) in last
    kept = checkpoints.load(run / "model.safetensors")
    assert kept.metrics["validation_loss"] > 0
    assert len(kept.history) >= 1


def test_a_network_of_ones_own_needs_no_preset(aedesk, tmp_path: Path) -> None:
    assert aedesk(*QUICK, "--widths", "40", "--code", 3, "--out", tmp_path / "a").status == 0
    config = json.loads((tmp_path / "a" / "config.json").read_text())
    assert (config["widths"], config["code"], config["layers"]) == ([40], 3, "dense")


@pytest.mark.parametrize("word", ["--beta", "--filters", "--noise-level"])
def test_a_setting_without_effect_is_said_to_have_none(aedesk, tmp_path: Path, word: str) -> None:
    outcome = aedesk(*QUICK, "--preset", "dense-2d", "--code", 3, word, 1, "--out", tmp_path / "run")
    assert outcome.status == 0
    assert f"{word} has no effect" in outcome.err


def test_going_on_with_a_finished_run_says_what_would_train_it_further(aedesk, tmp_path: Path) -> None:
    assert aedesk(*QUICK, "--preset", "dense-2d", "--out", tmp_path / "run").status == 0
    outcome = aedesk("train", "--resume", tmp_path / "run")
    assert outcome.status == 0
    assert "has had its 1 epochs; give --epochs for more" in outcome.err


def test_what_is_prepared_is_told_as_a_line(aedesk, tmp_path: Path) -> None:
    run = tmp_path / "run"
    outcome = aedesk(*QUICK, "--preset", "dense-2d", "--sketches", 0.01, "--out", run)
    assert outcome.status == 0
    first, second, *_ = outcome.err.splitlines()
    assert first == "drawing sketches"
    assert "1,380 images, 72 held out" in second  # 14 of them are sketches
    assert json.loads((run / "config.json").read_text())["sketches"] == 0.01


@pytest.mark.parametrize("word", ["--guidance", "--filling"])
def test_a_map_for_a_code_that_is_no_place_is_refused_in_a_line(aedesk, tmp_path: Path, word: str) -> None:
    problem = aedesk(*QUICK, "--preset", "dense-32", word, 1, "--out", tmp_path / "run").problem
    assert "this code has 32 numbers, not 2" in problem
    assert not (tmp_path / "run").exists()


@pytest.mark.skipif(sys.platform == "win32", reason="POSIX signals")
def test_ctrl_c_while_a_run_is_prepared_leaves_nothing(
    aedesk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def endless(*_: object, progress, cancelled) -> None:
        progress("drawing sketches", 1, 2)
        os.kill(os.getpid(), signal.SIGINT)
        while not cancelled():
            time.sleep(0.01)
        raise Cancelled("The work was cancelled.")

    monkeypatch.setattr(lessons, "sketch_pool", endless)
    run = tmp_path / "run"
    outcome = aedesk(*QUICK, "--preset", "dense-2d", "--sketches", 1, "--out", run)
    assert outcome.status == 130
    assert outcome.out == ""
    assert outcome.err.splitlines()[-1] == "aedesk: stopped while the run was prepared; nothing was trained"
    assert not run.exists()
