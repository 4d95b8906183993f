"""Write down who was shown which model was judged how, and keep it from them while a study is blind."""

from datetime import datetime

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


def require_revealed(version: StudyVersion) -> None:
    """Raise `Conflict` while the protocol keeps identities from managers too."""
    if parse_protocol(version.protocol).reveal != AFTER_CLOSING:
        return
    if Study.objects.filter(pk=version.study_id).exclude(state=Study.State.CLOSED).exists():
        raise Conflict(
            _("This study is blind for everybody until it is closed: the protocol says so."),
            code="blind_until_closed",
        )
