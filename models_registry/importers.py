"""Completions that were generated elsewhere, row by row out of a file (pure)."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from core.errors import InputError, Invalid, TooLarge
from core.words import gettext as _
from core.words import ngettext, quoted
from prompts.readers.json_files import read_document, read_lines
from prompts.readers.parquet import read_parquet
from prompts.readers.shapes import did_you_mean
from prompts.readers.sniffing import CSV, JSONL, PARQUET, TSV, sniff
from prompts.readers.tables import read_table
from prompts.records import kind_of

MOST_ROWS = 100_000
MOST_SHOWN = 20  # of names, in an error
# Field names, the first that is there counts: AlpacaEval's outputs, MT-bench's answers, and our own.
IDS = ("prompt_id", "question_id", "external_id", "id")
PROMPTS = ("prompt", "instruction", "question")
TEXTS = ("text", "output", "completion", "answer", "response", "result")
MODELS = ("model", "generator", "model_id")
NAMES = ("model_name", "name")  # where `model` is a number


@dataclass(frozen=True, slots=True)
class CompletionRow:
    """One answer: which prompt it is to, by id or exact text, and the reply to each user turn.

    `row` counts as a person would in the file. Texts are as they stand there, to the last byte.
    """

    row: int
    external_id: str
    prompt: str
    model: str
    turns: list[str]


class _BadRow(Exception):
    def __init__(self, code: str, message: str, column: str | None = None) -> None:
        super().__init__(message)
        self.code, self.message, self.column = code, message, column


def read_completions(data: bytes, *, filename: str) -> Iterator[CompletionRow | InputError]:
    """Recognise a file and return its answers, and an error for each row that has none.

    Taken are AlpacaEval's `model_outputs.json` (instruction, output, generator), MT-bench's answers
    (question_id, choices), and rows with a prompt's id or text and `text` or `turns`, in any of the
    formats that prompts come in.

    Raises
    ------
    Unsupported, TooLarge, Invalid
        The file as a whole cannot be read.
    """
    for count, (row, value) in enumerate(_raw_rows(data, filename)):
        if count == MOST_ROWS:
            raise TooLarge(
                _("The file has more than %(most)s rows.") % {"most": f"{MOST_ROWS:,}"},
                code="rows",
            )
        if isinstance(value, InputError):
            yield value
            continue
        try:
            yield _completion(row, value)
        except _BadRow as bad:
            yield InputError(bad.code, bad.message, row=row, column=bad.column)


def _raw_rows(data: bytes, filename: str) -> Iterator[tuple[int, Any]]:
    kind, text = sniff(data, filename)
    if kind == PARQUET:
        return iter(read_parquet(data)[2])
    if kind in (CSV, TSV):
        return iter(read_table(text, tab=kind == TSV)[1])
    return read_lines(text) if kind == JSONL else read_document(text)


def _completion(row: int, value: Any) -> CompletionRow:
    if not isinstance(value, Mapping):
        raise _BadRow("not_an_object", _("The row is not an object with fields."))
    by_number = _is_number(value.get("prompt"))
    external_id = str(value["prompt"]) if by_number else _identity(value)
    prompt = "" if by_number else _text(value, PROMPTS, default="")
    if not external_id and not prompt:
        raise _BadRow(
            "no_prompt",
            _("It names no prompt: %(names)s.") % {"names": " or ".join((*IDS, *PROMPTS))},
        )
    return CompletionRow(row, external_id, prompt, _model(value), _turns(value))


def _model(value: Mapping[str, Any]) -> str:
    """Return whose answer it is; a model known by a number goes by its name where there is one."""
    name = _first(value, MODELS)
    if name is None or not _is_number(value[name]):
        return _text(value, MODELS, default="")
    return _text(value, NAMES, default=str(value[name]))


def _is_number(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def _identity(value: Mapping[str, Any]) -> str:
    name = _first(value, IDS)
    found = value.get(name) if name else ""
    if isinstance(found, bool) or not isinstance(found, (str, int)):
        raise _BadRow(
            "type",
            _("A prompt's id is a text or a whole number, not %(found)s.")
            % {"found": f"{found!r:.40}"},
            name,
        )
    return str(found)


def _turns(value: Mapping[str, Any]) -> list[str]:
    if "choices" in value:
        choices = value["choices"]
        first = choices[0] if isinstance(choices, list) and choices else None
        turns = first.get("turns") if isinstance(first, Mapping) else None
        return _texts(turns, "choices")
    if value.get("turns"):
        return _texts(value["turns"], "turns")
    return [_text(value, TEXTS)]


def _texts(turns: Any, column: str) -> list[str]:
    if not isinstance(turns, list) or not turns:
        raise _BadRow("type", _("It holds no list of replies, one a turn."), column)
    return [_storable(turn, column) for turn in turns]


def _text(value: Mapping[str, Any], names: tuple[str, ...], default: str | None = None) -> str:
    name = _first(value, names)
    if name is not None:
        return _storable(value[name], name)
    if default is None:
        raise _BadRow(
            "no_text",
            _("It holds no answer: %(names)s, turns or choices.") % {"names": ", ".join(names)},
        )
    return default


def _first(value: Mapping[str, Any], names: tuple[str, ...]) -> str | None:
    return next((name for name in names if name in value), None)


def _storable(text: Any, column: str) -> str:
    if not isinstance(text, str):
        raise _BadRow("type", _("It is %(kind)s, not a text.") % {"kind": kind_of(text)}, column)
    if "\x00" in text:
        raise _BadRow("nul", _("The text contains the NUL character."), column)
    return text


def one_model(rows: list[CompletionRow], wanted: str) -> list[CompletionRow]:
    """Return the rows of the model `wanted`, or all of them when the file names at most one.

    Raises `Invalid` when the file holds several models' answers and none, or another, is wanted.
    """
    named = sorted({row.model for row in rows})
    if not wanted and len(named) <= 1:
        return rows
    chosen = [row for row in rows if row.model == wanted]
    if wanted and chosen:
        return chosen
    shown = [quoted(name) for name in named[:MOST_SHOWN]] + ["…"] * (len(named) > MOST_SHOWN)
    held = ngettext(
        "The file holds answers of %(number)s model: %(names)s. Say whose rows to take.",
        "The file holds answers of %(number)s models: %(names)s. Say whose rows to take.",
        len(named),
    ) % {"number": f"{len(named):,}", "names": ", ".join(shown)}
    missed = _("It holds none of %(model)s.") % {"model": quoted(wanted)}
    raise Invalid(
        f"{missed}{did_you_mean(wanted, named)} {held}" if wanted else held,
        code="several_models" if not wanted else "no_such_model",
        models=[name for name in named if name][:100],
    )
