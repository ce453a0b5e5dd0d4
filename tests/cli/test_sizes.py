"""`aedesk sizes`: the table, its files, and what it refuses before the work."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest
from once import once

from aedesk.latent import tsne

layout = once(tsne.layout, lambda codes, **_: codes.tobytes())


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """The same codes are laid out once."""
    monkeypatch.setattr(tsne, "layout", layout)


@pytest.mark.parametrize("option", [(), ("--maps",)])
def test_a_table_for_people_and_a_document_for_programs_say_the_same(aedesk, shipped: str, option) -> None:
    words = ("sizes", "--data", "digits", *option)
    table, document = aedesk(*words), aedesk(*words, "--json")
    assert table.status == document.status == 0
    if option:
        first = document.json["maps"][0]
        assert first["model"] == "pixels"
        numbers = f"{first['trustworthiness']:.3f}", f"{first['continuity']:.3f}"
    else:
        (model,) = document.json["models"]
        assert (model["model"], model["code_size"]) == (shipped, 2)
        assert len(document.json["pca"]) == 256
        assert model["pca_mse"] == document.json["pca"][1]["mse"]
        numbers = f"{model['mse']:.5f}", f"{model['pca_mse']:.5f}"
    assert all(number in table.out for number in numbers)


def test_the_figure_and_the_numbers_behind_it_are_written(aedesk, trained: Path, tmp_path: Path) -> None:
    figure, numbers = tmp_path / "new" / "sizes.svg", tmp_path / "new" / "sizes.csv"
    done = aedesk(
        *("sizes", trained, "--data", "digits", "--limit", 50), "--figure", figure, "--csv", numbers
    )
    assert done.status == 0
    assert "50 test images of digits" in done.out
    assert "tiny" in figure.read_text()  # an svg of paths has names as comments
    rows = list(csv.DictReader(numbers.read_text().splitlines()))
    assert [row["method"] for row in rows[:2]] == ["tiny", "PCA"]
    assert len(rows) == 257


def test_maps_are_drawn_for_every_number_of_neighbours(aedesk, trained: Path, tmp_path: Path) -> None:
    figure, numbers = tmp_path / "maps.png", tmp_path / "maps.csv"
    done = aedesk("sizes", trained, "--maps", "--limit", 60, "--figure", figure, "--csv", numbers)
    assert done.status == 0
    assert figure.read_bytes().startswith(b"\x89PNG")
    rows = list(csv.DictReader(numbers.read_text().splitlines()))
    assert {row["neighbours"] for row in rows} == {"5", "10", "20"}
    native = [row for row in rows if (row["map"], row["compared_with"]) == ("native", "codes")]
    assert {row["trustworthiness"] for row in native} == {"1.0"}


def test_the_same_model_twice_is_measured_once(aedesk, shipped: str) -> None:
    document = aedesk("sizes", shipped, shipped, "--data", "digits", "--limit", 5, "--json").json
    assert [model["model"] for model in document["models"]] == [shipped]


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (("nowhere",), "There is no model 'nowhere'"),
        (("--limit", "0"), "--limit must be 1 or more"),
        (("--figure", "sizes.gif"), "must end in .png or .svg or .pdf"),
        (("--csv", "sizes.txt"), "must end in .csv"),
        (("--data", "nothing"), "there is no data set 'nothing'"),
        (("--maps", "--limit", "8"), "8 images are too few"),
    ],
)
def test_what_cannot_be_is_refused_in_one_line(
    aedesk, shipped: str, untouched, monkeypatch, tmp_path: Path, words, says: str
) -> None:
    monkeypatch.chdir(tmp_path)
    untouched()
    assert says in aedesk("sizes", *words).problem
    assert untouched()
