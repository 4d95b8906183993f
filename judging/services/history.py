"""What a study's readers may ask of its past: who was left out by whom, and how far it is sealed."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from operator import attrgetter
from typing import Any

from django.db.models import Count, QuerySet
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy

from accounts.models import User
from judging.models import AuditBatch, Judgment, Study, StudyVersion

# The protocol's reasons for leaving an answer out, as people say them.
REASONS = {
    "refused": gettext_lazy("refused to answer"),
    "filtered": gettext_lazy("held back by a filter"),
    "empty": gettext_lazy("empty"),
    "cut_off": gettext_lazy("cut off"),
    "names_maker": gettext_lazy("names its maker"),
    "missing": gettext_lazy("missing"),
}
LEFT_OUT = (Judgment.Kind.EXCLUSION, Judgment.Kind.RESTORATION)


@dataclass(frozen=True, slots=True)
class Done:
    """What was done with a study: begun, published, amended, or the state it was given then.

    `by` is empty for the command line, and where it was not kept; `number` is that of the version.
    """

    at: datetime
    what: str
    by: str
    number: int | None = None


@dataclass(frozen=True, slots=True)
class Sealed:
    """The newest seal of the ledger, and how many judgments of a study were written after it."""

    newest: AuditBatch | None
    younger: int


def left_out_of(*, study: Study) -> QuerySet[Judgment, dict[str, Any]]:
    """Return who left out a rater's judgments or counted them again: a row a decision, newest first."""
    lines = Judgment.objects.filter(assignment__study=study, kind__in=LEFT_OUT)
    decided = ("kind", "assignment__rater__pseudonym", "by__username", "reason", "submitted_at")
    rows: QuerySet[Judgment, dict[str, Any]] = lines.values(*decided).annotate(count=Count("pk"))
    return rows.order_by("-submitted_at", "assignment__rater__pseudonym")


def done_with(*, study: Study, versions: Sequence[StudyVersion]) -> list[Done]:
    """Return what was done with a study, given its versions; the newest first."""
    told = [Done(study.created_at, "begun", _name(study.created_by))]
    told += [
        Done(
            one.published_at,
            "published" if one.number == 1 else "amended",
            _name(one.published_by),
            one.number,
        )
        for one in versions
    ]
    told += [
        Done(one.at, one.state, _name(one.by))
        for one in study.transitions.select_related("by").order_by("pk")
    ]
    return sorted(told, key=attrgetter("at"), reverse=True)


def _name(user: User | None) -> str:
    return user.username if user else ""


def sealed_of(*, study: Study) -> Sealed:
    """Return how far the ledger is sealed."""
    newest = AuditBatch.objects.order_by("-number").first()
    lines = Judgment.objects.filter(assignment__study=study)
    if newest is not None:
        lines = lines.filter(pk__gt=max(last for _first, last in newest.judgments))
    return Sealed(newest, lines.count())


def answers_left_out(version: StudyVersion) -> list[tuple[str | Promise, int]]:
    """Return how many answers are not compared, by reason, of all models together.

    Of each model they would tell, beside a board with codes, which code is which model.
    """
    counts: Counter[str] = Counter()
    for reasons in version.exclusions.values():
        counts.update(reasons)
    return [(REASONS.get(reason, reason), count) for reason, count in sorted(counts.items())]
