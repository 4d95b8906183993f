"""Take judgments out of what counts, and back in: new lines of the ledger, never an edit."""

from collections.abc import Iterable
from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext as _

from accounts.models import RaterProfile, User
from core.errors import Conflict, Invalid
from core.leases import lock
from judging.models import Assignment, Judgment, Study, Vote

LONGEST_REASON = 500
Kind = Judgment.Kind
WITHOUT_VOTES = (Kind.RETRACTION, Kind.EXCLUSION)


def retract_judgment(
    *, assignment: Assignment, by: User | None, reason: str, now: datetime
) -> Judgment:
    """Take one judgment back, on the rater's wish; nothing of it counts from now on.

    Raises `Conflict` when there is no judgment that counts, `Invalid` without a reason.
    """
    _require_reason(reason)
    made = _write([assignment.pk], Kind.RETRACTION, by=by, reason=reason, now=now)
    if not made:
        raise Conflict(_("There is no judgment that counts."), code="not_judged")
    return made[0]


def exclude_judgments(
    *, study: Study, rater: RaterProfile, by: User, reason: str, now: datetime
) -> int:
    """Leave out what a rater judged in a study; count the judgments. Raises `Invalid`.

    Boards taken from now on do not count them, those taken before stay as they are. A second call
    finds only what was judged since.
    """
    _require_reason(reason)
    ids = _judged(study, rater)
    return len(_write(ids, Kind.EXCLUSION, by=by, reason=reason, now=now))


def restore_judgments(
    *, study: Study, rater: RaterProfile, by: User, reason: str, now: datetime
) -> int:
    """Count again what was excluded of a rater in a study, as it was; retractions stay."""
    _require_reason(reason)
    ids = _judged(study, rater)
    return len(_write(ids, Kind.RESTORATION, by=by, reason=reason, now=now))


def _require_reason(reason: str) -> None:
    if not reason.strip() or len(reason) > LONGEST_REASON or not reason.isprintable():
        raise Invalid(
            _("Give a reason of at most %(longest_reason)s characters.")
            % {"longest_reason": LONGEST_REASON},
            code="reason",
        )


def _judged(study: Study, rater: RaterProfile) -> list[int]:
    mine = Assignment.objects.filter(study=study, rater=rater, state=Assignment.State.JUDGED)
    return list(mine.order_by("pk").values_list("pk", flat=True))


def _write(
    ids: Iterable[int], kind: str, *, by: User | None, reason: str, now: datetime
) -> list[Judgment]:
    made = (_revise(pk, kind, by=by, reason=reason, now=now) for pk in ids)
    return [one for one in made if one]


@transaction.atomic
def _revise(pk: int, kind: str, *, by: User | None, reason: str, now: datetime) -> Judgment | None:
    """Write one line, where it changes what counts; None where it does not."""
    # The rater may be changing the same judgment.
    lock(Assignment.objects.filter(pk=pk)).values_list("pk").get()
    lines = list(Judgment.objects.filter(assignment_id=pk).order_by("revision"))
    if not lines:
        return None
    last = lines[-1]
    wanted = (
        last.kind == Kind.EXCLUSION
        if kind == Kind.RESTORATION
        else (last.kind not in WITHOUT_VOTES)
    )
    if not wanted:
        return None
    source = next(one for one in reversed(lines) if one.kind not in WITHOUT_VOTES)
    restored = kind == Kind.RESTORATION
    line = Judgment(
        assignment_id=pk,
        revision=last.revision + 1,
        kind=kind,
        submitted_at=now,
        body_digest=source.body_digest if restored else "",
        comment=source.comment if restored else "",
        by=by,
        reason=reason,
    )
    line.save()
    if restored:
        fields = ("criterion", "display_value", "outcome", "grade")
        votes = Vote.objects.filter(judgment=source).order_by("pk").values(*fields)
        Vote.objects.bulk_create(Vote(judgment=line, **one) for one in votes)
    return line
