"""Ask raters for their consent, version by version, record it, and let them withdraw."""

from collections.abc import Mapping, Sequence
from datetime import datetime

from django.db import IntegrityError, transaction
from django.db.models import Count, Exists, OuterRef, Q, QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.consent_text import DEFAULT
from accounts.models import (
    EVERY_WARNING,
    ApiToken,
    Consent,
    ConsentRule,
    ConsentVersion,
    RaterProfile,
    User,
)
from accounts.services.users import avoid_tags, set_languages, sign_out_everywhere
from core.errors import Conflict, InputError, Invalid

PARTS = tuple(DEFAULT)
LONGEST_PART = 20_000


def current_consent() -> ConsentVersion:
    """Return the newest version; the first one is the text that ships."""
    newest = ConsentVersion.objects.order_by("-number").first()
    if newest is None:
        shipped = {**DEFAULT, "created_at": timezone.now()}
        newest, _made = ConsentVersion.objects.get_or_create(number=1, defaults=shipped)
    return newest


def missing_consent(*, rater: RaterProfile) -> ConsentVersion | None:
    """Return the version this rater has yet to agree to; None when there is none.

    Only people are asked: model judges and simulated raters have nothing to consent to.
    """
    if rater.kind != RaterProfile.Kind.PERSON:
        return None
    given = Consent.objects.filter(
        version=OuterRef("pk"), rater_id=rater.pk, action=Consent.Action.GIVEN
    )
    newest = ConsentVersion.objects.order_by("-number").annotate(is_given=Exists(given)).first()
    if newest is None:
        return current_consent()
    return None if newest.is_given else newest


def latest_given(*, rater: RaterProfile) -> Consent | None:
    """Return the newest agreement of a rater, with its version; None before the first."""
    given = rater.consents.filter(action=Consent.Action.GIVEN).select_related("version")
    return given.order_by("-version__number").first()


def changed_parts(before: ConsentVersion, after: ConsentVersion) -> list[str]:
    """Name the parts of the text that differ between two versions."""
    return [part for part in PARTS if getattr(before, part) != getattr(after, part)]


def versions_with_agreed() -> QuerySet[ConsentVersion]:
    """Return the versions, newest first, each with how many raters `agreed` to it."""
    agreed = Count("consents", filter=Q(consents__action=Consent.Action.GIVEN))
    found = ConsentVersion.objects.select_related("created_by").annotate(agreed=agreed)
    return found.order_by("-number")


def publish_consent(*, created_by: User, texts: Mapping[str, str], now: datetime) -> ConsentVersion:
    """Publish a new text, which every rater is asked before their next comparison.

    `texts` holds purpose, data_use, pay, withdrawal and guidelines. Raises `Invalid` for an empty
    or overlong part, `Conflict` when nothing changed or somebody published at the same time.
    """
    errors = [
        InputError(
            "consent_text",
            _("Write 1 to %(longest_part)s characters.") % {"longest_part": LONGEST_PART},
            column=part,
        )
        for part in PARTS
        if not 0 < len(texts[part].strip()) <= LONGEST_PART
    ]
    if errors:
        raise Invalid(_("The consent text is incomplete."), code="consent_text", errors=errors)
    newest = current_consent()
    wanted = {part: texts[part].replace("\r\n", "\n").strip() for part in PARTS}
    if wanted == {part: getattr(newest, part) for part in PARTS}:
        raise Conflict(_("This is the text in force already."), code="consent_unchanged")
    try:
        with transaction.atomic():
            return ConsentVersion.objects.create(
                number=newest.number + 1, created_by=created_by, created_at=now, **wanted
            )
    except IntegrityError as error:
        raise Conflict(
            _("Somebody else just published a version; look at it first."), code="consent_raced"
        ) from error


@transaction.atomic
def give_consent(
    *,
    rater: RaterProfile,
    number: int,
    languages: Sequence[str],
    guidelines_read: bool,
    now: datetime,
    avoid_every_warning: bool | None = None,
) -> Consent:
    """Record that a rater agrees to version `number`; the same again returns the first record.

    `avoid_every_warning`: whether they are shown nothing with a content warning (None: as it was).
    Raises `Conflict` when that is not the newest version, `Invalid` without languages or without
    having read the guidelines.
    """
    newest = current_consent()
    if number != newest.number:
        raise Conflict(
            _("The text has changed since; please read it again."), code="consent_outdated"
        )
    if not guidelines_read:
        raise Invalid(_("Confirm that you have read the guidelines."), code="guidelines")
    set_languages(profile=rater, languages=languages)
    if not rater.languages:
        raise Invalid(_("Choose at least one language that you read well."), code="languages")
    if avoid_every_warning is not None:
        others = [one for one in rater.avoided_tags if one != EVERY_WARNING]
        avoid_tags(profile=rater, tags=[*others, *[EVERY_WARNING] * avoid_every_warning])
    consent, _made = Consent.objects.get_or_create(
        rater=rater,
        version=newest,
        action=Consent.Action.GIVEN,
        defaults={"languages": rater.languages, "guidelines_read": True, "at": now},
    )
    return consent


@transaction.atomic
def withdraw_consent(*, rater: RaterProfile, now: datetime) -> None:
    """Close a rater's account for good: no name, no sign-in, no tokens; the pseudonym stays.

    Judgments made until now stay under the pseudonym. A second call changes nothing.
    """
    given = latest_given(rater=rater)
    Consent.objects.get_or_create(
        rater=rater,
        version=given.version if given else current_consent(),
        action=Consent.Action.WITHDRAWN,
        defaults={"languages": rater.languages, "guidelines_read": bool(given), "at": now},
    )
    user = rater.user
    user.is_active = False
    user.username = f"withdrawn-{rater.pseudonym}"
    user.email = user.first_name = user.last_name = ""
    user.set_unusable_password()
    user.save()
    sign_out_everywhere(user=user)
    ApiToken.objects.filter(user=user, revoked_at=None).update(revoked_at=now)


def requires_consent_over_api() -> bool:
    """Say whether raters need consent over the API too; not unless an admin says so."""
    newest = ConsentRule.objects.order_by("-pk").values_list("required_over_api", flat=True).first()
    return bool(newest)


def set_consent_over_api(*, required: bool, set_by: User, now: datetime) -> None:
    """Turn the rule for the API on or off, noting who and when; the same again changes nothing."""
    if required != requires_consent_over_api():
        ConsentRule.objects.create(required_over_api=required, set_by=set_by, at=now)
