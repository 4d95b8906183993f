"""Find the version of a study that is in force, and its protocol."""

from functools import lru_cache

from core.errors import Missing
from judging.models import Study, StudyVersion
from judging.protocol import Protocol, parse_protocol


def current_version(*, slug: str) -> StudyVersion:
    """Return the newest version of a published study, with the study.

    Raises `Missing` for an unknown study and for one that was never published.
    """
    version = StudyVersion.objects.newest().filter(study__slug=slug).first()
    if version is None:
        raise Missing("There is no such study.")
    return version


def protocol_of(version: StudyVersion) -> Protocol:
    """Return the parsed protocol of a version; read from the database once in a process."""
    return _protocol_under(version.digest)


@lru_cache(maxsize=128)
def _protocol_under(digest: str) -> Protocol:
    # A digest names its content, so what is remembered under it can never be out of date.
    stored = StudyVersion.objects.filter(digest=digest).values_list("protocol", flat=True)
    return parse_protocol(stored[0])


def is_closed(study: Study) -> bool:
    return study.state == Study.State.CLOSED
