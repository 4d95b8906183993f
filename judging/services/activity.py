"""Who works on a study, how fast, and why comparisons were skipped: for those who manage it."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import Count, Max, Q

from judging.models import Assignment, Study

PACE_DAYS = 7
MOST_RATERS = 20
State = Assignment.State


@dataclass(frozen=True, slots=True)
class RaterWork:
    """What one rater did; `last_at` is when they last closed an assignment, in UTC."""

    pseudonym: str
    kind: str
    judgments: int
    skipped: int
    last_at: datetime | None


@dataclass(frozen=True, slots=True)
class StudyActivity:
    """`per_day` is the mean of the last 7 days, or of those since the first judgment."""

    last_hour: int
    last_day: int
    per_day: float
    skips: tuple[tuple[str, int], ...]
    raters: tuple[RaterWork, ...]


def study_activity(*, study: Study, now: datetime) -> StudyActivity:
    """Return the pace, the skips by reason (most first), and the 20 raters who did most."""
    mine = Assignment.objects.filter(study=study)
    week = now - timedelta(days=PACE_DAYS)
    counts = mine.filter(state=State.JUDGED).aggregate(
        last_hour=Count("pk", filter=Q(closed_at__gt=now - timedelta(hours=1))),
        last_day=Count("pk", filter=Q(closed_at__gt=now - timedelta(days=1))),
        last_week=Count("pk", filter=Q(closed_at__gt=week)),
    )
    first = study.versions.order_by("number").values_list("published_at", flat=True).first()
    since = max(week, first or week)
    days = max((now - since) / timedelta(days=1), 1.0)
    skips = mine.filter(state=State.SKIPPED).values_list("skip_reason").annotate(n=Count("pk"))
    return StudyActivity(
        last_hour=counts["last_hour"],
        last_day=counts["last_day"],
        per_day=counts["last_week"] / days,
        skips=tuple(skips.order_by("-n", "skip_reason")),
        raters=_raters(study),
    )


def _raters(study: Study) -> tuple[RaterWork, ...]:
    worked = Assignment.objects.filter(study=study, state__in=[State.JUDGED, State.SKIPPED])
    rows = worked.values_list("rater__pseudonym", "rater__kind").annotate(
        judged=Count("pk", filter=Q(state=State.JUDGED)),
        skipped=Count("pk", filter=Q(state=State.SKIPPED)),
        last_at=Max("closed_at"),
    )
    return tuple(
        RaterWork(*row) for row in rows.order_by("-judged", "rater__pseudonym")[:MOST_RATERS]
    )
