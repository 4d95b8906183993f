"""Comparisons: two completions of one prompt, in canonical order."""

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from core.models import InsertOnlyModel, TimestampedModel
from judging.models.studies import ModelPair, Study, StudyVersion
from models_registry.models import Completion
from prompts.models import Prompt

DRAW_BITS = 53
SKIPPED_KEY = 1 << DRAW_BITS  # draw keys of comparisons that nobody skipped are below


class Comparison(models.Model):
    """Two completions of one prompt. Canonical order: `first` has the lower language model id.

    `open_places` counts the judgments still wanted and not leased. It changes only together with
    an assignment's state, in one transaction, by a conditional UPDATE: overlap is exact, and
    `places - open_places` is always the number of leased and judged planned assignments.
    `extra_places` are those beside the plan, for comparisons on which raters disagree.

    With a `forfeit` nobody judges it: it has no places, and counts on the board by the `Forfeit` of
    each version that wants it.
    """

    class Forfeit(models.TextChoices):
        NONE = "", _("Nobody forfeits")
        FIRST = "first", _("First forfeits")
        SECOND = "second", _("Second forfeits")
        BOTH = "both", _("Both forfeit")

    # Taking a place writes to every index there is, so there are only those that are read.
    study = models.ForeignKey(
        Study, on_delete=models.PROTECT, related_name="comparisons", db_index=False
    )
    added_in = models.ForeignKey(
        StudyVersion, on_delete=models.PROTECT, related_name="+", db_index=False
    )
    prompt = models.ForeignKey(Prompt, on_delete=models.PROTECT, related_name="+")
    first = models.ForeignKey(
        Completion, on_delete=models.PROTECT, related_name="+", db_index=False
    )
    second = models.ForeignKey(
        Completion, on_delete=models.PROTECT, related_name="+", db_index=False
    )
    pair = models.ForeignKey(
        ModelPair, on_delete=models.PROTECT, related_name="comparisons", db_index=False
    )
    language = models.CharField(
        max_length=12, blank=True, help_text="Of the prompt, for the index."
    )
    wanted = models.PositiveSmallIntegerField(help_text="Judgments the version in force asks for.")
    places = models.PositiveSmallIntegerField(
        help_text="As many as are wanted, or as were taken before an amendment wanted fewer."
    )
    open_places = models.PositiveSmallIntegerField()
    extra_places = models.PositiveSmallIntegerField(default=0, db_default=0)
    open_extra_places = models.PositiveSmallIntegerField(default=0, db_default=0)
    forfeit = models.CharField(max_length=8, choices=Forfeit.choices, blank=True, default="")
    withdrawn = models.BooleanField(
        default=False, help_text="The version in force no longer wants it; its judgments stay."
    )
    draw_key = models.PositiveBigIntegerField(
        help_text="Random: the order in which a pair's comparisons are drawn. From SKIPPED_KEY on: "
        "somebody skipped it, and others come first."
    )

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["study", "first", "second"], name="comparison_once"),
            models.CheckConstraint(condition=~Q(first=F("second")), name="comparison_two_sides"),
            models.CheckConstraint(
                condition=Q(open_places__lte=F("places")), name="comparison_places"
            ),
            models.CheckConstraint(
                condition=Q(open_extra_places__lte=F("extra_places")),
                name="comparison_extra_places",
            ),
            models.CheckConstraint(
                condition=Q(forfeit="") | Q(forfeit__in=["first", "second", "both"], places=0),
                name="comparison_forfeit_has_no_places",
            ),
        ]
        indexes = [
            models.Index(
                fields=["pair", "-open_places", "draw_key"],
                condition=Q(open_places__gt=0),
                name="comparison_open_in_pair",
            ),
            models.Index(
                fields=["study"], condition=Q(open_extra_places__gt=0), name="comparison_open_extra"
            ),
        ]

    def __str__(self) -> str:
        return f"comparison {self.pk}"


class Forfeit(InsertOnlyModel):
    """A comparison that a version wants and nobody judges, and as how many outcomes it counts there."""

    study_version = models.ForeignKey(
        StudyVersion, on_delete=models.PROTECT, related_name="forfeits", db_index=False
    )
    comparison = models.ForeignKey(
        Comparison, on_delete=models.PROTECT, related_name="forfeits", db_index=False
    )
    outcomes = models.PositiveSmallIntegerField(
        help_text="As many as a comparison that is judged gets: the most that a version so far wanted."
    )

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["study_version", "comparison"], name="forfeit_once_a_version"
            )
        ]

    def __str__(self) -> str:
        return f"forfeit of {self.comparison_id}"


class GoldComparison(TimestampedModel):
    """A comparison whose answer is known: `answers` has the outcomes by criterion, canonical frame.

    Shown quietly, as any other; no board counts what is judged on it for that purpose.
    """

    comparison = models.OneToOneField(Comparison, on_delete=models.PROTECT, related_name="gold")
    answers = models.JSONField()
    reason = models.CharField(max_length=500)
    by = models.ForeignKey(User, null=True, on_delete=models.SET_NULL, related_name="+")
    retired_at = models.DateTimeField(null=True, blank=True)

    def __str__(self) -> str:
        return f"gold of {self.comparison_id}"
