"""Files of codes give back every number and every name, and are written whole or not at all."""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from pyarrow import parquet

from aedesk.errors import AedeskError, Cancelled
from aedesk.storage import code_files
from aedesk.storage.code_files import CodeSet

numbers = st.floats(width=32, allow_nan=False, allow_infinity=False)
names = st.text(st.characters(exclude_characters="\r\0", exclude_categories=["Cs"]), max_size=8)


def coded(codes: np.ndarray, classes: tuple[str, ...] = ("cat", "dog"), model: str = "tiny") -> CodeSet:
    count = len(codes)
    return CodeSet(
        codes=codes,
        labels=np.arange(count) % len(classes),
        images=np.arange(count) * 3,
        parts=np.array(["train", "test"])[np.arange(count) % 2],
        classes=classes,
        model=model,
        data="pets",
        fingerprint="f00",
    )


def rows_of(path: Path) -> list[dict[str, str]]:
    with path.open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


@settings(max_examples=30)
@given(
    codes=st.integers(1, 5).flatmap(lambda size: arrays(np.float32, (7, size), elements=numbers)),
    classes=st.lists(names, min_size=1, max_size=4, unique=True).map(tuple),
)
def test_every_kind_of_file_gives_back_the_same_codes_and_labels(
    tmp_path_factory: pytest.TempPathFactory, codes: np.ndarray, classes: tuple[str, ...]
) -> None:
    folder = tmp_path_factory.mktemp("codes")
    before = coded(codes, classes)
    for ending in code_files.ENDINGS:
        code_files.write(folder / f"codes{ending}", before)

    kept = np.load(folder / "codes.npz", allow_pickle=False)
    np.testing.assert_array_equal(kept["codes"], codes)
    assert kept["codes"].dtype == np.float32
    for name in ("labels", "images", "parts"):
        np.testing.assert_array_equal(kept[name], getattr(before, name))
    assert (str(kept["model"]), str(kept["data"]), str(kept["fingerprint"])) == ("tiny", "pets", "f00")

    expected = [classes[label] for label in before.labels]
    columns = [f"code_{number}" for number in range(1, codes.shape[1] + 1)]
    table = parquet.read_table(folder / "codes.parquet")
    np.testing.assert_array_equal(np.stack([table[name].to_numpy() for name in columns], axis=1), codes)
    assert table["class"].to_pylist() == expected
    assert table.schema.metadata[b"fingerprint"] == b"f00"

    rows = rows_of(folder / "codes.csv")
    written = np.array([[row[name] for name in columns] for row in rows]).astype(np.float32)
    np.testing.assert_array_equal(written, codes)
    assert [row["class"] for row in rows] == expected
    assert [(row["part"], int(row["image"]), int(row["label"])) for row in rows] == list(
        zip(before.parts.tolist(), before.images.tolist(), before.labels.tolist(), strict=True)
    )


def test_a_long_table_is_written_in_parts_and_keeps_its_order(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(code_files, "_CHUNK_NUMBERS", 20)
    codes = np.random.default_rng(0).standard_normal((101, 2)).astype(np.float32)
    told = []
    for ending in (".csv", ".parquet"):
        code_files.write(tmp_path / f"a{ending}", coded(codes), progress=lambda *stage: told.append(stage))
    assert len(told) > 20
    assert {total for _, _, total in told} == {101}
    assert parquet.read_table(tmp_path / "a.parquet")["image"].to_pylist() == [3 * i for i in range(101)]
    assert [int(row["image"]) for row in rows_of(tmp_path / "a.csv")] == [3 * i for i in range(101)]


@pytest.mark.parametrize("ending", code_files.ENDINGS)
def test_a_cancelled_file_leaves_the_one_before(tmp_path: Path, ending: str) -> None:
    path = tmp_path / f"codes{ending}"
    path.write_bytes(b"before")
    with pytest.raises(Cancelled):
        code_files.write(path, coded(np.zeros((5, 2), np.float32)), cancelled=lambda: True)
    assert path.read_bytes() == b"before"
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize("ending", code_files.ENDINGS)
def test_a_name_that_is_no_text_hinders_nothing(tmp_path: Path, ending: str) -> None:
    """Where the name of a file has bytes that are no UTF-8, Python has a lone surrogate."""
    path = tmp_path / f"codes{ending}"
    code_files.write(path, coded(np.zeros((2, 2), np.float32), ("a\udc80", "b"), "m\udcff"))
    assert path.stat().st_size


def test_another_ending_is_refused_in_one_line(tmp_path: Path) -> None:
    with pytest.raises(AedeskError, match=r"codes\.xlsx: .*\.csv, \.npz or \.parquet"):
        code_files.write(tmp_path / "codes.xlsx", coded(np.zeros((2, 2), np.float32)))
    assert list(tmp_path.iterdir()) == []
