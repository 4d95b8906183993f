"""Cohorts of a study: who belongs to which, and the places that are kept for them."""

from django.db import models
from django.db.models import F, Q

from accounts.models import RaterProfile, User
from core.models import InsertOnlyModel
from judging.models.comparisons import Comparison
from judging.models.studies import ModelPair, Study


class CohortMembership(InsertOnlyModel):
    """That a rater was put into a cohort of a study, or out of all; the newest row counts.

    Without any the invitation counts by which the rater came.
    """

    study = models.ForeignKey(
        Study, on_delete=models.PROTECT, related_name="memberships", db_index=False
    )
    rater = models.ForeignKey(
        RaterProfile, on_delete=models.PROTECT, related_name="memberships", db_index=False
    )
    cohort = models.CharField(max_length=40, blank=True, help_text="Its key; empty: none.")
    by = models.ForeignKey(
        User, null=True, on_delete=models.PROTECT, related_name="+", db_index=False
    )
    at = models.DateTimeField()

    class Meta:
        indexes = [models.Index(fields=["study", "rater", "-id"], name="cohort_membership_newest")]

    def __str__(self) -> str:
        return f"{self.rater_id} in {self.cohort or 'no cohort'}"


class KeptPlaces(models.Model):
    """Places of a comparison that only one group of raters gets; beside those that are anybody's.

    `kept_for` names the group as `judging.protocol.audiences` does. `wanted`, `places` and
    `open_places` are what they are of a comparison, and change as they do.
    """

    comparison = models.ForeignKey(
        Comparison, on_delete=models.PROTECT, related_name="kept", db_index=False
    )
    pair = models.ForeignKey(ModelPair, on_delete=models.PROTECT, related_name="+", db_index=False)
    kept_for = models.CharField(max_length=40)
    wanted = models.PositiveSmallIntegerField()
    places = models.PositiveSmallIntegerField()
    open_places = models.PositiveSmallIntegerField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["comparison", "kept_for"], name="kept_once_a_group"),
            models.CheckConstraint(condition=Q(open_places__lte=F("places")), name="kept_places"),
            models.CheckConstraint(condition=~Q(kept_for=""), name="kept_for_somebody"),
        ]
        indexes = [
            models.Index(
                fields=["pair", "kept_for"], condition=Q(open_places__gt=0), name="kept_open"
            )
        ]

    def __str__(self) -> str:
        return f"{self.open_places} of {self.comparison_id} for {self.kept_for}"
