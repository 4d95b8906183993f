"""What each column of an exported file means, in words; boards' words where the number is a board's (pure)."""

from collections.abc import Mapping
from typing import NamedTuple

from ratings.board.meaning import MEANING
from ratings.exports.records import JudgmentRow, LeaderboardRow

_STUDY = {
    "study": "The study's slug.",
    "study_version": "Number of the protocol version; for a judgment the one it was made under.",
    "protocol_digest": "SHA-256 of that version's canonical protocol.",
    "criterion": "Key of the criterion; composite: the weighted mean of the criteria.",
}
JUDGMENT_COLUMNS = _STUDY | {
    "source": "judgment; forfeit: the protocol decided the outcome, and nobody judged.",
    "judgment_id": "The submission; its rows share it. Null for a forfeit.",
    "revision": "0: the first impression; higher: given again within the undo window.",
    "superseded": "Whether a later revision counts instead of this row.",
    "submitted_at": "When, in UTC; for a forfeit, when the comparison was published.",
    "rater": "The rater's pseudonym, the same in every study; empty for a forfeit.",
    "rater_kind": "person, simulated or model_judge; empty for a forfeit.",
    "scale": "graded7 (-3 to 3) or four_way (a, b, tie, both_bad).",
    "model_a": "The model shown as A; a code such as model-3 while the study is open.",
    "model_b": "The model shown as B.",
    "winner": "model_a, model_b, tie or both_bad, as shown; null: cannot judge.",
    "model_a_version_id": "Id of the immutable version of the model shown as A; null with codes.",
    "model_b_version_id": "Id of the immutable version of the model shown as B.",
    "completion_a_id": "Id of the answer shown as A; null with codes.",
    "completion_b_id": "Id of the answer shown as B.",
    "display_value": "What was submitted, display frame: -3 means that A is much better.",
    "first": "The canonical first model: the same for both presentations.",
    "second": "The canonical second model.",
    "swapped": "Whether A was the canonical second.",
    "outcome": "first, tie, second, both_bad or cannot_judge, canonical frame.",
    "grade": "Graded scales, canonical frame: -3, first much better, to 3, second much better.",
    "comparison_id": "The pair of answers; judgments of the same pair share it.",
    "prompt_pool": "The pool's slug.",
    "prompt_pool_version": "Number of its frozen version.",
    "prompt_pool_digest": "SHA-256 of that version's canonical content.",
    "prompt_id": "The prompt's own id in the pool.",
    "category": "Of the prompt, as it was imported.",
    "domain": "Of the prompt, as it was imported.",
    "language": "Of the prompt, ISO 639-1; empty: not told.",
    "comment": "The rater's words on the submission.",
}
LEADERBOARD_COLUMNS = _STUDY | {
    "rank": MEANING["rank"],
    "rank_lower": "The best rank that the data support.",
    "rank_upper": "The worst rank that the data support.",
    "model": "The model as the study names it; a code such as model-3 while the study is open.",
    "model_version_id": "Id of its immutable version; null with codes.",
    "rating": MEANING["rating"],
    "rating_q025": "Lower bound of the rating's interval. " + MEANING["interval"],
    "rating_q975": "Upper bound of the rating's interval.",
    "strength": MEANING["strength"],
    "strength_q025": "Lower bound of the strength's interval.",
    "strength_q975": "Upper bound of the strength's interval.",
    "win_rate": MEANING["win_rate"],
    "standard_error": MEANING["win_rate_standard_error"],
    "online_elo": MEANING["online_elo"],
    "n_battles": MEANING["battles"],
    "n_wins": "Battles won.",
    "n_losses": "Battles lost.",
    "n_ties": MEANING["ties"],
    "n_both_bad": "Ties that were voted both bad, or both harmful.",
    "n_cannot_judge": "Votes that said cannot judge; not among the battles.",
    "n_forfeits": MEANING["forfeits"],
    "n_judgments": MEANING["judgments"],
    "n_raters": MEANING["raters"],
    "both_bad_rate": MEANING["both_bad_rate"],
    "cannot_judge_rate": MEANING["cannot_judge_rate"],
    "avg_length": MEANING["average_length"],
    "rater_kinds": MEANING["raters_by_kind"],
    "interim": MEANING["interim"],
    "level": "Level of the intervals.",
    "snapshot_id": "The snapshot these numbers are from.",
    "snapshot_digest": "SHA-256 of everything that determines them.",
}
COLUMNS: Mapping[type[NamedTuple], Mapping[str, str]] = {
    JudgmentRow: JUDGMENT_COLUMNS,
    LeaderboardRow: LEADERBOARD_COLUMNS,
}
