"""Numbers in rows and columns, as files that other programs read."""

from __future__ import annotations

import csv
import io
import json
import math
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from aedesk.errors import AedeskError
from aedesk.storage import files

ENDINGS = (".csv", ".json")

Cell = str | int | float | None


@dataclass(frozen=True)
class Table:
    """columns: their names. rows: as many cells each; None where there is no number."""

    columns: tuple[str, ...]
    rows: tuple[tuple[Cell, ...], ...]

    def __post_init__(self) -> None:
        for row in self.rows:
            if len(row) != len(self.columns):
                raise ValueError(f"{len(row)} cells for the columns {', '.join(self.columns)}")

    @classmethod
    def of(cls, records: Sequence[Mapping[str, Cell]]) -> Table:
        """A row for each record; the columns in the order in which they are met. What a record lacks is None."""
        columns = tuple(dict.fromkeys(name for record in records for name in record))
        return cls(columns, tuple(tuple(record.get(name) for name in columns) for record in records))

    def records(self) -> list[dict[str, Any]]:
        """A dictionary for each row, safe for JSON: numbers that are not finite become None."""
        return [dict(zip(self.columns, map(_plain, row), strict=True)) for row in self.rows]

    def to_csv(self) -> str:
        """With a line of names first; an empty cell is no number, and no cell has more than one line."""
        text = io.StringIO()
        writer = csv.writer(text, lineterminator="\n")
        writer.writerow(self.columns)
        writer.writerows([[_text(cell) for cell in row] for row in self.rows])
        return text.getvalue()

    def write(self, path: str | os.PathLike[str]) -> None:
        """Write a .csv or .json file, whole or not at all. Raises AedeskError."""
        ending = Path(path).suffix.lower()
        if ending == ".csv":
            content = self.to_csv()
        elif ending == ".json":
            content = json.dumps(self.records(), indent=2) + "\n"
        else:
            raise AedeskError(f"{path}: numbers are written as .csv or .json; choose such a name")
        files.write_whole(path, content.encode())


def _text(cell: Cell) -> Cell:
    if isinstance(cell, str):
        return " ".join(cell.splitlines())
    return "" if cell is None else cell


def _plain(cell: Cell) -> Cell:
    return None if isinstance(cell, float) and not math.isfinite(cell) else cell
