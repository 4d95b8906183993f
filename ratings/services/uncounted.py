"""Which judgments a board does not count, and why."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.db.models import Count, Exists, OuterRef, Q

from judging.models import Assignment, Judgment
from ratings.models import LeaderboardSnapshot

LEFT_OUT = (Judgment.Kind.EXCLUSION, Judgment.Kind.RETRACTION)


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
    """Return what was kept with a board, or count it: a board's judgments stay the same."""
    if snapshot.uncounted is not None:
        return Uncounted(**snapshot.uncounted)
    return count_uncounted(
        study_id=snapshot.study_version.study_id,
        up_to=snapshot.last_judgment_id,
        result=snapshot.result,
    )


def count_uncounted(*, study_id: int, up_to: int, result: Mapping[str, Any]) -> Uncounted:
    """Count the judgments up to one that a board's result leaves out, by reason; a changed one is one."""
    judged = Judgment.objects.filter(assignment__study_id=study_id, pk__lte=up_to)
    planned = Q(assignment__purpose=Assignment.Purpose.PLANNED)
    # Each has one first revision: counted so, no row has to look for later ones.
    first = judged.filter(revision=0).aggregate(
        total=Count("pk"), beside=Count("pk", filter=~planned)
    )
    later = judged.filter(assignment=OuterRef("assignment"), revision__gt=OuterRef("revision"))
    left_out = judged.filter(planned, ~Exists(later), revision__gt=0, kind__in=LEFT_OUT)
    counts = dict(left_out.order_by().values_list("kind").annotate(n=Count("*")))
    excluded, retracted = (counts.get(kind, 0) for kind in LEFT_OUT)
    counted = sum(one["judgments"] for one in result["raters"])
    return Uncounted(
        judged=first["total"],
        counted=counted,
        beside_plan=first["beside"],
        excluded=excluded,
        retracted=retracted,
        otherwise=max(0, first["total"] - first["beside"] - excluded - retracted - counted),
    )
