"""Tables of JSON objects: a list of them, or one a line."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from core.errors import Invalid
from core.strict_json import strict_json
from ratings.vote_files.tables import (
    BOM,
    Cell,
    Columns,
    Raw,
    SkippedRow,
    Table,
    as_json,
    ascii_safe,
    factorise,
)


def open_json(data: Raw) -> Table:
    try:
        value = strict_json(data[:])
    except ValueError as error:
        raise Invalid(f"The file is not JSON: {error}.", code="json") from error
    return _Objects(list(enumerate(_unwrapped(value), start=1)), ())


def open_json_lines(data: Raw) -> Table:
    objects: list[tuple[int, Any]] = []
    skipped: list[SkippedRow] = []
    for number, line in enumerate(data[:].removeprefix(BOM).split(b"\n"), start=1):
        if not line.strip():
            continue
        try:
            objects.append((number, strict_json(line)))
        except ValueError as error:
            skipped.append(SkippedRow(number, f"not JSON: {error}"))
    if not objects:
        return _one_object(data, skipped)
    if len(objects) == 1 and not skipped:
        rows = rows_within(objects[0][1])
        objects = objects if rows is None else list(enumerate(_unwrapped(rows), start=1))
    return _Objects(objects, tuple(skipped))


def _one_object(data: Raw, skipped: Sequence[SkippedRow]) -> Table:
    try:
        value = strict_json(data[:])
    except ValueError:
        raise Invalid(f"Line {skipped[0].row} is {skipped[0].reason}.", code="json") from None
    rows = rows_within(value)
    if rows is None:
        raise Invalid("The file is one JSON object; a list of objects is expected.", code="json")
    return _Objects(list(enumerate(_unwrapped(rows), start=1)), ())


ROWS = ("rows", "data", "votes", "battles", "annotations", "records")


def rows_within(value: Any) -> list[Any] | None:
    """Return the rows that one JSON object holds, in any of the ways tables are put into one.

    A list of objects under a usual name or alone, pandas' columns of lists or of objects by index, its
    rows by index, or its `columns` beside `data`.
    """
    if not isinstance(value, dict):
        return None
    header: Any = value.get("columns")
    body: Any = value.get("data")
    if _is_list_of(str, header) and _is_list_of(list, body):
        return [dict(zip(header, row, strict=False)) for row in body]
    names = [next(iter(value))] if len(value) == 1 else ROWS
    for name in names:
        if _is_list_of(dict, value.get(name)):
            return list(value[name])
    if _of_one_length(value) and all(key.isdigit() for key in value):
        return list(value.values())
    if _of_one_length(value):
        return [
            dict(zip(value, row, strict=True))
            for row in zip(*map(_cells, value.values()), strict=True)
        ]
    return None


def _is_list_of(kind: type, value: Any) -> bool:
    return isinstance(value, list) and bool(value) and all(isinstance(one, kind) for one in value)


def _of_one_length(value: dict[str, Any]) -> bool:
    """Say whether there are several columns with the same rows."""
    columns = list(value.values())
    if len(columns) < 2:  # noqa: PLR2004 - a table of votes has three columns or more
        return False
    if all(isinstance(one, list) for one in columns):
        return len({len(one) for one in columns}) == 1
    return all(isinstance(one, dict) for one in columns) and all(
        one.keys() == columns[0].keys() for one in columns
    )


def _cells(column: list[Any] | dict[str, Any]) -> list[Any]:
    return column if isinstance(column, list) else list(column.values())


def _unwrapped(found: Any) -> list[Any]:
    """Return rows without the envelope in which a dataset server sends each."""
    rows: list[Any] = found if isinstance(found, list) else [found]
    if rows and all(isinstance(one, dict) and isinstance(one.get("row"), dict) for one in rows):
        return [one["row"] for one in rows]
    return rows


class _Objects:
    """Parsed JSON values with their row numbers; only objects are rows."""

    def __init__(self, objects: Sequence[tuple[int, Any]], skipped: tuple[SkippedRow, ...]) -> None:
        self.objects = [(number, value) for number, value in objects if isinstance(value, dict)]
        others = [number for number, value in objects if not isinstance(value, dict)]
        if others and not self.objects:
            raise Invalid(
                "Rows are expected to be JSON objects, as in a list of "
                '{"model_a": …, "model_b": …, "winner": …}; the file has none.',
                code="json",
            )
        self.skipped = (*skipped, *(SkippedRow(number, "not a JSON object") for number in others))
        self.columns = tuple(dict.fromkeys(key for _, value in self.objects for key in value))

    def read(self, cells: Mapping[str, Cell]) -> Columns:
        columns: dict[str, list[str | None]] = {name: [] for name in cells}
        rows, skipped = [], list(self.skipped)
        for number, value in self.objects:
            found = {name: value.get(name) for name in cells}
            wrong = next((name for name in cells if not _may_hold(cells[name], found[name])), None)
            if wrong is not None:
                reason = f"{ascii_safe(wrong)} is {_kind(found[wrong])}, not a text"
                skipped.append(SkippedRow(number, reason))
                continue
            rows.append(number)
            for name in cells:
                columns[name].append(_text(found[name]))
        labels = {name: factorise(column) for name, column in columns.items()}
        return Columns(labels, np.array(rows, dtype=np.int64), tuple(skipped))


def _may_hold(cell: Cell, value: Any) -> bool:
    if isinstance(value, dict | list):
        return cell is Cell.ANY
    if isinstance(value, bool | float):
        return cell is not Cell.NAME
    return True


def _text(value: Any) -> str | None:
    if isinstance(value, dict | list | bool):
        return as_json(value)
    return None if value is None else str(value)


def _kind(value: Any) -> str:
    kinds = {bool: "true or false", float: "a fraction", list: "a list", dict: "an object"}
    return kinds[type(value)]
