"""Pictures of digits as files: what is where on a sheet, how long a frame stays, and nothing by halves."""

from __future__ import annotations

import tracemalloc
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image, ImageSequence

from aedesk.errors import AedeskError
from aedesk.storage.pictures import grey, in_rows, sheet, side_by_side, write_gif, write_png


def images(count: int) -> np.ndarray:
    return np.random.default_rng(0).random((count, 28, 28), np.float32)


def read(path: Path) -> np.ndarray:
    with Image.open(path) as picture:
        assert picture.mode == "L"
        return np.asarray(picture)


@given(count=st.integers(1, 40), columns=st.none() | st.integers(1, 12), scale=st.integers(1, 3))
def test_every_image_has_its_place_on_the_sheet_and_the_rest_is_black(
    count: int, columns: int | None, scale: int
) -> None:
    shown = images(count)
    rows = in_rows(shown, columns)
    picture = sheet(rows, scale)
    width = max(map(len, rows))
    assert picture.shape == (len(rows) * 28 * scale, width * 28 * scale)
    small = picture[::scale, ::scale]
    assert np.array_equal(small.repeat(scale, axis=0).repeat(scale, axis=1), picture)
    tiles = small.reshape(len(rows), 28, width, 28).swapaxes(1, 2).reshape(-1, 28, 28)
    assert np.array_equal(tiles[:count], grey(shown))
    assert not tiles[count:].any()


@given(count=st.integers(1, 3000))
def test_rows_are_as_near_to_a_square_as_can_be(count: int) -> None:
    rows = in_rows(np.arange(count))
    assert np.array_equal(np.concatenate(rows), np.arange(count))
    assert len(rows) <= len(rows[0]) <= len(rows) + 1


def test_ink_is_rounded_to_the_nearest_grey() -> None:
    assert grey(np.array([0, 0.5 / 255 + 1e-4, 0.7, 1], np.float32)).tolist() == [0, 1, 178, 255]


def test_rows_of_different_lengths_begin_at_the_left() -> None:
    long, short = np.full((3, 28, 28), 0.2, np.float32), np.ones((1, 28, 28), np.float32)
    picture = sheet([short, long], 1)
    assert (picture[:28, :28] == 255).all()
    assert not picture[:28, 28:].any()
    assert (picture[28:] == 51).all()


def test_a_sheet_takes_little_more_memory_than_its_picture() -> None:
    rows = [np.full((50, 28, 28), 0.7, np.float32)] * 40
    tracemalloc.start()
    picture = sheet(rows, 4)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert picture.dtype == np.uint8
    assert picture.nbytes == 2000 * (28 * 4) ** 2
    assert np.all(picture == round(0.7 * 255))
    assert peak < 2 * picture.nbytes


def test_pictures_of_any_width_stand_side_by_side_with_gaps_between() -> None:
    black, white = np.zeros((5, 3), np.uint8), np.full((5, 7), 255, np.uint8)
    picture = side_by_side([black, white, black], 2)
    assert picture.shape == (5, 3 + 2 + 7 + 2 + 3)
    assert (picture == [0] * 3 + [128] * 2 + [255] * 7 + [128] * 2 + [0] * 3).all()


def test_a_png_holds_the_greys_exactly_or_a_picture_as_it_is(tmp_path: Path) -> None:
    shown = grey(images(1)[0])
    for number, picture in enumerate((shown, Image.fromarray(shown))):
        write_png(tmp_path / f"{number}.png", picture)
        assert np.array_equal(read(tmp_path / f"{number}.png"), shown)


@pytest.mark.parametrize("count", [1, 2, 3, 6])
def test_an_animation_runs_there_and_back_for_ever_and_rests_at_its_ends(tmp_path: Path, count: int) -> None:
    shown = images(count)
    write_gif(tmp_path / "there.gif", shown)
    with Image.open(tmp_path / "there.gif") as animation:
        pixels = np.stack([np.asarray(frame.convert("L")) for frame in ImageSequence.Iterator(animation)])
        order = [*range(count), *range(count - 2, 0, -1)]
        assert np.array_equal(pixels, grey(shown)[order].repeat(8, axis=1).repeat(8, axis=2))
        if count > 1:
            stays = [frame.info["duration"] for frame in ImageSequence.Iterator(animation)]
            assert animation.info["loop"] == 0
            assert stays == [600 if number in {0, count - 1} else 80 for number in order]


@pytest.mark.parametrize("suffix", ["png", "gif"])
def test_what_cannot_be_written_is_said_and_leaves_nothing(tmp_path: Path, suffix: str) -> None:
    target = tmp_path / "nowhere" / f"x.{suffix}"
    with pytest.raises(AedeskError, match="cannot be written"):
        write_gif(target, images(2)) if suffix == "gif" else write_png(target, grey(images(1)[0]))
    assert list(tmp_path.iterdir()) == []
