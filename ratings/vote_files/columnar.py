"""Tables that are columns already: Parquet, Arrow, Feather."""

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from core.errors import Invalid
from ratings.vote_files.tables import (
    Cell,
    Columns,
    Labels,
    Raw,
    Table,
    as_json,
    ascii_safe,
    factorise,
)

# What pyarrow raises for files that lie about themselves.
BROKEN = (pa.ArrowException, OSError, ValueError, KeyError, OverflowError)
MOST_QUOTED = 200
TEXTS = (pa.string(), pa.large_string(), pa.string_view())


def open_parquet(data: Raw) -> Table:
    from pyarrow import parquet

    try:
        file = parquet.ParquetFile(pa.BufferReader(pa.py_buffer(data)))
        return _Columnar(file.schema_arrow, lambda names: file.read(columns=list(names)))
    except BROKEN as error:
        raise Invalid(
            f"The Parquet file cannot be read: {_first_line(error)}", code="parquet"
        ) from error


def open_arrow(data: Raw) -> Table:
    buffer = pa.py_buffer(data)
    try:
        if data[:6] == b"ARROW1":
            table = pa.ipc.open_file(buffer).read_all()
        else:
            table = pa.ipc.open_stream(buffer).read_all()
        return _Columnar(table.schema, table.select)
    except BROKEN as error:
        raise Invalid(
            f"The Arrow file cannot be read: {_first_line(error)}", code="arrow"
        ) from error


class _Columnar:
    """Columns of a known schema, loaded when asked for."""

    def __init__(self, schema: pa.Schema, load: Callable[[list[str]], pa.Table]) -> None:
        self.schema = schema
        self.load = load
        self.columns = tuple(schema.names)

    def read(self, cells: Mapping[str, Cell]) -> Columns:
        for name, cell in cells.items():
            _check_type(name, self.schema.field(name).type, cell)
        try:
            table = self.load(list(cells))
            # Offsets and indices of a forged file point outside its buffers.
            table.validate(full=True)
            labels = {name: _labels(table.column(name)) for name in cells}
        except BROKEN as error:
            raise Invalid(
                f"The file cannot be read: {_first_line(error)}", code="columns_broken"
            ) from error
        return Columns(labels, np.arange(1, table.num_rows + 1), ())


def _check_type(name: str, kind: pa.DataType, cell: Cell) -> None:
    value: Any = kind.value_type if pa.types.is_dictionary(kind) else kind
    named = value in TEXTS or pa.types.is_integer(value) or pa.types.is_null(value)
    told = pa.types.is_floating(value) or pa.types.is_boolean(value) or pa.types.is_decimal(value)
    if not (named or (told and cell is not Cell.NAME) or cell is Cell.ANY):
        raise Invalid(f"The column {ascii_safe(name)} holds {kind}, not texts.", code="type")


def _labels(column: pa.ChunkedArray) -> Labels:
    if pa.types.is_nested(column.type):
        return factorise([None if one is None else as_json(one) for one in column.to_pylist()])
    if pa.types.is_null(column.type):
        return Labels((), np.full(len(column), -1, dtype=np.int32))
    if pa.types.is_floating(column.type):
        return _without_nan(dictionary_labels(column))
    return dictionary_labels(column)


def _without_nan(labels: Labels) -> Labels:
    """Return labels in which what is no number is no value: so pandas writes what is missing."""
    nothing = np.array([name == "nan" for name in labels.names] + [True])
    return Labels(labels.names, np.where(nothing[labels.codes], np.int32(-1), labels.codes))


def dictionary_labels(column: pa.ChunkedArray) -> Labels:
    """Return a column as labels, without a Python object per row.

    What has the right type already is not cast: that would load all of Arrow's compute functions.
    """
    if not pa.types.is_dictionary(column.type):
        column = column.cast(pa.string()).dictionary_encode()
    elif not pa.types.is_string(column.type.value_type):
        column = column.cast(pa.dictionary(pa.int32(), pa.string()))
    chunk: Any = column.unify_dictionaries().combine_chunks()
    indices = chunk.indices
    if indices.type != pa.int32():
        indices = indices.cast(pa.int32())
    names, codes = chunk.dictionary.to_pylist(), _codes(indices)
    if None in names:  # an index may point at a null, instead of being one
        nothing = np.array([name is None for name in names] + [True])
        codes = np.where(nothing[codes], np.int32(-1), codes)
    return Labels(tuple(name or "" for name in names), codes)


def _codes(indices: Any) -> NDArray[np.int32]:
    """Return indices with -1 for null, read from their buffers.

    pyarrow's own ways from nulls to numpy import pandas where it is installed, for a second.
    """
    end = indices.offset + len(indices)
    valid, values = indices.buffers()
    if not len(indices):
        return np.zeros(0, dtype=np.int32)
    codes = np.frombuffer(values, dtype=np.int32, count=end)[indices.offset :]
    if not indices.null_count:
        return codes
    bits = np.unpackbits(np.frombuffer(valid, dtype=np.uint8), count=end, bitorder="little")
    return np.where(bits[indices.offset :] == 1, codes, np.int32(-1))


def _first_line(error: Exception) -> str:
    first = (str(error).splitlines() or [type(error).__name__])[0]
    return ascii_safe(first[:MOST_QUOTED].rstrip(".") + ".")
