"""The rows of every exported file; the names of their fields are the columns (pure).

Named tuples, because half a million of them are made and read back in order: a row is at once
the record and the line of the file.
"""

from datetime import datetime
from typing import NamedTuple


class JudgmentRow(NamedTuple):
    """One vote: the grade that one submission gave on one criterion.

    Long form, because the field's files have one `winner` a row: `model_a, model_b, winner` are
    read as they stand by arena-style tools, grouped by `criterion`. What a whole submission shares
    (rater, comment, time) is repeated on each of its rows; `judgment_id` joins them again.

    Two frames: `model_a`, `model_b`, `winner`, `display_value` are as the rater saw them;
    `first`, `second`, `outcome`, `grade` are canonical, the same for both presentations.
    """

    study: str
    study_version: int
    protocol_digest: str
    source: str  # judgment; forfeit: the protocol decided it, nobody judged
    judgment_id: int | None
    revision: int | None
    superseded: bool  # a later revision counts instead
    submitted_at: datetime
    rater: str  # a pseudonym
    rater_kind: str  # person, simulated, model_judge; empty for a forfeit
    cohort: str  # the rater's in this study when the comparison was issued; empty: none
    criterion: str
    scale: str
    model_a: str
    model_b: str
    winner: str | None  # model_a, model_b, tie, both_bad; null: cannot judge
    model_a_version_id: int | None  # null, as the next three, where models are codes
    model_b_version_id: int | None
    completion_a_id: int | None
    completion_b_id: int | None
    display_value: str
    first: str
    second: str
    swapped: bool  # A was the canonical second
    swap_probability: (
        float | None
    )  # of `swapped`, when it was drawn; null, as the next, for a forfeit
    pair_probability: float | None  # that this pair of models was drawn, among those open then
    outcome: str  # first, tie, second, both_bad, cannot_judge
    grade: int | None  # graded scales: -3, first much better, to 3
    comparison_id: int
    prompt_pool: str
    prompt_pool_version: int
    prompt_pool_digest: str
    prompt_id: str
    category: str
    domain: str
    language: str
    comment: str


class LeaderboardRow(NamedTuple):
    """One model on one criterion of one snapshot; `criterion` is `composite` for the weighted mean.

    `_lower` and `_upper` are the bounds of the interval at `level`, the protocol's own.
    Ratings are on the Elo scale, `win_rate` and the other rates are fractions of one, and
    `standard_error` is that of `win_rate`; what is not applicable or not estimable is null.
    """

    study: str
    study_version: int
    criterion: str
    rank: int | None
    rank_lower: int | None
    rank_upper: int | None
    tier: int | None
    model: str
    model_version_id: int | None  # null where models are codes
    rating: float | None
    rating_lower: float | None
    rating_upper: float | None
    strength: float | None
    strength_lower: float | None
    strength_upper: float | None
    win_rate: float | None
    standard_error: float | None
    online_elo: float | None
    n_battles: int | None
    n_wins: int | None
    n_losses: int | None
    n_ties: int | None  # both bad included
    n_both_bad: int | None
    n_cannot_judge: int | None
    n_forfeits: int | None
    n_judgments: int | None
    n_raters: int | None
    both_bad_rate: float | None
    cannot_judge_rate: float | None
    avg_length: float | None  # characters of this model's judged answers
    n_excluded: int  # answers of this model that no rater was shown
    exclusions: str  # why, such as "cut_off 2; names_maker 1"
    rater_kinds: str  # such as "simulated" or "person+model_judge"
    interim: bool
    level: float  # of the bounds, 0.95 unless the protocol says otherwise
    snapshot_id: int
    snapshot_digest: str
    protocol_digest: str
