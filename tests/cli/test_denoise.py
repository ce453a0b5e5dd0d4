"""`aedesk denoise`: pictures mended, and how well, on files and on test images."""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import aedesk as face
from aedesk.analysis import denoising
from aedesk.data.corruption import corrupt

SCALE = 4


@pytest.fixture(autouse=True)
def few_to_tune_on(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(denoising, "_TUNED_ON", 20)


@pytest.fixture
def pictures(tmp_path: Path, digits) -> list[Path]:
    files = [tmp_path / "one" / "Digit.png", tmp_path / "two" / "digit.png"]
    for file, image in zip(files, digits.test.images, strict=False):
        file.parent.mkdir()
        Image.fromarray(image).save(file)
    return files


def read(path: Path) -> np.ndarray:
    with Image.open(path) as picture:
        assert picture.mode == "L"
        return np.asarray(picture, np.float32) / 255


def test_a_folder_gets_a_mended_picture_each(aedesk, trained: Path, tmp_path: Path, pictures, digits) -> None:
    out = tmp_path / "mended"
    outcome = aedesk("denoise", trained, *pictures, "--out", out)
    assert outcome.status == 0
    assert sorted(path.name for path in out.iterdir()) == ["Digit.png", "digit-2.png"]
    mended = face.load(trained).reconstruct(digits.test.pixels(slice(2)))
    for name, picture in zip(["Digit.png", "digit-2.png"], mended, strict=True):
        assert np.abs(read(out / name) - picture).max() <= 0.5 / 255 + 1e-6
    assert "dB" not in outcome.out  # of a picture that is damaged as it is, nobody knows the clean one


def test_a_sheet_shows_damaged_over_mended(aedesk, trained: Path, tmp_path: Path, pictures, digits) -> None:
    out = tmp_path / "sheet.png"
    assert aedesk("denoise", trained, "--out", out, *pictures).status == 0  # pictures after an option, too
    sheet = read(out)[::SCALE, ::SCALE]
    assert sheet.shape == (56, 56)
    assert np.array_equal(sheet[:28], np.hstack(digits.test.pixels(slice(2))))


def test_noise_is_added_first_and_the_figures_are_told(
    aedesk, trained: Path, tmp_path: Path, pictures, digits
) -> None:
    out = tmp_path / "sheet.png"
    words = ["--noise", "gaussian", "--strength", "0.4", "--seed", "7"]
    outcome = aedesk("denoise", trained, *pictures, *words, "--out", out, "--json")
    assert outcome.status == 0
    clean = digits.test.pixels(slice(2))
    damaged = corrupt(clean, "gaussian", 0.4, np.random.default_rng(7))
    sheet = read(out)[::SCALE, ::SCALE]
    assert sheet.shape == (84, 56)
    assert np.array_equal(sheet[:28], np.hstack(clean))
    assert np.abs(sheet[28:56] - np.hstack(damaged.clip(0, 1))).max() <= 0.5 / 255 + 1e-6
    figures = outcome.json["figures"]
    assert [(Path(one["picture"]).name, one["method"]) for one in figures][:3] == [
        ("Digit.png", "Damaged"),
        ("digit.png", "Damaged"),
        ("Digit.png", "Median filter"),
    ]
    expected = -10 * np.log10(((damaged[0].astype(float) - clean[0]) ** 2).mean())
    assert figures[0]["psnr"] == pytest.approx(expected, rel=1e-5)
    told = aedesk("denoise", trained, *pictures, *words, "--out", out).out
    assert "Total variation" in told
    assert f"{expected:.2f}" in told


def test_test_images_are_compared_with_figure_and_numbers(aedesk, trained: Path, tmp_path: Path) -> None:
    figure, numbers = tmp_path / "new" / "figure.svg", tmp_path / "other" / "numbers.csv"
    outcome = aedesk(
        *("denoise", trained, "--data", "digits", "--noise", "strokes", "--strength", "0.3"),
        *("--limit", "20", "--figure", figure, "--csv", numbers, "--json"),
    )
    assert outcome.status == 0
    assert outcome.json["test_images"] == 20
    rows = outcome.json["figures"]
    assert [row["method"] for row in rows] == ["Damaged", "Median filter", "Total variation", "tiny"]
    assert {row["noise"] for row in rows} == {"strokes"}
    with numbers.open() as file:
        written = list(csv.DictReader(file))
    assert [float(row["psnr"]) for row in written] == pytest.approx([row["psnr"] for row in rows])
    assert figure.read_text().startswith("<?xml")


def test_gaussian_noise_of_one_half_is_what_a_data_set_gets_unless_told_otherwise(
    aedesk, trained: Path
) -> None:
    outcome = aedesk("denoise", trained, "--data", "digits", "--limit", "20")
    assert outcome.status == 0
    assert "20 test images of digits, gaussian" in outcome.out
    assert outcome.out.splitlines()[2].split()[:2] == ["0.5", "Damaged"]


def test_a_sweep_goes_through_the_strengths(aedesk, trained: Path, tmp_path: Path, monkeypatch) -> None:
    monkeypatch.setattr(
        "aedesk.analysis.denoising.sweep.__kwdefaults__",
        {
            "strengths": (0.2, 0.6),
            "limit": None,
            "seed": 0,
            "progress": None,
            "cancelled": None,
        },
    )
    out = tmp_path / "sweep.pdf"
    words = ["--sweep", "--limit", "5", "--figure", out, "--json"]
    outcome = aedesk("denoise", trained, "--data", "digits", *words)
    assert outcome.status == 0
    assert sorted({row["strength"] for row in outcome.json["figures"]}) == [0.2, 0.6]
    assert out.read_bytes().startswith(b"%PDF")


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ([], "name the pictures"),
        (["x.png"], "--out"),
        (["x.png", "--out", "y.bmp"], ".png"),
        (["x.png", "--out", "y", "--limit", "3"], "--limit"),
        (["x.png", "--out", "y", "--csv", "z.csv"], "--csv"),
        (["x.png", "--out", "y", "--strength", "0.3"], "--noise"),
        (["x.png", "--out", "y", "--noise", "fog"], "fog"),
        (["x.png", "--out", "y", "--noise", "blur", "--strength", "1.5"], "between 0 and 1"),
        (["x.png", "--out", "y", "--noise", "gaussian", "--strength", "nan"], "--strength"),
        (["x.png", "--out", "y", "--noise", "gaussian", "--seed", "-1"], "--seed"),
        (["x.png", "--data", "digits"], "leave out"),
        (["--data", "digits", "--out", "y"], "leave out"),
        (["--data", "digits", "--limit", "0"], "--limit"),
        (["--data", "digits", "--figure", "y.txt"], ".svg"),
        (["--data", "digits", "--csv", "y.txt"], ".csv"),
        (["--data", "digits", "--sweep", "--strength", "0.2"], "--sweep"),
        (["--data", "no-such-data"], "no-such-data"),
    ],
)
def test_what_makes_no_sense_is_refused_before_any_work(
    aedesk, trained: Path, tmp_path: Path, monkeypatch, untouched, words: list[str], said: str
) -> None:
    monkeypatch.chdir(tmp_path)
    untouched()
    assert said in aedesk("denoise", trained, *words).problem
    assert untouched()


def test_pictures_are_never_written_over_and_a_bad_one_leaves_nothing(
    aedesk, trained: Path, tmp_path: Path, pictures, untouched
) -> None:
    bad = tmp_path / "bad.png"
    bad.write_text("this is text")
    untouched()
    assert "Digit.png" in aedesk("denoise", trained, pictures[0], "--out", pictures[0].parent).problem
    assert "bad.png" in aedesk("denoise", trained, *pictures, bad, "--out", tmp_path / "new").problem
    assert untouched()
