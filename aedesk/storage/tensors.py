"""Files of arrays that can be trusted: safetensors with a JSON card, checksums, and limits on what is read.

The safetensors metadata holds one entry, `aedesk`, a JSON object: `kind` (what the file is for), `version` of
this layout, `card` (whatever belongs to the arrays, with their SHA-256) and `checksum`, the SHA-256 of the
card. One entry, because the order of several would change from one writing to the next.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
import safetensors
import safetensors.numpy

from aedesk.errors import AedeskError
from aedesk.storage import files

MAX_FILE = 512 << 20  # bytes; the largest shipped model has 5 MB
MAX_HEADER = 16 << 20  # bytes
MAX_CARD = (
    MAX_HEADER // 2
)  # as JSON in JSON it grows; the history of 10,000 epochs, the most, takes about 2 MB
_VERSION = 1
_AGAIN = "copy or make it again"

Card = dict[str, Any]
Arrays = dict[str, np.ndarray]


def write(path: str | os.PathLike[str], kind: str, arrays: Mapping[str, np.ndarray], card: Card) -> None:
    """Write `arrays` and a JSON-safe `card` as a file, whole or not at all; same input, same bytes.

    kind: what the file is for, one word.

    Raises AedeskError if a number is not finite, or if the file cannot be written.
    """
    path = Path(path)
    arrays = {name: np.ascontiguousarray(array) for name, array in arrays.items()}
    _check_finite(path, arrays)
    card = {**card, "sha256": digest(arrays)}
    text = _dump({"kind": kind, "version": _VERSION, "checksum": _checksum(card), "card": card})
    if len(text) > MAX_CARD:
        raise AedeskError(
            f"{path}: its description (settings, history) is larger than the {MAX_CARD >> 20} MiB that aedesk reads;"
            " train for fewer epochs"
        )
    if sum(array.nbytes for array in arrays.values()) > MAX_FILE - MAX_HEADER:
        raise AedeskError(f"{path}: too large to be saved: aedesk reads files of up to {MAX_FILE >> 20} MiB")
    files.write_whole(path, safetensors.numpy.save(arrays, {"aedesk": text}))


def read(path: str | os.PathLike[str], kind: str) -> tuple[Card, Arrays]:
    """The card and the arrays of a file of this kind, checked by their checksums; all numbers are finite.

    Raises AedeskError in one line that names the file: not there, not a safetensors file, of another kind,
    damaged, made by a newer aedesk, or too large.
    """
    path = Path(path)
    with _opened(path) as file:
        header = _header(path, file)
        card = _card(path, header, kind)
        try:
            file.seek(0)
            content = file.read(MAX_FILE + 1)
        except OSError as problem:
            raise AedeskError(f"{path}: cannot be read: {files.reason(problem)}") from problem
    try:
        arrays = safetensors.numpy.load(content)
    except (safetensors.SafetensorError, KeyError, ValueError, TypeError) as problem:
        raise AedeskError(f"{path}: damaged ({one_line(problem)}); {_AGAIN}") from None
    if digest(arrays) != card["sha256"]:
        raise AedeskError(f"{path}: damaged: its numbers are not those that were saved; {_AGAIN}")
    _check_finite(path, arrays)
    return card, arrays


def read_card(path: str | os.PathLike[str], kind: str) -> Card:
    """The card alone, checked, from the first bytes of the file: quick enough for a list of many.

    Raises AedeskError as `read` does, except for damage inside the arrays.
    """
    path = Path(path)
    with _opened(path) as file:
        return _card(path, _header(path, file), kind)


def digest(arrays: Mapping[str, np.ndarray]) -> str:
    """SHA-256 of names, types, shapes and numbers, whatever the order of the arrays."""
    digest = hashlib.sha256()
    for name in sorted(arrays):
        array = np.ascontiguousarray(arrays[name])
        digest.update(f"{name} {array.dtype.str} {array.shape}\n".encode())
        digest.update(array.data)
    return digest.hexdigest()


def one_line(text: object) -> str:
    """Foreign text made safe for a message: one line of at most 200 printable characters."""
    return "".join(c if c.isprintable() else " " for c in str(text))[:200].strip()


def _opened(path: Path) -> BinaryIO:
    if files.is_folder(path):
        raise AedeskError(f"{path}: a folder, not a file")
    if not files.is_file(path):
        raise AedeskError(f"{path}: no such file")
    try:
        return path.open("rb")
    except OSError as problem:
        raise AedeskError(f"{path}: cannot be read: {files.reason(problem)}") from problem


def _header(path: Path, file: BinaryIO) -> dict[str, Any]:
    """The JSON in front of the arrays (huggingface.co/docs/safetensors), of a file of exactly that size."""
    foreign = AedeskError(f"{path}: not a safetensors file; choose a file that aedesk has saved")
    try:
        size = os.fstat(file.fileno()).st_size
        length = int.from_bytes(file.read(8), "little")
        if size > MAX_FILE:
            raise AedeskError(f"{path}: larger than the {MAX_FILE >> 20} MiB that aedesk reads")
        if not 2 <= length <= MAX_HEADER:
            raise foreign
        content = file.read(length)
    except OSError as problem:
        raise AedeskError(f"{path}: cannot be read: {files.reason(problem)}") from problem
    if not content.startswith(b"{"):
        raise foreign
    try:
        header = json.loads(content)
        end = max(
            (entry["data_offsets"][1] for name, entry in header.items() if name != "__metadata__"), default=0
        )
        complete = 8 + length + end == size
    except (ValueError, TypeError, LookupError, AttributeError, RecursionError):
        complete = False
    if not complete:
        raise AedeskError(f"{path}: damaged: cut off or altered; {_AGAIN}")
    assert isinstance(header, dict)
    return header


def _card(path: Path, header: dict[str, Any], kind: str) -> Card:
    try:
        label = json.loads(header["__metadata__"]["aedesk"])
        found, version, card = label["kind"], label["version"], label["card"]
    except (ValueError, TypeError, LookupError, RecursionError):
        raise AedeskError(f"{path}: a safetensors file, but not one that aedesk has saved") from None
    if found != kind:
        raise AedeskError(
            f"{path}: not {_article(kind)} but {_article(one_line(found))}; choose another file"
        )
    if type(version) is int and version > _VERSION:
        raise AedeskError(
            f"{path}: made by a newer aedesk (layout {one_line(version)}); update aedesk to read it"
        )
    if version != _VERSION or label.get("checksum") != _checksum(card) or not isinstance(card, dict):
        raise AedeskError(f"{path}: damaged: its description is not what was saved; {_AGAIN}")
    return card


def _check_finite(path: Path, arrays: Mapping[str, np.ndarray]) -> None:
    for name, array in arrays.items():
        if array.dtype.kind == "f" and not np.isfinite(array).all():
            raise AedeskError(
                f"{path}: {one_line(name)} holds numbers that are not finite; train it again, more slowly"
            )


def _checksum(card: object) -> str:
    return hashlib.sha256(_dump(card).encode()).hexdigest()


def _dump(content: object) -> str:
    return json.dumps(content, allow_nan=False, separators=(",", ":"))


def _article(noun: str) -> str:
    return f"an {noun}" if noun[:1] in set("aeiou") else f"a {noun}"
