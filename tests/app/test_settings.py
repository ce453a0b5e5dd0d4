"""What is remembered between starts: nothing on the disk can stop a window."""

import base64
import io
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image
from PIL.PngImagePlugin import PngInfo

from aedesk.app import settings as remembered
from aedesk.app.ink import SIZE, Ink


@pytest.fixture
def folder(home: Path) -> Path:
    (home / "settings").mkdir()
    return home / "settings"


def drawing() -> Ink:
    ink = Ink()
    ink.press(100, 100, 40)
    ink.drag(300, 400, 40)
    return ink


def test_at_the_first_start_there_is_nothing_to_remember() -> None:
    assert remembered.load() == {}
    assert remembered.load_sketch() is None
    assert remembered.load_exact() is None


def test_what_was_saved_is_there_at_the_next_start(home: Path) -> None:
    wanted = {
        "geometry": "1280x800+10+20",
        "brush": 36.0,
        "theme": "dark",
        "model": "päth/ü",
        "recent": [1, None],
    }
    remembered.save(wanted)
    assert remembered.load() == wanted
    remembered.save({"theme": "light"})
    assert remembered.load() == {"theme": "light"}
    assert [path.name for path in (home / "settings").iterdir()] == ["settings.json"]


def test_a_drawing_comes_back_bit_for_bit() -> None:
    ink = drawing()
    remembered.save_sketch(ink.image)
    raster = remembered.load_sketch()
    assert raster is not None
    assert raster.dtype == np.uint8
    np.testing.assert_array_equal(raster, ink.pixels)


def test_the_exact_picture_under_a_drawing_comes_back_bit_for_bit() -> None:
    ink = drawing()
    ink.show_picture(np.random.default_rng(0).random((28, 28), np.float32))
    remembered.save_sketch(ink.image, ink.exact)
    raster, exact = remembered.load_sketch(), remembered.load_exact()
    assert raster is not None
    assert exact is not None
    np.testing.assert_array_equal(raster, ink.pixels)
    np.testing.assert_array_equal(exact, ink.exact)
    assert exact.dtype == np.float32
    remembered.save_sketch(drawing().image)
    assert remembered.load_exact() is None


@pytest.mark.parametrize(
    "text",
    [
        "",
        "not base64",
        "AAAA",
        base64.b64encode(bytes(4 * 27 * 28)).decode(),
        base64.b64encode(np.full((28, 28), np.nan, "<f4").tobytes()).decode(),
        base64.b64encode(np.full((28, 28), 2, "<f4").tobytes()).decode(),
    ],
    ids=["empty", "not base64", "short", "a row too few", "not a number", "out of range"],
)
def test_a_broken_exact_picture_leaves_the_drawing(folder: Path, text: str) -> None:
    notes = PngInfo()
    notes.add_text("exact", text)
    drawing().image.save(folder / "sketch.png", pnginfo=notes)
    assert remembered.load_exact() is None
    assert remembered.load_sketch() is not None


@pytest.mark.parametrize(
    "content",
    [b"", b"{", b"\xff\xfe\x00", b"[1, 2]", b"null", b'"text"', b"{}x", b"[" * 100_000, b'{"a":' * 100_000],
    ids=lambda content: repr(content[:8]),
)
def test_broken_settings_are_no_settings(folder: Path, content: bytes) -> None:
    (folder / "settings.json").write_bytes(content)
    assert remembered.load() == {}
    remembered.save({"theme": "dark"})
    assert remembered.load() == {"theme": "dark"}


@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.binary(max_size=60))
def test_no_bytes_stop_the_reading_of_settings(folder: Path, content: bytes) -> None:
    (folder / "settings.json").write_bytes(content)
    assert isinstance(remembered.load(), dict)


@pytest.mark.parametrize(
    "number", ["NaN", "Infinity", "-Infinity", "1e999", "-1e999", "9" * 400, "-" + "9" * 400]
)
def test_what_is_no_number_that_can_be_reckoned_with_is_forgotten(folder: Path, number: str) -> None:
    text = f'{{"brush": {number}, "theme": "dark", "train": {{"rate": {number}, "list": [1, {number}]}}}}'
    (folder / "settings.json").write_text(text)
    found = remembered.load()
    assert found == {"theme": "dark", "train": {"list": [1]}}


def test_a_number_gone_wrong_is_forgotten_at_the_next_start(folder: Path) -> None:
    remembered.save({"brush": float("nan"), "theme": "dark"})
    assert remembered.load() == {"theme": "dark"}


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.dictionaries(st.text(), json_values, max_size=4))
def test_any_settings_survive(folder: Path, wanted: dict[str, Any]) -> None:
    remembered.save(wanted)
    assert remembered.load() == json.loads(json.dumps(wanted)) == wanted


def damaged(content: bytes, place: int, value: int, cut: int) -> bytes:
    spoilt = bytearray(content)
    spoilt[place % len(spoilt)] = value
    return bytes(spoilt[: max(0, len(spoilt) - cut)])


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.integers(0, 200) | st.integers(0), st.integers(0, 255), st.integers(0, 40))
def test_a_damaged_drawing_is_read_or_passed_over(folder: Path, place: int, value: int, cut: int) -> None:
    png = io.BytesIO()
    drawing().image.save(png, "PNG")
    (folder / "sketch.png").write_bytes(damaged(png.getvalue(), place, value, cut))
    raster = remembered.load_sketch()
    assert raster is None or (raster.ndim == 2 and raster.dtype == np.uint8)


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"garbage",
        b"\x89PNG\r\n\x1a\n",
        b"GIF89a" + bytes(20),
        b"P5 99999999 99999999 255\n" + bytes(100),
    ],
    ids=["empty", "garbage", "only a signature", "a stump", "a bomb"],
)
def test_what_is_no_picture_is_no_drawing(folder: Path, content: bytes) -> None:
    (folder / "sketch.png").write_bytes(content)
    assert remembered.load_sketch() is None


def test_a_picture_in_colour_is_read_as_grey(folder: Path) -> None:
    Image.new("RGBA", (SIZE, SIZE), (255, 255, 255, 255)).save(folder / "sketch.png")
    raster = remembered.load_sketch()
    assert raster is not None
    assert raster.shape == (SIZE, SIZE)
    assert (raster == 255).all()


@pytest.mark.parametrize("obstacle", ["settings", "settings/settings.json/", "settings/sketch.png/"])
def test_what_cannot_be_kept_is_logged_and_stops_nothing(
    home: Path, obstacle: str, caplog: pytest.LogCaptureFixture
) -> None:
    if obstacle.endswith("/"):
        (home / obstacle).mkdir(parents=True)  # a folder where a file belongs
    else:
        (home / obstacle).write_text("a file where a folder belongs")
    remembered.save({"theme": "dark"})
    remembered.save_sketch(drawing().image)
    assert "was not kept" in caplog.text
    assert isinstance(remembered.load(), dict)
    raster = remembered.load_sketch()
    assert raster is None or raster.any()
