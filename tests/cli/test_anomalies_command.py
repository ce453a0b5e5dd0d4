"""`aedesk anomalies`: pictures judged, a set ranked, the odd told from the usual, a class held out."""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np
import pytest
from once import once
from PIL import Image

from aedesk.analysis.anomaly import Detector
from aedesk.data.imageset import DataSet
from aedesk.sketch.scribbles import scribbles
from aedesk.storage.checkpoint import fingerprint
from aedesk.storage.library import load_model

fit = Detector.fit
fit_once = once(
    fit, lambda model, known, most_usual=None, **_: (fingerprint(model.checkpoint), len(known), most_usual)
)


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is usual is found out once for each network."""
    monkeypatch.setattr(Detector, "fit", fit_once)


@pytest.fixture
def pictures(tmp_path: Path, digits: DataSet) -> list[Path]:
    """A digit and a grid, as files of 28x28 pixels."""
    grid = np.rint(scribbles(5, 0)[4] * 255).astype(np.uint8)
    paths = [tmp_path / "digit.png", tmp_path / "grid.png"]
    for path, image in zip(paths, (digits.test.images[3], grid), strict=True):
        Image.fromarray(image).save(path)
    return paths


def test_pictures_are_judged_against_the_training_images(
    aedesk, trained: Path, pictures, digits: DataSet
) -> None:
    report = aedesk("anomalies", trained, *pictures, "--json").json
    assert report["known"] == "digits"
    detector = fit(load_model(trained), digits.train)
    digit, grid = report["pictures"]
    assert digit["combined"] == pytest.approx(detector.score(digits.test.images[3:4]).combined[0])
    assert (digit["odd"], grid["odd"]) == (False, True)
    assert grid["share_below"] > 0.99
    seen = np.asarray(Image.open(pictures[1]), np.float32) / 255
    assert grid["words"] == detector.verdict(seen).words
    assert report["threshold"] == pytest.approx(detector.threshold(0.01))


def test_a_line_for_each_picture_and_a_sheet_of_what_is_odd(
    aedesk, trained: Path, pictures, tmp_path: Path
) -> None:
    out = tmp_path / "new" / "sheet.png"
    outcome = aedesk("anomalies", trained, "--out", out, *pictures)  # an option may stand between
    assert outcome.status == 0
    lines = outcome.out.splitlines()
    assert lines[0].startswith(f"{pictures[0]}: Usual")
    assert lines[1].startswith(f"{pictures[1]}: Odd")
    assert "flagged" in lines[1]
    assert "flagged" not in lines[0]
    assert Image.open(out).size == (2 * 28 * 4, 3 * 28 * 4)


def test_test_images_are_ranked_with_a_gallery_a_table_and_a_figure(
    aedesk, trained: Path, tmp_path: Path
) -> None:
    out, table, figure = tmp_path / "g.png", tmp_path / "r.csv", tmp_path / "f.svg"
    outcome = aedesk(
        "anomalies", trained, "--top", 12, "--limit", 60, "--out", out, "--csv", table, "--figure", figure
    )
    assert outcome.status == 0, outcome.err
    assert len(outcome.out.splitlines()) == 1 + 12 + 1
    assert Image.open(out).size == (10 * 28 * 4, 2 * 28 * 4)
    with table.open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert 30 <= len(rows) <= 60
    combined = [float(row["combined"]) for row in rows]
    assert combined == sorted(combined, reverse=True)
    assert b"<svg" in figure.read_bytes()


def test_more_false_alarms_flag_more(aedesk, trained: Path) -> None:
    few, many = (
        aedesk("anomalies", trained, "--false-alarms", rate, "--top", 3, "--limit", 100, "--json").json
        for rate in (0.01, 0.3)
    )
    assert few["flagged"] < many["flagged"]
    assert few["threshold"] > many["threshold"]
    assert few["strangest"] == many["strangest"]
    assert len(few["strangest"]) == 3


def test_scribbles_are_told_from_test_images(aedesk, trained: Path, tmp_path: Path) -> None:
    table, figure = tmp_path / "o.csv", tmp_path / "o.png"
    report = aedesk(
        "anomalies", trained, "--odd", "scribbles", "--count", 28, "--limit", 100, "--seed", 2,
        "--figure", figure, "--csv", table, "--json",
    ).json  # fmt: skip
    assert (report["odd"], report["odd_images"]) == ("scribbles", 28)
    assert report["scores"][0]["auc"] > 0.95
    assert 0 <= report["flagged"] <= 1
    assert Image.open(figure).width > 100
    assert table.read_text().startswith("score,auc,")


def test_another_data_set_is_the_odd_one(aedesk, trained: Path, tmp_path: Path, digits: DataSet) -> None:
    own = tmp_path / "own.npz"
    np.savez(own, x_train=255 - digits.train.images[:40], x_test=255 - digits.test.images[:30])
    outcome = aedesk("anomalies", trained, "--odd", own, "--limit", 50)
    assert outcome.status == 0, outcome.err
    assert "combined" in outcome.out
    assert "30 odd ones" in outcome.out


def test_a_class_is_held_out_without_figures_that_are_of_other_data(
    aedesk, tmp_path: Path, digits: DataSet
) -> None:
    own, train, test = tmp_path / "own.npz", digits.train[:400], digits.test[:100]
    np.savez(own, x_train=train.images, y_train=train.labels, x_test=test.images, y_test=test.labels)
    words = ("anomalies", "--hold-out", "0,6", "--data", own, "--epochs", 1, "--csv", tmp_path / "h.csv")
    report = aedesk(*words, "--json").json
    assert [row["held_out"] for row in report["held_out"]] == ["0", "6"]
    mean = np.mean([row["auc_combined"] for row in report["held_out"]])
    assert report["mean_auc"]["combined"] == pytest.approx(mean)
    assert not report["published"]
    assert (tmp_path / "h.csv").read_text().startswith("held_out,auc_combined")


@pytest.mark.parametrize(
    ("words", "problem"),
    [
        ([], "required: MODEL"),
        (["dense-2d", "--hold-out", "all"], "leave out MODEL"),
        (["--hold-out", "11", "--data", "digits"], "no class '11'"),
        (["--hold-out", "1", "--data", "digits", "--preset", "nothing"], "no preset 'nothing'"),
        (["--hold-out", "1", "--top", "3"], "--top does not go with --hold-out"),
        (["RUN", "--odd", "scribbles", "--out", "a.png"], "--out does not go with --odd"),
        (["RUN", "--odd", "no-such-set"], "no data set 'no-such-set'"),
        (["RUN", "no-such-file.png"], "no-such-file.png"),
        (["RUN", "--out", "a.jpg"], "must end in .png"),
        (["RUN", "--csv", "a.txt"], "must end in .csv"),
        (["RUN", "--figure", "a.txt"], "must end in .png or .svg or .pdf"),
        (["RUN", "--false-alarms", "1.5"], "no share between 0 and 1"),
        (["RUN", "--top", "0"], "no number from 1"),
        (["no-such-model"], "no model 'no-such-model'"),
        (["RUN", "--epochs", "3"], "--epochs does not go with a ranking"),
    ],
)
def test_what_makes_no_sense_is_refused_in_one_line(
    aedesk, trained: Path, words: list[str], problem: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    words = [str(trained) if word == "RUN" else word for word in words]
    assert problem in aedesk("anomalies", *words).problem
    assert not list(tmp_path.iterdir())


def test_a_picture_is_not_written_over(aedesk, trained: Path, pictures) -> None:
    before = pictures[0].read_bytes()
    assert (
        "one of the pictures to read" in aedesk("anomalies", trained, *pictures, "--out", pictures[0]).problem
    )
    assert pictures[0].read_bytes() == before


def test_a_sheet_is_not_written_over_by_the_figure(aedesk, trained: Path, tmp_path: Path) -> None:
    one = tmp_path / "one.png"
    outcome = aedesk("anomalies", trained, "--out", one, "--figure", one)
    assert outcome.status == 2
    assert "same file" in outcome.err
    assert not one.exists()
