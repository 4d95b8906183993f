"""Why a rater has nothing to judge just now, and what they did until they stopped."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from django.db.models import Q

from accounts.models import RaterProfile
from judging.models import Assignment, Comparison, KeptPlaces, Study
from judging.services.assignments import busy_until, readable_languages
from judging.services.cohorts import only_others_may, open_to, standing_of
from judging.services.left_out import leaves_something_out
from judging.services.places import give_back_all
from judging.services.versions import protocol_of

State = Assignment.State


class Reason(StrEnum):
    CLOSED = "closed"
    PAUSED = "paused"
    HELD = "held"
    SKIPPED = "skipped"
    CAPPED = "capped"
    OTHER_LANGUAGES = "other_languages"
    WITH_OTHERS = "with_others"
    LEFT_OUT = "left_out"
    RESERVED = "reserved"
    SEEN = "seen"
    DONE = "done"


FOR_NOW = frozenset({Reason.PAUSED, Reason.HELD, Reason.WITH_OTHERS})
# Errors of `lease_next` that end a rater's work in a study, by their codes.
ENDS: Mapping[str, Reason] = {
    "study_closed": Reason.CLOSED,
    "study_paused": Reason.PAUSED,
    "rater_held": Reason.HELD,
    "skip_cap": Reason.SKIPPED,
}


@dataclass(frozen=True, slots=True)
class Ending:
    """Why nothing is left, how many comparisons this rater judged, and when to look again, if so."""

    reason: Reason
    judged: int
    until: datetime | None = None

    @property
    def for_now(self) -> bool:
        """Whether this rater may well go on later: names of models are not for them yet."""
        return self.reason in FOR_NOW


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


def ending_of(*, rater: RaterProfile, study: Study, code: str = "") -> Ending:
    """Say why a rater gets no comparison in a published study.

    `code` is that of the error that `lease_next` raised, if it did.
    """
    judged = Assignment.objects.filter(rater=rater, study=study, state=State.JUDGED).count()
    if code in ENDS:
        return Ending(ENDS[code], judged)
    version = study.versions.in_brief()[0]
    protocol = protocol_of(version)
    cap = protocol.judgments_per_rater
    if cap is not None and judged >= cap:
        return Ending(Reason.CAPPED, judged)
    standing = standing_of(rater=rater, study_id=study.pk, slug=study.slug, protocol=protocol)
    until = busy_until(rater=rater, slug=study.slug)
    reason = _why_not(rater, study, standing.groups, others_are_busy=until is not None)
    return Ending(reason, judged, until if reason == Reason.WITH_OTHERS else None)


def _why_not(
    rater: RaterProfile, study: Study, groups: Sequence[str], *, others_are_busy: bool
) -> Reason:
    """Say why nothing that is left is for this rater."""
    languages = ["", *readable_languages(rater)]
    asked = Comparison.objects.filter(open_to(groups), study=study, withdrawn=False, forfeit="")
    readable = asked.filter(language__in=languages)
    if asked.exists() and not readable.exists():
        return Reason.OTHER_LANGUAGES
    if others_are_busy:
        return Reason.WITH_OTHERS
    if leaves_something_out(rater=rater, study_id=study.pk, languages=languages, groups=groups):
        return Reason.LEFT_OUT
    if only_others_may(study=study, languages=languages, groups=groups):
        return Reason.RESERVED
    # Places are open that this rater is not given: nobody is shown an answer twice.
    kept = KeptPlaces.objects.filter(kept_for__in=groups, open_places__gt=0).values("comparison")
    left = readable.filter(Q(open_places__gt=0) | Q(pk__in=kept))
    return Reason.SEEN if left.exists() else Reason.DONE
