"""How a rater's work ends: because they stop, or because there is nothing for them, and why."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from accounts.models import RaterProfile
from judging.models import Assignment, Comparison, Study
from judging.services.assignments import busy_until, readable_languages
from judging.services.places import give_back_all
from judging.services.versions import protocol_of

State = Assignment.State


class Reason(StrEnum):
    """Why a rater has nothing to judge in a study."""

    CLOSED = "closed"
    PAUSED = "paused"
    HELD = "held"
    CAPPED = "capped"
    OTHER_LANGUAGES = "other_languages"
    WITH_OTHERS = "with_others"
    DONE = "done"


STOPPED: Mapping[str, Reason] = {
    Study.State.CLOSED: Reason.CLOSED,
    Study.State.PAUSED: Reason.PAUSED,
}


# Codes of the errors that end a rater's work in a study.
ENDS = frozenset({"study_paused", "study_closed", "rater_held"})


@dataclass(frozen=True, slots=True)
class Ending:
    """Why nothing is left, and how many comparisons of the study this rater judged."""

    reason: Reason
    judged: int


@dataclass(frozen=True, slots=True)
class Thanks:
    """What a rater did until they stopped: all in all, and in the last 24 hours."""

    judged: int
    judged_lately: int


def stop_judging(*, rater: RaterProfile, now: datetime) -> int:
    """Give back everything a rater holds, in every study; count it.

    They get the same again, with the same sides, while nobody else took its place.
    """
    return give_back_all(
        assignments=Assignment.objects.filter(rater=rater), state=State.RETURNED, now=now
    )


def thanks_to(*, rater: RaterProfile, now: datetime) -> Thanks:
    """Count what a rater judged."""
    judged = Assignment.objects.filter(rater=rater, state=State.JUDGED)
    return Thanks(judged.count(), judged.filter(closed_at__gt=now - timedelta(days=1)).count())


def why_nothing_is_left(*, rater: RaterProfile, study: Study) -> Ending:
    """Say why a rater gets no comparison in a published study."""
    judged = Assignment.objects.filter(rater=rater, study=study, state=State.JUDGED).count()
    return Ending(_reason(rater, study, judged), judged)


def _reason(rater: RaterProfile, study: Study, judged: int) -> Reason:
    if study.state in STOPPED:
        return STOPPED[study.state]
    if rater.held:
        return Reason.HELD
    cap = protocol_of(study.versions.in_brief()[0]).judgments_per_rater
    if cap is not None and judged >= cap:
        return Reason.CAPPED
    asked = Comparison.objects.filter(study=study, withdrawn=False, places__gt=0)
    readable = asked.filter(language__in=["", *readable_languages(rater)])
    if not readable.exists():
        return Reason.OTHER_LANGUAGES if asked.exists() else Reason.DONE
    held_by_others = busy_until(rater=rater, slug=study.slug) is not None
    return Reason.WITH_OTHERS if held_by_others else Reason.DONE
