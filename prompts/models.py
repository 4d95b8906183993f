"""Prompt pools and their frozen versions."""

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from core.models import TimestampedModel
from prompts.querysets import PromptPoolQuerySet, PromptPoolVersionQuerySet
from prompts.readers.notices import NAMES


class PromptPool(TimestampedModel):
    slug = models.SlugField(max_length=80, unique=True)
    name = models.CharField(max_length=200)
    description = models.TextField(blank=True)
    source = models.CharField(max_length=500, blank=True, help_text="Where the prompts come from.")
    licence = models.CharField(max_length=200, blank=True)

    objects = PromptPoolQuerySet.as_manager()

    def __str__(self) -> str:
        return self.slug


class PromptPoolVersion(TimestampedModel):
    """One state of a pool; publication freezes it under the digest of its content."""

    class State(models.TextChoices):
        DRAFT = "draft", _("Draft")
        PUBLISHED = "published", _("Published")

    pool = models.ForeignKey(PromptPool, on_delete=models.PROTECT, related_name="versions")
    number = models.PositiveIntegerField()
    state = models.CharField(max_length=16, choices=State.choices, default=State.DRAFT)
    digest = models.CharField(
        max_length=64, blank=True, help_text="SHA-256 of the canonical content."
    )
    published_at = models.DateTimeField(null=True, blank=True)

    objects = PromptPoolVersionQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["pool", "number"], name="pool_version_number"),
            models.UniqueConstraint(
                fields=["pool"], condition=Q(state="draft"), name="pool_has_one_draft"
            ),
            models.CheckConstraint(
                condition=Q(state="draft", digest="") | (Q(state="published") & ~Q(digest="")),
                name="pool_version_digest_when_published",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.pool_id}/{self.number}"


class Prompt(models.Model):
    """One prompt of a version.

    `messages` is a list of {"role", "content"}. With OWN_CONVERSATION it holds user turns only and
    every model answers each of them in its own conversation; with FIXED_HISTORY assistant turns
    come with the prompt, the last message is the user's, and only the reply to it is judged.
    A single user message is FIXED_HISTORY.
    """

    class Kind(models.TextChoices):
        OWN_CONVERSATION = "own_conversation", _("Own conversation")
        FIXED_HISTORY = "fixed_history", _("Fixed history")

    version = models.ForeignKey(PromptPoolVersion, on_delete=models.PROTECT, related_name="prompts")
    position = models.PositiveIntegerField()
    external_id = models.CharField(max_length=200)
    kind = models.CharField(max_length=16, choices=Kind.choices)
    messages = models.JSONField()
    category = models.CharField(max_length=200, blank=True)
    domain = models.CharField(max_length=200, blank=True)
    language = models.CharField(max_length=12, blank=True, help_text="ISO 639-1; empty: not told.")
    risk_tags = models.JSONField(default=list)
    reference_answer = models.JSONField(null=True, blank=True, help_text="A list, one text a turn.")
    criteria = models.JSONField(
        default=list, help_text="Keys of the criteria that apply; empty: all."
    )
    flags = models.JSONField(
        default=list, help_text="What the import noticed, such as asks_identity."
    )

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["version", "position"], name="prompt_position"),
            models.UniqueConstraint(fields=["version", "external_id"], name="prompt_external_id"),
        ]

    def __str__(self) -> str:
        return self.external_id

    @property
    def noticed(self) -> list[str]:
        """Return what the import noticed, in words."""
        return [gettext(NAMES[flag]) if flag in NAMES else flag for flag in self.flags]


class PromptUpload(TimestampedModel):
    """A file between its preview and its import; every web process can read it here."""

    pool = models.ForeignKey(
        PromptPool, null=True, on_delete=models.CASCADE, related_name="uploads"
    )
    filename = models.CharField(max_length=255)
    data = models.BinaryField()
    created_by = models.ForeignKey(User, on_delete=models.CASCADE, related_name="+")

    def __str__(self) -> str:
        return self.filename
