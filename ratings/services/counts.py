"""How many judgments studies have and want: counted anew while few, remembered a minute where many."""

from collections.abc import Callable, Sequence

from django.core.cache import caches
from django.db.models import Count, Sum

from judging.models import Assignment, Comparison, KeptPlaces, Study

MANY = 10_000  # from here on counting takes longer than a page has, and one more is not seen
OPEN_SECONDS, CLOSED_SECONDS = 60, 3_600


def judgments_of(studies: Sequence[Study]) -> dict[int, int]:
    """Return each study's judgments by its id; of more than `MANY` as they were a minute ago, or less."""
    return _remembered("judgments", studies, _count_judgments)


def planned_of(studies: Sequence[Study]) -> dict[int, int]:
    """Return by each study's id how many judgments fill a place; remembered as judgments are."""
    return _remembered("planned", studies, _count_planned)


def wanted_of(studies: Sequence[Study]) -> dict[int, int]:
    """Return by each study's id how many judgments it wants; remembered as judgments are."""
    return _remembered("wanted", studies, _count_places)


def _count_judgments(pks: list[int]) -> dict[int, int]:
    judged = Assignment.objects.filter(study__in=pks, state=Assignment.State.JUDGED)
    # An index alone answers COUNT(*); a count of ids would read every row.
    return dict(judged.order_by().values_list("study").annotate(judged=Count("*")))


def _count_planned(pks: list[int]) -> dict[int, int]:
    judged = Assignment.objects.judged_as_planned().filter(study__in=pks)
    return dict(judged.order_by().values_list("study").annotate(judged=Count("*")))


def _count_places(pks: list[int]) -> dict[int, int]:
    compared = Comparison.objects.filter(study__in=pks).order_by()
    wanted = dict(compared.values_list("study").annotate(wanted=Sum("places")))
    # Beside them what is kept for cohorts.
    kept = KeptPlaces.objects.filter(comparison__study__in=pks).order_by()
    for pk, places in kept.values_list("comparison__study").annotate(kept=Sum("places")):
        wanted[pk] = wanted.get(pk, 0) + places
    return wanted


def _remembered(
    what: str, studies: Sequence[Study], count: Callable[[list[int]], dict[int, int]]
) -> dict[int, int]:
    memory = caches["process"]
    keys = {f"{what}:{study.pk}:{study.state}": study for study in studies}
    known: dict[int, int] = {
        keys[key].pk: value for key, value in memory.get_many(list(keys)).items()
    }
    missing = {key: study for key, study in keys.items() if study.pk not in known}
    counted = count([study.pk for study in missing.values()]) if missing else {}
    for key, study in missing.items():
        known[study.pk] = counted.get(study.pk, 0)
        if known[study.pk] > MANY:
            over = study.state == Study.State.CLOSED
            memory.set(key, known[study.pk], CLOSED_SECONDS if over else OPEN_SECONDS)
    return known
