"""Create users, issue and revoke what they sign in with."""

import json
import logging
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, TypeVar

from django.contrib.auth.validators import UnicodeUsernameValidator
from django.core.exceptions import ValidationError
from django.db import DEFAULT_DB_ALIAS, IntegrityError, connection, models, transaction
from django.utils.translation import gettext as _

from accounts.models import ApiToken, RaterProfile, SignInLink, User, new_session_salt
from accounts.tokens import SCOPES_OF_ROLE, SHOWN, digest_of, new_secret
from core.errors import Conflict, Gone, Invalid, NotAllowed
from core.statements import first_row

Row = TypeVar("Row", bound=models.Model)
log = logging.getLogger(__name__)
TOKEN_LIFETIME = timedelta(days=90)
LONGEST_LIFETIME = timedelta(days=366)
# By hand, because it runs for every request and compiling it cost more than running it.
LIVE_TOKEN = """
SELECT token.id, token.scopes, COALESCE(token.last_used_at >= %s, FALSE),
       account.id, account.username, account.role,
       profile.id, profile.pseudonym, profile.kind, profile.languages, profile.held,
       profile.avoided_tags,
       (SELECT required_over_api FROM accounts_consentrule ORDER BY id DESC LIMIT 1)
FROM accounts_apitoken AS token
JOIN accounts_user AS account ON account.id = token.user_id
LEFT JOIN accounts_raterprofile AS profile ON profile.user_id = account.id
WHERE token.digest = %s AND token.revoked_at IS NULL AND token.expires_at > %s
AND account.is_active
"""  # noqa: S105 - a statement about tokens, not one
FIRST_ADMIN = "admin"
MOST_TAGS = LONGEST_TAG = 200
LINK_LIFETIME = timedelta(hours=24)
# Writing the time of use on every request would make each read a write.
USE_RESOLUTION = timedelta(minutes=5)


@dataclass(frozen=True, slots=True)
class IssuedToken:
    """A new token: `secret` is shown now and never again."""

    token: ApiToken
    secret: str

    def __repr__(self) -> str:
        return f"IssuedToken({self.token.prefix}…)"


@transaction.atomic
def create_user(
    *,
    username: str,
    role: str,
    email: str = "",
    kind: str = RaterProfile.Kind.PERSON,
    languages: Sequence[str] = (),
) -> User:
    """Create a user without a password; a rater gets a profile with a random pseudonym.

    Raises `Invalid` for an unusable name or role, `Conflict` when the name is taken.
    """
    if role not in User.Role.values:
        raise Invalid(
            _("%(role)r is no role; choose one of %(values)s.")
            % {"role": role, "values": ", ".join(User.Role.values)},
            code="role",
        )
    user = User(username=User.normalize_username(username), role=role, email=email)
    user.set_unusable_password()
    try:
        UnicodeUsernameValidator(
            message=_("letters, digits and @ . + - _ only, with no space in between")
        )(user.username)
        user.clean_fields(exclude=["password"])
    except ValidationError as error:
        raise Invalid(
            _("The name “%(username)s” cannot be used: %(messages)s.")
            % {
                "username": username,
                "messages": "; ".join(one.removesuffix(".") for one in error.messages),
            }
        ) from error
    try:
        with transaction.atomic():
            user.save()
    except IntegrityError as error:
        raise Conflict(
            _("The name “%(username)s” is taken; choose another.") % {"username": username},
            code="username_taken",
        ) from error
    if role == User.Role.RATER:
        RaterProfile.objects.create(user=user, kind=kind, languages=clean_languages(languages))
    return user


def clean_languages(codes: Sequence[str]) -> list[str]:
    """Return language codes in lower case, once each. Raises `Invalid` for what is none."""
    cleaned = sorted({code.strip().lower() for code in codes if code.strip()})
    for code in cleaned:
        if not (2 <= len(code) <= 12 and code.replace("-", "").isalpha()):  # noqa: PLR2004 - BCP 47
            raise Invalid(
                _("%(code)r is no language code; write codes such as en or pt-br.")
                % {"code": code},
                code="language",
            )
    return cleaned


def set_languages(*, profile: RaterProfile, languages: Sequence[str]) -> RaterProfile:
    """Declare the languages a rater reads well; only prompts in them are shown."""
    profile.languages = clean_languages(languages)
    profile.save(update_fields=["languages"])
    return profile


def avoid_tags(*, profile: RaterProfile, tags: Sequence[str]) -> RaterProfile:
    """Say which risk tags a rater is never shown; EVERY_WARNING stands for any.

    Raises `Invalid` for tags that no prompt can have.
    """
    cleaned = sorted({one.strip() for one in tags if one.strip()})
    if len(cleaned) > MOST_TAGS or any(len(one) > LONGEST_TAG for one in cleaned):
        raise Invalid(
            _("Name at most %(most_tags)s warnings of at most %(longest_tag)s characters.")
            % {"most_tags": MOST_TAGS, "longest_tag": LONGEST_TAG},
            code="tags",
        )
    profile.avoided_tags = cleaned
    profile.save(update_fields=["avoided_tags"])
    return profile


def issue_token(
    *,
    user: User,
    name: str,
    now: datetime,
    scopes: Collection[str] | None = None,
    lifetime: timedelta = TOKEN_LIFETIME,
    by: ApiToken | None = None,
) -> IssuedToken:
    """Create an API token with the role's scopes, or fewer; only its digest is kept.

    With `by`, the token that asks for it: the new one never lives longer, has no scope of its own
    user that `by` lacks, and is another user's only where `by` holds all of its role's scopes.
    Raises `Invalid` for scopes that the role does not have and lifetimes beyond a year, and
    `NotAllowed` for what `by` may not issue.
    """
    allowed = SCOPES_OF_ROLE[user.role]
    wanted = allowed if scopes is None else frozenset(scopes)
    if not wanted or wanted - allowed:
        raise Invalid(
            _("A %(role)s may have the scopes %(allowed)s.")
            % {"role": user.role, "allowed": ", ".join(sorted(allowed))},
            code="scopes",
        )
    if not timedelta(0) < lifetime <= LONGEST_LIFETIME:
        raise Invalid(_("A token lives for at most a year; ask for fewer days."), code="lifetime")
    expires_at = now + lifetime
    if by is not None:
        _refuse_growth(by, user, wanted)
        expires_at = min(expires_at, by.expires_at)
    secret = new_secret()
    token = ApiToken.objects.create(
        user=user,
        name=name,
        prefix=secret[:SHOWN],
        digest=digest_of(secret),
        scopes=sorted(wanted),
        expires_at=expires_at,
    )
    log.info("Token %s… of %s was issued%s.", token.prefix, user, f" by {by}" if by else "")
    return IssuedToken(token, secret)


def _refuse_growth(by: ApiToken, user: User, wanted: frozenset[str]) -> None:
    if by.user_id == user.pk and not wanted <= set(by.scopes):
        raise NotAllowed(_("A token cannot issue one with more scopes than its own."))
    if by.user_id != user.pk and not may_manage_credentials(by):
        raise NotAllowed(_("Only a token with all scopes of its role issues tokens of others."))


def may_manage_credentials(token: ApiToken) -> bool:
    """Whether a token may see and end other tokens: it holds all that its role may."""
    return set(token.scopes) >= SCOPES_OF_ROLE[token.user.role]


def find_token(*, secret: str, now: datetime) -> ApiToken | None:
    """Return the live token behind a secret, noting its use; None for anything else.

    With its user and, of raters, the profile; fields that no permission needs are deferred.
    """
    moments = [connection.ops.adapt_datetimefield_value(one) for one in (now - USE_RESOLUTION, now)]
    row = first_row(LIVE_TOKEN, [moments[0], digest_of(secret), moments[1]])
    if row is None:
        return None
    token = _partial(ApiToken, id=row[0], scopes=json.loads(row[1]), user_id=row[3])
    token.user = _partial(User, id=row[3], username=row[4], role=row[5], is_active=True)
    profile = None
    if row[6] is not None:
        languages = json.loads(row[9])
        profile = _partial(
            RaterProfile,
            id=row[6],
            user_id=row[3],
            pseudonym=row[7],
            kind=row[8],
            languages=languages,
            held=bool(row[10]),
            avoided_tags=json.loads(row[11]),
        )
    token.needs_consent = bool(row[12])  # type: ignore[attr-defined] # of this one reading
    User._meta.get_field("rater_profile").set_cached_value(token.user, profile)
    if not row[2]:
        ApiToken.objects.filter(pk=token.pk).update(last_used_at=now)
    return token


def _partial(model: type[Row], **values: Any) -> Row:
    """Return a stored row of which only these columns were read; the others come when asked for."""
    names = [one.attname for one in model._meta.concrete_fields if one.attname in values]
    return model.from_db(DEFAULT_DB_ALIAS, names, [values[name] for name in names])


def revoke_token(*, token: ApiToken, now: datetime) -> None:
    """End a token at once; a second call changes nothing."""
    ApiToken.objects.filter(pk=token.pk, revoked_at=None).update(revoked_at=now)


def set_active(*, user: User, is_active: bool, by: User) -> User:
    """Let a user in or keep them out; tokens and sessions of an inactive user open nothing.

    Raises `Conflict` for whoever closes their own account: perhaps nobody could open it again.
    """
    if user == by and not is_active:
        raise Conflict(_("Nobody closes their own account."), code="own_account")
    user.is_active = is_active
    user.save(update_fields=["is_active"])
    return user


def revoke_tokens(*, user: User, now: datetime, but: ApiToken | None = None) -> int:
    """End all tokens of a user at once, except perhaps one; return how many there were."""
    live = user.api_tokens.filter(revoked_at=None, expires_at__gt=now)
    return (live.exclude(pk=but.pk) if but else live).update(revoked_at=now)


def sign_out_everywhere(*, user: User) -> None:
    """End all of the user's sessions at once; tokens stay."""
    user.session_salt = new_session_salt()
    user.save(update_fields=["session_salt"])


def issue_sign_in_link(*, user: User, now: datetime, lifetime: timedelta = LINK_LIFETIME) -> str:
    """Return the secret of a link that signs the user in once."""
    secret = new_secret()
    SignInLink.objects.create(user=user, digest=digest_of(secret), expires_at=now + lifetime)
    return secret


def first_admin_link(*, now: datetime) -> str | None:
    """Return the secret of a link for the first admin, made if there is nobody; else None.

    Again at every start until that admin has signed in: a link may be lost, or expire.
    """
    users = list(User.objects.all()[:2])
    if not users:
        users = [create_user(username=FIRST_ADMIN, role=User.Role.ADMIN)]
    only = users[0] if len(users) == 1 else None
    if only is None or only.role != User.Role.ADMIN or only.last_login is not None:
        return None
    return issue_sign_in_link(user=only, now=now)


def redeem_sign_in_link(*, secret: str, now: datetime) -> User:
    """Use up a sign-in link. Raises `Gone` when it is unknown, used or expired."""
    links = SignInLink.objects.filter(digest=digest_of(secret), user__is_active=True)
    if links.filter(used_at=None, expires_at__gt=now).update(used_at=now) != 1:
        raise Gone(
            _(
                "This sign-in link was used already, or it has expired. Sign in with your password,"
                " or ask whoever gave you the link for a new one."
            ),
            code="link_used",
        )
    return links.select_related("user").get().user
