"""Take a board: at once in a small study, in the background in a large one."""

from datetime import datetime

from accounts.models import User
from judging.models import Study, StudyVersion
from ratings.models import BoardRequest, LeaderboardSnapshot
from ratings.services import works
from ratings.services.counts import judgments_of
from ratings.services.snapshots import STAGES, latest_version, take_snapshot

# Judgments up to which a person may wait for a page: half a second of reading and fitting.
AT_ONCE = 20_000
UNFINISHED = (BoardRequest.State.WAITING, BoardRequest.State.RUNNING)


def is_large(study: Study) -> bool:
    """Say whether a study has more judgments than a page waits for."""
    return judgments_of([study])[study.pk] > AT_ONCE


def request_board(
    *, study: Study, user: User | None, now: datetime
) -> LeaderboardSnapshot | BoardRequest:
    """Return the board of a small study, taken now, or the request for that of a large one.

    A request that is under way is returned instead of a second one. Raises `Conflict` for a study
    that is not published.
    """
    version = latest_version(study)
    if not is_large(study):
        return take_snapshot(version=version, now=now)[0]
    return unfinished_request(version) or BoardRequest.objects.create(
        study_version=version, requested_by=user, steps=len(STAGES)
    )


def unfinished_request(version: StudyVersion) -> BoardRequest | None:
    unfinished = BoardRequest.objects.filter(study_version=version, state__in=UNFINISHED)
    return unfinished.order_by("pk").first()


def latest_request(version: StudyVersion) -> BoardRequest | None:
    """Return the newest request, whatever came of it."""
    return BoardRequest.objects.filter(study_version=version).order_by("-pk").first()


def take_requested(*, pk: int, now: datetime) -> bool:
    """Take the board that was asked for; say whether this call did. Twice is harmless."""
    work = works.claim(kind=BoardRequest, pk=pk, now=now)
    if work is None:
        return False
    assert isinstance(work, BoardRequest)
    try:
        with works.kept(work) as progress:
            progress.steps = len(STAGES)
            snapshot, _ = take_snapshot(
                version=work.study_version, now=now, advance=progress.advance
            )
    except Exception:
        works.finish(
            work=work, now=now, state=BoardRequest.State.FAILED, problem=_(works.UNEXPECTED)
        )
        raise
    return works.finish(work=work, now=now, snapshot=snapshot, steps_done=len(STAGES))
