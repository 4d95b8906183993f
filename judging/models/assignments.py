"""Assignments: one comparison leased to one rater."""

import secrets

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from accounts.models import RaterProfile
from core.models import TimestampedModel
from judging.models.comparisons import Comparison
from judging.models.studies import Study, StudyVersion
from judging.querysets import AssignmentQuerySet

TOKEN_BYTES = 24


def new_assignment_token() -> str:
    """Return a random name for one assignment: no id, no order, nothing to learn from it."""
    return secrets.token_urlsafe(TOKEN_BYTES)


class Assignment(TimestampedModel):
    """One comparison leased to one rater, shown as A and B.

    `swapped`: A is the canonical `second`. EXPIRED, SKIPPED and RETURNED have given their place
    back; EXPIRED and RETURNED are leased again to the same rater, with the same sides, while the
    place is free. A rater holds at most one shown and one `prefetched` lease in a study.

    Boards count PLANNED ones only. EXTRA ones are asked because raters disagreed, GOLD ones because
    the answer is known, and REPEAT ones show a comparison again with the sides swapped.
    """

    class Purpose(models.TextChoices):
        PLANNED = "planned", _("Planned")
        EXTRA = "extra", _("Extra, on disagreement")
        REPEAT = "repeat", _("Repeat, sides swapped")
        GOLD = "gold", _("Gold")

    class State(models.TextChoices):
        LEASED = "leased", _("Leased")
        JUDGED = "judged", _("Judged")
        SKIPPED = "skipped", _("Skipped")
        EXPIRED = "expired", _("Expired")
        RETURNED = "returned", _("Returned")

    # Foreign keys without an index of their own are the first column of one below: every index
    # is one write more for each lease and each judgment.
    token = models.CharField(max_length=40, default=new_assignment_token, editable=False)
    comparison = models.ForeignKey(
        Comparison, on_delete=models.PROTECT, related_name="assignments", db_index=False
    )
    rater = models.ForeignKey(
        RaterProfile, on_delete=models.PROTECT, related_name="assignments", db_index=False
    )
    study = models.ForeignKey(
        Study, on_delete=models.PROTECT, related_name="assignments", db_index=False
    )
    study_version = models.ForeignKey(
        StudyVersion, on_delete=models.PROTECT, related_name="+", db_index=False
    )
    state = models.CharField(max_length=16, choices=State.choices, default=State.LEASED)
    purpose = models.CharField(
        max_length=16, choices=Purpose.choices, default=Purpose.PLANNED, db_default="planned"
    )
    prefetched = models.BooleanField(default=False)
    swapped = models.BooleanField()
    swap_probability = models.FloatField(help_text="Probability of `swapped` when it was drawn.")
    pair_probability = models.FloatField(
        default=1.0,
        db_default=1.0,
        help_text="Probability that this pair of models was drawn, among those that were open.",
    )
    cohort = models.CharField(
        max_length=40,
        blank=True,
        default="",
        db_default="",
        help_text="The rater's cohort when it was issued.",
    )
    kept_for = models.CharField(
        max_length=40,
        blank=True,
        default="",
        db_default="",
        help_text="For which group the place was kept that it takes; empty: for anybody.",
    )
    expires_at = models.DateTimeField()
    closed_at = models.DateTimeField(null=True, blank=True)
    skip_reason = models.CharField(max_length=200, blank=True)

    objects = AssignmentQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["token"], name="assignment_token"),
            models.UniqueConstraint(
                fields=["comparison", "rater", "purpose"], name="assignment_once_a_rater"
            ),
            models.UniqueConstraint(
                fields=["rater", "study", "prefetched"],
                condition=Q(state="leased"),
                name="assignment_one_shown_one_prefetched",
            ),
            models.CheckConstraint(
                condition=Q(swap_probability__gte=0, swap_probability__lte=1),
                name="assignment_swap_probability",
            ),
            models.CheckConstraint(
                condition=Q(pair_probability__gt=0, pair_probability__lte=1),
                name="assignment_pair_probability",
            ),
        ]
        indexes = [
            models.Index(fields=["rater", "study", "state"], name="assignment_of_rater"),
            # With the rater, so that no plan, however little is known of the table, reads a whole
            # study for one rater's part of it.
            models.Index(fields=["study", "rater"], name="assignment_of_study"),
            models.Index(
                fields=["expires_at"], condition=Q(state="leased"), name="assignment_leased"
            ),
        ]

    def __str__(self) -> str:
        return f"assignment {self.pk}"
