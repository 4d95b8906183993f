"""What detectors found of raters when the rule of the protocol was applied: kept as it was found."""

from django.db import models

from accounts.models import RaterProfile, User
from core.models import InsertOnlyModel
from judging.models.studies import StudyVersion


class RaterFinding(InsertOnlyModel):
    """A rater whom the rule of a version held: which checks, how large, by which code, and who asked.

    `judgments` is how many the ledger left out then. What is left out now the ledger says.
    """

    study_version = models.ForeignKey(
        StudyVersion, on_delete=models.PROTECT, related_name="findings"
    )
    rater = models.ForeignKey(
        RaterProfile, on_delete=models.PROTECT, related_name="findings", db_index=False
    )
    checks = models.JSONField(help_text="The names of the checks that found something.")
    scores = models.JSONField(help_text="Of every check, in standard deviations.")
    votes = models.PositiveIntegerField()
    judgments = models.PositiveIntegerField()
    code = models.CharField(max_length=64, help_text="SHA-256 of the detectors' code.")
    by = models.ForeignKey(
        User, null=True, on_delete=models.PROTECT, related_name="+", db_index=False
    )
    at = models.DateTimeField()

    def __str__(self) -> str:
        return f"finding {self.pk}"
