"""Invite raters by link: make, use and revoke invitations."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.contrib.auth.hashers import make_password
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import F
from django.utils.translation import gettext as _

from accounts.models import Invitation, RaterProfile, User
from accounts.services.users import clean_languages, create_user
from accounts.tokens import digest_of, new_secret
from core.errors import Gone, InputError, Invalid

LIFETIME = timedelta(days=14)
LONGEST = timedelta(days=366)
MOST_USES = 10_000
LONGEST_NOTE = 100


@dataclass(frozen=True, slots=True)
class IssuedInvitation:
    """A new invitation: `secret` is shown now and never again."""

    invitation: Invitation
    secret: str

    def __repr__(self) -> str:
        return f"IssuedInvitation({self.invitation.pk})"


def create_invitation(
    *,
    created_by: User,
    now: datetime,
    note: str = "",
    languages: Sequence[str] = (),
    max_uses: int = 1,
    lifetime: timedelta = LIFETIME,
    cohorts: Mapping[str, str] | None = None,
) -> IssuedInvitation:
    """Make a link by which `max_uses` raters can make their accounts.

    `cohorts` says by the slug of a study which cohort they belong to there.

    Raises `Invalid` for a cap outside 1 to 10,000, and for lifetimes beyond a year.
    """
    if not 1 <= max_uses <= MOST_USES:
        raise Invalid(
            _("An invitation is for 1 to %(most_uses)s raters.") % {"most_uses": MOST_USES},
            code="max_uses",
        )
    if not timedelta(0) < lifetime <= LONGEST:
        raise Invalid(_("An invitation lives for at most a year."), code="lifetime")
    if len(note) > LONGEST_NOTE:
        raise Invalid(
            _("A note has at most %(longest_note)s characters.") % {"longest_note": LONGEST_NOTE},
            code="note",
        )
    secret = new_secret()
    invitation = Invitation.objects.create(
        digest=digest_of(secret),
        note=note,
        languages=clean_languages(languages),
        cohorts=dict(cohorts or {}),
        max_uses=max_uses,
        expires_at=now + lifetime,
        created_by=created_by,
    )
    return IssuedInvitation(invitation, secret)


def find_invitation(*, secret: str, now: datetime) -> Invitation:
    """Return the invitation behind a link. Raises `Gone`, saying why, when nobody more can use it."""
    found = Invitation.objects.filter(digest=digest_of(secret)).first()
    if found is None:
        raise Gone(
            _(
                "No invitation is behind this link. It may be cut off: open it as it was sent, whole."
            ),
            code="invitation_gone",
        )
    if over := _over(found, now):
        then = _(
            "If you made your account by it, sign in; otherwise ask whoever sent it for a new one."
        )
        raise Gone(f"{over} {then}", code="invitation_gone")
    return found


def _over(invitation: Invitation, now: datetime) -> str:
    """Say why nobody more can use an invitation; empty when somebody can."""
    if invitation.revoked_at:
        return _("This invitation was revoked.")
    if invitation.uses >= invitation.max_uses:
        return _("This invitation was used up.")
    if invitation.expires_at <= now:
        day = f"{invitation.expires_at:%Y-%m-%d}"
        return _("This invitation was valid until %(day)s.") % {"day": day}
    return ""


def came_by(*, user: User, secret: str) -> bool:
    """Say whether somebody made their account by the invitation behind a link."""
    used = Invitation.objects.filter(digest=digest_of(secret))
    return RaterProfile.objects.filter(user=user, invitation__in=used).exists()


def accept_invitation(*, secret: str, username: str, now: datetime, password: str = "") -> User:
    """Make a rater's account, using the invitation once; exact under concurrency.

    Raises `Gone` when the invitation is over, `Invalid` for an unusable name or password (the
    error's column says which), `Conflict` when the name is taken; then no use was counted.
    """
    invitation = find_invitation(secret=secret, now=now)
    # Hashing takes long on purpose: not while the invitation's row is locked.
    hashed = _hash(password, username) if password else ""
    with transaction.atomic():
        open_ones = Invitation.objects.filter(
            pk=invitation.pk, revoked_at=None, expires_at__gt=now, uses__lt=F("max_uses")
        )
        if open_ones.update(uses=F("uses") + 1) != 1:
            raise Gone(
                _("This invitation was just used up. Ask whoever sent it for a new one."),
                code="invitation_gone",
            )
        user = create_user(username=username, role=User.Role.RATER, languages=invitation.languages)
        RaterProfile.objects.filter(user=user).update(invitation=invitation)
        if hashed:
            user.password = hashed
            user.save(update_fields=["password"])
    return user


def _hash(password: str, username: str) -> str:
    try:
        validate_password(password, User(username=username))
    except ValidationError as error:
        found = [InputError("password", message, column="password") for message in error.messages]
        raise Invalid(_("This password cannot be used."), code="password", errors=found) from error
    return make_password(password)


def revoke_invitation(*, invitation: Invitation, now: datetime) -> None:
    """End an invitation at once; accounts made by it stay. A second call changes nothing."""
    Invitation.objects.filter(pk=invitation.pk, revoked_at=None).update(revoked_at=now)
