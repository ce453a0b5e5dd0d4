"""The user's own data: an IDX pair, an .npz, a folder of pictures; what is said of those that are none."""

import io
import os
import threading
import zipfile

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import EpsImagePlugin, Image

from aedesk.data import own, pictures
from aedesk.data.sources import load
from aedesk.errors import AedeskError, Cancelled

GRADIENT = np.arange(28 * 28, dtype=np.uint8).reshape(28, 28)


def draw(folder, name, *, ink=0, paper=255, size=(40, 20), mode="L"):
    """A picture with a bar of ink in its middle."""
    folder.mkdir(parents=True, exist_ok=True)
    pixels = np.full(size[::-1], paper, dtype=np.uint8)
    pixels[size[1] // 4 : -size[1] // 4, size[0] // 2 - 3 : size[0] // 2 + 3] = ink
    Image.fromarray(pixels).convert(mode).save(folder / name)


def complaint(read, path) -> str | None:
    """The error's line, None where the file is fine after all."""
    try:
        read(path)
    except AedeskError as problem:
        return str(problem)
    return None


def refusal(path) -> str:
    with pytest.raises(AedeskError) as raised:
        load(path)
    assert "\n" not in str(raised.value)
    return str(raised.value)


def test_an_idx_pair_is_found_by_its_images_file_and_a_sixth_held_out(lay, tmp_path):
    lay(tmp_path, "mine", packed=True)
    found = load(tmp_path / "mine-images-idx3-ubyte.gz")
    assert (len(found.train), len(found.test)) == (10, 10)  # two of each digit: one each way
    assert found.train.classes == tuple("0123456789")


def test_a_train_pair_takes_the_test_pair_beside_it(lay, tmp_path):
    for part in ("train", "t10k"):
        lay(tmp_path, part)
    assert len(load(tmp_path / "train-images-idx3-ubyte").train) == 20


def test_kerass_npz_is_read_as_it_is(tmp_path):
    path = tmp_path / "mnist.npz"
    images = np.stack([GRADIENT] * 6)
    np.savez(path, x_train=images, y_train=np.arange(6), x_test=images[:2], y_test=np.array([7, 1], np.uint8))
    found = load(path)
    np.testing.assert_array_equal(found.train.images, images)
    assert found.test.labels.tolist() == [7, 1]
    assert found.test.classes == tuple("01234567")


@pytest.mark.parametrize(
    "images",
    [
        np.stack([GRADIENT] * 12) / np.float32(255),
        np.stack([GRADIENT] * 12).astype(np.float64),
        np.stack([GRADIENT] * 12).reshape(12, 784),
        np.stack([GRADIENT] * 12)[..., None],
        np.stack([GRADIENT] * 12)[:, None].astype(">i4"),
    ],
    ids=["0 to 1", "float 0 to 255", "flat", "channel last", "channel first, big-endian"],
)
def test_every_usual_form_of_an_array_gives_the_same_images(tmp_path, images):
    np.savez_compressed(tmp_path / "a.npz", images=images)
    found = load(tmp_path / "a.npz")
    np.testing.assert_array_equal(found.train.images[0], GRADIENT)
    assert found.train.classes == ("?",)
    assert (len(found.train), len(found.test)) == (10, 2)


def test_images_of_another_size_are_fitted_with_their_aspect_ratio(tmp_path):
    images = np.zeros((4, 56, 28), dtype=np.uint8)
    images[:, 8:48, 4:24] = 200
    np.savez(tmp_path / "tall.npz", images=images, labels=np.array(["b", "a", "b", "a"]))
    found = load(tmp_path / "tall.npz")
    assert found.train.classes == ("a", "b")
    inked = np.argwhere(found.train.images[0] > 100)
    assert inked.min(axis=0).tolist() == [4, 9]
    assert inked.max(axis=0).tolist() == [23, 18]


@pytest.mark.parametrize(("ink", "paper"), [(10, 250), (250, 10)])
@pytest.mark.parametrize("mode", ["L", "RGB", "P"])
def test_pictures_end_with_bright_ink_whichever_way_round_they_are(tmp_path, ink, paper, mode):
    for digit in "3", "10", "7":
        for place in range(7):
            draw(tmp_path / digit, f"{place}.png", ink=ink, paper=paper, mode=mode)
    found = load(tmp_path)
    assert found.train.classes == ("3", "7", "10")
    assert (len(found.train), len(found.test)) == (18, 3)
    assert np.bincount(found.test.labels).tolist() == [1, 1, 1]
    image = found.train.images[0]
    assert image[14, 14] > 230
    assert image[0, 0] < 20
    assert image[14, 1] < 20


STROKE = np.zeros((28, 28), dtype=np.uint8)
STROKE[4:24, 12:16] = 255
STROKE[4:24, 11] = 100


@pytest.mark.parametrize(
    ("name", "picture", "orientation"),
    [
        ("dark ink on nothing.png", np.dstack([np.zeros((28, 28, 3), np.uint8), STROKE]), 1),
        ("bright ink on nothing.png", np.dstack([np.full((28, 28, 3), 255, np.uint8), STROKE]), 1),
        ("16 bits.png", (255 - STROKE).astype(np.uint16) * 257, 1),
        ("16 bits.pgm", (255 - STROKE).astype(np.int32) * 257, 1),
        ("a quarter turn.png", np.rot90(255 - STROKE), 6),
    ],
)
def test_a_picture_is_read_as_a_person_sees_it(tmp_path, name, picture, orientation):
    exif = Image.Exif()
    exif[0x0112] = orientation
    (tmp_path / "a").mkdir()
    for copy in "12":
        Image.fromarray(np.ascontiguousarray(picture)).save(tmp_path / "a" / f"{copy} {name}", exif=exif)
    assert np.abs(load(tmp_path).train.images[0].astype(int) - STROKE).max() <= 1


def test_train_and_test_folders_are_kept_apart(tmp_path):
    for half, count in (("train", 3), ("test", 2)):
        for place in range(count):
            draw(tmp_path / half / "four", f"{place}.png")
    found = load(tmp_path)
    assert (len(found.train), len(found.test)) == (3, 2)
    assert found.test.classes == ("four",)


def test_the_same_sixth_is_held_out_at_every_call(tmp_path):
    images = np.random.default_rng(1).integers(0, 256, (60, 28, 28), dtype=np.uint8)
    np.savez(tmp_path / "a.npz", images=images, labels=np.arange(60) % 5)
    first, second = load(tmp_path / "a.npz"), load(tmp_path / "a.npz")
    np.testing.assert_array_equal(first.test.images, second.test.images)
    assert np.bincount(first.test.labels).tolist() == [2] * 5


@given(st.lists(st.integers(0, 9), min_size=2, max_size=80))
def test_something_is_held_out_of_any_labels_and_never_all(labels):
    held_out = own.hold_out(np.array(labels))
    assert 0 < held_out.sum() < len(labels)


def test_a_broken_picture_is_named(tmp_path):
    draw(tmp_path / "a", "good.png")
    whole = (tmp_path / "a/good.png").read_bytes()
    for name, content in {"cut.png": whole[:60], "text.jpg": b"hello", "empty.gif": b""}.items():
        (tmp_path / "a" / name).write_bytes(content)
        assert str(tmp_path / "a" / name) in refusal(tmp_path)
        (tmp_path / "a" / name).unlink()


def test_a_picture_with_a_wrong_checksum_is_named(tmp_path):
    draw(tmp_path / "a", "good.png")
    content = bytearray((tmp_path / "a/good.png").read_bytes())
    content[content.index(b"IEND") - 5] ^= 1  # the last byte of the pixels' checksum
    (tmp_path / "a/flipped.png").write_bytes(content)
    assert str(tmp_path / "a/flipped.png") in refusal(tmp_path)


def test_a_program_that_calls_itself_a_picture_reaches_no_interpreter(tmp_path, monkeypatch):
    started = []
    monkeypatch.setattr(
        EpsImagePlugin, "Ghostscript", lambda *_, **__: started.append(1) or Image.new("L", (9, 9))
    )
    (tmp_path / "a").mkdir()
    program = b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n%%EndComments\nshowpage\n%%EOF\n"
    (tmp_path / "a/x.png").write_bytes(program)
    assert str(tmp_path / "a/x.png") in refusal(tmp_path)
    assert started == []


def at_once(read, path) -> str:
    """The one line with which `path` is refused; a read that waits for ever fails the test."""
    lines = []
    reading = threading.Thread(target=lambda: lines.append(complaint(read, path)), daemon=True)
    reading.start()
    reading.join(10)
    assert not reading.is_alive(), f"{path} is waited for"
    assert lines[0] is not None
    assert "\n" not in lines[0]
    return lines[0]


needs_pipes = pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="this system has no named pipes")


@needs_pipes
@pytest.mark.parametrize("name", ["a.npz", "mine-images-idx3-ubyte", "mine-images-idx3-ubyte.gz", "pipe"])
def test_a_named_pipe_is_refused_before_it_is_opened(tmp_path, name):
    os.mkfifo(tmp_path / name)
    assert str(tmp_path / name) in at_once(load, tmp_path / name)


@needs_pipes
def test_a_named_pipe_beside_sound_files_is_named(lay, tmp_path):
    lay(tmp_path, "mine")
    labels = tmp_path / "mine-labels-idx1-ubyte"
    labels.unlink()
    os.mkfifo(labels)
    assert str(labels) in at_once(load, tmp_path / "mine-images-idx3-ubyte")
    draw(tmp_path / "set/a", "good.png")
    os.mkfifo(tmp_path / "set/a/pipe.png")
    assert str(tmp_path / "set/a/pipe.png") in at_once(load, tmp_path / "set")


@pytest.mark.skipif(not os.path.exists("/dev/zero"), reason="this system has no /dev/zero")  # noqa: PTH110
def test_a_device_is_no_file_of_images(tmp_path):
    assert "/dev/zero" in at_once(load, "/dev/zero")
    (tmp_path / "endless.npz").symlink_to("/dev/zero")
    assert "endless.npz" in at_once(load, tmp_path / "endless.npz")


def test_a_picture_of_bomb_size_is_refused_before_it_is_unpacked(tmp_path):
    (tmp_path / "a").mkdir()
    Image.new("1", (12_000, 12_000)).save(tmp_path / "a/huge.png")
    assert "huge.png" in refusal(tmp_path)
    Image.new("1", (9_000, 9_000)).save(tmp_path / "a/huge.png")
    assert "64 megapixels" in refusal(tmp_path)


def test_reading_a_folder_tells_how_far_it_has_come(tmp_path):
    for digit in "37":
        for place in range(3):
            draw(tmp_path / digit, f"{place}.png", size=(40 + 10 * place, 20))
    sizes = [(tmp_path / digit / f"{place}.png").stat().st_size for digit in "37" for place in range(3)]
    told = []
    load(tmp_path, progress=lambda *step: told.append(step))
    assert {stage for stage, _, _ in told} == {f"reading {tmp_path.name}"}
    assert {total for _, _, total in told} == {sum(sizes)}
    done = [done for _, done, _ in told]
    assert done[-1] == sum(sizes)
    assert done == sorted(done)


def test_too_many_pictures_and_a_cancel_end_the_reading(tmp_path, monkeypatch):
    for place in range(3):
        draw(tmp_path / "a", f"{place}.png")
    with pytest.raises(Cancelled):
        load(tmp_path, cancelled=lambda: True)
    monkeypatch.setattr(pictures, "LIMIT", 2)
    assert "3 images, more than the 2" in refusal(tmp_path)


def test_folders_that_are_no_set_are_told_what_one_looks_like(tmp_path, lay):
    draw(tmp_path / "flat", "0.png")
    assert "class folders" in refusal(tmp_path / "flat")
    lay(tmp_path / "sets/MNIST/raw", "train")
    assert f"--data mnist --data-dir {tmp_path / 'sets'}" in refusal(tmp_path / "sets")


ZEROS = np.zeros((3, 28, 28), np.uint8)


@pytest.mark.parametrize(
    ("arrays", "words"),
    [
        ({"weights": ZEROS}, "neither `images`"),
        ({}, "neither `images`"),
        ({"images": np.zeros((3, 28, 28, 3))}, "shape"),
        ({"images": np.zeros((0, 28, 28))}, "shape"),
        ({"images": np.array(["a"])}, "shape"),
        ({"images": np.full((3, 28, 28), np.nan)}, "nan"),
        ({"images": ZEROS - 1.0}, "from -1"),
        ({"images": ZEROS + 300.0}, "to 300"),
        ({"images": ZEROS, "labels": np.zeros(2)}, "one label each"),
        ({"images": ZEROS, "labels": np.array([0.5, 1, 2])}, "whole numbers"),
        ({"images": ZEROS, "labels": np.array([{}, "a", None])}, "Python objects"),
        ({"images": ZEROS[:1]}, "only one image"),
        ({"x_train": ZEROS, "x_test": ZEROS, "y_test": np.zeros(3)}, "one of its two parts"),
    ],
)
def test_arrays_that_are_no_images_are_refused_in_words(tmp_path, arrays, words):
    np.savez(tmp_path / "a.npz", **arrays)
    line = refusal(tmp_path / "a.npz")
    assert str(tmp_path / "a.npz") in line
    assert words in line


def test_a_header_that_claims_terabytes_allocates_nothing(tmp_path):
    for shape, words in (((1 << 40, 28, 28), "more than the"), ((1 << 18, 28, 28), "truncated")):
        header = io.BytesIO()
        np.lib.format.write_array_header_1_0(header, {"descr": "|u1", "fortran_order": False, "shape": shape})
        with zipfile.ZipFile(tmp_path / "lie.npz", "w") as archive:
            archive.writestr("images.npy", header.getvalue() + bytes(784))
        assert words in refusal(tmp_path / "lie.npz")


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_a_damaged_npz_is_read_or_refused(tmp_path_factory, data):
    file = io.BytesIO()
    np.savez_compressed(file, images=np.stack([GRADIENT] * 4), labels=np.arange(4))
    content = bytearray(file.getvalue())
    for _ in range(data.draw(st.integers(1, 4))):
        content[data.draw(st.integers(0, len(content) - 1))] = data.draw(st.integers(0, 255))
    path = tmp_path_factory.mktemp("damaged") / "a.npz"
    path.write_bytes(
        content[: data.draw(st.integers(0, len(content)))] if data.draw(st.booleans()) else content
    )
    line = complaint(load, path)
    assert line is None or ("a.npz" in line and "\n" not in line)


def test_a_foreign_file_is_told_what_own_data_may_be(tmp_path):
    path = tmp_path / "notes.txt"
    path.write_text("not a data set")
    assert "notes.txt is not an IDX file" in refusal(path)
    assert "folder of pictures" in refusal(path)
