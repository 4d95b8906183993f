"""What is known of many studies at once, in as many queries as of one."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Max

from judging.models import Study
from ratings.models import LeaderboardSnapshot
from ratings.services.counts import planned_of, wanted_of


@dataclass(frozen=True, slots=True)
class Overview:
    """A study, the judgments that fill a place, those wanted, and when its newest board was taken."""

    study: Study
    judgments: int
    wanted: int
    board_taken_at: datetime | None


def overviews(studies: Sequence[Study]) -> list[Overview]:
    """Return an overview of each study, in the same order."""
    judgments, wanted = planned_of(studies), wanted_of(studies)
    taken = dict(
        LeaderboardSnapshot.objects.filter(study_version__study__in=list(studies))
        .order_by()
        .values_list("study_version__study")
        .annotate(newest=Max("taken_at"))
    )
    return [
        Overview(
            study=study,
            judgments=judgments[study.pk],
            wanted=wanted[study.pk],
            board_taken_at=taken.get(study.pk),
        )
        for study in studies
    ]
