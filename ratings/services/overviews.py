"""What is known of many studies at once, in as many queries as of one."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Count, Max, Sum

from judging.models import Assignment, Comparison, Study
from ratings.models import LeaderboardSnapshot


@dataclass(frozen=True, slots=True)
class Overview:
    """A study, its judgments given and wanted, and when its newest board was taken."""

    study: Study
    judgments: int
    wanted: int
    board_taken_at: datetime | None


def overviews(studies: Sequence[Study]) -> list[Overview]:
    """Return an overview of each study, in the same order."""
    pks = [study.pk for study in studies]
    judged = Assignment.objects.filter(study__in=pks, state=Assignment.State.JUDGED)
    judgments = dict(judged.order_by().values_list("study").annotate(judged=Count("pk")))
    compared = Comparison.objects.filter(study__in=pks).order_by()
    wanted = dict(compared.values_list("study").annotate(wanted=Sum("places")))
    taken = dict(
        LeaderboardSnapshot.objects.filter(study_version__study__in=pks)
        .order_by()
        .values_list("study_version__study")
        .annotate(newest=Max("taken_at"))
    )
    return [
        Overview(
            study=study,
            judgments=judgments.get(study.pk, 0),
            wanted=wanted.get(study.pk, 0),
            board_taken_at=taken.get(study.pk),
        )
        for study in studies
    ]
