"""Claim a row of work, keep the claim while it is done, and end it: exactly one worker at a time."""

import logging
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db import DatabaseError, connection
from django.db.models import F, Q, QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from ratings.models import BoardRequest, ExportFile, Work

log = logging.getLogger(__name__)
LEASE = timedelta(seconds=60)
BEAT_SECONDS = 1.0
MOST_ATTEMPTS = 3
GIVEN_UP = gettext_noop("It was begun several times and never finished.")
UNEXPECTED = gettext_noop("Something unexpected went wrong; it stands in the server's log.")
Kind = type[BoardRequest] | type[ExportFile]


@dataclass(slots=True)
class Progress:
    """How far one piece of work is; only the worker's thread changes it."""

    done: int = 0
    steps: int = 0

    def advance(self) -> None:
        self.done += 1


def claim(*, kind: Kind, pk: int, now: datetime) -> Work | None:
    """Take a row that waits, or whose worker died; None when somebody else has it or it is over."""
    taken = _due(kind, now).filter(pk=pk, attempts__lt=MOST_ATTEMPTS)
    if not taken.update(
        state=Work.State.RUNNING,
        attempts=F("attempts") + 1,
        claimed_until=now + LEASE,
        steps_done=0,
    ):
        return None
    return kind._default_manager.select_related("study_version__study").get(pk=pk)


@contextmanager
def kept(work: Work) -> Iterator[Progress]:
    """Write the progress of `work` every second from a thread of its own, and so keep the claim.

    Of its own, because reading and writing on one SQLite connection would make a long read fail
    as soon as somebody judges.
    """
    progress, over = Progress(), threading.Event()
    beat = threading.Thread(target=_beat, args=(work, progress, over), daemon=True)
    beat.start()
    try:
        yield progress
    finally:
        over.set()
        beat.join()


def finish(*, work: Work, now: datetime, state: str = Work.State.DONE, **values: object) -> bool:
    """End `work` if the claim still is the one it was given under; say whether it was."""
    return bool(_claimed(work).update(state=state, finished_at=now, claimed_until=None, **values))


def due(*, kind: Kind, now: datetime) -> list[int]:
    """Return the rows to ring for; those that were begun too often fail here."""
    hopeless = _due(kind, now).filter(attempts__gte=MOST_ATTEMPTS)
    hopeless.update(state=Work.State.FAILED, finished_at=now, problem=_(GIVEN_UP))
    return list(_due(kind, now).order_by("pk").values_list("pk", flat=True))


def _due(kind: Kind, now: datetime) -> QuerySet[Any]:
    waiting = Q(state=Work.State.WAITING)
    orphaned = Q(state=Work.State.RUNNING, claimed_until__lt=now)
    return kind._default_manager.filter(waiting | orphaned)


def _claimed(work: Work) -> QuerySet[Any]:
    return type(work)._default_manager.filter(
        pk=work.pk, state=Work.State.RUNNING, attempts=work.attempts
    )


def _beat(work: Work, progress: Progress, over: threading.Event) -> None:
    while not over.wait(BEAT_SECONDS):
        try:
            _claimed(work).update(
                steps_done=progress.done,
                steps=progress.steps,
                claimed_until=timezone.now() + LEASE,
            )
        except DatabaseError:
            log.warning("%s: progress was not written", work, exc_info=True)
        finally:
            connection.close()
