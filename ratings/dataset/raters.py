"""From rows to arrays by rater: votes with sides and times, gold and repeats, and what was judged twice."""

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

import numpy as np
from django.db.models import Exists, OuterRef, QuerySet
from django.db.models.functions import Length
from numpy.typing import NDArray

from accounts.models import RaterProfile
from judging.models import Assignment, GoldComparison, Judgment, Study, StudyVersion, Vote
from judging.scales import CANNOT_JUDGE
from ratings.board.inputs import FITTED, OUTCOME_CODES
from ratings.dataset.ballots import (
    CHUNK,
    counted_votes,
    labels_of,
    latest_judgment_id,
    models_of,
    versions_up_to,
)
from ratings.quality import RaterVotes, Tried
from ratings.quality.agreement import JudgedVotes
from ratings.scoring import Comparisons

WORD = 5.5  # characters with the space, roughly
Purpose = Assignment.Purpose
RATER, COMPARISON = "judgment__assignment__rater_id", "judgment__assignment__comparison_id"


class RaterFacts(NamedTuple):
    """A rater as the pages show them; in the order of codes."""

    pk: int
    pseudonym: str
    kind: str


@dataclass(frozen=True, eq=False)
class RatersJudged:
    """What the raters of a study did on one criterion; `words` (n,) were on the screen."""

    votes: RaterVotes
    raters: tuple[RaterFacts, ...]
    words: NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class SlicedVotes:
    """The planned votes on one criterion, and the rows of each slice of the prompts."""

    votes: JudgedVotes
    slices: Mapping[str, NDArray[np.bool_]]


def read_raters(version: StudyVersion, *, criterion: str) -> RatersJudged:
    """Read the planned votes on `criterion` by whoever judged, those left out of boards among them."""
    up_to = latest_judgment_id(version)
    comparison = "judgment__assignment__comparison"
    rows = list(
        counted_votes(version, up_to=up_to, excluded=True)
        .filter(criterion=criterion)
        .exclude(outcome=CANNOT_JUDGE)
        .annotate(
            length=Length(f"{comparison}__first__text") + Length(f"{comparison}__second__text")
        )
        .values_list(
            "judgment__assignment_id",
            "judgment__assignment__rater_id",
            f"{comparison}__pair__first_model_id",
            f"{comparison}__pair__second_model_id",
            "outcome",
            "judgment__assignment__swapped",
            "length",
        )
        .iterator(CHUNK)
    )
    models = list(models_of(versions_up_to(version)))
    labels, at = labels_of(models), {one.pk: place for place, one in enumerate(models)}
    facts = _facts({row[1] for row in rows})
    code = {one.pk: place for place, one in enumerate(facts)}
    taken = _seconds(version.study)
    found = RaterVotes(
        comparisons=Comparisons(
            items=tuple(labels[one.pk] for one in models),
            first=np.array([at[row[2]] for row in rows], dtype=np.int32),
            second=np.array([at[row[3]] for row in rows], dtype=np.int32),
            outcome=FITTED[np.array([OUTCOME_CODES[row[4]] for row in rows], dtype=np.int64)],
            rater=np.array([code[row[1]] for row in rows], dtype=np.int32),
        ),
        shown_first=np.array([not row[5] for row in rows], dtype=bool),
        seconds=np.array([taken.get(row[0], np.nan) for row in rows], dtype=float),
        gold=_by_code(_gold(version.study), code),
        repeats=_by_code(_repeats(version.study, criterion), code),
    )
    words = np.array([(row[6] or 0) / WORD for row in rows], dtype=float)
    return RatersJudged(found, facts, words)


def read_sliced(version: StudyVersion, *, criterion: str) -> SlicedVotes:
    """Read the planned votes on `criterion` that count, with language and category of their prompts."""
    rows = (
        counted_votes(version, up_to=latest_judgment_id(version))
        .filter(criterion=criterion)
        .exclude(outcome=CANNOT_JUDGE)
        .values_list(
            "judgment__assignment__comparison_id",
            "judgment__assignment__rater_id",
            "outcome",
            "grade",
            "judgment__assignment__comparison__prompt__language",
            "judgment__assignment__comparison__prompt__category",
        )
    )
    kept = {(row[0], row[1]): row for row in rows.iterator(CHUNK)}
    listed = list(kept.values())
    outcome = np.array([_sign(row[2]) for row in listed], dtype=np.int64)
    graded = [row[3] for row in listed]
    votes = JudgedVotes(
        unit=_coded([row[0] for row in listed]),
        rater=_coded([row[1] for row in listed]),
        outcome=outcome,
        # A grade below 0 is for the first.
        step=np.array(
            [own if one is None else -one for one, own in zip(graded, outcome, strict=True)],
            dtype=np.int64,
        ),
    )
    slices = {}
    for kind, column in (("language", 4), ("category", 5)):
        values = np.array([row[column] for row in listed], dtype=object)
        for value in sorted({one for one in values if one}):
            slices[f"{kind}: {value}"] = np.asarray(values == value, dtype=bool)
    return SlicedVotes(votes, slices)


def left_out_raters(study: Study) -> set[int]:
    """Return the ids of raters of whom the ledger leaves out every judgment they submitted."""
    latest = Judgment.objects.countable().filter(assignment__study=study)
    kinds = latest.values_list("assignment__rater_id", "kind").distinct()
    by_rater = defaultdict(set)
    for rater, kind in kinds:
        by_rater[rater].add(kind)
    counted = {Judgment.Kind.SUBMISSION, Judgment.Kind.SUPERSESSION, Judgment.Kind.RESTORATION}
    return {
        rater
        for rater, found in by_rater.items()
        if Judgment.Kind.EXCLUSION in found and not found & counted
    }


def _facts(ids: set[int]) -> tuple[RaterFacts, ...]:
    rows = RaterProfile.objects.filter(pk__in=ids).order_by("pseudonym")
    return tuple(RaterFacts(*row) for row in rows.values_list("pk", "pseudonym", "kind"))


def _seconds(study: Study) -> dict[int, float]:
    """Return by assignment the seconds from when it could be read to the first impression.

    It could be read when it was leased, or when the one before was judged, whichever was later.
    """
    rows = (
        Judgment.objects.filter(assignment__study=study, revision=0)
        .order_by("assignment__rater_id", "submitted_at", "pk")
        .values_list(
            "assignment_id", "assignment__rater_id", "assignment__created_at", "submitted_at"
        )
    )
    before: dict[int, datetime] = {}
    taken = {}
    for pk, rater, leased, submitted in rows.iterator(CHUNK):
        started = max(leased, before.get(rater, leased))
        taken[pk] = max((submitted - started).total_seconds(), 0.0)
        before[rater] = submitted
    return taken


def _latest_votes(study: Study, purpose: str) -> QuerySet[Vote]:
    """Return the votes of this purpose; exclusions do not hide them."""
    later = Judgment.objects.filter(
        assignment=OuterRef("judgment__assignment"), revision__gt=OuterRef("judgment__revision")
    ).exclude(kind=Judgment.Kind.EXCLUSION)
    votes = Vote.objects.filter(
        judgment__assignment__study=study, judgment__assignment__purpose=purpose
    )
    return votes.filter(~Exists(later))


def _gold(study: Study) -> dict[int, list[bool]]:
    """Return by rater whether each gold comparison was judged as it is known to be."""
    known = dict(
        GoldComparison.objects.filter(comparison__study=study).values_list(
            "comparison_id", "answers"
        )
    )
    said: dict[tuple[int, int], list[bool]] = defaultdict(list)
    rows = _latest_votes(study, Purpose.GOLD).values_list(RATER, COMPARISON, "criterion", "outcome")
    for rater, comparison, criterion, outcome in rows:
        answers = known.get(comparison, {})
        if criterion in answers:
            said[rater, comparison].append(outcome == answers[criterion])
    found = defaultdict(list)
    for (rater, _), right in said.items():
        found[rater].append(all(right))
    return dict(found)


def _repeats(study: Study, criterion: str) -> dict[int, list[bool]]:
    """Return by rater whether each repeat, with the sides swapped, was judged as before."""
    first = {
        (rater, comparison): outcome
        for rater, comparison, outcome in _latest_votes(study, Purpose.PLANNED)
        .filter(criterion=criterion)
        .values_list(RATER, COMPARISON, "outcome")
    }
    found = defaultdict(list)
    rows = _latest_votes(study, Purpose.REPEAT).filter(criterion=criterion)
    for rater, comparison, outcome in rows.values_list(RATER, COMPARISON, "outcome"):
        if (rater, comparison) in first:
            found[rater].append(outcome == first[rater, comparison])
    return dict(found)


def _by_code(found: Mapping[int, list[bool]], code: Mapping[int, int]) -> dict[int, Tried]:
    return {
        code[rater]: Tried(sum(right), len(right))
        for rater, right in found.items()
        if rater in code
    }


def _sign(outcome: str) -> int:
    return int(FITTED[OUTCOME_CODES[outcome]]) - 1


def _coded(values: list[int]) -> NDArray[np.int64]:
    return np.unique(np.array(values, dtype=np.int64), return_inverse=True)[1].astype(np.int64)
