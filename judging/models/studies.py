"""Studies and their frozen protocols."""

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from core.models import InsertOnlyModel, TimestampedModel
from judging.querysets import StudyVersionQuerySet
from models_registry.models import LanguageModel
from prompts.models import PromptPoolVersion


class Study(TimestampedModel):
    """A question put to raters. Its draft protocol is editable; published versions are not."""

    class State(models.TextChoices):
        DRAFT = "draft", _("Draft")
        OPEN = "open", _("Open")
        PAUSED = "paused", _("Paused")
        CLOSED = "closed", _("Closed")

    slug = models.SlugField(max_length=80, unique=True)
    name = models.CharField(max_length=200)
    description = models.TextField(blank=True)
    state = models.CharField(max_length=16, choices=State.choices, default=State.DRAFT)
    draft = models.JSONField(
        default=dict, help_text="The protocol being written, as judging.protocol parses it."
    )
    secret_seed = models.CharField(
        max_length=64, editable=False, help_text="Draws sides; published after closing."
    )
    created_by = models.ForeignKey(
        User, null=True, on_delete=models.SET_NULL, related_name="studies"
    )

    class Meta:
        verbose_name_plural = "studies"

    def __str__(self) -> str:
        return self.slug


class StudyVersion(TimestampedModel):
    """A protocol frozen under its SHA-256."""

    study = models.ForeignKey(Study, on_delete=models.PROTECT, related_name="versions")
    number = models.PositiveIntegerField()
    protocol = models.JSONField()
    digest = models.CharField(max_length=64, help_text="SHA-256 of the canonical protocol.")
    pool_version = models.ForeignKey(PromptPoolVersion, on_delete=models.PROTECT, related_name="+")
    language_models = models.ManyToManyField(LanguageModel, related_name="study_versions")
    published_at = models.DateTimeField()
    published_by = models.ForeignKey(
        User,
        null=True,
        on_delete=models.PROTECT,
        related_name="+",
        db_index=False,
        help_text="Null: the command line, or it was not kept then.",
    )
    comparisons_by_language = models.JSONField(
        default=dict,
        help_text="How many comparisons can be judged, by language, as built.",
    )
    judgeable_by_language = models.JSONField(
        default=dict,
        help_text="How many comparisons one rater can judge, by language, as built, each answer "
        "being shown once: a rater's target.",
    )
    judgeable_by_group = models.JSONField(
        default=dict,
        db_default={},
        help_text="What only some groups can judge beside it, as built: the groups, with spaces "
        "between -> language -> how many comparisons.",
    )
    exclusions = models.JSONField(
        default=dict,
        help_text="Answers that are not compared, as built: language model id -> reason -> count.",
    )

    objects = StudyVersionQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["study", "number"], name="study_version_number"),
            models.CheckConstraint(condition=~Q(digest=""), name="study_version_digest"),
        ]

    def __str__(self) -> str:
        return f"{self.study_id}/{self.number}"


class StudyTransition(InsertOnlyModel):
    """That a published study was paused, resumed or closed: when, and by whom.

    Without a user in `by` it was the command line. Its opening is the publication of version 1.
    """

    study = models.ForeignKey(Study, on_delete=models.PROTECT, related_name="transitions")
    state = models.CharField(max_length=16, choices=Study.State.choices)
    by = models.ForeignKey(
        User, null=True, on_delete=models.PROTECT, related_name="+", db_index=False
    )
    at = models.DateTimeField()

    def __str__(self) -> str:
        return f"{self.study_id} {self.state} at {self.at}"


class ModelPair(models.Model):
    """Two models that meet in a study, and how their sides were shown so far.

    `lean` counts assignments shown swapped minus those shown unswapped; it steers the next draw.
    While it has places open, the pair is drawn in proportion to its `weight`, which the scoring side
    sets.
    """

    study = models.ForeignKey(Study, on_delete=models.PROTECT, related_name="model_pairs")
    first_model = models.ForeignKey(LanguageModel, on_delete=models.PROTECT, related_name="+")
    second_model = models.ForeignKey(LanguageModel, on_delete=models.PROTECT, related_name="+")
    lean = models.IntegerField(default=0)
    weight = models.FloatField(default=1.0)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["study", "first_model", "second_model"], name="model_pair_once"
            ),
            models.CheckConstraint(
                condition=Q(first_model__lt=F("second_model")), name="model_pair_canonical"
            ),
            models.CheckConstraint(condition=Q(weight__gt=0), name="model_pair_weight"),
        ]

    def __str__(self) -> str:
        return f"{self.first_model_id} and {self.second_model_id}"
