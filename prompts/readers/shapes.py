"""The layouts of prompt files that are recognised without being told (pure)."""

import difflib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from core.errors import InputError, Invalid
from core.words import gettext as _
from core.words import quoted
from prompts.records import MAX_LABEL, ROLES, SOURCES

REFERENCES = "mt_bench_reference"


@dataclass(frozen=True, slots=True)
class Shape:
    """A layout: `marks` are the columns it is known by, `columns` say which holds which role."""

    name: str
    marks: frozenset[str]
    columns: Mapping[str, str]
    constants: Mapping[str, Any] = field(default_factory=dict)


def _shape(
    name: str, marks: str, /, constants: Mapping[str, Any] | None = None, **columns: str
) -> Shape:
    return Shape(name, frozenset(marks.split("|")), columns, constants or {})


# The first whose marks are all there is taken.
SHAPES: tuple[Shape, ...] = (
    _shape(REFERENCES, "question_id|choices", id="question_id"),
    _shape(
        "truthfulqa",
        "Question|Best Answer",
        prompt="Question",
        category="Category",
        reference_answer="Best Answer",
    ),
    _shape(
        "xstest",
        "prompt|type|label|focus",
        prompt="prompt",
        id="id",
        category="type",
        risk_tags="label",
    ),
    _shape(
        "do_not_answer",
        "system|prompt|answer",
        prompt="prompt",
        system="system",
        reference_answer="answer",
    ),
    _shape(
        "legal",
        "index|contract|question|answer",
        {"domain": "legal"},
        prompt="question",
        context="contract",
        id="index",
        reference_answer="answer",
    ),
    _shape(
        "legal",
        "index|text|question|answer",
        {"domain": "legal"},
        prompt="question",
        context="text",
        id="index",
        reference_answer="answer",
    ),
    _shape("llmfao", "id|text|type|slug", prompt="text", id="id", category="type"),
    _shape("vicuna", "question_id|text", prompt="text", id="question_id", category="category"),
    _shape(
        "dolly",
        "instruction|context|response",
        {"context_last": True},
        prompt="instruction",
        context="context",
        category="category",
    ),
    _shape(
        "alpaca_eval",
        "instruction",
        {"context_last": True},
        prompt="instruction",
        context="input",
        category="dataset",
    ),
)
# The platform's own columns; the later names are the field's for the same thing.
OWN: Mapping[str, tuple[str, ...]] = {
    **{role: (role,) for role in ROLES},
    "messages": ("messages", "conversations", "conversation"),
    "id": ("id", "external_id", "prompt_id", "question_id"),
    "language": ("language", "lang"),
    "reference_answer": ("reference_answer", "reference"),
}


def recognise(columns: Sequence[str], named: Mapping[str, str]) -> Shape:
    """Return the shape of a file with these columns; `named` gives the column of some roles.

    Raises `Invalid` where no column holds the prompts, with what was probably meant.
    """
    if named:
        return _named(columns, named)
    present = set(columns)
    own_prompts = _own(present).keys() & {*SOURCES}
    for shape in SHAPES:
        # A file of somebody's own has its prompts where it says so, whatever else it holds.
        elsewhere = own_prompts and shape.columns.get("prompt", "prompt") != "prompt"
        if shape.marks <= present and not elsewhere:
            told = {role: column for role, column in shape.columns.items() if column in present}
            # A file of a known shape may carry a language or tags of ours beside.
            own = _own(present - {*told.values()} - {*SOURCES})
            return Shape(shape.name, shape.marks, {**own, **told}, shape.constants)
    own = _own(present)
    if not any(source in own for source in SOURCES):
        raise _no_prompt(columns)
    name = "mt_bench" if {"question_id", "turns"} <= present else "own"
    return Shape(name, frozenset(), own)


def _own(present: Iterable[str]) -> dict[str, str]:
    found = set(present)
    return {
        role: next(name for name in names if name in found)
        for role, names in OWN.items()
        if found.intersection(names)
    }


def _named(columns: Sequence[str], named: Mapping[str, str]) -> Shape:
    for role, column in named.items():
        if role not in ROLES:
            hint = _("Choose from %(roles)s.") % {"roles": ", ".join(ROLES)}
            raise Invalid(
                _("There is no role %(role)r.") % {"role": role} + did_you_mean(role, ROLES),
                code="role",
                hint=hint,
            )
        if column not in columns:
            said = _("The file has no column %(column)r.") % {"column": column}
            message = said + did_you_mean(column, columns)
            error = InputError("unknown_column", message, column=column, hint=_has(columns))
            raise Invalid(
                message, code="unknown_column", errors=[error], columns=shown_columns(columns)
            )
    # What is named wins: its column and role are taken from nobody else.
    own = {role: one for role, one in _own(columns).items() if one not in named.values()}
    if any(source in named for source in SOURCES):
        own = {role: one for role, one in own.items() if role not in SOURCES}
    merged = {**own, **named}
    if not any(source in merged for source in SOURCES):
        raise _no_prompt(columns)
    return Shape(_("named columns"), frozenset(), merged)


def _no_prompt(columns: Sequence[str]) -> Invalid:
    usual = ("prompt", "messages", "turns", "instruction", "question", "text", "query", "input")
    close = [one for one in columns if one.strip().casefold() in usual]
    close += [one for one in columns if difflib.get_close_matches(one.casefold(), usual, 1, 0.8)]
    message = _("No column holds the prompts ('prompt', 'messages' or 'turns').")
    if close:
        meant = _("Did you mean %(quoted)s? Name it: prompt=%(name)s.")
        message += " " + meant % {"quoted": quoted(close[0]), "name": close[0]}
    hint = _has(columns) if close else f"{_('Name it: prompt=COLUMN.')} {_has(columns)}"
    error = InputError("missing_column", message, column="prompt", hint=hint)
    return Invalid(message, code="missing_column", errors=[error], columns=shown_columns(columns))


def shown_columns(columns: Sequence[str]) -> list[str]:
    """Return the names a person can choose from: a name of a page's length is no name."""
    return [one for one in columns if len(one) <= MAX_LABEL]


def did_you_mean(name: str, known: Iterable[str]) -> str:
    """Return " Did you mean “x”?" where one known name is close, else nothing."""
    by_folded = {one.strip().casefold(): one for one in known}
    close = difflib.get_close_matches(name.strip().casefold(), by_folded, 1, 0.75)
    if not close:
        return ""
    return " " + _("Did you mean %(name)s?") % {"name": quoted(by_folded[close[0]])}


def _has(columns: Sequence[str]) -> str:
    return _("The columns are %(columns)s.") % {
        "columns": ", ".join(repr(one[:40]) for one in columns[:50])
    }
