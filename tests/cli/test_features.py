"""`aedesk features`: codes as files, the comparison as text, figure and numbers, and what is refused."""

from __future__ import annotations

import csv
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from pyarrow import parquet

import aedesk as face
from aedesk.data.imageset import DataSet


def test_codes_of_both_parts_come_with_their_labels(
    aedesk, trained: Path, tmp_path: Path, digits: DataSet
) -> None:
    out = tmp_path / "new" / "codes.npz"
    outcome = aedesk("features", trained, "--out", out)
    assert outcome.status == 0, outcome.err
    assert outcome.out.strip() == f"1,797 codes of 2 numbers in {out}"
    kept = np.load(out)
    np.testing.assert_array_equal(kept["labels"], np.concatenate([digits.train.labels, digits.test.labels]))
    codes = face.load(str(trained)).encode(digits.test.pixels())
    np.testing.assert_allclose(kept["codes"][kept["parts"] == "test"], codes, atol=1e-5)


@pytest.mark.parametrize("ending", ["csv", "parquet"])
def test_one_part_is_written_as_a_table(aedesk, trained: Path, tmp_path: Path, ending: str) -> None:
    out = tmp_path / f"codes.{ending}"
    outcome = aedesk("features", trained, "--part", "test", "--limit", 20, "--out", out, "--json")
    assert outcome.json["codes"] == {"file": str(out), "count": 20, "numbers": 2}
    if ending == "csv":
        with out.open(newline="") as file:
            rows = list(csv.DictReader(file))
        assert [row["image"] for row in rows] == [str(number) for number in range(20)]
        assert {row["part"] for row in rows} == {"test"}
    else:
        assert parquet.read_table(out).num_rows == 20


def test_the_comparison_is_printed_drawn_and_exported(aedesk, trained: Path, tmp_path: Path) -> None:
    figure, numbers = tmp_path / "labels.svg", tmp_path / "labels.csv"
    outcome = aedesk(
        "features", trained, "--table", "--labels", "10,50,all", "--known", 200, "--draws", 2,
        "--figure", figure, "--csv", numbers,
    )  # fmt: skip
    assert outcome.status == 0, outcome.err
    for words in ("linear probe", "k-NN", "k-means", "PCA-2", "With 10 labels codes are", "359 test images"):
        assert words in outcome.out
    assert "Accuracy of a linear probe" in figure.read_text("utf-8")
    with numbers.open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == 3 * 2 * 3 + 3
    assert {row["labels"] for row in rows} == {"10", "50", "200", "0"}
    assert all(0 <= float(row["accuracy"]) <= 1 for row in rows if row["method"] != "k-means")


def test_one_document_tells_everything(aedesk, trained: Path) -> None:
    outcome = aedesk("features", trained, "--table", "--labels", "10", "--draws", 2, "--limit", 50, "--json")
    document = outcome.json
    assert document["test_images"] == 50
    assert [each["numbers"] for each in document["representations"]] == [784, 2, 2]
    assert {row["method"] for row in document["results"]} == {"linear probe", "k-NN", "k-means"}
    assert len(document["verdict"]) == 1


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ([], "nothing to do"),
        (["--out", "codes.xlsx"], ".csv or .npz or .parquet"),
        (["--table", "--figure", "labels.jpg"], ".png or .svg or .pdf"),
        (["--out", "a.csv", "--csv", "a.csv"], "name the same file"),
        (["--table", "--labels", "10,none"], "'none'"),
        (["--table", "--labels", "10,,100"], "whole number from 1"),
        (["--table", "--labels", "5000"], "1,150 labelled images"),
        (["--table", "--limit", "0"], "whole number from 1"),
        (["--out", "a.csv", "--part", "validation"], "validation"),
    ],
)
def test_what_makes_no_sense_is_refused_and_nothing_written(
    aedesk,
    trained: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    untouched: Callable[[], bool],
    options: list[str],
    words: str,
) -> None:
    monkeypatch.chdir(tmp_path)
    untouched()
    assert words in aedesk("features", trained, *options).problem
    assert untouched()
