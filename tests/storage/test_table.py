"""Numbers in rows and columns as files."""

import csv
import io
import json
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aedesk.errors import AedeskError
from aedesk.storage.table import Table

cells = st.one_of(st.none(), st.integers(-(10**12), 10**12), st.floats(), st.text(max_size=8))


def test_records_give_the_columns_in_the_order_in_which_they_are_met():
    table = Table.of([{"a": 1, "b": 2.5}, {"b": 3, "c": "x"}])
    assert table.columns == ("a", "b", "c")
    assert table.rows == ((1, 2.5, None), (None, 3, "x"))
    assert table.to_csv() == "a,b,c\n1,2.5,\n,3,x\n"


def test_a_row_of_another_length_is_refused():
    with pytest.raises(ValueError, match="1 cells for the columns a, b"):
        Table(("a", "b"), ((1,),))


@given(st.lists(st.tuples(cells, cells), max_size=5))
def test_what_is_written_is_read_back(rows):
    table = Table(("first", "second"), tuple(rows))
    for record, row in zip(json.loads(json.dumps(table.records(), allow_nan=False)), rows, strict=True):
        for cell, read in zip(row, record.values(), strict=True):
            assert read == (None if isinstance(cell, float) and not math.isfinite(cell) else cell)
    read = list(csv.reader(io.StringIO(table.to_csv(), newline="")))
    assert read[0] == ["first", "second"]
    told = [["" if cell is None else str(cell) for cell in row] for row in rows]
    assert read[1:] == [[" ".join(cell.splitlines()) for cell in row] for row in told]


def test_only_csv_and_json_are_written_and_nothing_is_left_of_the_rest(tmp_path):
    table = Table(("n",), ((1,), (2,)))
    table.write(tmp_path / "numbers.csv")
    table.write(tmp_path / "numbers.JSON")
    with pytest.raises(AedeskError, match=r"\.csv or \.json"):
        table.write(tmp_path / "numbers.xlsx")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["numbers.JSON", "numbers.csv"]
    assert json.loads((tmp_path / "numbers.JSON").read_text()) == [{"n": 1}, {"n": 2}]
