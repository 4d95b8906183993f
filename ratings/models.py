"""Frozen leaderboards."""

from django.db import models

from core.models import InsertOnlyModel, TimestampedModel
from judging.models import StudyVersion


class LeaderboardSnapshot(TimestampedModel, InsertOnlyModel):
    """A leaderboard as it was: inputs by digest, method, code version, seed, and the result.

    The same inputs, parameters and code give the same snapshot; it is recomputed by
    `manage.py verify_snapshot`.
    """

    study_version = models.ForeignKey(
        StudyVersion, on_delete=models.PROTECT, related_name="snapshots"
    )
    interim = models.BooleanField(help_text="Taken while the study was open.")
    last_judgment_id = models.BigIntegerField(
        help_text="Judgments up to this one are counted; 0: none."
    )
    input_digest = models.CharField(max_length=64)
    parameters = models.JSONField()
    code_version = models.CharField(max_length=40)
    library_versions = models.JSONField()
    seed = models.BigIntegerField()
    result = models.JSONField()
    result_digest = models.CharField(max_length=64)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["study_version", "input_digest", "code_version", "seed", "interim"],
                name="snapshot_once",
            )
        ]

    def __str__(self) -> str:
        return f"snapshot {self.pk}"
