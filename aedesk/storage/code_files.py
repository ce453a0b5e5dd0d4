"""Codes of pictures as files that other programs read: a table of text, NumPy arrays, Parquet."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

import numpy as np

from aedesk.errors import AedeskError, Cancelled
from aedesk.storage.files import write_whole

if TYPE_CHECKING:
    import pyarrow as pa

ENDINGS = (".csv", ".npz", ".parquet")

_CHUNK_NUMBERS = 1 << 21  # of codes held as a table at once
_WHAT = "writing the codes"


@dataclass(frozen=True, eq=False)
class CodeSet:
    """Codes of the pictures of a data set.

    codes: (N, D) float32. labels: (N,) int64, indices into `classes`. images: (N,) int64, which image of its part of
    the data set each is, from 0. parts: (N,) text, "train" or "test". model, data: their names. fingerprint: of the
    model, by `storage.checkpoint.fingerprint`.
    """

    codes: np.ndarray = field(repr=False)
    labels: np.ndarray = field(repr=False)
    images: np.ndarray = field(repr=False)
    parts: np.ndarray = field(repr=False)
    classes: tuple[str, ...]
    model: str
    data: str
    fingerprint: str = ""

    def __len__(self) -> int:
        return len(self.codes)

    @property
    def code_size(self) -> int:
        """How many numbers a code has."""
        return int(self.codes.shape[1])


def write(
    path: str | os.PathLike[str],
    codes: CodeSet,
    *,
    progress: Callable[[str, int, int], None] | None = None,
    cancelled: Callable[[], bool] | None = None,
) -> None:
    """Write a .csv, .npz or .parquet file, whole or not at all.

    A row of a table has part, image, label (the number of the class), class, model, data, code_1 ... code_D; text has
    as many digits as give back the same float32. Parquet tells fingerprint and classes in the metadata of its schema.
    The arrays are codes, labels, images, parts, classes, model, data, fingerprint, none of them pickled.
    Raises AedeskError, and Cancelled, after which no new file is there.
    """

    def tell(done: int) -> None:
        if cancelled is not None and cancelled():
            raise Cancelled("The work was cancelled.")
        if progress is not None:
            progress(_WHAT, done, len(codes))

    writers = {".csv": _write_csv, ".npz": _write_npz, ".parquet": _write_parquet}
    writer = writers.get(Path(path).suffix.lower())
    if writer is None:
        raise AedeskError(f"{path}: codes are written as .csv, .npz or .parquet; choose such a name")
    write_whole(path, lambda file: writer(file, codes, tell))


def _write_npz(file: BinaryIO, codes: CodeSet, tell: Callable[[int], object]) -> None:
    tell(0)
    np.savez(
        file,
        allow_pickle=False,
        codes=codes.codes,
        labels=codes.labels,
        images=codes.images,
        parts=codes.parts,
        classes=np.array(codes.classes),
        model=np.array(codes.model),
        data=np.array(codes.data),
        fingerprint=np.array(codes.fingerprint),
    )
    tell(len(codes))


def _write_csv(file: BinaryIO, codes: CodeSet, tell: Callable[[int], object]) -> None:
    from pyarrow import csv

    with csv.CSVWriter(file, _schema(codes)) as writer:
        for table in _tables(codes, tell):
            writer.write_table(table)


def _write_parquet(file: BinaryIO, codes: CodeSet, tell: Callable[[int], object]) -> None:
    from pyarrow import parquet

    with parquet.ParquetWriter(file, _schema(codes)) as writer:
        for table in _tables(codes, tell):
            writer.write_table(table)


def _tables(codes: CodeSet, tell: Callable[[int], object]) -> Iterator[pa.Table]:
    """The rows in their order, so many at once as do not fill the memory."""
    import pyarrow as pa

    schema, classes = _schema(codes), np.array([_text(name) for name in codes.classes], object)
    model, data = _text(codes.model), _text(codes.data)
    rows = max(1, _CHUNK_NUMBERS // codes.code_size)
    for start in range(0, len(codes), rows):
        tell(start)
        part = slice(start, start + rows)
        labels = codes.labels[part]
        columns = [
            codes.parts[part].astype(object),
            codes.images[part],
            labels,
            classes[labels],
            np.full(len(labels), model, object),
            np.full(len(labels), data, object),
            *np.ascontiguousarray(codes.codes[part].T),
        ]
        yield pa.Table.from_arrays(
            [pa.array(column, kind.type) for column, kind in zip(columns, schema, strict=True)], schema=schema
        )
    tell(len(codes))


def _schema(codes: CodeSet) -> pa.Schema:
    import json

    import pyarrow as pa

    text, whole = pa.string(), pa.int64()
    kinds = {"part": text, "image": whole, "label": whole, "class": text, "model": text, "data": text}
    kinds |= {f"code_{number}": pa.float32() for number in range(1, codes.code_size + 1)}
    about = {"fingerprint": codes.fingerprint, "classes": json.dumps(codes.classes)}
    return pa.schema(list(kinds.items()), metadata=about)


def _text(name: str) -> str:
    """A name as UTF-8 can hold it: that of a file may have bytes in it which are no text."""
    return name.encode("utf-8", "backslashreplace").decode()
