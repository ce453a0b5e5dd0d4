"""`aedesk rates`: what it prints and writes, and what it refuses before it works."""

from __future__ import annotations

import argparse
import csv
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aedesk.cli.rates import bits


def measure(aedesk, model: object, *words: object):
    return aedesk("rates", model, "--data", "digits", "--limit", 20, "--bits", 3, *words)


def test_one_document_tells_every_method_with_its_bits_and_quality(aedesk, trained: Path) -> None:
    report = measure(aedesk, trained, "--json").json
    assert report["data"] == "digits"
    assert report["test_images"] == 20
    assert {"PCA 8", "PNG", "JPEG", "WebP"} < {point["method"] for point in report["points"]}
    own = [point for point in report["points"] if point["family"] == "model"]
    assert {point["setting"] for point in own} == {"3 bits, uniform", "3 bits, k-means"}
    assert all(0 < point["bits_per_image"] < 100 for point in own)
    assert all(point["psnr"] > 5 and point["mse"] < 0.3 for point in own)


def test_the_table_begins_with_the_fewest_bits(aedesk, trained: Path) -> None:
    outcome = measure(aedesk, trained, "--quantiser", "kmeans")
    assert outcome.status == 0
    first, *lines = outcome.out.splitlines()
    assert "20 test images of digits" in first
    taken = [float(line.split(" bits ")[0].replace(",", "")) for line in lines]
    assert taken == sorted(taken)
    assert "uniform" not in outcome.out
    assert "lossless" in outcome.out


def test_a_figure_and_its_numbers_are_written(aedesk, trained: Path, tmp_path: Path) -> None:
    figure, numbers = tmp_path / "new" / "rates.svg", tmp_path / "rates.csv"
    assert measure(aedesk, trained, "--figure", figure, "--csv", numbers).status == 0
    assert figure.read_text().lstrip().startswith("<?xml")
    with numbers.open() as file:
        rows = list(csv.DictReader(file))
    assert {"method", "setting", "bits_per_image", "psnr", "ssim"} <= set(rows[0])
    assert any(row["method"] == "PNG" and float(row["mse"]) == 0 for row in rows)


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--bits", "1"], "2 to 16"),
        (["--bits", "4-99999999999"], "2 to 16"),
        (["--bits", "8-2"], "2 to 16"),
        (["--bits", "many"], "2 to 16"),
        (["--limit", "0"], "1 or more"),
        (["--quantiser", "best"], "quantiser"),
        (["--figure", "rates.txt"], ".png"),
        (["--csv", "rates.json"], ".csv"),
        (["--data", "no-such-set"], "no-such-set"),
    ],
)
def test_bad_input_is_one_line_before_any_work(aedesk, trained, untouched, words, said) -> None:
    assert untouched()
    assert said in aedesk("rates", trained, "--data", "digits", *words).problem
    assert untouched()


def test_a_model_that_is_not_there_is_named(aedesk, trained: Path) -> None:
    assert "no-such-model" in aedesk("rates", trained, "no-such-model", "--data", "digits").problem


@given(st.text(max_size=12))
def test_bits_are_read_as_ascending_numbers_or_refused(text: str) -> None:

    try:
        found = bits(text)
    except argparse.ArgumentTypeError:
        return
    assert list(found) == sorted(set(found))
    assert set(found) <= set(range(2, 17))


@given(st.integers(2, 16), st.integers(2, 16))
def test_a_range_of_bits_holds_both_ends(first: int, last: int) -> None:
    if first <= last:
        assert bits(f"{first}-{last}") == tuple(range(first, last + 1))
    assert set(bits(f"{first},{last}")) == {first, last}
