"""Pictures as quantised, range-coded codes in a file, `.aez`: small, and never a wrong picture without an error.

`AEZ`, the version (1 byte), the first 8 bytes of the SHA-256 of all that follows, and that is: kind of the quantiser,
bits, shape that the coder expects, groups of images (1 byte each); hash of the model (16 bytes); as LEB128 the numbers
of images and of a code, and the lengths of the model's name, of the tables, of the picture names; CRC-32 of what it all
means (see `_content_check`); then the name (UTF-8), the tables and the picture names (both deflated), and the range
coder's words.
"""

from __future__ import annotations

import hashlib
import json
import os
import zlib
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from aedesk.errors import AedeskError
from aedesk.models.checkpoint import Checkpoint
from aedesk.storage import checkpoint as checkpoints
from aedesk.storage import files, leb128, range_coding
from aedesk.storage.frequencies import SHAPES, Bins
from aedesk.storage.groups import MOST_TABLES, Groups
from aedesk.storage.leb128 import Reader
from aedesk.storage.levels import BITS, KINDS, MOST_PACKED, Levels
from aedesk.storage.tensors import one_line

ENDING = ".aez"

NO_NAME = frozenset("/\\:")
"""What leads to another folder, or on Windows to another drive."""

_MAGIC = b"AEZ"
_VERSION = 1
_CHECKSUM = 8  # bytes
_HASH = 16  # bytes
_MOST_CODE = 1 << 14  # numbers of a code
_MOST_NUMBERS = 1 << 26  # of all codes together: 128 MiB of indices
_MOST_PICTURES = 1 << 18  # 784 MiB once they are decoded, however little their codes take
_MOST_FILE = 512 << 20  # bytes
_MOST_NAMES = 16 << 20  # bytes
_MOST_NAME = 255  # bytes of UTF-8: what file systems allow
_TRIED = 200  # images that the shape is chosen by
_FEWEST_GROUPS, _MOST_GROUPS = 2, 32
_IN_GROUP = 100  # images: with fewer, a group saves less than it costs to learn it
_AGAIN = "copy or make it again"


@dataclass(frozen=True, eq=False)
class Aez:
    """Pictures as codes in a file.

    model: what the model is called. model_hash: by `model_hash`. levels: what the indices stand for. indices: (N, D)
    uint16, each less than the count of its code number. names: file names of the pictures without folders, as many
    as there are pictures, or none.
    """

    model: str
    model_hash: str
    levels: Levels = field(repr=False)
    indices: np.ndarray = field(repr=False)
    names: tuple[str, ...] = ()

    def __len__(self) -> int:
        return len(self.indices)

    @property
    def codes(self) -> np.ndarray:
        """(N, D) float32, the same on every machine."""
        return self.levels.codes(self.indices)


@dataclass(frozen=True)
class Sizes:
    """What a file is made of, in bytes. payload: the coded indices; tables: the levels; names: of the pictures."""

    images: int
    payload: int
    tables: int
    names: int
    file: int

    @property
    def code_bits(self) -> float:
        """Bits of an image's code, on average, without anything that the images share."""
        return 8 * self.payload / self.images

    @property
    def file_bits(self) -> float:
        """Bits of an image, on average, with everything that is in the file."""
        return 8 * self.file / self.images


def model_hash(model: Checkpoint | str | os.PathLike[str]) -> str:
    """32 hexadecimal digits that belong to weights and architecture: of a checkpoint, or as a model file states."""
    checkpoint = model if isinstance(model, Checkpoint) else checkpoints.read_card(model)
    plain = json.dumps(checkpoint.architecture.to_json(), sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(f"{checkpoints.fingerprint(model)} {plain}".encode()).hexdigest()[: 2 * _HASH]


def write(path: str | os.PathLike[str], aez: Aez) -> Sizes:
    """Write the file, whole or not at all; the same `aez`, the same bytes. Raises AedeskError."""
    content, sizes = pack(aez)
    files.write_whole(path, content)
    return sizes


def read(path: str | os.PathLike[str]) -> Aez:
    """What `write` wrote. Raises AedeskError in one line for anything else."""
    path = Path(path)
    if not files.is_file(path):
        raise AedeskError(f"{path}: {'a folder, not a file' if files.is_folder(path) else 'no such file'}")
    try:
        with path.open("rb") as file:
            content = file.read(_MOST_FILE + 1)
    except OSError as problem:
        raise AedeskError(f"{path}: cannot be read: {files.reason(problem)}") from problem
    if len(content) > _MOST_FILE:
        raise AedeskError(f"{path}: larger than the {_MOST_FILE >> 20} MiB that aedesk reads")
    try:
        return unpack(content)
    except AedeskError as problem:
        raise AedeskError(f"{path}: {problem}") from None


def pack(aez: Aez) -> tuple[bytes, Sizes]:
    """The bytes of the file, and what they are made of. Raises AedeskError for more than a file may hold."""
    count, size = aez.indices.shape
    try:
        check_extent(count, size)
        _check_names(aez.names, count)
    except ValueError as problem:
        raise AedeskError(f"These pictures cannot be in an .aez file: {problem}.") from None
    bits = aez.levels.bits
    model, tables = aez.model.encode(), _deflated(aez.levels.packed())
    names = _deflated("\n".join(aez.names).encode()) if aez.names else b""
    shape, groups, payload = _shortest(aez)
    head = bytes([KINDS.index(aez.levels.kind), bits, shape, groups]) + bytes.fromhex(aez.model_hash)
    lengths = [count, size, len(model), len(tables), len(names)]
    head += b"".join(map(leb128.packed, lengths)) + _content_check(aez).to_bytes(4, "little")
    body = head + model + tables + names + payload
    content = _MAGIC + bytes([_VERSION]) + _checksum(body) + body
    return content, Sizes(count, len(payload), len(tables), len(names), len(content))


def unpack(content: bytes) -> Aez:
    """What `pack` packed. Raises AedeskError in one line for anything else."""
    if not content.startswith(_MAGIC):
        raise AedeskError("not an .aez file; choose one that `aedesk compress` has written")
    body = content[len(_MAGIC) + 1 + _CHECKSUM :]
    version = content[len(_MAGIC) : len(_MAGIC) + 1]
    if version > bytes([_VERSION]):
        raise AedeskError(f"made by a newer aedesk (layout {version[0]}); update aedesk to read it")
    if version != bytes([_VERSION]) or content[len(_MAGIC) + 1 :][:_CHECKSUM] != _checksum(body):
        raise AedeskError(f"damaged: cut off or altered; {_AGAIN}")
    try:
        return _unpacked(Reader(body))
    except (ValueError, LookupError, OverflowError, zlib.error) as problem:
        raise AedeskError(f"damaged ({one_line(problem)}); {_AGAIN}") from None


def _unpacked(reader: Reader) -> Aez:
    kind, bits, shape, groups = reader.take(4)
    if kind >= len(KINDS) or bits not in BITS or shape >= len(SHAPES) or not groups:
        raise ValueError("a quantiser of an unknown form")
    found = reader.take(_HASH).hex()
    count, size, *lengths = [reader.number() for _ in range(5)]
    check_extent(count, size)
    if groups > max(1, MOST_TABLES // size):
        raise ValueError("too many groups")
    check = int.from_bytes(reader.take(4), "little")
    model, tables, names = (reader.take(length) for length in lengths)
    levels = Levels.unpacked(_inflated(tables, size * MOST_PACKED), KINDS[kind], bits, size)
    pictures = tuple(_inflated(names, _MOST_NAMES).decode().split("\n")) if names else ()
    _check_names(pictures, count)
    indices = range_coding.decode(reader.rest(), count, levels.counts, bits, shape, groups)
    aez = Aez(model.decode(), found, levels, indices, pictures)
    if aez.model != one_line(aez.model) or _content_check(aez) != check:
        raise ValueError("its codes are not those that were saved")
    return aez


def _shortest(aez: Aez) -> tuple[int, int, bytes]:
    """The shape to expect, the number of groups, and the payload: the shortest of what is tried."""
    indices, counts, bits = aez.indices, aez.levels.counts, aez.levels.bits
    some, alone = indices[:_TRIED], np.zeros(len(indices), np.int64)
    tried = [range_coding.encode(some, counts, bits, shape, alone[:_TRIED]) for shape in range(len(SHAPES))]
    shape = min(range(len(SHAPES)), key=lambda shape: len(tried[shape]))
    found = (shape, 1, range_coding.encode(indices, counts, bits, shape, alone))
    most = min(len(indices) // _IN_GROUP, _MOST_GROUPS, MOST_TABLES // len(counts))
    if most < _FEWEST_GROUPS:
        return found
    labels = Groups.alike(indices, Bins(counts), bits, most).labels(indices)
    grouped = (shape, int(labels.max()) + 1, range_coding.encode(indices, counts, bits, shape, labels))
    return min(found, grouped, key=lambda one: len(one[2]))


def check_extent(count: int, size: int) -> None:
    """Raise ValueError where so many codes of so many numbers are more than a file may hold, or none."""
    if count < 1 or size < 1:
        raise ValueError("there are none")
    if size > _MOST_CODE or count > _MOST_PICTURES or count * size > _MOST_NUMBERS:
        raise ValueError(f"{count:,} codes of {size:,} numbers are too many; take fewer at once")


def _check_names(names: tuple[str, ...], count: int) -> None:
    """Each one that a picture can be written by, in any folder and nowhere else."""
    if len(names) not in {0, count}:
        raise ValueError(f"{len(names):,} names for {count:,} pictures")
    for name in names:
        if not name.isprintable() or set(name) & NO_NAME or name in {"", ".", ".."}:
            raise ValueError(f"{one_line(name)!r} is no name of a file")
        if len(name.encode()) > _MOST_NAME:
            raise ValueError(f"the name {one_line(name)[:40]!r}... is too long")


def _content_check(aez: Aez) -> int:
    """CRC-32 of the model, the levels, the names and the indices: a reader that went wrong cannot miss it."""
    check = zlib.crc32(f"{aez.model}\n{aez.model_hash}\n{aez.names}\n{aez.levels.kind}".encode())
    check = zlib.crc32(aez.levels.packed(), check)
    return zlib.crc32(aez.indices.astype("<u2").tobytes(), check)


def _checksum(body: bytes) -> bytes:
    return hashlib.sha256(body).digest()[:_CHECKSUM]


def _deflated(content: bytes) -> bytes:
    coder = zlib.compressobj(9, wbits=-zlib.MAX_WBITS)
    return coder.compress(content) + coder.flush()


def _inflated(content: bytes, most: int) -> bytes:
    """What `_deflated` was given, if it is at most so many bytes; ValueError where it is more or something else."""
    coder = zlib.decompressobj(wbits=-zlib.MAX_WBITS)
    plain = coder.decompress(content, most + 1)
    if len(plain) > most or not coder.eof or coder.unused_data:
        raise ValueError("a part that does not unpack")
    return plain
