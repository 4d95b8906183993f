"""CSV and TSV, cell by cell and without guessing (pure)."""

import csv
import io
from collections.abc import Iterator
from typing import Any

from core.errors import InputError, Invalid
from core.words import gettext as _
from prompts.records import MAX_COLUMNS

Row = tuple[int, dict[str, Any] | InputError]
_SNIFFED = 64 * 1024


def read_table(text: str, tab: bool) -> tuple[list[str], Iterator[Row]]:  # noqa: FBT001 - one of two formats
    """Return the header and the rows; the header is row 1, as a spreadsheet counts.

    A row with more or fewer cells than the header is an error of that row. A broken quote ends the
    file with `Invalid`: what follows it cannot be told apart.
    """
    delimiter = _delimiter(text[:_SNIFFED], tab=tab)
    # newline="" leaves line ends inside quotes alone, and takes CR, LF and CR LF outside.
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    records = _records(reader)
    row, header = next(((row, cells) for row, cells in records if cells), (0, []))
    _check_header(header, row)
    return header, _rows(header, records)


def _delimiter(start: str, *, tab: bool) -> str:
    header = start.lstrip("\r\n").splitlines()[0]
    counts = {one: header.count(one) for one in ("\t,;" if tab else ",;\t")}
    return max(counts, key=lambda one: counts[one])


def _records(reader: Any) -> Iterator[tuple[int, list[str]]]:
    row = 0
    while True:
        row += 1
        try:
            cells = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            raise _broken(str(error), row, reader.line_num) from error
        yield row, cells


def _broken(problem: str, row: int, line: int) -> Invalid:
    if "field larger" in problem:
        problem = _("A cell has more than %(most)s characters.") % {
            "most": f"{csv.field_size_limit():,}"
        }
    elif "unexpected end" in problem:
        problem = _("A quote that opens in this row is never closed.")
    else:
        problem = _("The quoting is broken: %(problem)s.") % {"problem": problem}
    hint = _("Look near line %(line)s. Double a quote inside a quoted cell.") % {
        "line": f"{line:,}"
    }
    return Invalid(
        _("Row %(row)s: %(problem)s") % {"row": f"{row:,}", "problem": problem},
        code="quoting",
        errors=[InputError("quoting", problem, row=row, hint=hint)],
    )


def _check_header(header: list[str], row: int) -> None:
    problem = ""
    if len(header) > MAX_COLUMNS:
        problem = _("there are %(number)s columns, and at most %(most)s are taken") % {
            "number": len(header),
            "most": MAX_COLUMNS,
        }
    elif any(not one.strip() for one in header):
        problem = _("a column has no name")
    elif any(one != one.strip() for one in header):
        problem = _("a name begins or ends with white space")
    elif len({one.casefold() for one in header}) < len(header):
        problem = _("two columns have the same name")
    if problem or not header:
        shown = ", ".join(repr(one[:40]) for one in header[:MAX_COLUMNS])
        message = _("The header cannot be used: %(problem)s (%(shown)s).") % {
            "problem": problem or _("there is none"),
            "shown": shown,
        }
        raise Invalid(
            message, code="header", errors=[InputError("header", message, row=row or None)]
        )


def _rows(header: list[str], records: Iterator[tuple[int, list[str]]]) -> Iterator[Row]:
    width = len(header)
    for row, cells in records:
        if len(cells) == width:
            yield row, dict(zip(header, cells, strict=True))
        elif cells:  # a blank line is no row
            yield (
                row,
                InputError(
                    "ragged",
                    _("It has %(number)s cells, the header %(width)s.")
                    % {"number": len(cells), "width": width},
                    row=row,
                    hint=_("Quote cells that contain the separator."),
                ),
            )
