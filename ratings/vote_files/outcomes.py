"""From the cells of a layout to outcomes; a row whose outcome is not plainly told gets a reason."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from types import MappingProxyType
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from core.errors import Invalid, TooLarge
from ratings.scoring.types import FIRST_WON, SECOND_WON, TIE
from ratings.vote_files.layouts import (
    FIRST,
    FLAGGED,
    GAMES,
    GRADE,
    NAMED,
    NO_NUMBERS,
    PREFERENCE,
    RANKS,
    SHARES,
    WINS,
    WORD,
    Layout,
)
from ratings.vote_files.reasons import Reasons, quoted
from ratings.vote_files.tables import Columns, Labels
from ratings.vote_files.words import FLAGS, NUMBERED, Words, number, plain

UNKNOWN, EMPTY, AMBIGUOUS = -1, -2, -3
NOBODY = -9
MOST_VOTES = 100_000_000  # that rows of counts may stand for
FOREIGN = 0.1  # of a column's numbers; with more of them the numbers mean something else


class Sides(NamedTuple):
    """The names of all models, sorted, and each row's two codes into them."""

    models: tuple[str, ...]
    first: NDArray[np.int32]
    second: NDArray[np.int32]


class Outcomes(NamedTuple):
    """Each row's outcome (n,), or how many votes each side won in it, (n, 2)."""

    outcome: NDArray[np.int64]
    wins: NDArray[np.int64] | None = None


def read_outcomes(
    found: Columns, layout: Layout, words: Words | None, sides: Sides, reasons: Reasons
) -> Outcomes:
    """Return the outcomes of all rows; those of rows with a reason mean nothing.

    `words` are the caller's for an outcome in one column, instead of the layout's.
    """
    if words is not None:
        if layout.kind != WORD:
            raise Invalid(
                f"The layout {layout.name} has no column of words: name it with --columns.",
                code="columns",
            )
        layout = replace(layout, words=words, numbers=NO_NUMBERS)
    return READERS[layout.kind](found, layout, sides, reasons)


def _from_word(found: Columns, layout: Layout, sides: Sides, reasons: Reasons) -> Outcomes:
    (column,) = layout.outcome
    labels = found.labels[column]
    codes = _of_words(labels, layout.words, layout.numbers)
    outcome = _named_winner(codes[labels.codes], labels, sides)

    def word(at: int) -> str:
        return quoted(labels.names[labels.codes[at]])

    reasons.add(outcome == EMPTY, lambda _: f"{column} is empty")
    reasons.add(outcome == UNKNOWN, lambda at: f"unknown {column} {word(at)}")
    reasons.add(
        outcome == AMBIGUOUS, lambda at: f"{column} {word(at)} is a side and a model's name"
    )
    return Outcomes(outcome)


def _of_words(labels: Labels, words: Words, numbers: str) -> NDArray[np.int64]:
    """Return what each name of a column says, and EMPTY at the end for cells without one."""
    spelt = [plain(name) for name in labels.names]
    told = [words.get(word, UNKNOWN if word else EMPTY) for word in spelt]
    if numbers != NO_NUMBERS:
        values = [number(word) for word in spelt]
        meant = [UNKNOWN if one is None else _of_number(one, numbers) for one in values]
        counts = np.bincount(labels.codes[labels.codes >= 0], minlength=len(spelt))
        if _are_such(values, meant, counts, numbers):
            told = [old if old >= 0 else new for old, new in zip(told, meant, strict=True)]
            told = [old if word else EMPTY for old, word in zip(told, spelt, strict=True)]
    return np.array([*told, EMPTY])


def _of_number(value: float, numbers: str) -> int:
    if numbers == GRADE:  # HelpSteer: -3 the first is much better, 3 the second
        return FIRST_WON if value < 0 else SECOND_WON if value > 0 else TIE
    if numbers == PREFERENCE and (value == 0 or 1 < value < 2):  # noqa: PLR2004 - see below
        # AlpacaEval: 0 and 1.5 are draws; a weighted judge says how sure it is, and the nearer
        # side counts, as in its discrete win rate.
        return FIRST_WON if 1 < value < MIDDLE else SECOND_WON if value > MIDDLE else TIE
    return {1.0: FIRST_WON, MIDDLE: TIE, 2.0: SECOND_WON}.get(value, UNKNOWN)


MIDDLE = 1.5


def _are_such(
    values: list[float | None], meant: list[int], counts: NDArray[np.int64], numbers: str
) -> bool:
    """Say whether a column's numbers can mean what is supposed: 1 and 2 may also be classes 0 to 2."""
    if numbers == GRADE:
        return True
    if any(value is not None and value < 0 for value in values):
        return False
    numeric = np.array([value is not None for value in values], dtype=bool)
    foreign = numeric & (np.array(meant) == UNKNOWN)
    if any(value == 0 for value, one in zip(values, meant, strict=True) if one == UNKNOWN):
        return False
    return bool(counts[foreign].sum() <= FOREIGN * counts[numeric].sum())


def _named_winner(outcome: NDArray[np.int64], labels: Labels, sides: Sides) -> NDArray[np.int64]:
    """Take a winner that is the very name of one of the row's two models for that side."""
    position = {model: code for code, model in enumerate(sides.models)}
    codes = np.array([*(position.get(name.strip(), NOBODY) for name in labels.names), NOBODY])
    if (codes < 0).all():
        return outcome  # no winner bears the name of a model
    named = codes[labels.codes]
    meant = np.where(
        named == sides.first, FIRST_WON, np.where(named == sides.second, SECOND_WON, UNKNOWN)
    )
    told = outcome >= 0
    clash = told & (meant != UNKNOWN) & (meant != outcome)
    return np.where(clash, AMBIGUOUS, np.where(told | (outcome == EMPTY), outcome, meant))


def _from_flags(found: Columns, layout: Layout, sides: Sides, reasons: Reasons) -> Outcomes:
    """Read the one-hot form: exactly one of the three flags is 1."""
    flags = [_flags(found, column, reasons) for column in layout.outcome]
    total = np.sum(flags, axis=0)
    reasons.add(total != 1, lambda at: f"{total[at]} of {', '.join(layout.outcome)} are 1")
    return Outcomes(np.select([flags[0] == 1, flags[1] == 1], [FIRST_WON, SECOND_WON], default=TIE))


def _flags(found: Columns, column: str, reasons: Reasons) -> NDArray[np.int64]:
    labels = found.labels[column]
    values = [int(FLAGS.get(plain(name), -1)) for name in labels.names]
    flags = np.array([*values, -1])[labels.codes]
    reasons.add(flags < 0, lambda _: f"{column} is neither 0 nor 1")
    return flags


def _from_name(found: Columns, layout: Layout, sides: Sides, reasons: Reasons) -> Outcomes:
    """Read compar:IA's votes: the name of a model, or a flag that says neither."""
    chosen, neither = layout.outcome
    names, flag = found.labels[chosen], found.labels[neither]
    empty = np.array([EMPTY if not name.strip() else UNKNOWN for name in names.names] + [EMPTY])
    outcome = _named_winner(empty[names.codes], names, sides)
    equal = np.array([FLAGS.get(plain(name), False) for name in flag.names] + [False])[flag.codes]
    reasons.add(
        equal & (outcome != EMPTY), lambda _: f"{chosen} names a model and {neither} is true"
    )
    reasons.add(~equal & (outcome == EMPTY), lambda _: f"{chosen} is empty")
    reasons.add(
        ~equal & (outcome == UNKNOWN),
        lambda at: f"unknown {chosen} {quoted(names.names[names.codes[at]])}",
    )
    return Outcomes(np.where(equal, TIE, outcome))


def _always_first(found: Columns, layout: Layout, sides: Sides, reasons: Reasons) -> Outcomes:
    return Outcomes(np.full(len(found.row), FIRST_WON, dtype=np.int64))


def _from_ranks(found: Columns, layout: Layout, sides: Sides, reasons: Reasons) -> Outcomes:
    """Read the ranks of one judge, of which 1 is the best."""
    one, other = (
        _numbers(found, column, reasons, "is no rank", lambda ranks: ranks >= 1)
        for column in layout.outcome
    )
    return Outcomes(np.sign(other - one).astype(np.int64) + TIE)


def _from_shares(found: Columns, layout: Layout, sides: Sides, reasons: Reasons) -> Outcomes:
    """Read the shares of one point: 1 and 0, or a half each."""
    one, other = (
        _numbers(found, column, reasons, "is not 0, 0.5 or 1", lambda part: np.isin(part, HALVES))
        for column in layout.outcome
    )
    reasons.add(one + other != 1, lambda _: f"{' and '.join(layout.outcome)} do not sum to 1")
    return Outcomes(np.sign(one - other).astype(np.int64) + TIE)


HALVES = (0.0, 0.5, 1.0)


def _from_wins(found: Columns, layout: Layout, sides: Sides, reasons: Reasons) -> Outcomes:
    """Read how often each side won."""
    wins = np.column_stack(
        [
            _numbers(found, column, reasons, "is no count", lambda n: (n >= 0) & (n % 1 == 0))
            for column in layout.outcome
        ]
    )
    reasons.add(wins.sum(axis=1) == 0, lambda _: "nobody won")
    wins[~reasons.none] = 0
    if wins.sum() > MOST_VOTES:
        raise TooLarge(f"There are {wins.sum():.0f} votes; at most {MOST_VOTES} are ranked.")
    return Outcomes(np.full(len(wins), FIRST_WON, dtype=np.int64), wins.astype(np.int64))


def _numbers(
    found: Columns,
    column: str,
    reasons: Reasons,
    wrong: str,
    right: Callable[[NDArray[np.float64]], NDArray[np.bool_]],
) -> NDArray[np.float64]:
    """Return a column's numbers; cells that are no such number get a reason and stand as 1."""
    labels = found.labels[column]
    values = [number(plain(name)) for name in labels.names] + [None]
    numbers = np.array([np.nan if value is None else value for value in values])[labels.codes]
    bad = np.isnan(numbers)
    bad[~bad] = ~right(numbers[~bad])
    reasons.add(bad, lambda _: f"{column} {wrong}")
    return np.where(bad, 1.0, numbers)


def _from_games(found: Columns, layout: Layout, sides: Sides, reasons: Reasons) -> Outcomes:
    """Read FastChat's two games: a judge who changes its mind with the order has said a tie."""
    games = []
    for column in layout.outcome:
        labels = found.labels[column]
        outcome = _of_words(labels, NUMBERED, NO_NUMBERS)[labels.codes]
        reasons.add(
            outcome < 0,
            lambda at, c=column, of=labels: (
                f"unknown {c} {quoted(of.names[of.codes[at]])}"
                if of.codes[at] >= 0
                else f"{c} is empty"
            ),
        )
        games.append(outcome)
    return Outcomes(np.where(games[0] == games[1], games[0], TIE))


Reader = Callable[[Columns, Layout, Sides, Reasons], Outcomes]
READERS: Mapping[str, Reader] = MappingProxyType(
    {
        WORD: _from_word,
        FLAGGED: _from_flags,
        NAMED: _from_name,
        FIRST: _always_first,
        RANKS: _from_ranks,
        SHARES: _from_shares,
        WINS: _from_wins,
        GAMES: _from_games,
    }
)
