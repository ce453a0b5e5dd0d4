"""Small IDX sets, made on the spot."""

import gzip
import struct
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

Encode = Callable[[np.ndarray], bytes]
Lay = Callable[..., Path]


@pytest.fixture(scope="session")
def encode() -> Encode:
    """The bytes of an IDX file of unsigned bytes."""

    def encode(values: np.ndarray) -> bytes:
        header = struct.pack(f">BBBB{values.ndim}I", 0, 0, 8, values.ndim, *values.shape)
        return header + values.astype(np.uint8).tobytes()

    return encode


@pytest.fixture(scope="session")
def lay(encode: Encode) -> Lay:
    """Write a pair of IDX files below a folder: 20 images of random pixels, labels 0 to 9 twice."""

    def lay(folder: Path, part: str, *, packed: bool = False, first_label: int = 0) -> Path:
        folder.mkdir(parents=True, exist_ok=True)
        pixels = np.random.default_rng(0).integers(0, 256, (20, 28, 28))
        for name, values in (
            (f"{part}-images-idx3-ubyte", pixels),
            (f"{part}-labels-idx1-ubyte", np.arange(20) % 10 + first_label),
        ):
            content = encode(values)
            path = folder / (f"{name}.gz" if packed else name)
            path.write_bytes(gzip.compress(content) if packed else content)
        return folder

    return lay
