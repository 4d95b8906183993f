"""Judgments and their votes: written once, superseded by new rows, never edited."""

from typing import ClassVar

from django.db import models
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from core.models import InsertOnlyModel
from judging.models.assignments import Assignment
from judging.querysets import JudgmentQuerySet


class Judgment(InsertOnlyModel):
    """One line of the ledger of an assignment. Revision 0 is the first impression.

    The highest revision counts: a submission, what superseded it within the undo window, or what was
    restored. Retractions and exclusions are revisions without votes: then nothing counts. Who wrote
    it is the rater, or, where there is one, `by`.
    """

    class Kind(models.TextChoices):
        SUBMISSION = "submission", _("Submission")
        SUPERSESSION = "supersession", _("Supersession")
        RETRACTION = "retraction", _("Retraction")
        EXCLUSION = "exclusion", _("Exclusion")
        RESTORATION = "restoration", _("Restoration")

    # The foreign keys are the first columns of the unique constraints: no index of their own.
    assignment = models.ForeignKey(
        Assignment, on_delete=models.PROTECT, related_name="judgments", db_index=False
    )
    revision = models.PositiveSmallIntegerField(default=0)
    kind = models.CharField(
        max_length=16, choices=Kind.choices, default=Kind.SUBMISSION, db_default="submission"
    )
    submitted_at = models.DateTimeField(db_index=True)
    body_digest = models.CharField(max_length=64, help_text="SHA-256 of the canonical submission.")
    comment = models.TextField(blank=True)
    by = models.ForeignKey(
        User, null=True, blank=True, on_delete=models.PROTECT, related_name="+", db_index=False
    )
    reason = models.CharField(max_length=500, blank=True, default="", db_default="")

    objects: ClassVar[models.Manager] = JudgmentQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["assignment", "revision"], name="judgment_revision"),
        ]
        indexes = [
            # The few lines that leave out or restore are found among millions that do not.
            models.Index(
                fields=["assignment"],
                condition=models.Q(kind__in=("exclusion", "restoration")),
                name="judgment_decided",
            )
        ]

    def __str__(self) -> str:
        return f"judgment {self.pk}"


class Vote(InsertOnlyModel):
    """The grade on one criterion, as it was given and in the canonical frame.

    `outcome` is the sign of the grade: first, tie, second; both_bad is kept apart; cannot_judge is
    no outcome.
    """

    class Outcome(models.TextChoices):
        FIRST = "first", _("First better")
        TIE = "tie", _("Tie")
        SECOND = "second", _("Second better")
        BOTH_BAD = "both_bad", _("Both bad")
        CANNOT_JUDGE = "cannot_judge", _("Cannot judge")

    judgment = models.ForeignKey(
        Judgment, on_delete=models.PROTECT, related_name="votes", db_index=False
    )
    criterion = models.CharField(max_length=40)
    display_value = models.CharField(max_length=16, help_text="As submitted, in the display frame.")
    outcome = models.CharField(max_length=16, choices=Outcome.choices, help_text="Canonical frame.")
    grade = models.SmallIntegerField(
        null=True,
        blank=True,
        help_text="Graded scales, canonical frame: -3, first much better, to 3.",
    )

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["judgment", "criterion"], name="vote_once_a_criterion"),
        ]

    def __str__(self) -> str:
        return f"vote {self.pk}"
