"""The statements of the rater's two requests, in SQL, for PostgreSQL and SQLite alike.

Everything else is the ORM's. These few run for every judgment: compiling them took several times
as long as the database took to answer, and most of the rest was waiting for one answer after the
other, which is why writes that belong together are sent together.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import connection

from accounts.models import EVERY_WARNING
from core.statements import Statement, all_rows, first_row, run_together
from judging.blinding import Side, SideDraw, without_edges
from judging.models.comparisons import SKIPPED_KEY
from judging.pairing import draw_pair

SPREAD = 8  # of how many comparisons that come next one is taken
PRIME = 8_191  # draw keys modulo it are an order of their own
MOST_KEY = 2 * SKIPPED_KEY


@dataclass(frozen=True, slots=True)
class Desk:
    """A rater at a study: the version in force, and what this rater did so far.

    `shown` and `ahead` are the open assignments; `lapsed` counts those that may be leased again,
    `skipped` the skips that count. `judgeable` is the most that one rater can judge, by language.
    """

    study_id: int
    state: str
    seed: str
    version_id: int
    digest: str
    judgeable: dict[str, int]
    issued: int
    swapped: int
    done: int
    lapsed: int
    skipped: int
    shown: int | None
    ahead: int | None


@dataclass(frozen=True, slots=True)
class Search:
    """For whom a comparison is looked for, and within which bounds.

    Of a prompt that was shown as the `issue` `seen_since` or later nothing comes again: the gap
    between two views of a prompt. `per_pair` and `views` are caps (None: none). Prompts with a risk
    tag in `avoided` never come. With `skipped`, comparisons that others skipped are looked at too.
    `groups` are those whose kept places this rater may have (None: the study keeps none).
    """

    study_id: int
    rater_id: int
    languages: Sequence[str]
    seen_since: int
    views: int | None
    per_pair: int | None
    avoided: Sequence[str] = ()
    skipped: bool = False
    groups: Sequence[str] | None = None


@dataclass(frozen=True, slots=True)
class Candidate:
    """A comparison that has a place open for a rater, and how its sides were shown so far.

    `probability` is that of the pair of models when it was drawn; `kept_for` the group whose place
    it is, empty for anybody's.
    """

    comparison_id: int
    pair_id: int
    pair_lean: int
    probability: float
    prompt_lean: int
    kept_for: str = ""


@dataclass(frozen=True, slots=True)
class Texts:
    """What is shown of a comparison."""

    messages: list[dict[str, Any]]
    criteria: list[str]
    risk_tags: list[str]
    first: Side
    second: Side
    first_masked: Side
    second_masked: Side

    def sides(self, *, masked: bool) -> tuple[Side, Side]:
        """Return the answers in the canonical frame, as the protocol has them shown."""
        return (self.first_masked, self.second_masked) if masked else (self.first, self.second)


@dataclass(frozen=True, slots=True)
class Held:
    """A rater's own assignment, as far as judging it needs; `digest` names its protocol."""

    pk: int
    token: str
    rater_id: int
    study_id: int
    comparison_id: int
    purpose: str
    kept_for: str
    swapped: bool
    study_state: str
    digest: str
    criteria: list[str]


@dataclass(frozen=True, slots=True)
class NewVote:
    """What is stored of one criterion: what was chosen, and the vote in the canonical frame."""

    criterion: str
    display_value: str
    outcome: str
    grade: int | None


@dataclass(frozen=True, slots=True)
class NewJudgment:
    """A row of the ledger, and its votes. No model's instance: making four took as long as storing."""

    assignment_id: int
    revision: int
    kind: str
    submitted_at: datetime
    body_digest: str
    comment: str
    votes: tuple[NewVote, ...]


READ_DESK = """
SELECT study.id, study.state, study.secret_seed,
       version.id, version.digest, version.judgeable_by_language,
       mine.issued, mine.swapped, mine.done, mine.lapsed, mine.skipped, mine.shown, mine.ahead
FROM judging_study AS study
JOIN judging_studyversion AS version ON version.study_id = study.id
CROSS JOIN (
    SELECT COUNT(*) AS issued,
           COUNT(CASE WHEN swapped THEN 1 END) AS swapped,
           COUNT(CASE WHEN state = 'judged' THEN 1 END) AS done,
           COUNT(CASE WHEN state IN ('expired', 'returned') THEN 1 END) AS lapsed,
           COUNT(CASE WHEN state = 'skipped' AND skip_reason <> 'harmful' THEN 1 END) AS skipped,
           MAX(CASE WHEN state = 'leased' AND NOT prefetched THEN id END) AS shown,
           MAX(CASE WHEN state = 'leased' AND prefetched THEN id END) AS ahead
    FROM judging_assignment
    WHERE rater_id = %s AND study_id = (SELECT id FROM judging_study WHERE slug = %s)
) AS mine
WHERE study.slug = %s
ORDER BY version.number DESC
LIMIT 1
"""

# What the rater has seen is asked row by row, from the primary key: a join would read their whole
# history. IS NOT TRUE is expected to hold for many rows, as it does, so that the few that come next
# are read in the index's order; IS NULL is expected to hold for hardly any, and all are sorted.
UNSEEN = """
one.language IN ({languages})
AND (
    SELECT TRUE FROM judging_seencompletion AS seen
    WHERE seen.rater_id = %s AND seen.study_id = %s AND seen.prompt_id = one.prompt_id
    AND (seen.issue >= %s OR seen.completion_id IN (one.first_id, one.second_id))
    LIMIT 1
) IS NOT TRUE
"""

# With an order and a limit it is asked pair by pair, of the index; else all comparisons are read.
PAIR_OPEN = """(
    SELECT one.pair_id FROM judging_comparison AS one
    WHERE one.pair_id = pair.id AND one.open_places > 0
    ORDER BY one.open_places DESC, one.draw_key LIMIT 1
) IS NOT NULL"""

NOT_VIEWED_TOO_OFTEN = """
AND (
    SELECT COUNT(*) FROM judging_seencompletion AS seen
    WHERE seen.rater_id = %s AND seen.study_id = %s AND seen.prompt_id = one.prompt_id
) < %s
"""

# Tags are looked for in the stored text, which both databases can do; LIKE would take capital and
# small letters for the same on one of them.
NOT_AVOIDED = """
AND (
    SELECT prompt.id FROM prompts_prompt AS prompt
    WHERE prompt.id = one.prompt_id AND ({avoided})
) IS NULL
"""
ANY_TAG = "CAST(prompt.risk_tags AS TEXT) <> '[]'"
THIS_TAG = "REPLACE(CAST(prompt.risk_tags AS TEXT), %s, '') <> CAST(prompt.risk_tags AS TEXT)"

PAIR_NOT_TOO_OFTEN = """
AND (
    SELECT COUNT(*) FROM judging_assignment AS mine
    JOIN judging_comparison AS earlier ON earlier.id = mine.comparison_id
    WHERE mine.rater_id = %s AND mine.study_id = %s AND earlier.pair_id = pair.id
    AND mine.state IN ('leased', 'judged')
) < %s
"""

PROMPT_LEAN = """(
    SELECT COALESCE(SUM((
        SELECT SUM(CASE WHEN issued.swapped THEN 1 ELSE -1 END)
        FROM judging_assignment AS issued WHERE issued.comparison_id = sister.id
    )), 0)
    FROM judging_comparison AS sister
    WHERE sister.prompt_id = wanted.prompt_id AND sister.study_id = wanted.study_id
)"""

# The inner query stands apart so that the leans are read of the one row it gives. Of the first few
# in the order of draw one is taken, so that raters who ask at once seldom reach for the same.
DRAW_CANDIDATE = """
WITH drawn AS (
    SELECT id, lean, weight / total AS probability
    FROM (
        SELECT pair.id, pair.lean, pair.weight,
               SUM(pair.weight) OVER (ORDER BY pair.id) AS upto, SUM(pair.weight) OVER () AS total
        FROM judging_modelpair AS pair
        WHERE pair.study_id = %s AND {pair_open} {pair_cap}
    ) AS open_pair
    WHERE upto > %s * total
    ORDER BY id
    LIMIT 1
)
SELECT wanted.id, drawn.id, drawn.lean, drawn.probability, {prompt_lean}
FROM (
    SELECT near.id, near.prompt_id, near.study_id FROM (
        SELECT one.id, one.prompt_id, one.study_id, one.open_places, one.draw_key
        FROM judging_comparison AS one
        WHERE one.pair_id = (SELECT id FROM drawn) AND one.open_places > 0
        AND one.draw_key < {skipped_key} AND {unseen}
        ORDER BY one.open_places DESC, one.draw_key
        LIMIT {spread}
    ) AS near
    ORDER BY near.open_places DESC, (near.draw_key + %s) %% {prime}
    LIMIT 1
) AS wanted
CROSS JOIN drawn
"""

# Where the pair drawn first has nothing for this rater: all pairs, each with its next comparison.
FIND_IN_PAIRS = """
SELECT pair.id, pair.lean, pair.weight, (
    SELECT one.id FROM judging_comparison AS one
    WHERE one.pair_id = pair.id AND one.open_places > 0 AND one.draw_key < %s AND {unseen}
    ORDER BY one.open_places DESC, one.draw_key
    LIMIT 1
)
FROM judging_modelpair AS pair
WHERE pair.study_id = %s AND {pair_open} {pair_cap}
"""

# As above, among the places that are kept for the rater's groups. What is kept for anybody else
# never comes, however little else there is.
FIND_KEPT = """
SELECT pair.id, pair.lean, pair.weight, (
    SELECT kept.id FROM judging_keptplaces AS kept
    JOIN judging_comparison AS one ON one.id = kept.comparison_id
    WHERE kept.pair_id = pair.id AND kept.open_places > 0 AND kept.kept_for IN ({groups})
    AND one.draw_key < %s AND {unseen}
    ORDER BY kept.open_places DESC, one.draw_key
    LIMIT 1
)
FROM judging_modelpair AS pair
WHERE pair.study_id = %s {pair_cap}
"""

READ_KEPT = """
SELECT kept.comparison_id, kept.kept_for, {prompt_lean}
FROM judging_keptplaces AS kept JOIN judging_comparison AS wanted ON wanted.id = kept.comparison_id
WHERE kept.id = %s
"""

# Beside the plan a comparison is shown to those alone who get planned ones of it.
OPEN_TO = """
AND (one.wanted > 0 OR EXISTS (
    SELECT 1 FROM judging_keptplaces AS kept
    WHERE kept.comparison_id = one.id AND kept.wanted > 0 AND kept.kept_for IN ({groups})
))
"""

FIND_EXTRA = """
SELECT wanted.id, wanted.pair_id, pair.lean, 1.0, {prompt_lean}
FROM (
    SELECT one.id, one.pair_id, one.prompt_id, one.study_id FROM judging_comparison AS one
    WHERE one.study_id = %s AND one.open_extra_places > 0 AND {unseen}
    ORDER BY one.draw_key
    LIMIT 1
) AS wanted
JOIN judging_modelpair AS pair ON pair.id = wanted.pair_id
"""

FIND_GOLD = """
SELECT wanted.id, wanted.pair_id, pair.lean, 1.0, {prompt_lean}
FROM (
    SELECT one.id, one.pair_id, one.prompt_id, one.study_id FROM judging_goldcomparison AS gold
    JOIN judging_comparison AS one ON one.id = gold.comparison_id
    WHERE one.study_id = %s AND gold.retired_at IS NULL AND {unseen}
    ORDER BY (one.draw_key + %s) %% {prime}
    LIMIT 1
) AS wanted
JOIN judging_modelpair AS pair ON pair.id = wanted.pair_id
"""

READ_PROMPT_LEAN = """
SELECT {prompt_lean} FROM judging_comparison AS wanted WHERE wanted.id = %s
"""

READ_TEXTS = """
SELECT prompt.messages, prompt.criteria, prompt.risk_tags,
       first.text, first.turns, first.masked_turns, second.text, second.turns, second.masked_turns
FROM judging_comparison AS comparison
JOIN prompts_prompt AS prompt ON prompt.id = comparison.prompt_id
JOIN models_registry_completion AS first ON first.id = comparison.first_id
JOIN models_registry_completion AS second ON second.id = comparison.second_id
WHERE comparison.id = %s
"""

# Without a condition: where no place is open the count would fall below 0, which a constraint
# refuses, and with this statement all that were sent with it.
TAKE_PLACE = "UPDATE judging_comparison SET open_places = open_places - 1 WHERE id = %s"

TAKE_EXTRA_PLACE = """
UPDATE judging_comparison SET open_extra_places = open_extra_places - 1 WHERE id = %s
"""

TAKE_KEPT_PLACE = """
UPDATE judging_keptplaces SET open_places = open_places - 1
WHERE comparison_id = %s AND kept_for = %s
"""

# Repeats and gold comparisons have no places.
TAKEN = {"planned": TAKE_PLACE, "extra": TAKE_EXTRA_PLACE}

INSERT_ASSIGNMENT = """
INSERT INTO judging_assignment (
    created_at, token, comparison_id, rater_id, study_id, study_version_id, state, purpose,
    prefetched, swapped, swap_probability, pair_probability, expires_at, skip_reason,
    cohort, kept_for
) VALUES (%s, %s, %s, %s, %s, %s, 'leased', %s, %s, %s, %s, %s, %s, '', %s, %s)
"""

# The primary key refuses an answer that this rater was shown already.
INSERT_SEEN = """
INSERT INTO judging_seencompletion (rater_id, study_id, prompt_id, completion_id, issue)
SELECT CAST(%s AS bigint), one.study_id, one.prompt_id,
       CASE WHEN side.column1 = 1 THEN one.first_id ELSE one.second_id END, CAST(%s AS integer)
FROM judging_comparison AS one CROSS JOIN (VALUES (1), (2)) AS side
WHERE one.id = %s
"""

ADD_LEAN = "UPDATE judging_modelpair SET lean = lean + %s WHERE id = %s"

# By the token alone: of a table that was empty when it was last looked at PostgreSQL takes any index
# for as good, and would read all that the rater ever had.
FIND_HELD = """
SELECT mine.id, mine.study_id, mine.comparison_id, mine.purpose, mine.kept_for, mine.swapped,
       study.state, version.digest, prompt.criteria
FROM judging_assignment AS mine
JOIN judging_study AS study ON study.id = mine.study_id
JOIN judging_studyversion AS version ON version.id = mine.study_version_id
JOIN judging_comparison AS comparison ON comparison.id = mine.comparison_id
JOIN prompts_prompt AS prompt ON prompt.id = comparison.prompt_id
WHERE mine.token = %s AND mine.rater_id + 0 = %s
"""

CLOSE_JUDGED = """
UPDATE judging_assignment SET state = 'judged', closed_at = %s WHERE id = %s AND state = 'leased'
AND (SELECT study.state FROM judging_study AS study WHERE study.id = study_id) <> 'closed'
"""

# Writes nothing where the statement before it did not win, unless another did win: then the
# uniqueness of revisions refuses it.
INSERT_JUDGMENT = """
INSERT INTO judging_judgment (
    assignment_id, revision, kind, submitted_at, body_digest, comment, reason
)
SELECT id, %s, %s, %s, %s, %s, '' FROM judging_assignment WHERE id = %s AND state = 'judged'
"""

INSERT_VOTES = """
INSERT INTO judging_vote (judgment_id, criterion, display_value, outcome, grade)
SELECT one.id, vote.column1, vote.column2, vote.column3, vote.column4
FROM judging_judgment AS one CROSS JOIN (VALUES {votes}) AS vote
WHERE one.assignment_id = %s AND one.revision = %s
"""
ONE_VOTE = "(%s, %s, %s, CAST(%s AS smallint))"


def read_desk(*, slug: str, rater_id: int) -> Desk | None:
    """Return the newest version of a published study and the rater's history in it."""
    row = first_row(READ_DESK, [rater_id, slug, slug])
    if row is None:
        return None
    study_id, state, seed, version_id, digest, judgeable, *history = row
    return Desk(study_id, state, seed, version_id, digest, json.loads(judgeable), *history)


def draw_candidate(search: Search, *, u: float, offset: int) -> Candidate | None:
    """Draw a pair of models by weight, and return one of its next comparisons for a rater.

    `u` in [0, 1) draws the pair, `offset` which of the next few. The order within a pair: most
    judgments still wanted first, at random among equals. None when that pair has nothing for this
    rater, which does not mean that no other has.
    """
    unseen, unseen_values = _unseen(search)
    pair_cap, cap_values = _pair_cap(search)
    statement = DRAW_CANDIDATE.format(
        pair_open=PAIR_OPEN,
        pair_cap=pair_cap,
        prompt_lean=PROMPT_LEAN,
        skipped_key=SKIPPED_KEY,
        unseen=unseen,
        spread=SPREAD,
        prime=PRIME,
    )
    row = first_row(statement, [search.study_id, *cap_values, u, *unseen_values, offset])
    return row and Candidate(*row)


def find_in_pairs(search: Search, *, u: float) -> Candidate | None:
    """Draw a pair by weight among those that have a comparison for this rater, and return it.

    Looks at every pair: for when `draw_candidate` found none.
    """
    unseen, unseen_values = _unseen(search)
    pair_cap, cap_values = _pair_cap(search)
    most = MOST_KEY if search.skipped else SKIPPED_KEY
    values = [most, *unseen_values, search.study_id, *cap_values]
    statement = FIND_IN_PAIRS.format(unseen=unseen, pair_open=PAIR_OPEN, pair_cap=pair_cap)
    found = {row[0]: row for row in all_rows(statement, values) if row[3] is not None}
    if not found:
        return None
    drawn = draw_pair({pk: row[2] for pk, row in found.items()}, u=u)
    _, lean, _, comparison_id = found[drawn.pair_id]
    (prompt_lean,) = first_row(READ_PROMPT_LEAN.format(prompt_lean=PROMPT_LEAN), [comparison_id])
    return Candidate(comparison_id, drawn.pair_id, lean, drawn.probability, prompt_lean)


def find_kept(search: Search, *, u: float) -> Candidate | None:
    """Draw a pair by weight among those that keep a place for this rater's groups, and return it."""
    if not search.groups:
        return None
    unseen, unseen_values = _unseen(search)
    pair_cap, cap_values = _pair_cap(search)
    most = MOST_KEY if search.skipped else SKIPPED_KEY
    values = [*search.groups, most, *unseen_values, search.study_id, *cap_values]
    statement = FIND_KEPT.format(groups=_marks(search.groups), unseen=unseen, pair_cap=pair_cap)
    found = {row[0]: row for row in all_rows(statement, values) if row[3] is not None}
    if not found:
        return None
    drawn = draw_pair({pk: row[2] for pk, row in found.items()}, u=u)
    _, lean, _, kept_id = found[drawn.pair_id]
    row = first_row(READ_KEPT.format(prompt_lean=PROMPT_LEAN), [kept_id])
    comparison_id, kept_for, prompt_lean = row
    return Candidate(comparison_id, drawn.pair_id, lean, drawn.probability, prompt_lean, kept_for)


def find_extra(search: Search) -> Candidate | None:
    """Return a comparison on which raters disagree, for a rater who saw neither answer."""
    unseen, values = _open_to(search)
    row = first_row(
        FIND_EXTRA.format(prompt_lean=PROMPT_LEAN, unseen=unseen), [search.study_id, *values]
    )
    return row and Candidate(*row)


def find_gold(search: Search, *, offset: int) -> Candidate | None:
    """Return a comparison whose answer is known, for a rater who saw neither answer."""
    unseen, values = _open_to(search)
    statement = FIND_GOLD.format(prompt_lean=PROMPT_LEAN, unseen=unseen, prime=PRIME)
    row = first_row(statement, [search.study_id, *values, offset])
    return row and Candidate(*row)


def _unseen(search: Search) -> Statement:
    languages = ["", *search.languages]
    who = [search.rater_id, search.study_id]
    text = UNSEEN.format(languages=_marks(languages))
    values: list[Any] = [*languages, *who, search.seen_since]
    if search.views is not None:
        text, values = text + NOT_VIEWED_TOO_OFTEN, [*values, *who, 2 * search.views]
    if search.avoided:
        avoided, tags = _avoided(search.avoided)
        text, values = text + NOT_AVOIDED.format(avoided=avoided), [*values, *tags]
    return text, values


def _open_to(search: Search) -> Statement:
    unseen, values = _unseen(search)
    if search.groups is None:
        return unseen, values
    # With no group of one's own, one that nobody has: IN () is no SQL.
    groups = search.groups or [""]
    return unseen + OPEN_TO.format(groups=_marks(groups)), [*values, *groups]


def _marks(values: Sequence[Any]) -> str:
    return ", ".join(["%s"] * len(values))


def _avoided(tags: Sequence[str]) -> Statement:
    if EVERY_WARNING in tags:
        return ANY_TAG, []
    # As JSON a tag is stored with its letters as they are or escaped, by who wrote it.
    stored = sorted(
        {json.dumps(one, ensure_ascii=plain) for one in tags for plain in (True, False)}
    )
    return " OR ".join([THIS_TAG] * len(stored)), stored


def _pair_cap(search: Search) -> Statement:
    if search.per_pair is None:
        return "", []
    return PAIR_NOT_TOO_OFTEN, [search.rater_id, search.study_id, search.per_pair]


def lease(
    *,
    candidate: Candidate,
    desk: Desk,
    rater_id: int,
    token: str,
    prefetched: bool,
    draw: SideDraw,
    now: datetime,
    expires_at: datetime,
    purpose: str = "planned",
    cohort: str = "",
) -> Texts:
    """Take a place of a comparison, lease it to the rater, and return what is shown of it.

    All or nothing: raises `IntegrityError` when no place is open any more, or when the rater saw one
    of the answers, or holds such a lease, already.
    """
    pk = candidate.comparison_id
    assignment = [
        _moment(now), token, pk, rater_id, desk.study_id, desk.version_id, purpose,
        prefetched, draw.swapped, draw.probability, candidate.probability, _moment(expires_at),
        cohort, candidate.kept_for,
    ]  # fmt: skip
    results = run_together(
        (READ_TEXTS, [pk]),
        *_taking(candidate, purpose),
        (INSERT_ASSIGNMENT, assignment),
        # A repeat shows again what was seen.
        *([(INSERT_SEEN, [rater_id, desk.issued, pk])] if purpose != "repeat" else []),
        # Last, because many raters share the pair's row, and it stays locked until the commit.
        (ADD_LEAN, [1 if draw.swapped else -1, candidate.pair_id]),
    )
    return _texts(results[0].row)


def _taking(candidate: Candidate, purpose: str) -> list[Statement]:
    if candidate.kept_for:
        return [(TAKE_KEPT_PLACE, [candidate.comparison_id, candidate.kept_for])]
    return [(TAKEN[purpose], [candidate.comparison_id])] if purpose in TAKEN else []


def read_texts(*, comparison_id: int) -> Texts:
    """Return what is shown of a comparison."""
    return _texts(first_row(READ_TEXTS, [comparison_id]))


def judge(judgment: NewJudgment) -> bool:
    """Store the first judgment of an assignment if it is leased still; say whether it was.

    All or nothing: raises `IntegrityError` when somebody else stored one at the same moment.
    """
    closing = (CLOSE_JUDGED, [_moment(judgment.submitted_at), judgment.assignment_id])
    return run_together(closing, *_judgment_rows(judgment))[0].count == 1


def insert_judgment(judgment: NewJudgment) -> None:
    """Store a judgment of an assignment that is judged, and its votes."""
    run_together(*_judgment_rows(judgment))


def find_held(*, token: str, rater_id: int) -> Held | None:
    """Return a rater's own assignment by its token."""
    row = first_row(FIND_HELD, [token, rater_id])
    if row is None:
        return None
    pk, study_id, comparison_id, purpose, kept_for, swapped, state, digest, criteria = row
    return Held(
        pk=pk,
        token=token,
        rater_id=rater_id,
        study_id=study_id,
        comparison_id=comparison_id,
        purpose=purpose,
        kept_for=kept_for,
        swapped=bool(swapped),
        study_state=state,
        digest=digest,
        criteria=json.loads(criteria),
    )


def _judgment_rows(judgment: NewJudgment) -> list[Statement]:
    votes = judgment.votes
    pk, revision = judgment.assignment_id, judgment.revision
    moment = _moment(judgment.submitted_at)
    values = [revision, judgment.kind, moment, judgment.body_digest, judgment.comment, pk]
    marks = [
        value
        for one in votes
        for value in (one.criterion, one.display_value, one.outcome, one.grade)
    ]
    insert_votes = INSERT_VOTES.format(votes=", ".join([ONE_VOTE] * len(votes)))
    return [
        (INSERT_JUDGMENT, values),
        *([(insert_votes, [*marks, pk, revision])] if votes else []),
    ]


def _texts(row: Sequence[Any]) -> Texts:
    messages, criteria, risk_tags, *sides = row
    first, second = _side(*sides[:2]), _side(*sides[3:5])
    return Texts(
        json.loads(messages),
        json.loads(criteria),
        json.loads(risk_tags),
        first,
        second,
        _masked(first, sides[2]),
        _masked(second, sides[5]),
    )


def _masked(side: Side, turns: str) -> Side:
    masked = json.loads(turns)
    return _shown(masked[-1], masked) if masked else side


def _side(text: str, turns: str) -> Side:
    return _shown(text, json.loads(turns) or [text])


def _shown(text: str, turns: Sequence[str]) -> Side:
    return Side(without_edges(text), tuple(without_edges(one) for one in turns))


def _moment(value: datetime) -> Any:
    return connection.ops.adapt_datetimefield_value(value)
