"""CSV, JSON lines and Parquet over an iterator of rows, in constant memory (pure)."""

import csv
import io
import re
from collections.abc import Callable, Iterable, Iterator
from datetime import UTC, datetime
from itertools import islice
from types import UnionType
from typing import IO, TYPE_CHECKING, Any, NamedTuple, get_args, get_type_hints

import orjson

from ratings.exports.columns import COLUMNS

if TYPE_CHECKING:
    import pyarrow as pa

    Rows = Iterable[NamedTuple]

BATCH = 5_000
# What a spreadsheet takes for a formula, also behind blanks and quotes it may strip.
FORMULA = re.compile(r"""[\s"']*[=+\-@\t\r\0＝＋－＠]""")
NUMBER = re.compile(r"[+-]?\d+(\.\d+)?", re.ASCII)
ESCAPE = "'"


def escape_cell(text: str) -> str:
    """Return `text` so that no spreadsheet runs it: an apostrophe before what could be a formula.

    Plain numbers stay as they are. `unescape_cell` is the exact inverse.
    """
    # The first test decides nearly every cell: no formula starts with a letter or a digit.
    if not text or text[0].isalnum() or not FORMULA.match(text) or NUMBER.fullmatch(text):
        return text
    return ESCAPE + text


def unescape_cell(text: str) -> str:
    """Return what `escape_cell` was given."""
    inner = text.removeprefix(ESCAPE)
    return inner if inner != text and escape_cell(inner) == text else text


def iso(moment: datetime) -> str:
    """Return the moment as ISO 8601 in UTC, such as 2026-03-01T12:00:00.000000Z."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def write_csv(rows: "Rows", kind: type[NamedTuple]) -> Iterator[bytes]:
    """Yield RFC 4180 CSV in UTF-8, a header line first, in pieces of some thousand rows.

    Null is the empty cell, booleans are true and false, moments are ISO 8601 in UTC, and texts
    that a spreadsheet could run are escaped.
    """
    text = io.StringIO(newline="")
    writer = csv.writer(text, lineterminator="\r\n")
    writer.writerow(kind._fields)
    converters = [(index, _csv_cell(type_)) for index, type_ in enumerate(_types(kind))]
    plans = [(index, convert) for index, convert in converters if convert is not None]
    for batch in _batches(rows):
        writer.writerows(_converted(row, plans) for row in batch)
        yield _drain(text)
    if rest := _drain(text):
        yield rest


def write_jsonl(rows: "Rows", kind: type[NamedTuple]) -> Iterator[bytes]:
    """Yield one JSON object a line, lossless; moments are ISO 8601 in UTC."""
    fields = kind._fields
    moments = [index for index, type_ in enumerate(_types(kind)) if type_ is datetime]
    plans: list[tuple[int, Callable[[Any], Any]]] = [(index, iso) for index in moments]
    for batch in _batches(rows):
        yield b"".join(
            orjson.dumps(dict(zip(fields, _converted(row, plans), strict=True))) + b"\n"
            for row in batch
        )


def write_parquet(rows: "Rows", kind: type[NamedTuple]) -> Iterator[bytes]:
    """Yield a Parquet file with typed, nullable columns, one row group for some thousand rows."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    sink = _Sink()
    schema = parquet_schema(kind)
    with pq.ParquetWriter(pa.PythonFile(sink, mode="w"), schema, compression="zstd") as writer:
        for batch in _batches(rows):
            columns = [
                pa.array(column, type=field.type)
                for column, field in zip(zip(*batch, strict=True), schema, strict=True)
            ]
            writer.write_batch(pa.record_batch(columns, schema=schema))
            yield sink.drain()
    yield sink.drain()


def parquet_schema(kind: type[NamedTuple]) -> "pa.Schema":
    """Return the Arrow schema of a row type, each field with its description where there is one.

    A type without a column type raises `KeyError`.
    """
    import pyarrow as pa

    types = {
        str: pa.string(),
        int: pa.int64(),
        float: pa.float64(),
        bool: pa.bool_(),
        datetime: pa.timestamp("us", tz="UTC"),
    }
    words = COLUMNS.get(kind, {})
    pairs = zip(kind._fields, _types(kind), strict=True)
    return pa.schema(
        pa.field(name, types[type_], metadata={"description": words.get(name, "")})
        for name, type_ in pairs
    )


class Format(NamedTuple):
    """A kind of file: what to call it, and what writes it."""

    suffix: str
    media_type: str
    write: Callable[["Rows", type[NamedTuple]], Iterator[bytes]]


FORMATS = {
    "csv": Format("csv", "text/csv; charset=utf-8", write_csv),
    "jsonl": Format("jsonl", "application/x-ndjson", write_jsonl),
    "parquet": Format("parquet", "application/vnd.apache.parquet", write_parquet),
}


class _Sink(io.RawIOBase):
    """A file that hands out what was written to it, piece by piece, and forgets it."""

    def __init__(self) -> None:
        super().__init__()
        self._pieces: list[bytes] = []

    def writable(self) -> bool:
        return True

    def write(self, data: Any) -> int:
        piece = bytes(data)
        self._pieces.append(piece)
        return len(piece)

    def drain(self) -> bytes:
        pieces, self._pieces = self._pieces, []
        return b"".join(pieces)


def _types(kind: type[NamedTuple]) -> list[type]:
    """Return the type of each field, without its `| None`."""
    hints = get_type_hints(kind)
    return [_required(hints[name]) for name in kind._fields]


def _required(hint: Any) -> type:
    if not isinstance(hint, UnionType):
        return hint  # type: ignore[no-any-return] # hints are types here
    (required,) = [part for part in get_args(hint) if part is not type(None)]
    return required  # type: ignore[no-any-return] # hints are types here


def _csv_cell(type_: type) -> Callable[[Any], Any] | None:
    converters: dict[type, Callable[[Any], Any] | None] = {
        str: escape_cell,
        bool: lambda value: "true" if value else "false",
        datetime: iso,
        int: None,
        float: None,
    }
    return converters[type_]


def _converted(row: Iterable[Any], plans: list[tuple[int, Callable[[Any], Any]]]) -> list[Any]:
    cells = list(row)
    for index, convert in plans:
        if cells[index] is not None:
            cells[index] = convert(cells[index])
    return cells


def _batches(rows: "Rows") -> Iterator[list[NamedTuple]]:
    source = iter(rows)
    while batch := list(islice(source, BATCH)):
        yield batch


def _drain(text: IO[str]) -> bytes:
    text.seek(0)
    piece = text.read().encode("utf-8")
    text.seek(0)
    text.truncate()
    return piece
