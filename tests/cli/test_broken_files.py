"""Hundreds of broken files through the command line: a line each, exit 2, nothing written."""

from __future__ import annotations

import gzip
import io
import json
import random
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
import safetensors.numpy
from PIL import Image

from aedesk.data.imageset import DataSet

FORMATS = {
    "png": "PNG",
    "jpg": "JPEG",
    "gif": "GIF",
    "bmp": "BMP",
    "tif": "TIFF",
    "webp": "WEBP",
    "ppm": "PPM",
}
TEXT = b"Lorem ipsum dolor sit amet, consectetur adipiscing elit.\n" * 20

Corpus = Iterator[tuple[str, bytes]]
Command = Callable[[Path, Path], list[object]]


def foreign(chance: random.Random) -> Corpus:
    """What has nothing to do with any format that is read."""
    yield "empty", b""
    yield "a zero byte", b"\0"
    yield "zeros", bytes(3000)
    yield "text", TEXT
    yield "json", json.dumps({"images": [1, 2, 3]}).encode()
    yield "html", b"<!doctype html><title>404 Not Found</title>"
    yield "pdf", b"%PDF-1.7\n" + chance.randbytes(500)
    yield "pickle", b"\x80\x04\x95\x10\0\0\0\0\0\0\0\x8c\x08builtins\x94\x8c\x04eval\x94\x93."
    yield "gzip of text", gzip.compress(TEXT, mtime=0)
    for length in (1, 7, 8, 64, 1000):
        yield f"{length} random bytes", chance.randbytes(length)


def truncated(content: bytes, cuts: int, keep: float = 0.9) -> Corpus:
    """The first bytes of a file, from nearly nothing to `keep` of them."""
    for cut in range(1, cuts + 1):
        length = max(1, round(len(content) * keep * cut / cuts))
        yield f"cut to {length} of {len(content)}", content[:length]


def flipped(
    content: bytes, flips: int, chance: random.Random, start: int = 0, stop: int | None = None
) -> Corpus:
    """One bit of the bytes from `start` to `stop` turned over."""
    for _ in range(flips):
        place = chance.randrange(start, stop or len(content))
        damaged = bytearray(content)
        damaged[place] ^= 1 << chance.randrange(8)
        yield f"a bit turned in byte {place}", bytes(damaged)


def idx(array: np.ndarray) -> bytes:
    shape = b"".join(side.to_bytes(4, "big") for side in array.shape)
    return bytes([0, 0, 8, array.ndim]) + shape + array.astype(np.uint8).tobytes()


def npz(**arrays: np.ndarray) -> bytes:
    content = io.BytesIO()
    np.savez(content, **arrays)
    return content.getvalue()


def broken_pictures(digits: DataSet, model: bytes) -> Corpus:
    chance = random.Random(1)
    yield from foreign(chance)
    yield "a model", model
    yield "an IDX file", idx(digits.test.images[:9])
    yield "an .npz file", npz(images=digits.test.images[:9])
    yield "a drawing for another program", b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 28 28\nshowpage\n"
    yield "a vector drawing", b'<svg xmlns="http://www.w3.org/2000/svg" width="28" height="28"/>'
    image = Image.fromarray(digits.test.images[0]).convert("RGB").resize((90, 120))
    for suffix, kind in FORMATS.items():
        content = io.BytesIO()
        image.save(content, kind)
        for what, damaged in truncated(content.getvalue(), 8, keep=0.6):
            yield f"{suffix} {what}", damaged
    content = io.BytesIO()
    image.save(content, "PNG")
    png = content.getvalue()
    # Its signature and header; Pillow passes over some of what comes later.
    for what, damaged in flipped(png, 12, chance, 0, len(png)):
        yield f"png {what}", damaged
    content = io.BytesIO()
    image.save(content, "TIFF", compression="tiff_lzw")
    for what, damaged in truncated(content.getvalue(), 5, keep=0.5):
        yield f"compressed tif {what}", damaged
    huge = bytearray(png)
    huge[16:24] = (60_000).to_bytes(4, "big") * 2
    yield "a png that claims 60,000 x 60,000 pixels", bytes(huge)


def broken_models(digits: DataSet, model: bytes) -> Corpus:
    chance = random.Random(2)
    yield from foreign(chance)
    picture = io.BytesIO()
    Image.fromarray(digits.test.images[0]).save(picture, "PNG")
    yield "a picture", picture.getvalue()
    yield from truncated(model, 20, keep=0.999)
    yield "a byte too many", model + b"\0"
    yield "twice", model * 2
    header = int.from_bytes(model[:8], "little")
    for what, damaged in flipped(model, 15, chance, 0, 8 + header):
        yield f"header: {what}", damaged
    for what, damaged in flipped(model, 25, chance, 8 + header):
        yield f"weights: {what}", damaged
    yield "of another program", safetensors.numpy.save({"weight": np.zeros((2, 2), np.float32)})
    yield "an enormous header", (1 << 40).to_bytes(8, "little") + model[8:]
    weights = safetensors.numpy.load(model)
    yield "without its card", safetensors.numpy.save(weights)
    card = json.loads(model[8 : 8 + header])["__metadata__"]
    weights.pop("encoder.1.bias")
    yield "a bias missing", safetensors.numpy.save(weights, card)


def broken_data(digits: DataSet, model: bytes) -> Corpus:
    chance = random.Random(3)
    yield from foreign(chance)
    yield "a model", model
    images, labels = digits.test.images[:60], digits.test.labels[:60]
    whole = idx(images)
    yield from truncated(whole, 15, keep=0.999)
    yield "idx with a byte too many", whole + b"\0"
    yield "idx of labels", idx(labels)
    yield "idx without images", idx(images[:0])
    yield "idx that claims four billion images", whole[:4] + b"\xff" * 4 + whole[8:]
    yield "idx of floats", b"\0\0\x0d\x03" + whole[4:]
    for what, damaged in flipped(whole, 10, chance, 0, 4):
        yield f"idx: {what}", damaged
    packed = gzip.compress(whole, mtime=0)
    for what, damaged in truncated(packed, 6):
        yield f"gzip {what}", damaged
    yield "gzip with another checksum", packed[:-8] + b"\x01\x02\x03\x04" + packed[-4:]
    good = npz(images=images, labels=labels)
    for what, damaged in truncated(good, 12):
        yield f"npz {what}", damaged
    for what, damaged in flipped(good, 8, chance, 1000, 40_000):
        yield f"npz {what}", damaged
    yield "npz of nothing", npz()
    yield "npz of other things", npz(weights=images)
    yield "npz with too few labels", npz(images=images, labels=labels[:9])
    yield "npz with labels that are no classes", npz(images=images, labels=labels + 0.5)
    yield "npz of a line", npz(images=labels, labels=labels)
    yield "npz of no images", npz(images=images[:0], labels=labels[:0])
    yield "npz not a number", npz(images=np.full((9, 28, 28), np.nan), labels=labels[:9])
    yield "npz of objects", npz(images=np.array([{"a": 1}] * 9, dtype=object), labels=labels[:9])


def through_reconstruct(trained: Path) -> Iterator[tuple[str, Command]]:
    yield ".png", lambda file, out: ["reconstruct", trained, file, "--out", out / "sheet.png"]
    yield ".jpg", lambda file, out: ["reconstruct", trained, file, "--out", out]


def through_every_command_with_a_model(trained: Path) -> Iterator[tuple[str, Command]]:
    yield ".safetensors", lambda file, out: ["evaluate", file, "--data", "digits", "--json"]
    yield ".safetensors", lambda file, out: ["generate", file, "--sample", 2, "--out", out]
    yield ".safetensors", lambda file, out: ["map", file, "--out", out / "map.png"]
    yield ".bin", lambda file, out: ["reconstruct", file, file, "--out", out]


def through_train_and_evaluate(trained: Path) -> Iterator[tuple[str, Command]]:
    yield (
        "-images-idx3-ubyte",
        lambda file, out: ["train", "--preset", "dense-2d", "--data", file, "--out", out],
    )
    yield ".npz", lambda file, out: ["evaluate", trained, "--data", file, "--json"]


KINDS = {
    "pictures": (broken_pictures, through_reconstruct, 90),
    "models": (broken_models, through_every_command_with_a_model, 75),
    "data sets": (broken_data, through_train_and_evaluate, 70),
}


@pytest.mark.parametrize("kind", KINDS)
def test_a_broken_file_is_named_in_one_line_and_nothing_is_written(
    aedesk, trained: Path, tmp_path: Path, digits: DataSet, kind: str
) -> None:
    make, through, least = KINDS[kind]
    corpus = list(make(digits, (trained / "model.safetensors").read_bytes()))
    assert len(corpus) >= least
    commands = list(through(trained))
    accepted = []
    for number, (what, content) in enumerate(corpus):
        suffix, command = commands[number % len(commands)]
        file = tmp_path / f"broken-{number}{suffix}"
        file.write_bytes(content)
        outcome = aedesk(*command(file, tmp_path / "out"))
        if outcome.status == 0:
            accepted.append(what)
            shutil.rmtree(tmp_path / "out", ignore_errors=True)
        else:
            assert file.name in outcome.problem, what
            assert list(tmp_path.iterdir()) == [file], what
        file.unlink()
    assert accepted == []


@pytest.mark.parametrize("kind", KINDS)
def test_a_folder_in_place_of_a_file_is_named_in_one_line(
    aedesk, trained: Path, tmp_path: Path, kind: str
) -> None:
    for number, (suffix, command) in enumerate(KINDS[kind][1](trained)):
        folder = tmp_path / f"folder-{number}{suffix}"
        folder.mkdir()
        assert folder.name in aedesk(*command(folder, tmp_path / "out")).problem
        folder.rmdir()
        assert not any(tmp_path.iterdir())


@pytest.mark.parametrize("name", ["missing", "x" * 300, "new\nline", "\udcff"])
@pytest.mark.parametrize("kind", KINDS)
def test_a_name_that_leads_nowhere_is_told_in_one_line(
    aedesk, trained: Path, tmp_path: Path, kind: str, name: str
) -> None:
    for suffix, command in KINDS[kind][1](trained):
        aedesk(*command(tmp_path / (name + suffix), tmp_path / "out")).problem  # noqa: B018
        assert not any(tmp_path.iterdir())


@pytest.mark.parametrize("damage", ["cut", "longer", "foreign", "labels cut"])
def test_a_broken_file_of_a_known_set_is_named_with_its_remedy(
    aedesk, tmp_path: Path, digits: DataSet, damage: str
) -> None:
    raw = tmp_path / "MNIST" / "raw"
    raw.mkdir(parents=True)
    for part in ("train", "t10k"):
        (raw / f"{part}-images-idx3-ubyte").write_bytes(idx(digits.test.images))
        (raw / f"{part}-labels-idx1-ubyte").write_bytes(idx(digits.test.labels))
    file = raw / ("t10k-labels-idx1-ubyte" if damage == "labels cut" else "t10k-images-idx3-ubyte")
    content = file.read_bytes()
    file.write_bytes({"longer": content + b"more", "foreign": TEXT}.get(damage, content[:-5]))
    train = ("train", "--preset", "dense-2d", "--data-dir", tmp_path, "--offline", "--out", tmp_path / "run")
    problem = aedesk(*train).problem
    assert file.name in problem
    assert "aedesk fetch mnist" in problem
    assert not (tmp_path / "run").exists()


def test_a_picture_in_a_folder_of_own_pictures_is_named(aedesk, tmp_path: Path, digits: DataSet) -> None:
    for label in ("a", "b"):
        (tmp_path / "own" / label).mkdir(parents=True)
        for number in range(4):
            Image.fromarray(digits.test.images[number]).save(tmp_path / "own" / label / f"{number}.png")
    (tmp_path / "own" / "b" / "torn.png").write_bytes((tmp_path / "own" / "b" / "1.png").read_bytes()[:60])
    problem = aedesk(
        "train", "--preset", "dense-2d", "--data", tmp_path / "own", "--out", tmp_path / "run"
    ).problem
    assert "torn.png" in problem
    assert not (tmp_path / "run").exists()
