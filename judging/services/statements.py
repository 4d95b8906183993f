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

from django.db import connection, transaction

from judging.blinding import Side, SideDraw
from judging.models import Judgment, Vote


@dataclass(frozen=True, slots=True)
class Desk:
    """A rater at a study: the version in force, and what this rater did so far.

    `shown` and `ahead` are the open assignments; `lapsed` counts those that may be leased again.
    """

    study_id: int
    state: str
    seed: str
    version_id: int
    digest: str
    comparisons_by_language: dict[str, int]
    issued: int
    swapped: int
    done: int
    lapsed: int
    shown: int | None
    ahead: int | None


@dataclass(frozen=True, slots=True)
class Candidate:
    """A comparison that has a place open for a rater, and how its sides were shown so far."""

    comparison_id: int
    pair_id: int
    pair_lean: int
    prompt_lean: int


@dataclass(frozen=True, slots=True)
class Texts:
    """What is shown of a comparison."""

    messages: list[dict[str, Any]]
    criteria: list[str]
    first: Side
    second: Side


@dataclass(frozen=True, slots=True)
class Held:
    """A rater's own assignment, as far as judging it needs; `digest` names its protocol."""

    pk: int
    token: str
    comparison_id: int
    swapped: bool
    study_state: str
    digest: str
    criteria: list[str]


READ_DESK = """
SELECT study.id, study.state, study.secret_seed,
       version.id, version.digest, version.comparisons_by_language,
       mine.issued, mine.swapped, mine.done, mine.lapsed, mine.shown, mine.ahead
FROM judging_study AS study
JOIN judging_studyversion AS version ON version.study_id = study.id
CROSS JOIN (
    SELECT COUNT(*) AS issued,
           COUNT(CASE WHEN swapped THEN 1 END) AS swapped,
           COUNT(CASE WHEN state = 'judged' THEN 1 END) AS done,
           COUNT(CASE WHEN state IN ('expired', 'returned') THEN 1 END) AS lapsed,
           MAX(CASE WHEN state = 'leased' AND NOT prefetched THEN id END) AS shown,
           MAX(CASE WHEN state = 'leased' AND prefetched THEN id END) AS ahead
    FROM judging_assignment
    WHERE rater_id = %s AND study_id = (SELECT id FROM judging_study WHERE slug = %s)
) AS mine
WHERE study.slug = %s
ORDER BY version.number DESC
LIMIT 1
"""

# The inner query stands apart so that the leans are read of the one row it gives. What the rater
# has seen is asked row by row, from the unique index: a join would read their whole history.
FIND_CANDIDATE = """
SELECT wanted.id, wanted.pair_id, pair.lean, (
    SELECT COALESCE(SUM((
        SELECT SUM(CASE WHEN issued.swapped THEN 1 ELSE -1 END)
        FROM judging_assignment AS issued WHERE issued.comparison_id = sister.id
    )), 0)
    FROM judging_comparison AS sister
    WHERE sister.prompt_id = wanted.prompt_id AND sister.study_id = wanted.study_id
)
FROM (
    SELECT one.id, one.pair_id, one.prompt_id, one.study_id FROM judging_comparison AS one
    WHERE one.study_id = %s AND one.open_places > 0 AND one.language IN ({languages})
    AND (
        SELECT seen.id FROM judging_assignment AS seen
        WHERE seen.comparison_id = one.id AND seen.rater_id = %s
    ) IS NULL
    ORDER BY one.open_places DESC, one.draw_key
    LIMIT 1 OFFSET %s
) AS wanted
JOIN judging_modelpair AS pair ON pair.id = wanted.pair_id
"""

READ_TEXTS = """
SELECT prompt.messages, prompt.criteria, first.text, first.turns, second.text, second.turns
FROM judging_comparison AS comparison
JOIN prompts_prompt AS prompt ON prompt.id = comparison.prompt_id
JOIN models_registry_completion AS first ON first.id = comparison.first_id
JOIN models_registry_completion AS second ON second.id = comparison.second_id
WHERE comparison.id = %s
"""

# Without a condition: where no place is open the count would fall below 0, which a constraint
# refuses, and with this statement all that were sent with it.
TAKE_PLACE = "UPDATE judging_comparison SET open_places = open_places - 1 WHERE id = %s"

INSERT_ASSIGNMENT = """
INSERT INTO judging_assignment (
    created_at, token, comparison_id, rater_id, study_id, study_version_id, state, prefetched,
    swapped, swap_probability, expires_at, skip_reason
) VALUES (%s, %s, %s, %s, %s, %s, 'leased', %s, %s, %s, %s, '')
"""

ADD_LEAN = "UPDATE judging_modelpair SET lean = lean + %s WHERE id = %s"

FIND_HELD = """
SELECT mine.id, mine.comparison_id, mine.swapped, study.state, version.digest, prompt.criteria
FROM judging_assignment AS mine
JOIN judging_study AS study ON study.id = mine.study_id
JOIN judging_studyversion AS version ON version.id = mine.study_version_id
JOIN judging_comparison AS comparison ON comparison.id = mine.comparison_id
JOIN prompts_prompt AS prompt ON prompt.id = comparison.prompt_id
WHERE mine.token = %s AND mine.rater_id = %s
"""

CLOSE_JUDGED = """
UPDATE judging_assignment SET state = 'judged', closed_at = %s WHERE id = %s AND state = 'leased'
AND (SELECT study.state FROM judging_study AS study WHERE study.id = study_id) <> 'closed'
"""

# Writes nothing where the statement before it did not win, unless another did win: then the
# uniqueness of revisions refuses it.
INSERT_JUDGMENT = """
INSERT INTO judging_judgment (assignment_id, revision, submitted_at, body_digest, comment)
SELECT id, %s, %s, %s, %s FROM judging_assignment WHERE id = %s AND state = 'judged'
"""

INSERT_VOTE = """
INSERT INTO judging_vote (judgment_id, criterion, display_value, outcome, grade)
SELECT id, %s, %s, %s, %s FROM judging_judgment WHERE assignment_id = %s AND revision = %s
"""

Statement = tuple[str, Sequence[Any]]


def read_desk(*, slug: str, rater_id: int) -> Desk | None:
    """Return the newest version of a published study and the rater's history in it."""
    row = _one(READ_DESK, [rater_id, slug, slug])
    if row is None:
        return None
    study_id, state, seed, version_id, digest, comparisons, *history = row
    return Desk(study_id, state, seed, version_id, digest, json.loads(comparisons), *history)


def find_candidate(
    *, study_id: int, rater_id: int, languages: Sequence[str], offset: int
) -> Candidate | None:
    """Return the comparison that stands at `offset` in the order of draw for a rater.

    The order: most judgments still wanted first, at random among equals. Comparisons whose language
    was not told are for everybody.
    """
    readable = ["", *languages]
    statement = FIND_CANDIDATE.format(languages=", ".join(["%s"] * len(readable)))
    row = _one(statement, [study_id, *readable, rater_id, offset])
    return row and Candidate(*row)


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
) -> Texts:
    """Take a place of a comparison, lease it to the rater, and return what is shown of it.

    All or nothing: raises `IntegrityError` when no place is open any more, or when the rater holds
    this comparison, or such a lease, already.
    """
    assignment = [
        _moment(now), token, candidate.comparison_id, rater_id, desk.study_id, desk.version_id,
        prefetched, draw.swapped, draw.probability, _moment(expires_at),
    ]  # fmt: skip
    results = _together(
        (READ_TEXTS, [candidate.comparison_id]),
        (TAKE_PLACE, [candidate.comparison_id]),
        (INSERT_ASSIGNMENT, assignment),
        # Last, because many raters share the pair's row, and it stays locked until the commit.
        (ADD_LEAN, [1 if draw.swapped else -1, candidate.pair_id]),
    )
    return _texts(results[0].row)


def read_texts(*, comparison_id: int) -> Texts:
    """Return what is shown of a comparison."""
    return _texts(_one(READ_TEXTS, [comparison_id]))


def judge(*, judgment: Judgment, votes: Sequence[Vote]) -> bool:
    """Store the first judgment of an assignment if it is leased still; say whether it was.

    All or nothing: raises `IntegrityError` when somebody else stored one at the same moment.
    """
    closing = (CLOSE_JUDGED, [_moment(judgment.submitted_at), judgment.assignment_id])
    return _together(closing, *_judgment_rows(judgment, votes))[0].count == 1


def insert_judgment(*, judgment: Judgment, votes: Sequence[Vote]) -> None:
    """Store a judgment of an assignment that is judged, and its votes."""
    _together(*_judgment_rows(judgment, votes))


def find_held(*, token: str, rater_id: int) -> Held | None:
    """Return a rater's own assignment by its token."""
    row = _one(FIND_HELD, [token, rater_id])
    return row and Held(row[0], token, row[1], bool(row[2]), row[3], row[4], json.loads(row[5]))


def _judgment_rows(judgment: Judgment, votes: Sequence[Vote]) -> list[Statement]:
    pk, revision = judgment.assignment_id, judgment.revision
    moment = _moment(judgment.submitted_at)
    values = [revision, moment, judgment.body_digest, judgment.comment, pk]
    return [
        (INSERT_JUDGMENT, values),
        *(
            (INSERT_VOTE, [one.criterion, one.display_value, one.outcome, one.grade, pk, revision])
            for one in votes
        ),
    ]


def _texts(row: Sequence[Any]) -> Texts:
    messages, criteria, *sides = row
    first, second = _side(*sides[:2]), _side(*sides[2:])
    return Texts(json.loads(messages), json.loads(criteria), first, second)


def _side(text: str, turns: str) -> Side:
    return Side(text, tuple(json.loads(turns)) or (text,))


def _moment(value: datetime) -> Any:
    return connection.ops.adapt_datetimefield_value(value)


def _one(statement: str, parameters: Sequence[Any]) -> Any:
    with connection.cursor() as cursor:
        cursor.execute(statement, parameters)
        return cursor.fetchone()


@dataclass(frozen=True, slots=True)
class _Result:
    """What one statement did: how many rows it changed, or the first it found."""

    count: int
    row: Any


def _together(*statements: Statement) -> list[_Result]:
    """Run statements as one transaction.

    PostgreSQL takes several in one message, as one transaction of their own, which saves the
    waiting between them; SQLite is asked one by one, and so is a transaction that is open already.
    """
    if connection.vendor == "postgresql" and not connection.in_atomic_block:
        return _in_one_message(statements)
    with transaction.atomic(), connection.cursor() as cursor:
        return [_run(cursor, *one) for one in statements]


def _in_one_message(statements: Sequence[Statement]) -> list[_Result]:
    parameters = [value for _, values in statements for value in values]
    with connection.cursor() as cursor:
        cursor.execute(";".join(text for text, _ in statements), parameters)
        results = [_result(cursor)]
        while cursor.nextset():
            results.append(_result(cursor))
        return results


def _run(cursor: Any, statement: str, parameters: Sequence[Any]) -> _Result:
    cursor.execute(statement, parameters)
    return _result(cursor)


def _result(cursor: Any) -> _Result:
    return _Result(cursor.rowcount, cursor.fetchone() if cursor.description else None)
