"""Content warnings: which there are, and what a rater is never to be shown."""

from collections.abc import Sequence
from datetime import datetime

from accounts.models import RaterProfile
from accounts.services import avoid_tags
from judging.models import Assignment, Study, StudyVersion
from judging.services.assignments import find_assignment, skip_assignment
from prompts.models import Prompt

# Skipping for it never counts against anybody.
HARMFUL = "harmful"


def warnings_in_use() -> list[str]:
    """Return the risk tags of the prompts in studies that are open or paused, in order."""
    running = [Study.State.OPEN, Study.State.PAUSED]
    versions = StudyVersion.objects.newest().filter(study__state__in=running)
    tagged = Prompt.objects.filter(version__in=versions.values("pool_version")).exclude(
        risk_tags=[]
    )
    return sorted({tag for tags in tagged.values_list("risk_tags", flat=True) for tag in tags})


def avoid_warnings(*, rater: RaterProfile, tags: Sequence[str], now: datetime) -> None:
    """Never show a rater prompts with these tags, and take back what is open with one of them.

    It is skipped as what the rater does not want to read. Raises `Invalid` for impossible tags.
    """
    avoid_tags(profile=rater, tags=tags)
    held = Assignment.objects.leased().filter(rater=rater)
    for token, found in held.values_list("token", "comparison__prompt__risk_tags"):
        if rater.avoids(found):
            assignment = find_assignment(rater=rater, token=token)
            skip_assignment(assignment=assignment, reason=HARMFUL, now=now)
