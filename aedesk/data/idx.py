"""The IDX format of MNIST's files, read strictly: a file is exactly what its header says, or it is refused.

Format: two zero bytes, a type code, the number of dimensions, each dimension as a big-endian 32-bit number,
then the values (http://yann.lecun.com/exdb/mnist). Only type 8, unsigned bytes, occurs in image sets.
"""

from __future__ import annotations

import gzip
import zlib
from math import prod
from pathlib import Path
from typing import IO, cast

import numpy as np

from aedesk.errors import AedeskError

LIMIT = 1 << 30  # bytes of values; the largest known set, EMNIST by class, has 0.55 of 2**30
_UNSIGNED_BYTE = 8
_GZIP_MAGIC = b"\x1f\x8b"
_CHUNK = 1 << 20


def read(path: Path, *, dimensions: int) -> np.ndarray:
    """The values of a plain or gzipped IDX file: a writable uint8 array with `dimensions` axes, none empty.

    Whether it is gzipped is seen from the content. Memory follows from what the file holds, never from
    what its header claims. Raises AedeskError naming the file.
    """
    try:
        if not path.is_file():
            raise AedeskError(f"{path} is {'not a file' if path.exists() else 'missing'}")
        with path.open("rb") as file:
            packed = file.read(2) == _GZIP_MAGIC
            file.seek(0)
            if not packed:
                return _read_plain(path, file, dimensions)
            # A GzipFile reads like any binary file, but typeshed gives it a base class of its own.
            with gzip.GzipFile(fileobj=file) as unpacked:
                return _read_packed(path, cast(IO[bytes], unpacked), dimensions)
    except (EOFError, zlib.error, gzip.BadGzipFile) as problem:
        raise AedeskError(f"{path} is a broken gzip file: {problem}") from None
    except OSError as problem:
        raise AedeskError(f"{path} cannot be read: {problem.strerror or problem}") from None


def _read_plain(path: Path, file: IO[bytes], dimensions: int) -> np.ndarray:
    shape = _read_header(path, file, dimensions)
    found = path.stat().st_size - file.tell()
    _check_size(path, found, prod(shape))
    return np.fromfile(file, dtype=np.uint8, count=prod(shape)).reshape(shape)


def _read_packed(path: Path, file: IO[bytes], dimensions: int) -> np.ndarray:
    shape = _read_header(path, file, dimensions)
    expected = prod(shape)
    values = bytearray()
    while len(values) <= expected:  # one byte too many is enough to know that it is oversized
        chunk = file.read(min(_CHUNK, expected + 1 - len(values)))
        if not chunk:
            break
        values += chunk
    _check_size(path, len(values), expected)
    return np.frombuffer(values, dtype=np.uint8).reshape(shape)


def _read_header(path: Path, file: IO[bytes], dimensions: int) -> tuple[int, ...]:
    """The shape that the file claims; `file` then stands at the first value."""
    magic = file.read(4)
    if len(magic) < 4 or magic[:2] != b"\0\0" or not 1 <= magic[3] <= 8:
        raise AedeskError(f"{path} is not an IDX file")
    if magic[2] != _UNSIGNED_BYTE:
        raise AedeskError(f"{path} holds values of type 0x{magic[2]:02x}, not unsigned bytes (0x08)")
    if magic[3] != dimensions:
        kind = "images" if dimensions == 3 else "labels"
        raise AedeskError(f"{path} has {magic[3]} dimensions, not {dimensions}: it is no file of {kind}")
    sizes = file.read(4 * dimensions)
    if len(sizes) < 4 * dimensions:
        raise AedeskError(f"{path} is truncated: it ends within its header")
    shape = tuple(int(size) for size in np.frombuffer(sizes, dtype=">u4"))
    if 0 in shape:
        raise AedeskError(f"{path} is empty: its header says {_times(shape)}")
    if prod(shape) > LIMIT:
        raise AedeskError(f"{path} claims {_times(shape)} values, more than the {LIMIT:,} that are read")
    return shape


def _check_size(path: Path, found: int, expected: int) -> None:
    if found < expected:
        raise AedeskError(f"{path} is truncated: {found:,} of {expected:,} bytes of values are there")
    if found > expected:
        raise AedeskError(f"{path} is oversized: more follows after its {expected:,} bytes of values")


def _times(shape: tuple[int, ...]) -> str:
    return "x".join(map(str, shape))
