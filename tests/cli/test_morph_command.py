"""`aedesk morph`: the frames that it writes, and what it refuses."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageSequence

import aedesk as face

SCALE = 4


def read(path: Path) -> np.ndarray:
    """A written picture as floats in [0, 1]."""
    with Image.open(path) as picture:
        assert picture.mode == "L"
        return np.asarray(picture, np.float32) / 255


def frames_of(folder: Path) -> np.ndarray:
    return np.stack([read(path) for path in sorted(folder.iterdir())])


@pytest.fixture
def pictures(tmp_path: Path, digits) -> list[Path]:
    """Two real digits of 28x28 as files."""
    files = [tmp_path / "a.png", tmp_path / "b.png"]
    for file, image in zip(files, digits.test.images, strict=False):
        Image.fromarray(image).save(file)
    return files


@pytest.mark.parametrize("how", ["straight", "spherical", "data"])
def test_a_morph_begins_and_ends_with_the_reconstructions(
    aedesk, trained: Path, tmp_path: Path, pictures: list[Path], digits, how: str
) -> None:
    out = tmp_path / "frames"
    outcome = aedesk("morph", trained, *pictures, "--how", how, "--frames", 12, "--out", out)
    assert outcome.status == 0, outcome.err
    assert [path.name for path in sorted(out.iterdir())][::11] == ["frame-01.png", "frame-12.png"]
    frames = frames_of(out)
    assert frames.shape == (12, 28, 28)
    rebuilt = face.load(trained).reconstruct(digits.test.pixels(slice(2)))
    assert np.abs(frames[[0, -1]] - rebuilt).max() <= 0.5 / 255 + 1e-5


def test_the_three_ways_differ(aedesk, trained: Path, tmp_path: Path, pictures: list[Path]) -> None:
    made = set()
    for how in ("straight", "spherical", "data"):
        aedesk("morph", trained, *pictures, "--how", how, "--out", tmp_path / f"{how}.png")
        made.add((tmp_path / f"{how}.png").read_bytes())
    assert len(made) == 3


def test_places_of_the_map_are_ends_too(aedesk, trained: Path, tmp_path: Path) -> None:
    out = tmp_path / "frames"
    assert aedesk("morph", trained, "-40,8", "3.5,-1e0", "--frames", 3, "--out", out).status == 0
    codes = np.array([[-40, 8], [-18.25, 3.5], [3.5, -1]], np.float32)
    assert np.abs(frames_of(out) - face.load(trained).decode(codes)).max() <= 0.5 / 255 + 1e-5


def test_options_may_stand_between_the_ends(
    aedesk, trained: Path, tmp_path: Path, pictures: list[Path]
) -> None:
    first, second = tmp_path / "1.png", tmp_path / "2.png"
    assert aedesk("morph", trained, pictures[0], "-1,-2", "--frames", 5, "--out", first).status == 0
    assert aedesk("morph", "--frames", 5, trained, "--out", second, pictures[0], "-1,-2").status == 0
    assert first.read_bytes() == second.read_bytes()


def test_a_path_over_the_map_is_walked_at_an_even_pace(aedesk, trained: Path, tmp_path: Path) -> None:
    out = tmp_path / "frames"
    walk = ("--path", "-1,0", "1,0", "1,2", "--frames", 5)
    assert aedesk("morph", trained, *walk, "--out", out).status == 0
    codes = np.array([[-1, 0], [0, 0], [1, 0], [1, 1], [1, 2]], np.float32)
    assert np.abs(frames_of(out) - face.load(trained).decode(codes)).max() <= 0.5 / 255 + 1e-5


def test_a_path_is_on_the_map_that_is_named(aedesk, trained: Path, tmp_path: Path) -> None:
    for kind in ("native", "pca"):
        walk = ("--projection", kind, "--path", "-1,0.5", "1,2")
        assert aedesk("morph", trained, *walk, "--out", tmp_path / f"{kind}.png").status == 0
    assert (tmp_path / "native.png").read_bytes() != (tmp_path / "pca.png").read_bytes()


def test_a_strip_shows_the_frames_in_rows_of_twenty(aedesk, trained: Path, tmp_path: Path) -> None:
    frames, strip = tmp_path / "frames", tmp_path / "strip.png"
    for out in (frames, strip):
        assert aedesk("morph", trained, "0,0", "3,3", "--frames", 23, "--out", out).status == 0
    seen = read(strip)[::SCALE, ::SCALE]
    assert seen.shape == (2 * 28, 20 * 28)
    assert np.array_equal(seen[28:, 28 : 2 * 28], frames_of(frames)[21])


@pytest.mark.parametrize(("suffix", "begins"), [("svg", b"<?xml"), ("pdf", b"%PDF-")])
def test_a_strip_can_be_a_figure(aedesk, trained: Path, tmp_path: Path, suffix: str, begins: bytes) -> None:
    one, again = tmp_path / f"one.{suffix}", tmp_path / f"again.{suffix}"
    for out in (one, again):
        assert aedesk("morph", trained, "0,0", "3,3", "--out", out).status == 0
    assert one.read_bytes().startswith(begins)
    assert one.read_bytes() == again.read_bytes()


def test_an_animation_runs_there_and_back_for_ever(aedesk, trained: Path, tmp_path: Path) -> None:
    frames, out = tmp_path / "frames", tmp_path / "there.gif"
    for where in (frames, out):
        assert aedesk("morph", trained, "-4,-4", "4,4", "--frames", 6, "--out", where).status == 0
    with Image.open(out) as animation:
        assert animation.info["loop"] == 0
        shown = np.stack([np.asarray(frame.convert("L")) for frame in ImageSequence.Iterator(animation)])
    expected = frames_of(frames)[[0, 1, 2, 3, 4, 5, 4, 3, 2, 1]]
    assert shown.shape[0] == 10
    small = shown[:, ::8, ::8] / 255
    assert np.abs(small - expected).max() < 1e-6


def test_pictures_are_never_written_over(
    aedesk, trained: Path, tmp_path: Path, pictures: list[Path], untouched
) -> None:
    own = tmp_path / "frame-01.png"
    own.write_bytes(pictures[0].read_bytes())
    untouched()
    assert "a.png" in aedesk("morph", trained, *pictures, "--out", pictures[0]).problem
    assert "frame-01.png" in aedesk("morph", trained, own, "1,1", "--out", tmp_path).problem
    assert untouched()


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["0,0", "nowhere.png"], "nowhere.png"),
        (["0,0", "nan,1"], "nan is no number"),
        (["0,0", "1,inf"], "inf is no number"),
        (["1e300,0", "0,0"], "no number"),
        (["0,0"], "B"),
        ([], "A, B"),
        (["0,0", "1,1", "2,2"], "2,2"),
        (["0,0", "1,1", "--frames", "1"], "between 2 and 500"),
        (["0,0", "1,1", "--frames", "501"], "between 2 and 500"),
        (["0,0", "1,1", "--frames", "many"], "--frames"),
        (["0,0", "1,1", "--how", "flying"], "--how"),
        (["0,0", "1,1", "--projection", "globe"], "--projection"),
        (["0,0", "1,1", "--path", "0,0", "1,1"], "not both"),
        (["--path", "0,0"], "two places"),
        (["--path", "0,0", "1"], "no place X,Y"),
        (["--path", "0,0", "1,nan"], "nan is no number"),
        (["--path", "0,0", "1,2,3"], "no place X,Y"),
        (["--path", "0,0", "1,1", "--how", "data"], "--how"),
    ],
)
def test_what_cannot_be_done_is_refused_in_a_line(
    aedesk, trained: Path, tmp_path: Path, untouched, words: list[str], said: str
) -> None:
    untouched()
    assert said in aedesk("morph", trained, "--out", tmp_path / "x.png", *words).problem
    assert untouched()


@pytest.mark.parametrize("out", ["x.bmp", "x.jpg", "taken.gif", "file/x.gif", "file/frames"])
def test_an_impossible_out_is_refused_before_any_work(aedesk, tmp_path: Path, untouched, out: str) -> None:
    (tmp_path / "taken.gif").mkdir()
    (tmp_path / "file").write_text("mine")
    untouched()
    problem = aedesk("morph", "no-such-model", "gone.png", "0,0", "--out", tmp_path / out).problem
    assert Path(out).parts[0] in problem
    assert untouched()


@pytest.mark.parametrize("content", [b"", b"this is text", b"\x89PNG\r\n\x1a\n" + bytes(40)])
def test_a_broken_picture_is_refused_by_its_name(
    aedesk, trained: Path, tmp_path: Path, untouched, content: bytes
) -> None:
    (tmp_path / "bad.png").write_bytes(content)
    untouched()
    for out in ("x.png", "x.gif", "frames"):
        assert (
            "bad.png"
            in aedesk("morph", trained, "0,0", tmp_path / "bad.png", "--out", tmp_path / out).problem
        )
    assert untouched()


def test_the_help_shows_how(aedesk) -> None:
    outcome = aedesk("morph", "--help")
    assert outcome.status == 0
    assert "--out morph.gif" in outcome.out
    assert "-40,8" in outcome.out


def test_a_shipped_name_works_like_a_run(aedesk, shipped: str, tmp_path: Path) -> None:
    assert aedesk("morph", shipped, "0,0", "1,1", "--out", tmp_path / "x.gif").status == 0
