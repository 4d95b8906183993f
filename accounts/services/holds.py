"""Hold raters, so that they get no new comparisons, and release them."""

from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext as _

from accounts.models import RaterHold, RaterProfile, User
from core.errors import Invalid

LONGEST_REASON = 500


def hold_rater(*, rater: RaterProfile, by: User, reason: str, now: datetime) -> bool:
    """Give a rater no new comparisons; say whether this call changed that.

    The one on their screen may still be finished, and judgments made stay. Raises `Invalid`
    without a reason.
    """
    return _set_held(rater, by=by, reason=reason, now=now, held=True)


def release_rater(*, rater: RaterProfile, by: User, reason: str, now: datetime) -> bool:
    """Give a held rater comparisons again; say whether this call changed that."""
    return _set_held(rater, by=by, reason=reason, now=now, held=False)


@transaction.atomic
def _set_held(rater: RaterProfile, *, by: User, reason: str, now: datetime, held: bool) -> bool:
    if not 0 < len(reason.strip()) <= LONGEST_REASON:
        raise Invalid(
            _("Give a reason of at most %(longest_reason)s characters.")
            % {"longest_reason": LONGEST_REASON},
            code="reason",
        )
    # Compare and set: of two admins at once only one writes a row.
    others = RaterProfile.objects.filter(pk=rater.pk, held=not held)
    changed = others.update(held=held) == 1
    if changed:
        RaterHold.objects.create(rater=rater, held=held, reason=reason.strip(), by=by, at=now)
    rater.held = held
    return changed
