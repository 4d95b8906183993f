"""Frozen leaderboards."""

from django.db import models

from core.models import InsertOnlyModel
from judging.models import StudyVersion


class LeaderboardSnapshot(InsertOnlyModel):
    """A leaderboard as it was: inputs by digest, parameters, code version, seed, and the result.

    `digest` names all that determines the result: the same inputs, parameters, code and seed are
    the same snapshot. `manage.py verify_snapshot` recomputes it.
    """

    study_version = models.ForeignKey(
        StudyVersion, on_delete=models.PROTECT, related_name="snapshots"
    )
    taken_at = models.DateTimeField()
    digest = models.CharField(
        max_length=64,
        unique=True,
        help_text="SHA-256 of everything that determines the result.",
    )
    interim = models.BooleanField(help_text="Taken while the study was open.")
    last_judgment_id = models.BigIntegerField(
        help_text="Judgments up to this one are counted; 0: none."
    )
    input_digest = models.CharField(max_length=64)
    parameters = models.JSONField()
    code_version = models.CharField(max_length=60)
    library_versions = models.JSONField()
    seed = models.BigIntegerField()
    result = models.JSONField()
    result_digest = models.CharField(max_length=64)

    def __str__(self) -> str:
        return f"snapshot {self.pk}"
