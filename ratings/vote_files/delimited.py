"""Tables of delimited text: in bulk where every quote is sound, record by record where not."""

import csv
import io
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from core.errors import Invalid
from ratings.vote_files.columnar import dictionary_labels
from ratings.vote_files.tables import BOM, Cell, Columns, Raw, SkippedRow, Table, factorise

DELIMITERS = (",", "\t", ";", "|")
MAX_CELL = 16 << 20
HEAD = 1 << 16
SWEPT = 1 << 18  # bytes looked at together, few enough to stay in the processor's cache


def open_delimited(data: Raw) -> Table:
    head = data[:HEAD].removeprefix(BOM).decode("utf-8", errors="ignore")
    first_line = next((line for line in head.splitlines() if line), "")
    delimiter = max(DELIMITERS, key=first_line.count)
    # Strict, unless the sample may end inside a quoted cell of a later record.
    whole = len(data) <= HEAD
    records = csv.reader(io.StringIO(head, newline=""), delimiter=delimiter, strict=whole)
    try:
        header = next(filter(None, records), [])
    except csv.Error as error:
        raise Invalid(f"The header cannot be read: {error}.", code="csv") from error
    return _Delimited(data, tuple(header), delimiter)


@dataclass(frozen=True, eq=False)
class _Delimited:
    data: Raw
    columns: tuple[str, ...]
    delimiter: str

    def read(self, cells: Mapping[str, Cell]) -> Columns:
        """Read in bulk what is well-formed throughout, else record by record to name what is not."""
        names = list(cells)
        quoted = self.data.find(b'"') >= 0
        if quoted and not _well_quoted(self.data, self.delimiter):
            return self._read_records(names)
        try:
            return self._read_in_bulk(names, quoted=quoted)
        except pa.ArrowException:
            return self._read_records(names)

    def _read_in_bulk(self, names: Collection[str], *, quoted: bool) -> Columns:
        from pyarrow import csv as arrow_csv

        stream: Any = pa.BufferReader(pa.py_buffer(self.data))
        label = pa.dictionary(pa.int32(), pa.string())
        table = arrow_csv.read_csv(
            stream,
            read_options=arrow_csv.ReadOptions(block_size=16 << 20),
            # Where no line end can be within quotes, blocks are cut without looking for it.
            parse_options=arrow_csv.ParseOptions(
                delimiter=self.delimiter, newlines_in_values=quoted
            ),
            convert_options=arrow_csv.ConvertOptions(
                include_columns=list(names),
                column_types=dict.fromkeys(names, label),
                strings_can_be_null=False,
            ),
        )
        labels = {name: dictionary_labels(table.column(name)) for name in names}
        rows = _row_numbers(self.data, table.num_rows + 1)[1:]
        if rows.size != table.num_rows:
            return self._read_records(names)
        return Columns(labels, rows, ())

    def _read_records(self, names: Collection[str]) -> Columns:
        places = [self.columns.index(name) for name in names]
        cells: list[list[str]] = [[] for _ in names]
        rows, skipped = [], []
        for number, record in self._records():
            if len(record) != len(self.columns):
                reason = f"{len(record)} cells instead of {len(self.columns)}"
                skipped.append(SkippedRow(number, reason))
                continue
            rows.append(number)
            for column, place in zip(cells, places, strict=True):
                column.append(record[place])
        labels = {name: factorise(column) for name, column in zip(names, cells, strict=True)}
        return Columns(labels, np.array(rows, dtype=np.int64), tuple(skipped))

    def _records(self) -> Iterator[tuple[int, list[str]]]:
        """Yield the records after the header with their numbers; blank lines are counted too."""
        text = io.StringIO(self.data[:].decode("utf-8-sig"), newline="")
        # The limit is the csv module's own global; it is put back for others.
        before = csv.field_size_limit(MAX_CELL)
        number, header_seen = 0, False
        try:
            for record in csv.reader(text, delimiter=self.delimiter, strict=True):
                number += 1
                if record and header_seen:
                    yield number, record
                header_seen = header_seen or bool(record)
        except csv.Error as error:
            raise Invalid(
                f"Row {number + 1} cannot be read ({error}): a quote may not be closed there.",
                code="csv",
            ) from error
        finally:
            csv.field_size_limit(before)


def _well_quoted(data: Raw, delimiter: str) -> bool:
    """Say whether every quote opens or closes a whole cell, so that none can swallow rows.

    Quotes alternate between opening and closing; an opening one stands after a separator or right
    after a closing one (that is a doubled quote), and a closing one before one of those.
    """
    text = np.frombuffer(data, dtype=np.uint8)
    separates = np.zeros(256, dtype=bool)
    separates[list(f'{delimiter}\r\n"'.encode())] = True
    start = len(BOM) if data[: len(BOM)] == BOM else 0
    inside = 0
    for begin in range(0, text.size, SWEPT):
        quotes = begin + np.flatnonzero(text[begin : begin + SWEPT] == ord('"'))
        opening, closing = quotes[inside::2], quotes[1 - inside :: 2]
        before, after = opening[opening > start] - 1, closing[closing + 1 < text.size] + 1
        if not (separates[text[before]].all() and separates[text[after]].all()):
            return False
        inside ^= quotes.size & 1
    return not inside


def _quotes(data: Raw) -> tuple[NDArray[np.uint8], NDArray[np.int64]]:
    """Return the bytes, and the positions of the quotes among them."""
    text = np.frombuffer(data, dtype=np.uint8)
    return text, np.flatnonzero(text == ord('"'))


def _lines(data: Raw) -> int:
    """Return how many lines there are, each ended by a line feed or by the end of the text."""
    text = np.frombuffer(data, dtype=np.uint8)
    parts = (text[begin : begin + SWEPT] for begin in range(0, text.size, SWEPT))
    ends = sum(int(np.count_nonzero(part == ord("\n"))) for part in parts)
    return ends + (data[-1:] != b"\n")


def _row_numbers(data: Raw, n: int) -> NDArray[np.int64]:
    """Return the numbers of the n records that are not blank, in well-quoted text.

    As a spreadsheet counts: blank lines are numbered, line ends inside quotes are not.
    """
    if data.find(b"\r") < 0 and n == _lines(data):
        return np.arange(1, n + 1)
    text, quotes = _quotes(data)
    ends = np.flatnonzero((text == ord("\n")) | (text == ord("\r")))
    ends = ends[np.searchsorted(quotes, ends) % 2 == 0]
    # The line feed of a CR LF ends nothing that its carriage return did not end.
    paired = np.zeros(ends.size, dtype=bool)
    paired[1:] = (
        (np.diff(ends) == 1) & (text[ends[1:]] == ord("\n")) & (text[ends[:-1]] == ord("\r"))
    )
    starts = np.concatenate([[len(BOM) if data[: len(BOM)] == BOM else 0], ends + 1])
    blank = np.diff(np.concatenate([starts, [text.size + 1]])) == 1
    kept = np.concatenate([~paired, [True]])
    return np.asarray(np.cumsum(kept)[kept][~blank[kept]])
