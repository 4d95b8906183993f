"""What a table is to the reader of votes: columns of labels, and the row of each.

Rows count from 1 as a person would: the records of a CSV as a spreadsheet shows them (the header is
row 1, and blank lines are counted), the lines of a JSONL file, the elements of a JSON list or of a
Parquet or Arrow table.
"""

import json
import mmap
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from core.errors import Invalid

Raw = bytes | mmap.mmap
BOM = b"\xef\xbb\xbf"


@dataclass(frozen=True)
class SkippedRow:
    """A row that was left out, why, and the group it belongs to where that could be read."""

    row: int
    reason: str
    group: str | None = None

    def as_dict(self) -> dict[str, int | str]:
        return {"row": self.row, "reason": self.reason}


@dataclass(frozen=True, eq=False)
class Labels:
    """A column of names: `codes` (n,) int32 point into `names`, -1 where there is no value."""

    names: tuple[str, ...]
    codes: NDArray[np.int32]


@dataclass(frozen=True, eq=False)
class Columns:
    """The columns asked for, the row (n,) of each of their cells, and the rows with no cells."""

    labels: Mapping[str, Labels]
    row: NDArray[np.int64]
    skipped: tuple[SkippedRow, ...]


class Cell(Enum):
    """What a column's cells may hold."""

    NAME = "texts and whole numbers"
    WORD = "names, fractions and truth values"
    ANY = "words, and whatever else tells rows apart, such as lists"


class Table(Protocol):
    """A table whose header is known and whose columns are read when asked for."""

    @property
    def columns(self) -> tuple[str, ...]:
        """The names in the header."""
        ...

    def read(self, cells: Mapping[str, Cell]) -> Columns:
        """Return the columns that are named, each holding what it may hold."""
        ...


def factorise(cells: Sequence[str | None]) -> Labels:
    """Return cells as labels, names in the order they are met and None as -1."""
    position: dict[str, int] = {}
    codes = [-1 if cell is None else position.setdefault(cell, len(position)) for cell in cells]
    return Labels(tuple(position), np.array(codes, dtype=np.int32))


def as_json(value: object) -> str:
    """Return a list or an object as the text by which it is told from others."""
    try:
        return json.dumps(value, ensure_ascii=False, default=str)
    except RecursionError as error:
        raise Invalid("A cell is nested too deeply.", code="json") from error


def ascii_safe(text: str) -> str:
    """Return text that prints on one line: control characters become escapes."""
    return "".join(char if char.isprintable() else repr(char)[1:-1] for char in text)
