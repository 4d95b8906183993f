"""From a file of votes to arrays: every usable vote in file order, every other row with a reason."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
from numpy.typing import NDArray

from core.errors import Invalid
from ratings.scoring.types import FIRST_WON, SECOND_WON
from ratings.vote_files.choosing import choose_layouts
from ratings.vote_files.headers import Header
from ratings.vote_files.layouts import Layout
from ratings.vote_files.opening import open_table, read_bytes
from ratings.vote_files.outcomes import Outcomes, Sides, read_outcomes
from ratings.vote_files.reasons import Reasons, quoted
from ratings.vote_files.tables import Cell, Columns, Labels, SkippedRow, Table
from ratings.vote_files.words import BOTH_BAD, Words, plain

LONGEST_NAME = 500
OUTCOMES = {"first": 2, "second": 0, "tie": 1, "both-bad": BOTH_BAD}


@dataclass(frozen=True, eq=False)
class VoteTable:
    """The usable votes of a file, in file order, and the rows that were left out.

    `first` and `second` (n,) int32 point into `models`; `outcome` (n,) int8 is 2 first won, 1 tie,
    0 second won, 3 both bad; `row` (n,) is the row of each vote in the file. `rater`, `prompt` and
    `group` are None where no such column was found or asked for; a vote without one has code -1.
    The layout may part the votes into groups by itself, as criteria are never pooled. `answers` are
    the texts of the first and the second model, where their columns were asked for, and
    `shown_first` says whether the first model is known to be the one whose answer was shown first.
    A row of counts is as many votes of that row.
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
    shown_first: bool = False
    answers: tuple[Labels, Labels] | None = None


def read_votes(
    source: Path | BinaryIO,
    *,
    columns: Mapping[str, str] | None = None,
    rater: str | None = None,
    prompt: str | None = None,
    group: str | None = None,
    answers: tuple[str, str] | None = None,
    outcomes: Mapping[str, str] | None = None,
    encoding: str = "utf-8",
) -> VoteTable:
    """Read the votes of a file or a stream.

    Parameters
    ----------
    columns : names of the columns "a", "b", "winner" and perhaps "rater" and "prompt", instead of
        a known layout
    rater, prompt : the columns of raters and prompts, instead of the layout's own
    group : a column by which the caller will tell groups of votes apart, instead of the layout's own
    answers : the columns with the texts of the first and of the second model
    outcomes : for "first", "second", "tie" and "both-bad" the words that the file has for them, parted
        by bars, instead of those that are known
    encoding : of a text that is not UTF-8

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
    table = open_table(read_bytes(source), encoding)
    if not table.columns:
        raise Invalid("The file has no rows.", code="empty")
    header = Header(table.columns)
    layouts = choose_layouts(header, columns, rater, prompt)
    for column in (group, *(answers or ())):
        if column:
            header.require(column)
    words = _words(outcomes) if outcomes else None
    found = [
        _votes(_read(table, layout, group, answers), layout, words, group, answers)
        for layout in layouts[:1]
    ]
    # A file may have columns of several layouts, of which one has the votes.
    for layout in layouts[1:]:
        if found[-1].row.size:
            break
        found.append(_votes(_read(table, layout, group, answers), layout, words, group, answers))
    return found[-1] if found[-1].row.size else found[0]


def _words(outcomes: Mapping[str, str]) -> Words:
    unknown = sorted(set(outcomes) - set(OUTCOMES))
    words = [
        (plain(word), OUTCOMES.get(name, BOTH_BAD))
        for name, listed in outcomes.items()
        for word in listed.split("|")
    ]
    if unknown or not all(word for word, _ in words) or len(dict(words)) < len(words):
        wrong = f"{unknown[0]!r} is unknown" if unknown else "a word is missing or stands twice"
        raise Invalid(
            f"Outcomes are named as first=…,second=…,tie=…,both-bad=…; {wrong}.", code="columns"
        )
    return dict(words)


def _read(
    table: Table, layout: Layout, group: str | None, answers: tuple[str, str] | None
) -> Columns:
    group = group or layout.group
    anything = [name for name in (layout.rater, layout.prompt, group) if name]
    found = table.read(
        dict.fromkeys(anything, Cell.ANY)
        | dict.fromkeys((*layout.outcome, *layout.also), Cell.WORD)
        | dict.fromkeys((layout.first, layout.second, *(answers or ())), Cell.NAME)
    )
    if not found.row.size and not found.skipped:
        raise Invalid("The file has a header but no rows.", code="empty")
    return found


def _votes(
    found: Columns,
    layout: Layout,
    words: Words | None,
    group: str | None,
    answers: tuple[str, str] | None,
) -> VoteTable:
    group = group or layout.group
    reasons = Reasons(len(found.row))
    if layout.also:
        _leave_out_own(found, reasons)
    sides = _sides(found, layout, reasons)
    told = read_outcomes(found, layout, words, sides, reasons)
    grouping = found.labels[group] if group else None
    if grouping is not None:
        empty = (grouping.codes < 0) | _blank(grouping)
        reasons.add(empty, lambda _: f"{group} is empty")
    for column in answers or ():
        reasons.add(found.labels[column].codes < 0, lambda _, c=column: f"{c} is missing")
    good, outcome = _counted(told, reasons)
    return VoteTable(
        layout=layout.name,
        models=sides.models,
        first=sides.first[good],
        second=sides.second[good],
        outcome=outcome.astype(np.int8),
        row=found.row[good],
        rater=_kept(found.labels[layout.rater], good) if layout.rater else None,
        prompt=_kept(found.labels[layout.prompt], good) if layout.prompt else None,
        group=_kept(grouping, good) if grouping is not None else None,
        skipped=tuple(
            sorted([*found.skipped, *reasons.skipped(found.row, grouping)], key=lambda one: one.row)
        ),
        shown_first=layout.shown_first,
        answers=_texts(found, answers, good) if answers else None,
    )


def _counted(told: Outcomes, reasons: Reasons) -> tuple[Any, NDArray[np.int64]]:
    """Return which rows are votes, as often as they are, and the outcome of each vote."""
    if told.wins is not None:
        wins = np.where(reasons.none[:, None], told.wins, 0)
        rows = np.repeat(np.arange(len(wins)), wins.sum(axis=1))
        sides = np.tile(np.array([FIRST_WON, SECOND_WON]), len(wins))
        return rows, np.repeat(sides, wins.ravel())
    # Most files are good throughout, and then nothing is copied.
    good: Any = slice(None) if reasons.none.all() else reasons.none
    return good, told.outcome[good]


def _texts(found: Columns, answers: tuple[str, str], good: Any) -> tuple[Labels, Labels]:
    one, other = (found.labels[column] for column in answers)
    return Labels(one.names, one.codes[good]), Labels(other.names, other.codes[good])


def _leave_out_own(found: Columns, reasons: Reasons) -> None:
    """Leave out, of the project's own judgments, what is no vote that counts."""
    superseded = found.labels["superseded"]
    later = [name.strip().lower() in {"true", "1"} for name in superseded.names]
    again = np.array([*later, False])[superseded.codes]
    reasons.add(again, lambda _: "superseded by a later revision")
    winner = found.labels["winner"]
    silent = (winner.codes < 0) | _blank(winner)
    reasons.add(silent, lambda _: "cannot judge")


def _kept(labels: Labels, good: Any) -> Labels:
    """Return labels without their padding, and without a value where they are blank."""
    bare = [name.strip() for name in labels.names]
    if all(bare) and bare == list(labels.names):
        return Labels(labels.names, labels.codes[good])
    names = tuple(dict.fromkeys(filter(None, bare)))
    position = {name: code for code, name in enumerate(names)}
    codes = np.array([*(position.get(name, -1) for name in bare), -1], dtype=np.int32)
    return Labels(names, codes[labels.codes[good]])


def _blank(labels: Labels) -> NDArray[np.bool_]:
    """Say which cells hold nothing but white space, (n,)."""
    blank = np.array([not name.strip() for name in labels.names] + [False])
    return np.asarray(blank[labels.codes])


def _sides(found: Columns, layout: Layout, reasons: Reasons) -> Sides:
    columns = found.labels[layout.first], found.labels[layout.second]
    for name, labels in zip((layout.first, layout.second), columns, strict=True):
        wrong = [_wrong_name(one) for one in labels.names] + ["is empty"]
        bad = np.array([bool(one) for one in wrong])[labels.codes]
        reasons.add(bad, lambda at, n=name, w=wrong, c=labels.codes: f"{n} {w[c[at]]}")
    bare = [[name.strip() for name in one.names] for one in columns]
    models = tuple(sorted({*bare[0], *bare[1]}))
    position = {model: code for code, model in enumerate(models)}
    first, second = (
        np.array([*map(position.__getitem__, names), -1], dtype=np.int32)[one.codes]
        for names, one in zip(bare, columns, strict=True)
    )
    reasons.add(first == second, lambda at: f"{quoted(models[first[at]])} is compared with itself")
    return Sides(models, first, second)


def _wrong_name(name: str) -> str:
    if not name.strip():
        return "is empty"
    if "\x00" in name:
        return "contains the NUL character"
    if len(name) > LONGEST_NAME:
        return f"is longer than {LONGEST_NAME} characters"
    return ""
