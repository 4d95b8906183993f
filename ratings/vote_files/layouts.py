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
    """Which columns hold the two models, the outcome (a word, or three flags), rater and prompt.

    `raters` and `prompts` are the names such columns have, the likeliest first; `also` are columns
    by which the layout is known, and `group` the one that parts its votes.
    """

    name: str
    first: str
    second: str
    winner: tuple[str, ...]
    words: Mapping[str, int]
    raters: tuple[str, ...] = ()
    prompts: tuple[str, ...] = ()
    also: tuple[str, ...] = ()
    group: str | None = None
    rater: str | None = None
    prompt: str | None = None

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns without which there is no vote."""
        return (self.first, self.second, *self.winner)


# The first whose columns are all there is taken.
OWN = Layout(
    "preferendum",
    "model_a",
    "model_b",
    ("winner",),
    ARENA,
    ("rater",),
    ("prompt_id",),
    also=("criterion", "source", "superseded", "judgment_id"),
    group="criterion",
)
JUDGES = ("judge", "rater", "annotator", "worker")
QUESTIONS = ("question_id", "prompt_id")
LAYOUTS = (
    OWN,
    Layout("one-hot", "model_a", "model_b", ONE_HOT, {}, JUDGES, QUESTIONS),
    Layout("arena", "model_a", "model_b", ("winner",), ARENA, JUDGES, QUESTIONS),
    Layout(
        "sides", "left", "right", ("winner",), SIDES, ("worker", *JUDGES), ("prompt", *QUESTIONS)
    ),
    Layout(
        "alpaca-eval",
        "generator_1",
        "generator_2",
        ("preference",),
        PREFERENCE,
        ("annotator",),
        ("prompt_index", "instruction"),
    ),
    Layout(
        "preference",
        "model_1",
        "model_2",
        ("preference",),
        PREFERENCE,
        ("annotator",),
        ("prompt_index", "instruction"),
    ),
)
NAMED = ("a", "b", "winner")
ALSO_NAMED = ("rater", "prompt")


def choose_layout(
    header: Sequence[str],
    named: Mapping[str, str] | None,
    rater: str | None,
    prompt: str | None = None,
) -> Layout:
    """Return the layout of a table with this header, or the one named by the caller.

    Raises
    ------
    Invalid
        When no layout fits, or a needed name stands twice in the header; with the code "columns"
        when a column that the caller named is not there.
    """
    layout = _from_names(named) if named else _recognised(header)
    layout = replace(
        layout,
        rater=rater or layout.rater or _first_of(layout.raters, header),
        prompt=prompt or layout.prompt or _first_of(layout.prompts, header),
    )
    for column in filter(None, (*layout.columns, layout.rater, layout.prompt)):
        require_column(header, column)
    return layout


def _first_of(names: Sequence[str], header: Sequence[str]) -> str | None:
    return next((name for name in names if name in header), None)


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
    unknown = sorted(set(named) - {*NAMED, *ALSO_NAMED})
    if missing or unknown:
        wrong = f"{missing[0]} is missing" if missing else f"{unknown[0]!r} is unknown"
        raise Invalid(
            f"Columns are named as a=…,b=…,winner=…,rater=…,prompt=…; {wrong}.", code="columns"
        )
    winner = (named["winner"],)
    return Layout(
        "named",
        named["a"],
        named["b"],
        winner,
        ALL_WORDS,
        rater=named.get("rater"),
        prompt=named.get("prompt"),
    )


def _recognised(header: Sequence[str]) -> Layout:
    for layout in LAYOUTS:
        if {*layout.columns, *layout.also} <= set(header):
            return layout
    raise Invalid(
        f"No layout of votes is recognised in the columns {_some(header)}; "
        "name them with a=…,b=…,winner=….",
        code="layout",
    )


def _some(header: Sequence[str]) -> str:
    shown = ", ".join(name[:40] for name in header[:SHOWN]) or "(none)"
    return ascii_safe(shown) + (" …" if len(header) > SHOWN else "")
