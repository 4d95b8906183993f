"""From the bytes of an uploaded file to prompts, or errors that say where and why (pure)."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import chain, islice
from typing import Any

from core.errors import InputError, Invalid, TooLarge
from core.words import gettext as _
from prompts.readers.json_files import read_document, read_lines
from prompts.readers.parquet import read_parquet
from prompts.readers.shapes import OWN, REFERENCES, Shape, did_you_mean, recognise
from prompts.readers.sniffing import CSV, JSON, JSONL, PARQUET, TSV, shown_name, sniff
from prompts.readers.tables import read_table
from prompts.records import (
    MAX_COLUMNS,
    MAX_ROWS,
    BadRow,
    PromptRow,
    ReferenceRow,
    RowReader,
    prompt_text,
)

__all__ = ["PromptFile", "read_prompts", "read_references"]

_STRINGS = "strings"
_LOOKED_AT = 100  # objects whose keys are taken for a JSON file's columns


@dataclass(frozen=True, slots=True)
class PromptFile:
    """A recognised file: `rows` yields prompts and errors of rows, in order.

    Iterating raises `Invalid` where the rest of the file cannot be read, and `TooLarge` past
    `MAX_ROWS` rows. `warnings` concern the file as a whole. `columns` are the file's own names,
    `roles` says which of them holds what.
    """

    format: str
    shape: str
    rows: Iterator[PromptRow | InputError]
    warnings: list[InputError] = field(default_factory=list)
    columns: tuple[str, ...] = ()
    roles: Mapping[str, str] = field(default_factory=dict)


@dataclass(slots=True)
class _Raw:
    """A file's rows before they mean anything; `columns` is empty for a list of texts."""

    format: str
    columns: list[str]
    rows: Iterator[tuple[int, Any]]
    other_types: Mapping[str, str] = field(default_factory=dict)


def read_prompts(
    data: bytes, *, filename: str, columns: Mapping[str, str] | None = None
) -> PromptFile:
    """Recognise a file and return its prompts.

    `columns` names the column of a role (`prompt`, `id`, `category`, …) where the file's own names
    are not known.

    Raises
    ------
    Unsupported
        A kind of file that is not taken.
    TooLarge
        Past a limit.
    Invalid
        The file as a whole cannot be read: encoding, JSON, header, no column with prompts.
    """
    raw = _open(data, filename)
    if not raw.columns:
        return PromptFile(raw.format, _STRINGS, map(_string_row, _limited(raw.rows)))
    _refuse_other_types(raw, columns or {})
    shape = recognise(raw.columns, columns or {})
    if shape.name == REFERENCES:
        raise Invalid(
            _("The file holds reference answers, not prompts."),
            code="references",
            hint=_("Attach it to the prompts it belongs to (--reference)."),
        )
    reader = RowReader(shape.columns, shape.constants, raw.format in (CSV, TSV))
    rows = (_prompt_row(reader, row, value) for row, value in _limited(raw.rows))
    warnings = [*_named_otherwise(raw.format, filename), *_ignored(raw.columns, shape)]
    columns_found = tuple(raw.columns)
    return PromptFile(raw.format, shape.name, rows, warnings, columns_found, shape.columns)


def read_references(data: bytes, *, filename: str) -> Iterator[ReferenceRow | InputError]:
    """Return the reference answers of an MT-bench answer file, or of `id`, `reference_answer` rows.

    Raises as `read_prompts` does.
    """
    raw = _open(data, filename)
    columns = set(raw.columns)
    if {"question_id", "choices"} <= columns:
        return (_mt_bench_reference(row, value) for row, value in _limited(raw.rows))
    own = {role: next((one for one in OWN[role] if one in columns), None) for role in OWN}
    identity, answer = own["id"], own["reference_answer"]
    if identity is None or answer is None:
        raise Invalid(
            _("The file holds no reference answers."),
            code="missing_column",
            hint=_("Columns question_id and choices (MT-bench), or id and reference_answer."),
        )
    reader = RowReader({"id": identity, "reference_answer": answer}, {}, raw.format in (CSV, TSV))
    return (_own_reference(reader, row, value) for row, value in _limited(raw.rows))


def _open(data: bytes, filename: str) -> _Raw:
    kind, text = sniff(data, filename)
    if kind == PARQUET:
        names, others, rows = read_parquet(data)
        return _Raw(kind, [*names, *others], _some(rows), others)
    if kind in (CSV, TSV):
        header, cells = read_table(text, tab=kind == TSV)
        return _Raw(kind, header, _some(cells))
    values = read_lines(text) if kind == JSONL else read_document(text)
    # The columns are the keys of the first objects; nothing is read that far ahead of its errors.
    first = list(islice(values, _LOOKED_AT))
    if not first:
        raise Invalid(_("The file has no rows."), code="no_rows")
    keys = dict.fromkeys(key for _, one in first if isinstance(one, dict) for key in one)
    texts = sum(isinstance(one, str) for _, one in first)
    if not keys and not texts:
        _refuse_no_objects(first)
    if len(keys) > MAX_COLUMNS:
        message = _("The rows have %(number)s fields; at most %(most)s are taken.") % {
            "number": len(keys),
            "most": MAX_COLUMNS,
        }
        raise TooLarge(message, code="columns")
    # A list of texts may hold blunders of other types; they are errors of their rows.
    mixed = keys if kind == JSONL or texts * 2 <= len(first) else {}
    return _Raw(kind, list(mixed), chain(first, values))


def _refuse_no_objects(first: list[tuple[int, Any]]) -> None:
    errors = [one for _, one in first if isinstance(one, InputError)]
    if len(errors) == len(first):
        message = _("The file is not valid JSON; no row of it can be read.")
    else:
        message = _("The file holds no prompts: a list of objects or of texts is expected.")
    raise Invalid(message, code=errors[0].code if errors else "no_list", errors=errors)


def _some(rows: Iterator[tuple[int, Any]]) -> Iterator[tuple[int, Any]]:
    first = next(rows, None)
    if first is None:
        raise Invalid(_("The file has no rows."), code="no_rows")
    return chain([first], rows)


def _limited(rows: Iterable[tuple[int, Any]]) -> Iterator[tuple[int, Any]]:
    for count, one in enumerate(rows):
        if count == MAX_ROWS:
            raise TooLarge(
                _("The file has more than %(most)s rows.") % {"most": f"{MAX_ROWS:,}"},
                code="rows",
            )
        yield one


def _prompt_row(reader: RowReader, row: int, value: Any) -> PromptRow | InputError:
    if isinstance(value, InputError):
        return value
    if not isinstance(value, dict):
        return InputError("not_an_object", _("The row is not an object with fields."), row=row)
    try:
        return reader.read(row, value)
    except BadRow as bad:
        return bad.error


def _string_row(numbered: tuple[int, Any]) -> PromptRow | InputError:
    row, value = numbered
    if isinstance(value, InputError):
        return value
    try:
        content = prompt_text(row, "prompt", value)
    except BadRow as bad:
        return bad.error
    return PromptRow(row, "", "fixed_history", [{"role": "user", "content": content}])


def _own_reference(reader: RowReader, row: int, value: Any) -> ReferenceRow | InputError:
    if isinstance(value, InputError):
        return value
    if not isinstance(value, dict):
        return InputError("not_an_object", _("The row is not an object with fields."), row=row)
    try:
        return reader.read_reference(row, value)
    except BadRow as bad:
        return bad.error


def _mt_bench_reference(row: int, value: Any) -> ReferenceRow | InputError:
    """Read {"question_id", "choices": [{"turns": […]}]}: the first choice holds the answers."""
    if isinstance(value, InputError):
        return value
    choices = value.get("choices") if isinstance(value, dict) else None
    first = choices[0] if isinstance(choices, list) and choices else None
    if not isinstance(first, dict):
        message = _("It is not a list of choices with turns.")
        return InputError("reference_answer", message, row=row, column="choices")
    flat = {"question_id": value.get("question_id"), "turns": first.get("turns")}
    columns = {"id": "question_id", "reference_answer": "turns"}
    return _own_reference(RowReader(columns, {}, cells=False), row, flat)


def _refuse_other_types(raw: _Raw, named: Mapping[str, str]) -> None:
    wanted = set(named.values()) | {one for names in OWN.values() for one in names}
    wanted |= {"instruction", "input", "text", "Question", "Best Answer", "question"}
    errors = [
        InputError("type", _("It holds %(kind)s, not text.") % {"kind": kind}, column=column)
        for column, kind in raw.other_types.items()
        if column in wanted
    ]
    if errors:
        message = _("The column %(column)r cannot be used. %(message)s") % {
            "column": errors[0].column,
            "message": errors[0].message,
        }
        raise Invalid(message, code="type", errors=errors)


def _named_otherwise(kind: str, filename: str) -> list[InputError]:
    name = shown_name(filename)
    known = {CSV: (".csv", ".tsv", ".tab"), TSV: (".tsv", ".tab"), JSON: (".json", ".jsonl")}
    known |= {JSONL: (".jsonl", ".ndjson", ".json"), PARQUET: (".parquet", ".pq")}
    if "." not in name or name.lower().endswith(known[kind]):
        return []
    return [
        InputError(
            "named_otherwise",
            _("%(name)r looks like %(kind)s, and was read so.")
            % {"name": name, "kind": kind.upper()},
        )
    ]


def _ignored(columns: list[str], shape: Shape) -> list[InputError]:
    used = {*shape.columns.values()}
    roles = [role for role in OWN if role not in shape.columns]
    return [
        InputError(
            "ignored_column",
            _("It was not used.") + did_you_mean(one, roles),
            column=one[:80],
        )
        for one in columns
        if one not in used
    ]
