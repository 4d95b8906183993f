"""Find the protocol of a study version."""

from functools import lru_cache

from judging.models import StudyVersion
from judging.protocol import Protocol, parse_protocol


def protocol_of(version: StudyVersion) -> Protocol:
    """Return the parsed protocol of a version; read from the database once in a process."""
    return protocol_under(version.digest)


@lru_cache(maxsize=128)
def protocol_under(digest: str) -> Protocol:
    """Return the protocol that was frozen under this digest."""
    # A digest names its content, so what is remembered under it can never be out of date.
    stored = StudyVersion.objects.filter(digest=digest).values_list("protocol", flat=True)
    return parse_protocol(stored[0])
