"""`aedesk compress` and `aedesk decompress`, as they are typed."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import aedesk as face
from aedesk.storage import aez

SCALE = 4


def read(path: Path) -> np.ndarray:
    with Image.open(path) as picture:
        return np.asarray(picture, np.float32) / 255


@pytest.fixture
def pictures(tmp_path: Path, digits) -> list[Path]:
    """Three real digits of 28x28 as files, two of them under the same name."""
    files = [tmp_path / "one" / "Digit.png", tmp_path / "two" / "digit.png", tmp_path / "other ä.png"]
    for file, image in zip(files, digits.test.images, strict=False):
        file.parent.mkdir(exist_ok=True)
        Image.fromarray(image).save(file)
    return files


def test_pictures_come_back_under_their_names_as_the_model_rebuilds_them(
    aedesk, trained: Path, tmp_path: Path, pictures: list[Path], digits
) -> None:
    file, out = tmp_path / "new" / "digits.aez", tmp_path / "back"
    done = aedesk("compress", trained, *pictures, "--out", file, "--bits", 12)
    assert done.status == 0
    assert "3 pictures compressed" in done.out
    assert done.err == ""
    back = aedesk("decompress", file, "--out", out, "--model", trained)
    assert back.status == 0
    assert sorted(path.name for path in out.iterdir()) == ["Digit.png", "digit-2.png", "other ä.png"]
    rebuilt = face.load(trained).reconstruct(digits.test.pixels(slice(3)))
    for name, picture in zip(("Digit", "digit-2", "other ä"), rebuilt, strict=True):
        assert np.abs(read(out / f"{name}.png") - picture).max() <= 3 / 255


def test_what_comes_back_is_written_over_no_picture(
    aedesk, trained: Path, tmp_path: Path, pictures: list[Path]
) -> None:
    file = tmp_path / "one" / "digits.aez"
    assert aedesk("compress", trained, pictures[0], "--out", file).status == 0
    before = pictures[0].read_bytes()
    back = aedesk("decompress", file, "--out", tmp_path / "one", "--model", trained)
    assert back.status == 2
    assert "is there already" in back.err
    assert pictures[0].read_bytes() == before


def test_a_data_set_comes_back_as_a_sheet_or_numbered(aedesk, trained: Path, tmp_path: Path, digits) -> None:
    file = tmp_path / "all.aez"
    words = ("compress", trained, "--data", "digits", "--limit", 25, "--out", file, "--quantiser", "kmeans")
    assert aedesk(*words).status == 0
    assert aedesk("decompress", file, "--model", trained, "--out", tmp_path / "sheet.png").status == 0
    sheet = read(tmp_path / "sheet.png")[::SCALE, ::SCALE]
    decoded = face.load(trained).decode(aez.read(file).codes)
    assert np.abs(sheet[:28] - np.hstack(decoded[:5])).max() <= 1 / 255
    assert aedesk("decompress", file, "--model", trained, "--out", tmp_path / "all").status == 0
    assert sorted(path.name for path in (tmp_path / "all").iterdir())[:2] == [
        "picture-01.png",
        "picture-02.png",
    ]


def test_the_figures_are_those_of_the_file(aedesk, trained: Path, tmp_path: Path, digits) -> None:
    file = tmp_path / "all.aez"
    report = aedesk("compress", trained, "--data", "digits", "--out", file, "--json").json
    size = file.stat().st_size
    assert report["images"] == len(digits.test)
    assert report["file_bytes"] == size
    assert report["file_bits_per_image"] == pytest.approx(8 * size / len(digits.test))
    assert report["raw_bits_per_image"] == 6272
    assert report["code_bits_per_image"] < 9
    whole = aez.read(file)
    rebuilt = face.load(trained).decode(whole.codes)
    errors = ((rebuilt.astype(np.float64) - digits.test.pixels()) ** 2).mean(axis=(1, 2))
    assert report["psnr"] == pytest.approx((-10 * np.log10(errors)).mean(), abs=1e-4)
    assert 0 < report["ssim"] < 1
    assert report["bits"] == 4


def test_a_shipped_model_is_found_by_itself(
    aedesk, shipped: str, tmp_path: Path, pictures: list[Path]
) -> None:
    file = tmp_path / "x.aez"
    assert aedesk("compress", shipped, *pictures, "--out", file).status == 0
    assert aedesk("decompress", file, "--out", tmp_path / "back.png").status == 0
    assert read(tmp_path / "back.png").shape == (2 * 28 * SCALE, 2 * 28 * SCALE)


def test_a_file_larger_than_png_says_so(aedesk, tmp_path: Path, pictures: list[Path]) -> None:
    done = aedesk("compress", "conv", *pictures, "--out", tmp_path / "x.aez", "--bits", 8)
    assert "larger than PNG" in done.out
    done = aedesk("compress", "dense-32", *pictures, "--out", tmp_path / "x.aez")
    assert "larger than PNG" not in done.out


def test_a_wrong_model_and_one_that_is_not_here_are_told(
    aedesk, trained: Path, tmp_path: Path, pictures: list[Path], untouched
) -> None:
    file = tmp_path / "x.aez"
    aedesk("compress", trained, pictures[0], "--out", file)
    assert untouched()
    assert (
        "other weights" in aedesk("decompress", file, "--model", "dense-2d", "--out", tmp_path / "b").problem
    )
    assert "name its file with --model" in aedesk("decompress", file, "--out", tmp_path / "b").problem
    assert untouched()


def test_damage_is_one_line_and_writes_nothing(
    aedesk, trained: Path, tmp_path: Path, pictures: list[Path], untouched
) -> None:
    file = tmp_path / "x.aez"
    aedesk("compress", trained, pictures[0], "--out", file)
    content = file.read_bytes()
    for number, damaged in enumerate((b"", content[:-1], content + b"\0", b"x" + content[1:])):
        (tmp_path / f"{number}.aez").write_bytes(damaged)
    shutil.copy(pictures[0], tmp_path / "4.aez")
    assert untouched()
    for number in range(5):
        problem = aedesk("decompress", tmp_path / f"{number}.aez", "--out", tmp_path / "out").problem
        assert f"{number}.aez: " in problem
    assert untouched()


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["one.png", "--out", "x.aez", "--bits", "1"], "--bits must be between 2 and 16"),
        (["one.png", "--out", "x.aez", "--bits", "17"], "--bits must be between 2 and 16"),
        (["one.png", "--out", "x.zip"], "must end in .aez"),
        (["--out", "x.aez"], "one of the two"),
        (["one.png", "--data", "digits", "--out", "x.aez"], "one of the two"),
        (["one.png", "--limit", "3", "--out", "x.aez"], "--limit"),
        (["--data", "digits", "--limit", "0", "--out", "x.aez"], "--limit"),
        (["none.png", "--out", "x.aez"], "none.png"),
        (["one.png", "--out", "x.aez", "--quantiser", "best"], "best"),
    ],
)
def test_what_cannot_be_is_refused_before_the_work(
    aedesk, trained: Path, tmp_path: Path, digits, monkeypatch, untouched, words, says
) -> None:
    monkeypatch.chdir(tmp_path)
    Image.fromarray(digits.test.images[0]).save("one.png")
    assert untouched()
    assert says in aedesk("compress", trained, *words).problem
    assert untouched()
