"""Who signs in: users with one role, API tokens, one-time sign-in links, rater profiles."""

import secrets

from django.contrib.auth.models import AbstractUser
from django.db import models

from core.models import TimestampedModel


def new_pseudonym() -> str:
    """Return a random name such as R-7k2m9q4x: it says nothing about when or who."""
    alphabet = "23456789abcdefghjkmnpqrstvwxyz"
    return "R-" + "".join(secrets.choice(alphabet) for _ in range(8))


class User(AbstractUser):
    class Role(models.TextChoices):
        ADMIN = "admin", "Admin"
        RESEARCHER = "researcher", "Researcher"
        RATER = "rater", "Rater"

    role = models.CharField(max_length=16, choices=Role.choices)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=models.Q(role__in=["admin", "researcher", "rater"]),
                name="user_role_known",
            )
        ]

    def __str__(self) -> str:
        return self.username


class RaterProfile(TimestampedModel):
    """What a study knows of a rater: a pseudonym, the kind, and the languages they declared."""

    class Kind(models.TextChoices):
        PERSON = "person", "People"
        SIMULATED = "simulated", "Simulated"
        MODEL_JUDGE = "model_judge", "Model judge"

    user = models.OneToOneField(User, on_delete=models.CASCADE, related_name="rater_profile")
    pseudonym = models.CharField(max_length=16, unique=True, default=new_pseudonym, editable=False)
    kind = models.CharField(max_length=16, choices=Kind.choices, default=Kind.PERSON)
    languages = models.JSONField(default=list, help_text="ISO 639-1 codes the rater reads well.")

    def __str__(self) -> str:
        return self.pseudonym


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
