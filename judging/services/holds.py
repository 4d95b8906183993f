"""Leave out the judgments of raters whom the rule of the protocol holds; keep why."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext as _

from accounts.models import RaterProfile, User
from core.errors import Conflict
from judging.models import RaterFinding, StudyVersion
from judging.services.corrections import exclude_judgments
from judging.services.versions import protocol_of


@dataclass(frozen=True, slots=True)
class FoundRater:
    """A rater whom checks found: the names of those, and the size of every check."""

    rater_id: int
    checks: tuple[str, ...]
    scores: Mapping[str, float]
    votes: int


def hold_by_rule(
    *, version: StudyVersion, found: Sequence[FoundRater], code: str, by: User, now: datetime
) -> list[RaterFinding]:
    """Exclude what the found raters judged, as the frozen rule says, and keep a finding of each.

    Only checks that the rule names count; who has nothing left to exclude is no finding. Reversible:
    `restore_judgments` counts them again. Raises `Conflict` where the protocol has no rule.
    """
    rule = protocol_of(version).holds
    if not rule.checks:
        raise Conflict(
            _("The protocol leaves out nobody by rule. Amend it, before you know who it concerns."),
            code="no_rule",
        )
    made = (
        _hold(version=version, found=one, code=code, by=by, now=now)
        for one in found
        if set(one.checks) & set(rule.checks)
    )
    return [one for one in made if one]


@transaction.atomic
def _hold(
    *, version: StudyVersion, found: FoundRater, code: str, by: User, now: datetime
) -> RaterFinding | None:
    rater = RaterProfile.objects.get(pk=found.rater_id)
    checks = [name for name in protocol_of(version).holds.checks if name in found.checks]
    count = exclude_judgments(
        study=version.study,
        rater=rater,
        by=by,
        reason=_("rule of version %(number)s: %(checks)s")
        % {"number": version.number, "checks": ", ".join(checks)},
        now=now,
    )
    if not count:
        return None
    return RaterFinding.objects.create(
        study_version=version,
        rater=rater,
        checks=checks,
        scores={name: round(score, 4) for name, score in found.scores.items()},
        votes=found.votes,
        judgments=count,
        code=code,
        by=by,
        at=now,
    )
