"""What admins see of raters: how much they judged, how fast, and how much they skipped."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from statistics import median

from django.db.models import Count, F, Max, Q, QuerySet, Window
from django.db.models.functions import Lag, RowNumber

from accounts.models import RaterProfile
from judging.models import Assignment, Judgment

# The pace is that of the latest judgments: what somebody did a month ago says little.
LATEST = 50
# Skipping what one does not want to read never counts against anybody.
NOT_COUNTED = "harmful"
State = Assignment.State


@dataclass(frozen=True, slots=True)
class RaterWork:
    """One rater's numbers; `seconds` is the median time of the latest judgments, if any."""

    profile: RaterProfile
    judgments: int = 0
    skips: int = 0
    last_active: datetime | None = None
    seconds: float | None = None


def find_raters(*, q: str = "", kind: str = "") -> QuerySet[RaterProfile]:
    """Return raters, the newest first: by part of their name or pseudonym, and by kind."""
    found = RaterProfile.objects.select_related("user").order_by("-pk")
    if q:
        found = found.filter(Q(user__username__icontains=q) | Q(pseudonym__icontains=q))
    return found.filter(kind=kind) if kind else found


def rater_work(*, raters: Sequence[RaterProfile]) -> list[RaterWork]:
    """Return the numbers of these raters, in their order, with two queries however many."""
    ids = [one.pk for one in raters]
    rows = Assignment.objects.filter(rater_id__in=ids, closed_at__isnull=False).order_by()
    counted = rows.values("rater_id").annotate(
        judged=Count("pk", filter=Q(state=State.JUDGED)),
        skips=Count("pk", filter=Q(state=State.SKIPPED) & ~Q(skip_reason=NOT_COUNTED)),
        last_active=Max("closed_at", filter=Q(state__in=[State.JUDGED, State.SKIPPED])),
    )
    seconds = _median_seconds(ids)
    work = {
        row["rater_id"]: {
            "judgments": row["judged"],
            "skips": row["skips"],
            "last_active": row["last_active"],
        }
        for row in counted
    }
    return [RaterWork(one, seconds=seconds.get(one.pk), **work.get(one.pk, {})) for one in raters]


def _median_seconds(rater_ids: Sequence[int]) -> dict[int, float]:
    """Return the median seconds between a judgment and what came before it, the latest of each.

    Before it came the previous judgment, or, when that was later, the moment it was leased: a
    prefetched comparison waits, and the night between two sessions is nobody's thinking time.
    """
    rater = F("assignment__rater_id")
    moment = F("submitted_at")
    rows = (
        Judgment.objects.filter(assignment__rater_id__in=rater_ids, revision=0)
        .annotate(
            before=Window(Lag("submitted_at"), partition_by=rater, order_by=moment.asc()),
            rank=Window(RowNumber(), partition_by=rater, order_by=moment.desc()),
        )
        .filter(rank__lte=LATEST)
        .values_list("assignment__rater_id", "assignment__created_at", "before", "submitted_at")
    )
    taken = defaultdict(list)
    for rater_id, leased, before, submitted in rows:
        started = max(leased, before) if before else leased
        taken[rater_id].append(max((submitted - started).total_seconds(), 0.0))
    return {rater_id: median(times) for rater_id, times in taken.items()}
