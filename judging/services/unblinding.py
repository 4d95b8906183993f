"""Write down who was shown which model was judged how, and keep it from them while a study is blind."""

from datetime import datetime
from typing import Any

from django.db.models import Count, Max, Min, Q, QuerySet
from django.utils.translation import gettext as _

from accounts.models import User
from core.errors import Conflict
from judging.models import Study, StudyVersion, UnblindingEvent
from judging.protocol import parse_protocol

AFTER_CLOSING = "after_closing"
LONGEST_REASON = 500


def record_unblinding(
    *, study: Study, user: User | None, path: str, reason: str, now: datetime
) -> UnblindingEvent:
    """Write down that `user` (None: the command line) was shown identities by this path, and why."""
    return UnblindingEvent.objects.create(
        study=study,
        user=user,
        path=path,
        reason=reason[:LONGEST_REASON],
        interim=study.state != Study.State.CLOSED,
        at=now,
    )


def unblindings(*, study: str = "", user: str = "") -> QuerySet[UnblindingEvent]:
    """Return the log, newest first: of one study by its slug, of one person by their name, or all."""
    found = UnblindingEvent.objects.select_related("user", "study").defer("study__draft")
    if study:
        found = found.filter(study__slug=study)
    if user:
        found = found.filter(user__username=user)
    return found.order_by("-pk")


def looks_at(*, study: Study) -> list[dict[str, Any]]:
    """Return how often each person looked, how often before the closing, and when; most looks first.

    A `user` of None is the command line.
    """
    by_person = study.unblindings.order_by().values("user__username", "user__role")
    counted = by_person.annotate(
        looks=Count("pk"),
        interim=Count("pk", filter=Q(interim=True)),
        first=Min("at"),
        last=Max("at"),
    )
    return [dict(one) for one in counted.order_by("-looks", "user__username")]


def require_revealed(version: StudyVersion) -> None:
    """Raise `Conflict` while the protocol keeps identities from managers too."""
    if parse_protocol(version.protocol).reveal != AFTER_CLOSING:
        return
    if Study.objects.filter(pk=version.study_id).exclude(state=Study.State.CLOSED).exists():
        raise Conflict(
            _("This study is blind for everybody until it is closed: the protocol says so."),
            code="blind_until_closed",
        )
