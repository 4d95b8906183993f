"""Show a rater what they just judged, while it can still be changed."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.utils.translation import gettext as _

from accounts.models import RaterProfile
from core.errors import Conflict
from judging.blinding import BlindedAssignment, Progress, present
from judging.models import Assignment, Judgment
from judging.services.assignments import find_assignment
from judging.services.statements import read_texts
from judging.services.versions import protocol_under


@dataclass(frozen=True, slots=True)
class Changeable:
    """A judgment that can be changed until `undo_until`, by its assignment's token."""

    token: str
    undo_until: datetime


@dataclass(frozen=True, slots=True)
class Judged:
    """What was shown, and what was chosen: `votes` as displayed values in text, by criterion."""

    digest: str
    blinded: BlindedAssignment
    votes: dict[str, str]
    comment: str


def last_changeable(*, rater: RaterProfile, study_id: int, now: datetime) -> Changeable | None:
    """Return the rater's latest judgment in a study, if it can be changed still."""
    mine = Judgment.objects.filter(
        revision=0,
        assignment__rater=rater,
        assignment__study=study_id,
        assignment__state=Assignment.State.JUDGED,
    )
    newest = mine.order_by("-submitted_at", "-pk").values_list(
        "assignment__token", "assignment__study_version__digest", "submitted_at"
    )
    for token, digest, submitted_at in newest[:1]:
        until = submitted_at + timedelta(seconds=protocol_under(digest).undo_seconds)
        return Changeable(token, until) if until > now else None
    return None


def read_judged(*, rater: RaterProfile, token: str, now: datetime) -> Judged:
    """Return a rater's own judgment with what it was about, to be changed.

    Raises `Missing` for another's, `Conflict` when nothing was submitted or the time is over.
    """
    held = find_assignment(rater=rater, token=token)
    made = list(Judgment.objects.filter(assignment_id=held.pk).order_by("revision"))
    if not made:
        raise Conflict(_("There is no judgment to change; submit one first."), code="not_judged")
    protocol = protocol_under(held.digest)
    until = made[0].submitted_at + timedelta(seconds=protocol.undo_seconds)
    if now > until:
        raise Conflict(
            _("The time for changes is over; the judgment stays as it was submitted."),
            code="undo_window_over",
        )
    texts = read_texts(comparison_id=held.comparison_id)
    first, second = texts.sides(masked=protocol.masks_makers)
    blinded = present(
        token=token,
        expires_at=until,
        messages=texts.messages,
        first=first,
        second=second,
        swapped=held.swapped,
        criteria=tuple(one.blinded() for one in protocol.criteria_for(held.criteria)),
        # A change is no progress: this one was counted when it was first submitted.
        progress=Progress(0, 0),
        risk_tags=texts.risk_tags,
    )
    votes = dict(made[-1].votes.values_list("criterion", "display_value"))
    return Judged(held.digest, blinded, votes, made[-1].comment)
