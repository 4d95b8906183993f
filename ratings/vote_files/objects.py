"""Tables of JSON objects: a list of them, or one a line."""

from collections.abc import Collection, Sequence
from typing import Any

import numpy as np

from core.errors import Invalid
from core.strict_json import strict_json
from ratings.vote_files.tables import BOM, Columns, Raw, SkippedRow, Table, factorise


def open_json(data: Raw) -> Table:
    try:
        value = strict_json(data[:])
    except ValueError as error:
        raise Invalid(f"The file is not JSON: {error}.", code="json") from error
    return _Objects(list(enumerate(value, start=1)), ())


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
        _refuse_single_object(data, skipped)
    return _Objects(objects, tuple(skipped))


def _refuse_single_object(data: Raw, skipped: Sequence[SkippedRow]) -> None:
    try:
        strict_json(data[:])
    except ValueError:
        raise Invalid(f"Line {skipped[0].row} is {skipped[0].reason}.", code="json") from None
    raise Invalid("The file is one JSON object; a list of objects is expected.", code="json")


class _Objects:
    """Parsed JSON values with their row numbers; only objects are rows."""

    def __init__(self, objects: Sequence[tuple[int, Any]], skipped: tuple[SkippedRow, ...]) -> None:
        self.objects = [(number, value) for number, value in objects if isinstance(value, dict)]
        others = [number for number, value in objects if not isinstance(value, dict)]
        self.skipped = (*skipped, *(SkippedRow(number, "not a JSON object") for number in others))
        self.columns = tuple(dict.fromkeys(key for _, value in self.objects for key in value))

    def read(self, names: Collection[str], texts: Collection[str]) -> Columns:
        cells: dict[str, list[str | None]] = {name: [] for name in names}
        rows, skipped = [], list(self.skipped)
        for number, value in self.objects:
            found = {name: value.get(name) for name in names}
            wrong = next((name for name in names if not _is_cell(found[name], name in texts)), None)
            if wrong is not None:
                skipped.append(SkippedRow(number, f"{wrong} is {_kind(found[wrong])}, not a text"))
                continue
            rows.append(number)
            for name in names:
                cells[name].append(_cell(found[name]))
        labels = {name: factorise(column) for name, column in cells.items()}
        return Columns(labels, np.array(rows, dtype=np.int64), tuple(skipped))


def _is_cell(value: Any, text: bool) -> bool:  # noqa: FBT001 - a predicate over one cell
    if value is None or isinstance(value, str):
        return True
    if isinstance(value, bool | float):
        return not text
    return isinstance(value, int)


def _cell(value: Any) -> str | None:
    if isinstance(value, bool):
        return str(value).lower()
    return None if value is None else str(value)


def _kind(value: Any) -> str:
    kinds = {bool: "true or false", float: "a fraction", list: "a list", dict: "an object"}
    return kinds[type(value)]
