"""Long exports: a row asks, a worker writes the file, and after a day it is deleted."""

import hashlib
from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, BinaryIO

from django.conf import settings
from django.utils.translation import gettext as _

from accounts.models import User
from core.errors import Conflict, Gone, Invalid
from judging.models import Study
from judging.services.unblinding import require_revealed
from ratings.dataset.ballots import counted_votes, latest_judgment_id
from ratings.dataset.judgments import judgment_rows
from ratings.exports.writers import FORMATS
from ratings.models import ExportFile
from ratings.services import works
from ratings.services.exports import (
    KINDS,
    Export,
    as_file,
    check_format,
    leaderboard_rows,
    newest_snapshot,
    write_export,
)
from ratings.services.identities import codes_of, rows_with_codes
from ratings.services.snapshots import latest_version

KEPT = timedelta(hours=24)
LISTED = 20
State = ExportFile.State


def request_file(
    *,
    study: Study,
    what: str,
    file_format: str,
    user: User | None,
    now: datetime,
    coded: bool = False,
) -> ExportFile:
    """Return a file's row, to be written by a worker; the one there is when nothing changed since.

    Raises `Conflict` for a study that is not published, and `Invalid` for an unknown kind or
    format, or a leaderboard that was never taken.
    """
    check_format(file_format)
    if what not in KINDS:
        raise Invalid(
            _("%(what)r is none of %(kinds)s.") % {"what": what, "kinds": ", ".join(KINDS)},
            code="what",
        )
    version = latest_version(study)
    require_revealed(version)
    content = {
        "study_version": version,
        "what": what,
        "file_format": file_format,
        "coded": coded,
        "last_judgment_id": latest_judgment_id(version),
        "snapshot": newest_snapshot(version) if what == ExportFile.What.LEADERBOARD else None,
    }
    same = ExportFile.objects.filter(**content, state__in=[State.WAITING, State.RUNNING])
    ready = ExportFile.objects.filter(**content, state=State.DONE, expires_at__gt=now)
    found = (same | ready).order_by("-pk").first()
    return found or ExportFile.objects.create(**content, requested_by=user)


def write_requested(*, pk: int, now: datetime) -> bool:
    """Write the file that was asked for; say whether this call did. Twice is harmless."""
    work = works.claim(kind=ExportFile, pk=pk, now=now)
    if work is None:
        return False
    assert isinstance(work, ExportFile)
    try:
        sha = hashlib.sha256()
        with works.kept(work) as progress:
            progress.steps = _votes(work)
            made = _content(work, progress)
            work.path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            size = write_export(content=_hashed(made.content, sha), path=work.path)
    except Exception:
        works.finish(work=work, now=now, state=State.FAILED, problem=_(works.UNEXPECTED))
        raise
    return works.finish(
        work=work,
        now=now,
        sha256=sha.hexdigest(),
        size=size,
        steps=progress.done,
        steps_done=progress.done,
        expires_at=now + KEPT,
    )


def open_file(*, file: ExportFile, now: datetime) -> tuple[str, str, BinaryIO]:
    """Return a written file's name, media type and content.

    Raises `Conflict` while it is not written, and `Gone` once it expired.
    """
    if file.state == State.EXPIRED or (file.expires_at and file.expires_at <= now):
        raise Gone(_("This file was kept for a day and is deleted; ask for it anew."))
    if file.state != State.DONE:
        raise Conflict(_("This file is not written yet."), code="not_ready")
    chosen = FORMATS[file.file_format]
    name = f"{file.study_version.study.slug}-{file.what}.{chosen.suffix}"
    try:
        return name, chosen.media_type, file.path.open("rb")
    except FileNotFoundError as error:
        raise Gone(_("This file is not on this server any more; ask for it anew.")) from error


def recent_files(study: Study) -> list[ExportFile]:
    """Return a study's newest files, expired ones among them."""
    files = ExportFile.objects.filter(study_version__study=study).select_related("study_version")
    return list(files.order_by("-pk")[:LISTED])


def delete_expired(*, now: datetime) -> int:
    """Delete the content of files that expired, and what killed writers left; count the files."""
    expired = ExportFile.objects.filter(state=State.DONE, expires_at__lte=now)
    for file in expired:
        file.path.unlink(missing_ok=True)
        ExportFile.objects.filter(pk=file.pk).update(state=State.EXPIRED)
    yesterday = (now - KEPT).timestamp()
    for left in Path(settings.EXPORT_DIR).glob(".export-*"):
        if left.stat().st_mtime < yesterday:
            left.unlink(missing_ok=True)
    return len(expired)


def _content(file: ExportFile, progress: works.Progress) -> Export:
    if file.snapshot is not None:
        rows: Iterator[Any] = leaderboard_rows(snapshot=file.snapshot, coded=file.coded)
    else:
        rows = judgment_rows(version=file.study_version, up_to=file.last_judgment_id)
        if file.coded:
            rows = rows_with_codes(rows, codes_of(file.study_version.study))
    return as_file(
        slug=file.study_version.study.slug,
        what=file.what,
        file_format=file.file_format,
        rows=_counted(rows, progress),
    )


def _votes(file: ExportFile) -> int:
    """Return about how many rows there will be: every vote, first impressions not subtracted."""
    if file.snapshot is not None:
        return 0
    votes = counted_votes(file.study_version, up_to=file.last_judgment_id, superseded=True)
    return votes.order_by().count()


def _counted(rows: Iterable[Any], progress: works.Progress) -> Iterator[Any]:
    for row in rows:
        progress.advance()
        yield row


def _hashed(pieces: Iterable[bytes], sha: "hashlib._Hash") -> Iterator[bytes]:
    for piece in pieces:
        sha.update(piece)
        yield piece
