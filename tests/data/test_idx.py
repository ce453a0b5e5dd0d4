"""The IDX parser: exact on sound files, one clear line on anything else."""

import gzip
import struct
import tempfile
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from aedesk.data import idx
from aedesk.errors import AedeskError

images = arrays.arrays(np.uint8, arrays.array_shapes(min_dims=3, max_dims=3, max_side=6))


@given(images, st.booleans())
def test_what_was_encoded_is_read_back_plain_or_gzipped(encode, values, packed):
    content = encode(values)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "images"
        path.write_bytes(gzip.compress(content) if packed else content)
        found = idx.read(path, dimensions=3)
    np.testing.assert_array_equal(found, values)
    assert found.dtype == np.uint8
    assert found.flags.writeable


def complaint(path: Path) -> str | None:
    """The error's line, None where the file is fine."""
    try:
        idx.read(path, dimensions=3)
    except AedeskError as problem:
        return str(problem)
    return None


def _garbage() -> st.SearchStrategy[bytes]:
    claimed = st.builds(
        lambda sizes, rest: b"\0\0\x08\x03" + struct.pack(">3I", *sizes) + rest,
        st.tuples(*[st.integers(0, 2**32 - 1)] * 3),
        st.binary(max_size=40),
    )
    return st.one_of(
        st.binary(max_size=60),
        claimed,
        claimed.map(gzip.compress),
        st.binary(max_size=60).map(lambda rest: b"\x1f\x8b\x08" + rest),
    )


@given(_garbage())
def test_any_bytes_are_read_or_refused_in_one_line_that_names_the_file(content):
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "foreign-file"
        path.write_bytes(content)
        line = complaint(path)
    assert line is None or ("foreign-file" in line and "\n" not in line)


def _mutations(sound: bytes) -> dict[str, tuple[bytes, str]]:
    """Broken files, each with a word that its error must have."""
    packed = gzip.compress(sound)
    broken = {f"cut to {size}": (sound[:size], "not an IDX") for size in range(4)}
    broken |= {f"cut to {size}": (sound[:size], "within its header") for size in range(4, 16, 2)}
    broken |= {f"cut to {size}": (sound[:size], "truncated") for size in range(16, len(sound), 150)}
    broken |= {f"{more} bytes more": (sound + b"x" * more, "oversized") for more in (1, 784, 5000)}
    broken |= {f"{more} packed more": (gzip.compress(sound + b"x" * more), "oversized") for more in (1, 784)}
    broken |= {f"packed, cut by {cut}": (packed[:-cut], "broken gzip") for cut in (1, 5, 9, len(packed) // 2)}
    broken |= {f"packed, of {size}": (gzip.compress(sound[:size]), "truncated") for size in (9, 16, 900)}
    broken |= {f"type {code}": (sound[:2] + bytes([code]) + sound[3:], "type") for code in (0, 9, 13, 255)}
    broken |= {f"{axes} axes": (sound[:3] + bytes([axes]) + sound[4:], "dimensions") for axes in (1, 2, 4, 8)}
    broken |= {f"{axes} axes": (sound[:3] + bytes([axes]) + sound[4:], "not an IDX") for axes in (0, 9, 255)}
    for size, word in ((0, "empty"), (1, "oversized"), (9, "truncated"), (2**32 - 1, "more than")):
        broken[f"claims {size} images"] = (sound[:4] + struct.pack(">I", size) + sound[8:], word)
    broken["a flipped bit, packed"] = (packed[:-6] + bytes([packed[-6] ^ 1]) + packed[-5:], "broken gzip")
    broken["a picture"] = (b"\x89PNG\r\n\x1a\n" + sound, "not an IDX")
    broken["a login page"] = (b"<!DOCTYPE html><html></html>", "not an IDX")
    return broken


def test_broken_files_say_what_is_wrong_with_them(encode, tmp_path):
    mutations = _mutations(encode(np.arange(4 * 28 * 28).reshape(4, 28, 28)))
    assert len(mutations) >= 50
    path = tmp_path / "train-images"
    for what, (content, word) in mutations.items():
        path.write_bytes(content)
        with pytest.raises(AedeskError) as refusal:
            idx.read(path, dimensions=3)
        assert word in str(refusal.value), what
        assert str(path) in str(refusal.value), what


def test_a_gzip_bomb_is_left_after_one_byte_too_many(encode, tmp_path, monkeypatch):
    path = tmp_path / "bomb"
    path.write_bytes(gzip.compress(encode(np.zeros((1, 28, 28))) + bytes(50 << 20)))
    unpacked = []
    plain_read = gzip.GzipFile.read
    monkeypatch.setattr(
        gzip.GzipFile, "read", lambda self, size=-1: unpacked.append(size) or plain_read(self, size)
    )
    with pytest.raises(AedeskError, match="oversized"):
        idx.read(path, dimensions=3)
    assert 0 < sum(unpacked) < 2000


def test_a_folder_or_nothing_in_the_place_of_a_file_is_said(tmp_path):
    with pytest.raises(AedeskError, match="not a file"):
        idx.read(tmp_path, dimensions=1)
    with pytest.raises(AedeskError, match="missing"):
        idx.read(tmp_path / "nowhere", dimensions=1)
