"""Which judgments a board does not count, and why."""

from dataclasses import dataclass

from django.db.models import Count, Exists, OuterRef

from judging.models import Assignment, Judgment
from ratings.models import LeaderboardSnapshot

Kind = Judgment.Kind


@dataclass(frozen=True, slots=True)
class Uncounted:
    """Of what was `judged` when a board was taken, what it does not count.

    `beside_plan` are repeats, known answers and what was asked on disagreement; `excluded` those of
    raters who are left out, `retracted` taken back; `otherwise` asked in other words by an earlier
    version.
    """

    judged: int
    counted: int
    beside_plan: int
    excluded: int
    retracted: int
    otherwise: int


def uncounted(snapshot: LeaderboardSnapshot) -> Uncounted:
    """Return how many judgments a board does not count, by reason; a changed one is one."""
    judged = Judgment.objects.filter(
        assignment__study_id=snapshot.study_version.study_id, pk__lte=snapshot.last_judgment_id
    )
    later = judged.filter(assignment=OuterRef("assignment"), revision__gt=OuterRef("revision"))
    counts = {
        (purpose, kind): n
        for purpose, kind, n in judged.filter(~Exists(later))
        .order_by()
        .values_list("assignment__purpose", "kind")
        .annotate(n=Count("*"))
    }
    planned = Assignment.Purpose.PLANNED
    total = sum(counts.values())
    beside = sum(n for (purpose, _kind), n in counts.items() if purpose != planned)
    excluded = counts.get((planned, Kind.EXCLUSION), 0)
    retracted = counts.get((planned, Kind.RETRACTION), 0)
    counted = sum(one["judgments"] for one in snapshot.result["raters"])
    return Uncounted(
        judged=total,
        counted=counted,
        beside_plan=beside,
        excluded=excluded,
        retracted=retracted,
        otherwise=max(0, total - beside - excluded - retracted - counted),
    )
