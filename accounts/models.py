"""Who signs in: users with one role, their tokens and links; raters, what they agreed to, holds."""

import secrets
from collections.abc import Iterator, Sequence

from django.contrib.auth.models import AbstractUser
from django.db import models
from django.utils.crypto import salted_hmac
from django.utils.translation import gettext_lazy as _

from core.models import InsertOnlyModel, TimestampedModel

EVERY_WARNING = "*"


def new_pseudonym() -> str:
    """Return a random name such as R-7k2m9q4x: it says nothing about when or who."""
    alphabet = "23456789abcdefghjkmnpqrstvwxyz"
    return "R-" + "".join(secrets.choice(alphabet) for _ in range(8))


def new_session_salt() -> str:
    return secrets.token_hex(8)


class User(AbstractUser):
    class Role(models.TextChoices):
        ADMIN = "admin", _("Admin")
        RESEARCHER = "researcher", _("Researcher")
        RATER = "rater", _("Rater")

    role = models.CharField(max_length=16, choices=Role.choices)
    # Sessions are bound to it: a new one signs the user out everywhere.
    session_salt = models.CharField(max_length=16, default=new_session_salt, editable=False)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=models.Q(role__in=["admin", "researcher", "rater"]),
                name="user_role_known",
            )
        ]

    def __str__(self) -> str:
        return self.username

    def get_session_auth_hash(self) -> str:
        return self._salted(super().get_session_auth_hash())

    def get_session_auth_fallback_hash(self) -> Iterator[str]:
        yield from (self._salted(one) for one in super().get_session_auth_fallback_hash())

    def _salted(self, auth_hash: str) -> str:
        return salted_hmac("accounts.sessions", f"{self.session_salt} {auth_hash}").hexdigest()


class RaterProfile(TimestampedModel):
    """What a study knows of a rater: a pseudonym, the kind, and the languages they declared."""

    class Kind(models.TextChoices):
        PERSON = "person", _("People")
        SIMULATED = "simulated", _("Simulated")
        MODEL_JUDGE = "model_judge", _("Model judge")

    user = models.OneToOneField(User, on_delete=models.CASCADE, related_name="rater_profile")
    pseudonym = models.CharField(max_length=16, unique=True, default=new_pseudonym, editable=False)
    kind = models.CharField(max_length=16, choices=Kind.choices, default=Kind.PERSON)
    languages = models.JSONField(default=list, help_text="ISO 639-1 codes the rater reads well.")
    avoided_tags = models.JSONField(
        default=list,
        help_text="Risk tags of prompts that are never shown to the rater; EVERY_WARNING: any.",
    )
    held = models.BooleanField(default=False, help_text="Gets no new comparisons.")
    invitation = models.ForeignKey(
        "Invitation", on_delete=models.SET_NULL, null=True, blank=True, related_name="raters"
    )

    def __str__(self) -> str:
        return self.pseudonym

    def avoids(self, tags: Sequence[str]) -> bool:
        """Say whether a prompt with these risk tags is never shown to this rater."""
        if EVERY_WARNING in self.avoided_tags:
            return bool(tags)
        return not set(self.avoided_tags).isdisjoint(tags)


class ApiToken(TimestampedModel):
    """A bearer token; only its SHA-256 is kept, the token itself is shown once."""

    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="api_tokens")
    name = models.CharField(max_length=100)
    prefix = models.CharField(max_length=12, help_text="The first characters, to recognise it by.")
    digest = models.CharField(max_length=64, unique=True)
    scopes = models.JSONField(default=list)
    expires_at = models.DateTimeField()
    revoked_at = models.DateTimeField(null=True, blank=True)
    last_used_at = models.DateTimeField(null=True, blank=True)

    def __str__(self) -> str:
        return f"{self.prefix}…"


class SignInLink(TimestampedModel):
    """A link that signs one user in once; only its SHA-256 is kept."""

    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="sign_in_links")
    digest = models.CharField(max_length=64, unique=True)
    expires_at = models.DateTimeField()
    used_at = models.DateTimeField(null=True, blank=True)

    def __str__(self) -> str:
        return f"link for {self.user_id}"


class Invitation(TimestampedModel):
    """A link by which raters make their own accounts; only its SHA-256 is kept."""

    digest = models.CharField(max_length=64, unique=True)
    note = models.CharField(max_length=100, blank=True, help_text="Whom it is for.")
    languages = models.JSONField(default=list, help_text="What its raters start with.")
    cohorts = models.JSONField(
        default=dict,
        db_default={},
        help_text="Slug of a study -> key of the cohort that its raters belong to there.",
    )
    max_uses = models.PositiveIntegerField(default=1)
    uses = models.PositiveIntegerField(default=0)
    expires_at = models.DateTimeField()
    revoked_at = models.DateTimeField(null=True, blank=True)
    created_by = models.ForeignKey(
        User, on_delete=models.SET_NULL, null=True, related_name="invitations"
    )

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=models.Q(uses__lte=models.F("max_uses")), name="invitation_cap"
            )
        ]

    def __str__(self) -> str:
        return f"invitation {self.pk}"


class ConsentVersion(InsertOnlyModel):
    """What raters are asked to agree to; an edit is a new version, which everybody is asked anew."""

    number = models.PositiveIntegerField(unique=True)
    purpose = models.TextField()
    data_use = models.TextField()
    pay = models.TextField()
    withdrawal = models.TextField()
    guidelines = models.TextField()
    created_by = models.ForeignKey(User, on_delete=models.SET_NULL, null=True, related_name="+")
    created_at = models.DateTimeField()

    def __str__(self) -> str:
        return f"consent {self.number}"


class Consent(InsertOnlyModel):
    """That a rater agreed to one version, or took the agreement back, and when."""

    class Action(models.TextChoices):
        GIVEN = "given", _("Given")
        WITHDRAWN = "withdrawn", _("Withdrawn")

    rater = models.ForeignKey(RaterProfile, on_delete=models.PROTECT, related_name="consents")
    version = models.ForeignKey(ConsentVersion, on_delete=models.PROTECT, related_name="consents")
    action = models.CharField(max_length=16, choices=Action.choices)
    languages = models.JSONField(default=list, help_text="As declared at that moment.")
    guidelines_read = models.BooleanField()
    at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["rater", "version", "action"], name="consent_once_a_version"
            )
        ]

    def __str__(self) -> str:
        return f"consent of {self.rater_id}"


class ConsentRule(InsertOnlyModel):
    """Whether raters need consent over the API too; the newest row counts."""

    required_over_api = models.BooleanField()
    set_by = models.ForeignKey(User, on_delete=models.SET_NULL, null=True, related_name="+")
    at = models.DateTimeField()

    def __str__(self) -> str:
        return f"consent over the API: {self.required_over_api}"


class RaterHold(InsertOnlyModel):
    """That a rater was held or released: by whom, when and why."""

    rater = models.ForeignKey(RaterProfile, on_delete=models.PROTECT, related_name="holds")
    held = models.BooleanField()
    reason = models.CharField(max_length=500)
    by = models.ForeignKey(User, on_delete=models.SET_NULL, null=True, related_name="+")
    at = models.DateTimeField()

    def __str__(self) -> str:
        return f"hold of {self.rater_id}"
