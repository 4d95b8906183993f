"""From a file of votes to arrays: every usable vote in file order, every other row with a reason."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO, NamedTuple

import numpy as np
from numpy.typing import NDArray

from core.errors import Invalid
from ratings.scoring.types import FIRST_WON, SECOND_WON, TIE
from ratings.vote_files.layouts import (
    FLAGS,
    PREFERENCE,
    Layout,
    choose_layout,
    require_column,
)
from ratings.vote_files.opening import open_table, read_bytes
from ratings.vote_files.tables import Columns, Labels, SkippedRow, ascii_safe

LONGEST_NAME = 500
LONGEST_SHOWN = 60
UNKNOWN = -1
EMPTY = -2
AMBIGUOUS = -3


@dataclass(frozen=True, eq=False)
class VoteTable:
    """The usable votes of a file, in file order, and the rows that were left out.

    `first` and `second` (n,) int32 point into `models`; `outcome` (n,) int8 is 2 first won, 1 tie,
    0 second won, 3 both bad; `row` (n,) is the row of each vote in the file. `rater`, `prompt` and
    `group` are None where no such column was found or asked for; a vote without one has code -1.
    The layout may part the votes into groups by itself, as criteria are never pooled. `answers` are
    the texts of the first and the second model, where their columns were asked for.
    """

    layout: str
    models: tuple[str, ...]
    first: NDArray[np.int32]
    second: NDArray[np.int32]
    outcome: NDArray[np.int8]
    row: NDArray[np.int64]
    rater: Labels | None
    prompt: Labels | None
    group: Labels | None
    skipped: tuple[SkippedRow, ...]
    answers: tuple[Labels, Labels] | None = None


def read_votes(
    source: Path | BinaryIO,
    *,
    columns: Mapping[str, str] | None = None,
    rater: str | None = None,
    prompt: str | None = None,
    group: str | None = None,
    answers: tuple[str, str] | None = None,
) -> VoteTable:
    """Read the votes of a file or a stream.

    Parameters
    ----------
    columns : names of the columns "a", "b", "winner" and perhaps "rater" and "prompt", instead of
        a known layout
    rater, prompt : the columns of raters and prompts, instead of the layout's own
    group : a column by which the caller will tell groups of votes apart, instead of the layout's own
    answers : the columns with the texts of the first and of the second model

    Raises
    ------
    Unsupported
        For content that is no table of any kind that is read.
    TooLarge
        For more than 4 GiB.
    Invalid
        For a file that is empty, breaks off, is not UTF-8, or in which no layout is recognised;
        with the code "columns" when a column that was named is not there.
    OSError
        For a file that cannot be opened.
    """
    table = open_table(read_bytes(source))
    if not table.columns:
        raise Invalid("The file has no rows.", code="empty")
    layout = choose_layout(table.columns, columns, rater, prompt)
    group = group or layout.group
    if group:
        require_column(table.columns, group)
    for column in answers or ():
        require_column(table.columns, column)
    extra = [name for name in (layout.rater, layout.prompt, group, *(answers or ())) if name]
    texts = {layout.first, layout.second, *extra}
    found = table.read(tuple(dict.fromkeys((*layout.columns, *layout.also, *extra))), texts)
    if not found.row.size and not found.skipped:
        raise Invalid("The file has a header but no rows.", code="empty")
    return _votes(found, layout, group, answers)


def _votes(
    found: Columns, layout: Layout, group: str | None, answers: tuple[str, str] | None
) -> VoteTable:
    reasons = _Reasons(len(found.row))
    if layout.also:
        _leave_out_own(found, reasons)
    sides = _sides(found, layout, reasons)
    outcome = _outcomes(found, layout, sides, reasons)
    grouping = found.labels[group] if group else None
    if grouping is not None:
        empty = (grouping.codes < 0) | _blank(grouping)
        reasons.add(empty, lambda _: f"{group} is empty")
    for column in answers or ():
        reasons.add(found.labels[column].codes < 0, lambda _, c=column: f"{c} is missing")
    # Most files are good throughout, and then nothing is copied.
    good: Any = slice(None) if reasons.none.all() else reasons.none
    return VoteTable(
        layout=layout.name,
        models=sides.models,
        first=sides.first[good],
        second=sides.second[good],
        outcome=outcome[good].astype(np.int8),
        row=found.row[good],
        rater=_kept(found.labels[layout.rater], good) if layout.rater else None,
        prompt=_kept(found.labels[layout.prompt], good) if layout.prompt else None,
        group=_kept(grouping, good) if grouping is not None else None,
        skipped=tuple(
            sorted([*found.skipped, *reasons.skipped(found.row, grouping)], key=lambda one: one.row)
        ),
        answers=_texts(found, answers, good) if answers else None,
    )


def _texts(found: Columns, answers: tuple[str, str], good: Any) -> tuple[Labels, Labels]:
    one, other = (found.labels[column] for column in answers)
    return Labels(one.names, one.codes[good]), Labels(other.names, other.codes[good])


def _leave_out_own(found: Columns, reasons: "_Reasons") -> None:
    """Leave out, of the project's own judgments, what is no vote that counts."""
    superseded = found.labels["superseded"]
    later = [name.strip().lower() in {"true", "1"} for name in superseded.names]
    again = np.array([*later, False])[superseded.codes]
    reasons.add(again, lambda _: "superseded by a later revision")
    winner = found.labels["winner"]
    silent = (winner.codes < 0) | _blank(winner)
    reasons.add(silent, lambda _: "cannot judge")


class _Reasons:
    """Why each row is left out: the first reason found stands."""

    def __init__(self, n: int) -> None:
        self.none = np.ones(n, dtype=bool)
        self.texts: dict[int, str] = {}

    def add(self, bad: NDArray[np.bool_], reason: Any) -> None:
        for at in np.flatnonzero(bad & self.none).tolist():
            self.texts[at] = reason(at)
        self.none &= ~bad

    def skipped(self, rows: NDArray[np.int64], grouping: Labels | None) -> list[SkippedRow]:
        groups = (*grouping.names, None) if grouping else (None,)
        codes = grouping.codes if grouping else np.full(len(rows), -1)
        return [
            SkippedRow(int(rows[at]), text, groups[codes[at]]) for at, text in self.texts.items()
        ]


def _kept(labels: Labels, good: Any) -> Labels:
    codes = labels.codes
    if not all(map(str.strip, labels.names)):
        codes = np.where(_blank(labels), np.int32(-1), codes)
    return Labels(labels.names, codes[good])


def _blank(labels: Labels) -> NDArray[np.bool_]:
    """Say which cells hold nothing but white space, (n,)."""
    blank = np.array([not name.strip() for name in labels.names] + [False])
    return np.asarray(blank[labels.codes])


class _Sides(NamedTuple):
    """The names of all models, sorted, and each row's two codes into them."""

    models: tuple[str, ...]
    first: NDArray[np.int32]
    second: NDArray[np.int32]


def _sides(found: Columns, layout: Layout, reasons: _Reasons) -> _Sides:
    columns = found.labels[layout.first], found.labels[layout.second]
    for name, labels in zip((layout.first, layout.second), columns, strict=True):
        wrong = [_wrong_name(one) for one in labels.names] + ["is empty"]
        bad = np.array([bool(one) for one in wrong])[labels.codes]
        reasons.add(bad, lambda at, n=name, w=wrong, c=labels.codes: f"{n} {w[c[at]]}")
    models = tuple(sorted({*columns[0].names, *columns[1].names}))
    position = {model: code for code, model in enumerate(models)}
    first, second = (
        np.array([*map(position.__getitem__, one.names), -1], dtype=np.int32)[one.codes]
        for one in columns
    )
    reasons.add(first == second, lambda at: f"{_quoted(models[first[at]])} is compared with itself")
    return _Sides(models, first, second)


def _wrong_name(name: str) -> str:
    if not name.strip():
        return "is empty"
    if "\x00" in name:
        return "contains the NUL character"
    if len(name) > LONGEST_NAME:
        return f"is longer than {LONGEST_NAME} characters"
    return ""


def _outcomes(
    found: Columns, layout: Layout, sides: _Sides, reasons: _Reasons
) -> NDArray[np.int64]:
    if len(layout.winner) > 1:
        return _from_flags(found, layout, reasons)
    (column,) = layout.winner
    labels = found.labels[column]
    words = [
        layout.words.get(word, EMPTY if not word.strip() else UNKNOWN) for word in labels.names
    ]
    outcome = np.array([*words, EMPTY])[labels.codes]
    if layout.words is not PREFERENCE:
        outcome = _named_winner(outcome, labels, sides)

    def word(at: int) -> str:
        return _quoted(labels.names[labels.codes[at]])

    reasons.add(outcome == EMPTY, lambda _: f"{column} is empty")
    reasons.add(outcome == UNKNOWN, lambda at: f"unknown {column} {word(at)}")
    reasons.add(
        outcome == AMBIGUOUS, lambda at: f"{column} {word(at)} is a side and a model's name"
    )
    return outcome


def _named_winner(outcome: NDArray[np.int64], labels: Labels, sides: _Sides) -> NDArray[np.int64]:
    """Take a winner that is the very name of one of the row's two models for that side."""
    position = {model: code for code, model in enumerate(sides.models)}
    codes = np.array([*(position.get(name, -9) for name in labels.names), -9])
    if (codes < 0).all():
        return outcome  # no winner bears the name of a model
    named = codes[labels.codes]
    meant = np.where(
        named == sides.first, FIRST_WON, np.where(named == sides.second, SECOND_WON, UNKNOWN)
    )
    told = outcome >= 0
    clash = told & (meant != UNKNOWN) & (meant != outcome)
    return np.where(clash, AMBIGUOUS, np.where(told | (outcome == EMPTY), outcome, meant))


def _from_flags(found: Columns, layout: Layout, reasons: _Reasons) -> NDArray[np.int64]:
    """Read the one-hot form: exactly one of the three flags is 1."""
    flags = []
    for column in layout.winner:
        labels = found.labels[column]
        values = np.array([int(FLAGS.get(name, -1)) for name in labels.names] + [-1])[labels.codes]
        reasons.add(values < 0, lambda _, c=column: f"{c} is neither 0 nor 1")
        flags.append(values)
    total = np.sum(flags, axis=0)
    reasons.add(total != 1, lambda at: f"{total[at]} of {', '.join(layout.winner)} are 1")
    return np.select([flags[0] == 1, flags[1] == 1], [FIRST_WON, SECOND_WON], default=TIE)


def _quoted(text: str) -> str:
    shown = text if len(text) <= LONGEST_SHOWN else text[:LONGEST_SHOWN] + "..."
    return repr(ascii_safe(shown))
