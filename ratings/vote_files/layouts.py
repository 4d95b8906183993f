"""The layouts in which votes are published: which columns hold the models, the outcome, and who judged."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from difflib import get_close_matches
from typing import NamedTuple

from core.errors import Invalid
from ratings.vote_files.tables import ascii_safe
from ratings.vote_files.words import (
    ALL_WORDS,
    CROSSES,
    HOME,
    LETTERS,
    NUMBERED,
    SIDES,
    Words,
    folded,
)

SHOWN = 10  # columns named in a message

# How the outcome is told (see outcomes.py).
WORD, FLAGGED, NAMED, FIRST, RANKS, SHARES, WINS, GAMES = (
    "word",  # one word, number or model's name
    "flags",  # one-hot: first, second, tie
    "named",  # a model's name, and a flag for neither
    "first",  # the first model is always the preferred one
    "ranks",  # a rank for each, lower is better
    "shares",  # 1 and 0, or one half each
    "wins",  # how often each won: a row of many votes
    "games",  # two verdicts, of which the second saw the sides swapped
)
# What numbers mean in a column of words.
NO_NUMBERS, ONE_TWO, PREFERENCE, GRADE = "none", "one or two", "preference", "grade"


@dataclass(frozen=True)
class Layout:
    """Which columns hold the two models, the outcome, the rater and the prompt.

    `also` are columns by which the layout is known, `group` the one that parts its votes, and
    `shown_first` whether the first model's answer is known to be the one that was shown first.
    """

    name: str
    first: str
    second: str
    outcome: tuple[str, ...]
    words: Words
    kind: str = WORD
    numbers: str = NO_NUMBERS
    shown_first: bool = False
    also: tuple[str, ...] = ()
    group: str | None = None
    rater: str | None = None
    prompt: str | None = None

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns without which there is no vote."""
        return (self.first, self.second, *self.outcome)


class Pair(NamedTuple):
    """Two columns that name models, the words for either side, and what numbers would mean."""

    name: str
    first: str
    second: str
    words: Words
    numbers: str = NO_NUMBERS
    shown_first: bool = False


OWN = Layout(
    "preferendum",
    "model_a",
    "model_b",
    ("winner",),
    LETTERS,
    shown_first=True,
    also=("criterion", "source", "superseded", "judgment_id"),
    group="criterion",
)
# In the order in which they are tried; columns are met in any spelling of their names.
PAIRS = (
    Pair("arena", "model_a", "model_b", LETTERS, shown_first=True),
    Pair("compar-ia", "model_a_name", "model_b_name", LETTERS, shown_first=True),
    Pair("sides", "left", "right", SIDES, shown_first=True),
    Pair("sides", "left_model", "right_model", SIDES, shown_first=True),
    Pair("sides", "model_left", "model_right", SIDES, shown_first=True),
    Pair("alpaca-eval", "generator_1", "generator_2", NUMBERED, ONE_TWO),
    Pair("preference", "model_1", "model_2", NUMBERED, ONE_TWO),
    Pair("preference", "model_1_name", "model_2_name", NUMBERED, ONE_TWO),
    Pair("pick-a-pic", "model_0", "model_1", {}),
    Pair("crosses", "model_x", "model_y", CROSSES),
    Pair("wmt", "system_1_id", "system_2_id", NUMBERED, ONE_TWO),
    Pair("systems", "system_1", "system_2", NUMBERED, ONE_TWO),
    Pair("systems", "system_a", "system_b", LETTERS),
    Pair("players", "player_1", "player_2", NUMBERED, ONE_TWO),
    Pair("players", "player_a", "player_b", LETTERS),
    Pair("items", "item_1", "item_2", NUMBERED, ONE_TWO),
    Pair("items", "item_a", "item_b", LETTERS),
    Pair("journals", "journal_1", "journal_2", NUMBERED, ONE_TWO),
    Pair("home and away", "home_team", "away_team", HOME, shown_first=True),
)
# Columns of outcomes beside such a pair, in the order in which they are tried.
TOLD = (
    (FLAGGED, ("winner_model_a", "winner_model_b", "winner_tie")),
    (FLAGGED, ("winner_model_1", "winner_model_2", "winner_tie")),
    (GAMES, ("g1_winner", "g2_winner")),
    (WORD, ("winner",)),
    (NAMED, ("chosen_model_name", "both_equal")),
    (WORD, ("label",)),
    (WORD, ("preference",)),
    (WORD, ("overall_preference",)),
    (WORD, ("preference_strength",)),
    (SHARES, ("label_0", "label_1")),
    (RANKS, ("system_1_rank", "system_2_rank")),
    (RANKS, ("rank_1", "rank_2")),
    (RANKS, ("rank_a", "rank_b")),
    (WINS, ("win_1", "win_2")),
    (WINS, ("wins_1", "wins_2")),
    (WINS, ("wins_a", "wins_b")),
    (WINS, ("home_wins", "away_wins")),
    *(
        (WORD, (name,))
        for name in (
            *("winner_model", "winning_model", "preferred_model", "chosen_model", "preferred"),
            *("vote", "verdict", "outcome", "choice", "judgment", "judgement", "result"),
        )
    ),
)
NUMBERS = {"preference": PREFERENCE, "overall_preference": GRADE, "preference_strength": GRADE}
# Two models of which the first is the preferred one in every row.
ORDERED = (
    ("chosen_model", "rejected_model"),
    ("winner_model", "loser_model"),
    ("winner", "loser"),
)
PERSONS = ("judge", "rater", "annotator", "worker", "performer", "user", "voter", "visitor")
RATERS = (
    *(name for person in PERSONS for name in (person, f"{person}_id")),
    *("participant_id", "session_hash", "evaluation_session_id"),
)
PROMPTS = (
    *("question_id", "prompt_id", "prompt_index", "instruction_id", "segment_id"),
    *("prompt", "instruction", "question", "opening_msg"),
)
NEEDED = ("a", "b", "winner")
ALSO_NAMED = ("rater", "prompt")


class Header:
    """The names of a table's columns, found by the spelling given or by any other."""

    def __init__(self, names: Sequence[str]) -> None:
        self.names = tuple(names)
        self.spellings: dict[str, str] = {}
        for name in reversed(self.names):
            self.spellings[folded(name)] = name

    def find(self, name: str) -> str | None:
        """Return the column of this name as the file spells it, its very spelling first."""
        if name in self.names:
            return name
        return self.spellings.get(folded(name))

    def find_all(self, names: Sequence[str]) -> tuple[str, ...] | None:
        """Return all columns as the file spells them, or None unless all are there and differ."""
        found = tuple(self.find(name) for name in names)
        spelt = tuple(name for name in found if name is not None)
        return spelt if len(set(spelt)) == len(names) else None

    def first_of(self, names: Sequence[str], but: Sequence[str] = ()) -> str | None:
        """Return the first of these columns that is there, leaving out those in `but`."""
        found = (self.find(name) for name in names)
        return next((name for name in found if name is not None and name not in but), None)

    def require(self, column: str) -> None:
        """Raise `Invalid` with the code "columns" unless `column` stands once in the header."""
        if column not in self.names:
            near = get_close_matches(column, self.names, n=1)
            hint = f"did you mean {near[0]!r}?" if near else f"there are: {_some(self.names)}."
            raise Invalid(f"The file has no column {column!r}; {hint}", code="columns")
        if self.names.count(column) > 1:
            raise Invalid(f"The header names {column!r} twice.", code="duplicate_header")


def choose_layouts(
    header: Header,
    named: Mapping[str, str] | None,
    rater: str | None,
    prompt: str | None = None,
) -> tuple[Layout, ...]:
    """Return the layouts that a table with this header can have, the likeliest first.

    Raises
    ------
    Invalid
        When no layout fits, or a needed name stands twice in the header; with the code "columns"
        when a column that the caller named is not there.
    """
    if named:
        return (_checked(header, _from_names(named), rater, prompt),)
    layouts = tuple(_checked(header, one, rater, prompt) for one in _recognised(header))
    if not layouts:
        raise Invalid(_unrecognised(header), code="layout")
    return layouts


def _checked(header: Header, layout: Layout, rater: str | None, prompt: str | None) -> Layout:
    if layout.name != NAMED_COLUMNS:
        raters, prompts = (("rater",), ("prompt_id",)) if layout.also else (RATERS, PROMPTS)
        layout = replace(
            layout,
            rater=header.first_of(raters, but=layout.columns),
            prompt=header.first_of(prompts, but=layout.columns),
        )
    layout = replace(layout, rater=rater or layout.rater, prompt=prompt or layout.prompt)
    for column in filter(None, (*layout.columns, layout.rater, layout.prompt)):
        header.require(column)
    return layout


NAMED_COLUMNS = "named"


def _from_names(named: Mapping[str, str]) -> Layout:
    missing = [name for name in NEEDED if name not in named]
    unknown = sorted(set(named) - {*NEEDED, *ALSO_NAMED})
    if missing or unknown:
        wrong = f"{missing[0]} is missing" if missing else f"{unknown[0]!r} is unknown"
        raise Invalid(
            f"Columns are named as a=…,b=…,winner=…,rater=…,prompt=…; {wrong}.", code="columns"
        )
    return Layout(
        NAMED_COLUMNS,
        named["a"],
        named["b"],
        (named["winner"],),
        words=ALL_WORDS,
        numbers=NUMBERS.get(folded(named["winner"]), ONE_TWO),
        rater=named.get("rater"),
        prompt=named.get("prompt"),
    )


def _recognised(header: Header) -> Iterator[Layout]:
    """Yield every layout whose columns are all there."""
    if {*OWN.columns, *OWN.also} <= set(header.names):
        yield OWN
        return
    for pair in PAIRS:
        for kind, columns in TOLD:
            spelt = header.find_all((pair.first, pair.second, *columns))
            if spelt:
                yield Layout(
                    "one-hot" if kind == FLAGGED else pair.name,
                    first=spelt[0],
                    second=spelt[1],
                    outcome=spelt[2:],
                    words=pair.words,
                    kind=kind,
                    numbers=NUMBERS.get(columns[0], pair.numbers),
                    shown_first=pair.shown_first,
                )
    for columns in ORDERED:
        spelt = header.find_all(columns)
        if spelt:
            yield Layout("chosen", spelt[0], spelt[1], outcome=(), words={}, kind=FIRST)


# ---- what to say of a header without a layout ----------------------------------------------------

TEXTS = (
    ("chosen", "rejected"),
    ("chosen_response", "rejected_response"),
    ("response_a", "response_b"),
    ("response_1", "response_2"),
    ("output_1", "output_2"),
    ("human_ref_a", "human_ref_b"),
    ("answer_a", "answer_b"),
)
SINGLE = ("model", "model_id", "model_name", "generator", "refers_to_model")
OPTION = "--columns a=…,b=…,winner=…"


def _unrecognised(header: Header) -> str:
    there = f"No layout of votes is recognised in the columns {_some(header.names)}; "
    for pair in PAIRS:
        spelt = header.find_all((pair.first, pair.second))
        if spelt:
            one, other = map(ascii_safe, spelt)
            return (
                f"{there}{one} and {other} name two models, and no column is known to hold the "
                f"outcome: name it with --columns a={one},b={other},winner=…."
            )
    if any(header.find_all(texts) for texts in TEXTS):
        return (
            f"{there}there are two texts in a row, and no column is known to name their models, "
            f"which are what is ranked: where columns do, name them with {OPTION}."
        )
    if header.first_of(SINGLE):
        return (
            f"{there}a row is about one model, and a vote is between two: make a row of each pair, "
            f"or name the columns with {OPTION}."
        )
    return f"{there}name them with {OPTION}."


def _some(header: Sequence[str]) -> str:
    shown = ", ".join(name[:40] for name in header[:SHOWN]) or "(none)"
    return ascii_safe(shown) + (" …" if len(header) > SHOWN else "")
