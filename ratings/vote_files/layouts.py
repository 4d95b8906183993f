"""The layouts in which votes are published, and the words each uses for an outcome."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from difflib import get_close_matches
from types import MappingProxyType

from core.errors import Invalid
from ratings.scoring.types import FIRST_WON, SECOND_WON, TIE
from ratings.vote_files.tables import ascii_safe

SHOWN = 10  # columns named in a message
BOTH_BAD = 3  # kept apart from a tie until the caller says what it is

# Every word for an outcome that is understood; any other is an error of its row.
UNDECIDED: Mapping[str, int] = MappingProxyType(
    {
        "tie": TIE,
        "tie (inconsistent)": TIE,  # MT-bench: the judge changed its mind with the order
        "tie (bothbad)": BOTH_BAD,
        "tie (both bad)": BOTH_BAD,
        "both_bad": BOTH_BAD,
        "bothbad": BOTH_BAD,
        "both bad": BOTH_BAD,
    }
)
ARENA = MappingProxyType({"model_a": FIRST_WON, "model_b": SECOND_WON, **UNDECIDED})
SIDES = MappingProxyType({"left": FIRST_WON, "right": SECOND_WON, **UNDECIDED})
# AlpacaEval: 1 and 2 name the better output; 0 and 1.5 are draws.
PREFERENCE = MappingProxyType(
    {"1": FIRST_WON, "1.0": FIRST_WON, "2": SECOND_WON, "2.0": SECOND_WON}
    | {"0": TIE, "0.0": TIE, "1.5": TIE}
)
LETTERS = MappingProxyType({"a": FIRST_WON, "A": FIRST_WON, "b": SECOND_WON, "B": SECOND_WON})
ORDINALS = MappingProxyType({"first": FIRST_WON, "second": SECOND_WON})
ALL_WORDS = MappingProxyType({**ARENA, **SIDES, **PREFERENCE, **LETTERS, **ORDINALS})

ONE_HOT = ("winner_model_a", "winner_model_b", "winner_tie")
FLAGS = MappingProxyType(
    {"0": False, "0.0": False, "false": False, "1": True, "1.0": True, "true": True}
)


@dataclass(frozen=True)
class Layout:
    """Which columns hold the two models, the outcome (a word, or three flags) and the rater."""

    name: str
    first: str
    second: str
    winner: tuple[str, ...]
    words: Mapping[str, int]
    rater: str | None = None

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns without which there is no vote."""
        return (self.first, self.second, *self.winner)


# The first whose columns are all there is taken.
LAYOUTS = (
    Layout("one-hot", "model_a", "model_b", ONE_HOT, {}),
    Layout("arena", "model_a", "model_b", ("winner",), ARENA, "judge"),
    Layout("sides", "left", "right", ("winner",), SIDES, "worker"),
    Layout("alpaca-eval", "generator_1", "generator_2", ("preference",), PREFERENCE, "annotator"),
    Layout("preference", "model_1", "model_2", ("preference",), PREFERENCE, "annotator"),
)
NAMED = ("a", "b", "winner")


def choose_layout(
    header: Sequence[str], named: Mapping[str, str] | None, rater: str | None
) -> Layout:
    """Return the layout of a table with this header, or the one named by the caller.

    Raises
    ------
    Invalid
        When no layout fits, or a needed name stands twice in the header; with the code "columns"
        when a column that the caller named is not there.
    """
    layout = _from_names(named) if named else _recognised(header)
    if named or layout.rater in header:
        rater = rater or layout.rater
    layout = replace(layout, rater=rater)
    for column in filter(None, (*layout.columns, layout.rater)):
        require_column(header, column)
    return layout


def require_column(header: Sequence[str], column: str) -> None:
    """Raise `Invalid` with the code "columns" unless `column` stands once in the header."""
    if column not in header:
        near = get_close_matches(column, header, n=1)
        hint = f"did you mean {near[0]!r}?" if near else f"there are: {_some(header)}."
        raise Invalid(f"The file has no column {column!r}; {hint}", code="columns")
    if header.count(column) > 1:
        raise Invalid(f"The header names {column!r} twice.", code="duplicate_header")


def _from_names(named: Mapping[str, str]) -> Layout:
    missing = [name for name in NAMED if name not in named]
    unknown = sorted(set(named) - {*NAMED, "rater"})
    if missing or unknown:
        wrong = f"{missing[0]} is missing" if missing else f"{unknown[0]!r} is unknown"
        raise Invalid(f"Columns are named as a=…,b=…,winner=…,rater=…; {wrong}.", code="columns")
    winner = (named["winner"],)
    return Layout("named", named["a"], named["b"], winner, ALL_WORDS, named.get("rater"))


def _recognised(header: Sequence[str]) -> Layout:
    for layout in LAYOUTS:
        if set(layout.columns) <= set(header):
            return layout
    raise Invalid(
        f"No layout of votes is recognised in the columns {_some(header)}; "
        "name them with a=…,b=…,winner=….",
        code="layout",
    )


def _some(header: Sequence[str]) -> str:
    shown = ", ".join(name[:40] for name in header[:SHOWN]) or "(none)"
    return ascii_safe(shown) + (" …" if len(header) > SHOWN else "")
