"""The layouts in which votes are published: which columns hold the models, the outcome, and who judged."""

from dataclasses import dataclass
from typing import NamedTuple

from ratings.vote_files.words import (
    CROSSES,
    HOME,
    LETTERS,
    NUMBERED,
    SIDES,
    Words,
)

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
