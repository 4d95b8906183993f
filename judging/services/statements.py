"""The statements of the rater's two requests, in SQL, for PostgreSQL and SQLite alike.

Everything else here is the ORM's. These few run for every judgment, and for them compiling a
query set took several times as long as the database took to answer it.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import connection

from judging.blinding import Side
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
class Taken:
    """A comparison of which one place was just taken, and how its sides were shown so far."""

    comparison_id: int
    pair_id: int
    prompt_id: int
    first_id: int
    second_id: int
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
       COUNT(mine.id),
       COUNT(CASE WHEN mine.swapped THEN 1 END),
       COUNT(CASE WHEN mine.state = 'judged' THEN 1 END),
       COUNT(CASE WHEN mine.state IN ('expired', 'returned') THEN 1 END),
       MAX(CASE WHEN mine.state = 'leased' AND NOT mine.prefetched THEN mine.id END),
       MAX(CASE WHEN mine.state = 'leased' AND mine.prefetched THEN mine.id END)
FROM judging_study AS study
JOIN judging_studyversion AS version ON version.study_id = study.id
LEFT JOIN judging_assignment AS mine ON mine.study_id = study.id AND mine.rater_id = %s
WHERE study.slug = %s AND version.number = (
    SELECT MAX(number) FROM judging_studyversion WHERE study_id = study.id
)
GROUP BY study.id, version.id
"""

# The row that the inner query found is locked by it where the database locks rows, so that it
# still has the place when the outer statement takes it.
TAKE_NEXT = """
UPDATE judging_comparison SET open_places = open_places - 1
WHERE id = (
    SELECT wanted.id FROM judging_comparison AS wanted
    WHERE wanted.study_id = %s AND wanted.open_places > 0 AND wanted.language IN ({languages})
    AND NOT EXISTS (
        SELECT 1 FROM judging_assignment AS seen
        WHERE seen.comparison_id = wanted.id AND seen.rater_id = %s
    )
    ORDER BY wanted.open_places DESC, wanted.draw_key
    LIMIT 1 {lock}
)
RETURNING id, pair_id, prompt_id, first_id, second_id
"""

READ_LEANS = """
SELECT pair.lean, (
    SELECT COALESCE(SUM(CASE WHEN issued.swapped THEN 1 ELSE -1 END), 0)
    FROM judging_comparison AS sister
    JOIN judging_assignment AS issued ON issued.comparison_id = sister.id
    WHERE sister.prompt_id = %s AND sister.study_id = pair.study_id
)
FROM judging_modelpair AS pair WHERE pair.id = %s
"""

ADD_LEAN = "UPDATE judging_modelpair SET lean = lean + %s WHERE id = %s"

INSERT_ASSIGNMENT = """
INSERT INTO judging_assignment (
    created_at, token, comparison_id, rater_id, study_id, study_version_id, state, prefetched,
    swapped, swap_probability, expires_at, skip_reason
) VALUES (%s, %s, %s, %s, %s, %s, 'leased', %s, %s, %s, %s, '')
"""

READ_PROMPT = "SELECT messages, criteria FROM prompts_prompt WHERE id = %s"
READ_SIDES = "SELECT id, text, turns FROM models_registry_completion WHERE id IN (%s, %s)"

FIND_HELD = """
SELECT mine.id, mine.comparison_id, mine.swapped, study.state, version.digest, prompt.criteria
FROM judging_assignment AS mine
JOIN judging_study AS study ON study.id = mine.study_id
JOIN judging_studyversion AS version ON version.id = mine.study_version_id
JOIN judging_comparison AS comparison ON comparison.id = mine.comparison_id
JOIN prompts_prompt AS prompt ON prompt.id = comparison.prompt_id
WHERE mine.token = %s AND mine.rater_id = %s
"""

INSERT_JUDGMENT = """
INSERT INTO judging_judgment (assignment_id, revision, submitted_at, body_digest, comment)
VALUES (%s, %s, %s, %s, %s) RETURNING id
"""

INSERT_VOTES = """
INSERT INTO judging_vote (judgment_id, criterion, display_value, outcome, grade) VALUES {rows}
"""


def read_desk(*, slug: str, rater_id: int) -> Desk | None:
    """Return the newest version of a published study and the rater's history in it."""
    row = _one(READ_DESK, [rater_id, slug])
    return row and Desk(*row[:5], json.loads(row[5]), *row[6:])


def take_next(
    *, study_id: int, rater_id: int, languages: Sequence[str], wait: bool
) -> Taken | None:
    """Take one place of the next comparison for a rater; None where there is none.

    Comparisons that others are taking at this moment are passed over, or with `wait` waited for.
    Comparisons whose language was not told are for everybody.
    """
    readable = ["", *languages]
    lock = ""
    if connection.features.has_select_for_update:
        lock = "FOR UPDATE" if wait else "FOR UPDATE SKIP LOCKED"
    marks = ", ".join(["%s"] * len(readable))
    statement = TAKE_NEXT.format(languages=marks, lock=lock)
    row = _one(statement, [study_id, *readable, rater_id])
    return row and Taken(*row, *_one(READ_LEANS, [row[2], row[1]]))


def insert_assignment(
    *,
    taken: Taken,
    desk: Desk,
    rater_id: int,
    token: str,
    prefetched: bool,
    swapped: bool,
    probability: float,
    now: datetime,
    expires_at: datetime,
) -> None:
    """Lease a taken place to a rater, and note in the pair's lean how its sides are shown."""
    _do(
        INSERT_ASSIGNMENT,
        [
            _moment(now), token, taken.comparison_id, rater_id, desk.study_id, desk.version_id,
            prefetched, swapped, probability, _moment(expires_at),
        ],
    )  # fmt: skip
    # Last, because many raters share the pair's row, and it stays locked until the commit.
    _do(ADD_LEAN, [1 if swapped else -1, taken.pair_id])


def read_texts(*, prompt_id: int, first_id: int, second_id: int) -> Texts:
    """Return what is shown of a comparison."""
    messages, criteria = _one(READ_PROMPT, [prompt_id])
    sides = {
        pk: _side(text, json.loads(turns))
        for pk, text, turns in _all(READ_SIDES, [first_id, second_id])
    }
    return Texts(json.loads(messages), json.loads(criteria), sides[first_id], sides[second_id])


def find_held(*, token: str, rater_id: int) -> Held | None:
    """Return a rater's own assignment by its token."""
    row = _one(FIND_HELD, [token, rater_id])
    return row and Held(row[0], token, row[1], bool(row[2]), row[3], row[4], json.loads(row[5]))


def insert_judgment(*, judgment: Judgment, votes: Sequence[Vote]) -> None:
    """Store a judgment and its votes; the judgment gets its id."""
    fields = [judgment.revision, _moment(judgment.submitted_at), judgment.body_digest]
    row = _one(INSERT_JUDGMENT, [judgment.assignment_id, *fields, judgment.comment])
    judgment.pk = row[0]
    rows = ", ".join(["(%s, %s, %s, %s, %s)"] * len(votes))
    values = (
        (judgment.pk, one.criterion, one.display_value, one.outcome, one.grade) for one in votes
    )
    _do(INSERT_VOTES.format(rows=rows), [value for row in values for value in row])


def _side(text: str, turns: list[str]) -> Side:
    return Side(text, tuple(turns) or (text,))


def _moment(value: datetime) -> Any:
    return connection.ops.adapt_datetimefield_value(value)


def _one(statement: str, parameters: Sequence[Any]) -> Any:
    with connection.cursor() as cursor:
        cursor.execute(statement, parameters)
        return cursor.fetchone()


def _all(statement: str, parameters: Sequence[Any]) -> list[Any]:
    with connection.cursor() as cursor:
        cursor.execute(statement, parameters)
        return list(cursor.fetchall())


def _do(statement: str, parameters: Sequence[Any]) -> None:
    with connection.cursor() as cursor:
        cursor.execute(statement, parameters)
