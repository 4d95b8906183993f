"""Frozen leaderboards, and the long work that a page asks for: boards to take, files to write."""

from pathlib import Path

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from core.models import InsertOnlyModel, TimestampedModel
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
    uncounted = models.JSONField(
        null=True,
        help_text="How many judgments are not counted, by reason. Null: taken when this was not kept.",
    )

    def __str__(self) -> str:
        return f"snapshot {self.pk}"


class Work(TimestampedModel):
    """Something long that a worker does: the row is the job, and says how far it is.

    Until `claimed_until` it belongs to the worker whose claim `attempts` counted; a worker that
    lives moves the moment on, and of one that was killed another takes over.
    """

    class State(models.TextChoices):
        WAITING = "waiting", _("Waiting")
        RUNNING = "running", _("Running")
        DONE = "done", _("Done")
        FAILED = "failed", _("Failed")
        EXPIRED = "expired", _("Expired")

    requested_by = models.ForeignKey(
        User, null=True, on_delete=models.SET_NULL, related_name="+", db_index=False
    )
    state = models.CharField(max_length=16, choices=State.choices, default=State.WAITING)
    attempts = models.PositiveSmallIntegerField(default=0)
    claimed_until = models.DateTimeField(null=True, blank=True)
    steps_done = models.PositiveBigIntegerField(default=0)
    steps = models.PositiveBigIntegerField(default=0, help_text="0: not known yet.")
    finished_at = models.DateTimeField(null=True, blank=True)
    problem = models.TextField(blank=True, help_text="Why it failed, for whoever asked.")

    class Meta:
        abstract = True

    @property
    def unfinished(self) -> bool:
        return self.state in {self.State.WAITING, self.State.RUNNING}


class BoardRequest(Work):
    """A board to be taken in the background, because the study is large."""

    study_version = models.ForeignKey(
        StudyVersion, on_delete=models.PROTECT, related_name="board_requests"
    )
    snapshot = models.ForeignKey(
        LeaderboardSnapshot, null=True, on_delete=models.PROTECT, related_name="+", db_index=False
    )

    def __str__(self) -> str:
        return f"board request {self.pk}"


class ExportFile(Work):
    """A file written in the background; its content stands on disk until it expires."""

    class What(models.TextChoices):
        JUDGMENTS = "judgments", _("Judgments")
        LEADERBOARD = "leaderboard", _("Leaderboard")

    study_version = models.ForeignKey(
        StudyVersion, on_delete=models.PROTECT, related_name="export_files"
    )
    what = models.CharField(max_length=16, choices=What.choices)
    file_format = models.CharField(max_length=16)
    # What the content depends on, so that asking twice gives the file that is there.
    last_judgment_id = models.BigIntegerField(
        help_text="Judgments up to this one are in it; 0: none."
    )
    snapshot = models.ForeignKey(
        LeaderboardSnapshot, null=True, on_delete=models.PROTECT, related_name="+", db_index=False
    )
    coded = models.BooleanField(default=False, help_text="Models are codes: the study was open.")
    sha256 = models.CharField(max_length=64, blank=True)
    size = models.PositiveBigIntegerField(default=0, help_text="Bytes.")
    expires_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=~Q(state="done") | (~Q(sha256="") & Q(expires_at__isnull=False)),
                name="export_file_done_is_complete",
            )
        ]

    def __str__(self) -> str:
        return f"export {self.pk}"

    @property
    def path(self) -> Path:
        return Path(settings.EXPORT_DIR) / f"export-{self.pk}.{self.file_format}"
