"""Moving pictures as files: what is in them, and that they are there whole or not at all."""

from __future__ import annotations

import io
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image, ImageSequence

from aedesk.errors import AedeskError, Cancelled
from aedesk.storage import movie

COLOURS = np.array([[255, 255, 255], [0, 0, 0], [200, 30, 40], [20, 90, 250]], np.uint8)


def frames(count: int, height: int = 32, width: int = 48) -> list[np.ndarray]:
    """A square of the third and fourth colours that moves right over white, and a black line."""
    made = []
    for number in range(count):
        frame = np.full((height, width, 3), 255, np.uint8)
        frame[4:20, 2 * number : 2 * number + 12] = COLOURS[2 + number % 2]
        frame[-4:] = 0
        made.append(frame)
    return made


def read(path: Path) -> list[np.ndarray]:
    with Image.open(path) as film:
        return [np.asarray(frame.convert("RGB")) for frame in ImageSequence.Iterator(film)]


def test_a_gif_has_every_frame_in_its_colours(tmp_path: Path) -> None:
    path = tmp_path / "film.gif"
    movie.write(path, iter(frames(8)), COLOURS, per_second=10)
    shown = read(path)
    assert len(shown) == 8
    assert all(np.array_equal(a, b) for a, b in zip(shown, frames(8), strict=True))


def test_a_gif_runs_for_ever_and_holds_its_last_frame(tmp_path: Path) -> None:
    path = tmp_path / "film.gif"
    movie.write(path, frames(4), COLOURS, per_second=10, hold=1.5)
    with Image.open(path) as film:
        assert film.info["loop"] == 0
        stays = []
        for frame in ImageSequence.Iterator(film):
            frame.load()
            stays.append(film.info["duration"])
    assert stays == [100, 100, 100, 1600]


@given(st.integers(1, 255), st.integers(0, 2**32 - 1))
def test_colours_of_the_table_survive_in_any_number(count: int, seed: int) -> None:
    rng = np.random.default_rng(seed)
    table = np.unique(rng.integers(0, 256, (count, 3)), axis=0).astype(np.uint8)
    wanted = table[rng.integers(0, len(table), (2, 8, 8))]
    with Image.open(io.BytesIO(movie.gif(iter(wanted), table, 10))) as film:
        shown = [np.asarray(frame.convert("RGB")) for frame in ImageSequence.Iterator(film)]
    if len(shown) == 2:  # two frames that are the same become one
        assert np.abs(np.stack(shown).astype(int) - wanted.astype(int)).max() <= 8
    else:
        assert np.array_equal(wanted[0], wanted[1])


def test_a_hundred_frames_with_moving_dots_stay_small(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    table = rng.integers(0, 256, (60, 3)).astype(np.uint8)
    x, y = rng.uniform(0, 560, 1000), rng.uniform(20, 440, 1000)

    def moving() -> Iterator[np.ndarray]:
        for _ in range(100):
            frame = np.full((480, 640, 3), table[0], np.uint8)
            x[:] = (x + rng.uniform(-2, 2, 1000)) % 600
            for dx in range(5):
                for dy in range(5):
                    frame[y.astype(int) + dy, x.astype(int) + dx] = table[1 + np.arange(1000) % 59]
            yield frame

    assert len(movie.gif(moving(), table, 16)) < 3_000_000


@pytest.mark.parametrize("suffix", [".gif", ".mp4"])
def test_a_film_that_is_cancelled_leaves_nothing(tmp_path: Path, suffix: str) -> None:
    if suffix == ".mp4" and not movie.has_ffmpeg():
        pytest.skip("ffmpeg is not installed")

    def some() -> Iterator[np.ndarray]:
        yield from frames(3)
        raise Cancelled("The animation was cancelled.")

    (tmp_path / f"film{suffix}").write_bytes(b"older")
    with pytest.raises(Cancelled):
        movie.write(tmp_path / f"film{suffix}", some(), COLOURS, 10)
    assert [path.name for path in tmp_path.iterdir()] == [f"film{suffix}"]
    assert (tmp_path / f"film{suffix}").read_bytes() == b"older"


def test_without_ffmpeg_mp4_is_refused_with_the_way_out(tmp_path: Path, monkeypatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    assert not movie.has_ffmpeg()
    with pytest.raises(AedeskError, match=r"ffmpeg.*\.gif"):
        movie.check(tmp_path / "film.mp4")
    with pytest.raises(AedeskError, match=r"ffmpeg.*\.gif"):
        movie.write(tmp_path / "film.mp4", frames(2), COLOURS, 10)
    assert not any(tmp_path.iterdir())


def test_other_forms_are_refused(tmp_path: Path) -> None:
    with pytest.raises(AedeskError, match=r"\.gif or \.mp4"):
        movie.check(tmp_path / "film.avi")


@pytest.mark.parametrize(
    "says", ["echo unknown encoder >&2; exit 1", "exit 0", "head -c 10 >/dev/null; exit 3"]
)
def test_an_ffmpeg_that_fails_is_quoted_and_leaves_nothing(tmp_path: Path, monkeypatch, says: str) -> None:
    program = tmp_path / "bin" / "ffmpeg"
    program.parent.mkdir()
    program.write_text(f"#!/bin/sh\n{says}\n")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{program.parent}:/usr/bin:/bin")
    (tmp_path / "out").mkdir()
    with pytest.raises(AedeskError, match=r"ffmpeg could not write it.*\.gif"):
        movie.write(tmp_path / "out" / "film.mp4", frames(200, 480, 640), COLOURS, 10)
    assert not any((tmp_path / "out").iterdir())


@pytest.mark.skipif(shutil.which("ffprobe") is None, reason="ffmpeg is not installed")
def test_an_mp4_has_the_size_the_pace_and_the_held_frame(tmp_path: Path) -> None:
    path = tmp_path / "film.mp4"
    movie.write(path, frames(12), COLOURS, per_second=6, hold=1)
    asked = "stream=codec_name,width,height,pix_fmt,nb_frames,r_frame_rate"
    command = ["ffprobe", "-v", "error", "-show_entries", asked, "-of", "default=nw=1", str(path)]
    told = dict(
        line.split("=")
        for line in subprocess.run(command, capture_output=True, text=True, check=True).stdout.split()
    )
    assert told["codec_name"] == "h264"
    assert (told["width"], told["height"], told["pix_fmt"]) == ("48", "32", "yuv420p")
    assert (told["nb_frames"], told["r_frame_rate"]) == ("18", "6/1")
    subprocess.run(
        ["ffmpeg", "-v", "error", "-i", path, "-frames:v", "1", tmp_path / "first.png"], check=True
    )
    with Image.open(tmp_path / "first.png") as first:
        assert np.abs(np.asarray(first.convert("RGB")).astype(int) - frames(1)[0]).mean() < 12


def test_no_frames_at_all_are_no_film(tmp_path: Path) -> None:
    with pytest.raises(AedeskError, match="no picture"):
        movie.write(tmp_path / "film.gif", [], COLOURS, 10)
    assert not any(tmp_path.iterdir())
