"""`aedesk runs`: lists, compares, exports and tidies, and says in a line what it cannot do."""

from __future__ import annotations

import json
import os
import shutil
import time
from pathlib import Path

import numpy as np
import pytest
from kept_run import make_run
from PIL import Image

from aedesk import paths
from aedesk.storage import checkpoint as checkpoints
from aedesk.storage import files, movie
from aedesk.storage.runs import Run


@pytest.fixture
def runs(digits) -> list[Run]:
    """Two runs in the user's folder: `first`, and `second`, which is better, larger, and changed later."""
    files.make_folder(paths.runs())
    first = make_run(paths.runs() / "first", digits)
    second = make_run(
        paths.runs() / "second", digits, kept=(0, 6), preset="dense-32", learning_rate=0.01, seed=7
    )
    for path in (second.model, second.config, second.history):
        os.utime(path, (path.stat().st_atime, path.stat().st_mtime + 100))
    return [first, second]


def names(lines: str) -> list[str]:
    return [line.split()[0] for line in lines.splitlines()[1:]]


def test_the_list_tells_how_good_each_run_is(aedesk, runs) -> None:
    outcome = aedesk("runs", "list")
    assert outcome.status == 0
    assert outcome.err == ""
    head, *rows = outcome.out.splitlines()
    assert names(outcome.out) == ["second", "first"]
    cells = rows[1].split()
    assert cells[1:5] == ["completed", "dense-2d", "digits", "2"]
    assert cells[5:8] == ["4", "0.1500", "0.2500"]
    for title in ("validation", "epochs"):  # numbers end where their head ends
        end = head.index(title) + len(title)
        assert all(row[end - 1] != " " and row[end : end + 1] in {" ", ""} for row in rows)


@pytest.mark.parametrize(
    ("sort", "order"),
    [
        (["--sort", "validation"], ["second", "first"]),
        (["--sort", "validation", "--reverse"], ["first", "second"]),
        (["--sort", "name"], ["first", "second"]),
        (["--sort", "epochs"], ["second", "first"]),
        (["--sort", "code"], ["first", "second"]),
    ],
)
def test_the_list_is_sorted_by_any_metric(aedesk, runs, sort: list[str], order: list[str]) -> None:
    assert names(aedesk("runs", "list", *sort).out) == order


def test_every_metric_is_named_in_the_help(aedesk, runs) -> None:
    from aedesk.app.run_list import COLUMNS

    told = " ".join(aedesk("runs", "list", "--help").out.split())
    for metric in COLUMNS:
        assert metric in told
        assert aedesk("runs", "list", "--sort", metric).status == 0
    assert "beauty" in aedesk("runs", "list", "--sort", "beauty").problem


def test_the_list_is_filtered_by_words(aedesk, runs) -> None:
    assert names(aedesk("runs", "list", "--filter", "DENSE-32 digits").out) == ["second"]
    outcome = aedesk("runs", "list", "--filter", "nothing")
    assert outcome.status == 0
    assert "None of 2 runs" in outcome.out
    assert aedesk("runs", "list", "--filter", "nothing", "--json").json == []


def test_the_list_as_json_has_finite_numbers_or_null(aedesk, runs) -> None:
    runs[0].write_history([{"epoch": 1, "train_loss": float("nan"), "validation_loss": float("inf")}])
    outcome = aedesk("runs", "list", "--json", "--sort", "name")
    first, second = json.loads(outcome.out, parse_constant=pytest.fail)
    assert second["validation_loss"] == pytest.approx(0.1)
    assert (second["epochs"], second["code_size"], second["data"]) == (6, 32, "digits")
    assert first["path"] == str(runs[0].path)
    assert json.loads(aedesk("runs", "show", "first", "--json").out, parse_constant=pytest.fail)["history"]


def test_without_runs_the_list_says_how_to_make_one(aedesk) -> None:
    outcome = aedesk("runs", "list")
    assert outcome.status == 0
    assert "aedesk train" in outcome.out
    assert aedesk("runs", "list", "--json").json == []


def test_a_damaged_run_stands_in_the_list(aedesk, runs) -> None:
    runs[0].model.write_bytes(b"nothing")
    outcome = aedesk("runs", "list", "--sort", "name")
    assert outcome.status == 0
    assert "damaged" in outcome.out
    assert "damaged" in aedesk("runs", "show", "first").out


def test_show_tells_all_about_a_run(aedesk, runs) -> None:
    out = aedesk("runs", "show", "first").out
    for words in (str(runs[0].path), "0 to 2, 4", "0.1500 in epoch 4", "784-128-64-2-64-128-784"):
        assert words in out
    told = aedesk("runs", "show", "first", "--json").json
    assert told["kept"] == [0, 1, 2, 4]
    assert told["config"]["preset"] == "dense-2d"
    assert [row["epoch"] for row in told["history"]] == [1, 2, 3, 4]


def test_compare_puts_what_differs_first(aedesk, runs) -> None:
    outcome = aedesk("runs", "compare", "first", runs[1].path)
    assert outcome.status == 0
    above, below, _ = outcome.out.split("\n\n")
    lines = [line.split("  ") for line in above.splitlines()]
    assert [cell.strip() for cell in lines[0] if cell] == ["first", "second"]
    settings = {cells[0]: [cell.strip() for cell in cells[1:] if cell.strip()] for cells in lines[1:]}
    assert settings["Learning rate"] == ["0.001", "0.01"]
    assert settings["Seed"] == ["0", "7"]
    assert "Data" not in settings
    assert "0.1500" in below
    assert "0.1000" in below
    told = aedesk("runs", "compare", "first", "second", "--json").json
    assert told["differing"]["Learning rate"] == ["0.001", "0.01"]
    assert told["same"]["Data"] == "digits"
    assert [run["name"] for run in told["runs"]] == ["first", "second"]


@pytest.mark.parametrize("chosen", [["first"], ["first", "first"], ["first", "./../first"]])
def test_compare_needs_two_runs(aedesk, runs, chosen: list[str], monkeypatch) -> None:
    monkeypatch.chdir(runs[1].path)
    assert "two different runs" in aedesk("runs", "compare", *chosen).problem


def test_the_history_and_the_log_are_exported_as_they_are(aedesk, runs, tmp_path: Path) -> None:
    whole = runs[0].history.read_bytes()
    runs[0].history.write_bytes(whole + b"5,0.1,0.")  # somebody writes the next row just now
    assert aedesk("runs", "export", "first", "--history", "--out", tmp_path / "new" / "h.csv").status == 0
    assert (tmp_path / "new" / "h.csv").read_bytes() == whole
    assert aedesk("runs", "export", "first", "--log", "--out", tmp_path / "log.txt").status == 0
    assert (tmp_path / "log.txt").read_bytes() == runs[0].log.read_bytes()


def test_an_epoch_is_exported_as_a_model_of_its_own(aedesk, runs, tmp_path: Path) -> None:
    out = tmp_path / "second.safetensors"
    assert aedesk("runs", "export", "first", "--epoch", 2, "--out", out).status == 0
    model, kept = checkpoints.load(out), runs[0].epochs.load(2)
    assert all(np.array_equal(model.weights[name], kept.weights[name]) for name in kept.weights)
    assert [row["epoch"] for row in model.history] == [1, 2]
    assert model.metrics["validation_loss"] == pytest.approx(0.3)
    assert aedesk("evaluate", out, "--limit", 20, "--json").json["code_size"] == 2
    problem = aedesk("runs", "export", "first", "--epoch", 3, "--out", tmp_path / "x.safetensors").problem
    assert "0 to 2, 4" in problem
    assert not (tmp_path / "x.safetensors").exists()


@pytest.mark.parametrize(("suffix", "begins"), [("png", b"\x89PNG"), ("svg", b"<?xml"), ("pdf", b"%PDF-")])
def test_losses_are_plotted_of_one_run_or_several(
    aedesk, runs, tmp_path: Path, suffix: str, begins: bytes
) -> None:
    made = []
    for words in (["first"], ["first", "second"], ["first", "--log-scale"]):
        out = tmp_path / f"{len(made)}.{suffix}"
        assert aedesk("runs", "export", *words, "--loss-plot", "--out", out).status == 0
        made.append(out.read_bytes())
        assert made[-1].startswith(begins)
    assert len(set(made)) == 3


def test_the_map_and_the_reconstructions_are_exported_as_gif(aedesk, runs, tmp_path: Path) -> None:
    out = tmp_path / "map.gif"
    outcome = aedesk("runs", "export", "first", "--map-animation", "--frames", 7, "--out", out)
    assert outcome.status == 0
    assert outcome.err == ""
    with Image.open(out) as film:
        assert (film.n_frames, film.size, film.info["loop"]) == (7, (640, 480), 0)
        light = film.convert("RGB").getpixel((2, 2))
    assert aedesk("runs", "export", "first", "--reconstruction-animation", "--dark", "--out", out).status == 0
    with Image.open(out) as film:
        assert film.n_frames == 4
        assert sum(film.convert("RGB").getpixel((2, 2))) < sum(light) / 5


def test_an_animation_is_an_mp4_where_ffmpeg_is(aedesk, runs, tmp_path: Path, monkeypatch, untouched) -> None:
    out = tmp_path / "map.mp4"
    words = ("runs", "export", "first", "--map-animation", "--frames", 5, "--out", out)
    if movie.has_ffmpeg():
        assert aedesk(*words).status == 0
        assert out.read_bytes()[4:8] == b"ftyp"
    untouched()
    monkeypatch.setenv("PATH", "")
    assert ".gif" in aedesk(*words).problem
    assert untouched()


def test_a_run_is_exported_for_tensorboard(aedesk, runs, tmp_path: Path, monkeypatch) -> None:
    outcome = aedesk("runs", "export", "first", "--tensorboard", tmp_path / "logs")
    assert outcome.status == 0
    assert {path.name for path in (tmp_path / "logs").iterdir()} >= {"projector_config.pbtxt", "sprite.png"}
    from aedesk.errors import AedeskError
    from aedesk.training import tensorboard

    def missing() -> None:
        raise AedeskError(tensorboard._MISSING)

    monkeypatch.setattr(tensorboard, "check", missing)
    problem = aedesk("runs", "export", "first", "--tensorboard", tmp_path / "other").problem
    assert "aedesk[tensorboard]" in problem
    assert not (tmp_path / "other").exists()


def test_a_deleted_run_is_back_as_it_was(aedesk, runs) -> None:
    before = {path: path.read_bytes() for path in runs[0].path.rglob("*") if path.is_file()}
    assert aedesk("runs", "delete", "first", "second").status == 0
    assert "aedesk train" in aedesk("runs", "list").out
    assert aedesk("runs", "undelete", "first").status == 0
    assert names(aedesk("runs", "list").out) == ["first"]
    assert before == {path: path.read_bytes() for path in before}
    assert "second" in aedesk("runs", "undelete").out
    assert "trash" in aedesk("runs", "undelete").problem
    assert "trash" in aedesk("runs", "undelete", "third").problem


def test_of_two_deleted_runs_of_one_name_the_last_comes_back_first(aedesk, runs, digits) -> None:
    assert aedesk("runs", "delete", "first").status == 0
    an_hour_ago = time.time() - 3600
    os.utime(next((paths.runs() / ".trash").iterdir()), (an_hour_ago, an_hour_ago))
    files.make_folder(paths.runs() / "first")
    make_run(paths.runs() / "first", digits, kept=(0, 9))
    assert aedesk("runs", "delete", paths.runs() / "first").status == 0
    aedesk("runs", "undelete", "first")
    assert aedesk("runs", "show", "first", "--json").json["epochs"] == 9
    assert "first-2" in aedesk("runs", "undelete", "first").out
    assert aedesk("runs", "show", "first-2", "--json").json["epochs"] == 4


def test_nothing_is_deleted_where_one_name_is_wrong(aedesk, runs) -> None:
    assert "third" in aedesk("runs", "delete", "first", "third").problem
    assert len(names(aedesk("runs", "list").out)) == 2


def test_a_run_that_is_being_trained_is_neither_deleted_nor_renamed(aedesk, runs) -> None:
    lock = runs[0].lock
    assert lock.acquire()
    try:
        assert "running" in aedesk("runs", "list", "--filter", "first").out
        for words in (["delete", "first"], ["rename", "first", "other"]):
            assert "first" in aedesk("runs", *words).problem
    finally:
        lock.release()
    assert runs[0].path.is_dir()


def test_a_run_gets_another_name(aedesk, runs) -> None:
    assert aedesk("runs", "rename", "first", "a better name").status == 0
    assert "a better name" in aedesk("runs", "list").out
    assert Path(aedesk("runs", "path", "a better name").out.strip()) == paths.runs() / "a better name"
    assert "second" in aedesk("runs", "rename", "a better name", "second").problem


def test_the_path_of_a_run_and_of_all(aedesk, runs, tmp_path: Path, monkeypatch) -> None:
    assert aedesk("runs", "path").out.strip() == str(paths.runs())
    assert aedesk("runs", "path", "first").out.strip() == str(runs[0].path)
    monkeypatch.chdir(runs[0].path)
    assert aedesk("runs", "path", ".").out.strip() == str(runs[0].path)


def test_a_run_elsewhere_is_named_by_its_path(aedesk, trained: Path) -> None:
    assert aedesk("runs", "show", trained, "--json").json["name"] == "tiny"


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["show", "third"], "third"),
        (["show", ""], "empty"),
        (["show", ".."], "holds no run"),
        (["show", "./"], "no run"),
        (["show", "nu\0ll"], "There is no run"),
        (["show", "a\nb"], "There is no run"),
        (["export", "first", "--out", "x.csv"], "--history"),
        (["export", "first", "--history"], "--out NAME.csv"),
        (["export", "first", "--history", "--out", "x.txt"], ".csv"),
        (["export", "first", "--history", "--log", "--out", "x.csv"], "not allowed"),
        (["export", "first", "--loss-plot", "--out", "x.gif"], ".png"),
        (["export", "first", "--map-animation", "--out", "x.png"], ".gif or .mp4"),
        (["export", "first", "--map-animation", "--frames", "1", "--out", "x.gif"], "between 2 and 500"),
        (["export", "first", "--epoch", "-1", "--out", "x.safetensors"], "not kept"),
        (["export", "first", "--epoch", "two", "--out", "x.safetensors"], "--epoch"),
        (["export", "first", "--tensorboard", "logs", "--out", "x"], "leave out --out"),
        (["export", "first", "second", "--log", "--out", "x.txt"], "only a --loss-plot"),
        (["rename", "first", "a/b"], "cannot hold"),
        (["rename", "first", ""], "empty"),
        (["undelete"], "trash"),
        (["fly"], "fly"),
        ([], "VERB"),
    ],
)
def test_what_cannot_be_done_is_refused_in_a_line(
    aedesk, runs, tmp_path: Path, untouched, monkeypatch, words: list[str], said: str
) -> None:
    monkeypatch.chdir(tmp_path)
    untouched()
    assert said in aedesk("runs", *words).problem
    assert untouched()
    assert len(list(paths.runs().iterdir())) == 2


def test_an_export_never_writes_into_the_run(aedesk, runs) -> None:
    before = runs[0].model.read_bytes()
    for words in (["--epoch", 1, "--out", runs[0].model], ["--tensorboard", runs[0].path]):
        assert "within the run" in aedesk("runs", "export", "first", *words).problem
    assert runs[0].model.read_bytes() == before


def test_an_old_run_without_kept_epochs_says_what_it_lacks(aedesk, runs, tmp_path: Path) -> None:
    for epoch in runs[0].epochs.kept():
        runs[0].epochs.path(epoch).unlink()
    runs[0].log.unlink()
    for kind in (["--map-animation", "--out", "x.gif"], ["--epoch", "1", "--out", "x.safetensors"]):
        assert "no epoch" in aedesk("runs", "export", "first", *kind[:-1], tmp_path / kind[-1]).problem
    assert "log.txt" in aedesk("runs", "export", "first", "--log", "--out", tmp_path / "x.txt").problem
    assert not any(tmp_path.iterdir())


def test_the_help_shows_how(aedesk) -> None:
    assert "aedesk runs compare" in aedesk("runs", "--help").out
    assert "--map-animation --dark --out map.gif" in aedesk("runs", "export", "--help").out


def test_a_run_deleted_in_this_folder_comes_back_by_its_bare_name_too(
    aedesk, trained: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    shutil.copytree(trained, tmp_path / "mine")
    monkeypatch.chdir(tmp_path)
    said = aedesk("runs", "delete", "mine").out
    assert f"undelete {tmp_path / 'mine'}" in said
    assert not Path("mine").exists()
    assert aedesk("runs", "undelete", "mine").status == 0
    assert Path("mine/model.safetensors").is_file()
