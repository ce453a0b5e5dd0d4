"""`aedesk sketches`: what it prints and writes, and what it refuses before it works."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest

from aedesk.analysis.sketch_test import ALL_KINDS, KIND_WORDS


def test_a_table_tells_each_kind_beside_the_scans(aedesk, trained: Path) -> None:
    outcome = aedesk("sketches", trained, "--data", "digits", "--limit", 4)
    assert outcome.status == 0
    assert outcome.out.startswith("4 test images of digits")
    assert all(words in outcome.out for words in KIND_WORDS.values())
    assert outcome.out.count(" times") == 2 + len(ALL_KINDS) + 1


def test_document_figure_and_numbers_agree(aedesk, trained: Path, tmp_path: Path) -> None:
    figure, numbers = tmp_path / "new" / "sketches.svg", tmp_path / "sketches.csv"
    words = ("--limit", 4, "--seed", 1, "--json", "--figure", figure, "--csv", numbers)
    report = aedesk("sketches", trained, "--data", "digits", *words).json
    assert (report["digits"], report["seed"]) == (4, 1)
    assert [row["kind"] for row in report["kinds"]] == list(ALL_KINDS)
    for name in ("scan_accuracy", "sketch_accuracy", "held_out_accuracy"):
        assert 0 <= report[name] <= 1
    assert figure.read_text().lstrip().startswith("<?xml")
    with numbers.open() as file:
        rows = list(csv.DictReader(file))
    assert [float(row["ratio"]) for row in rows] == [row["ratio"] for row in report["kinds"]]


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--limit", "0"], "1 or more"),
        (["--seed", "-1"], "seed"),
        (["--seed", str(2**32)], "seed"),
        (["--figure", "sketches.txt"], ".png"),
        (["--csv", "sketches.json"], ".csv"),
        (["--data", "no-such-set"], "no-such-set"),
    ],
)
def test_bad_input_is_one_line_before_any_work(aedesk, trained, untouched, words, said) -> None:
    assert untouched()
    assert said in aedesk("sketches", trained, "--data", "digits", *words).problem
    assert untouched()
