"""Seals over the ledger of judgments: what was written cannot be changed without being noticed."""

from django.db import models

from accounts.models import User
from core.models import InsertOnlyModel
from judging.models.studies import Study


class AuditBatch(InsertOnlyModel):
    """The Merkle root over the judgments that were written since the batch before.

    `judgments` lists their ids as ranges, [first, last] each. `chain` is the SHA-256 over the chain
    of the batch before, the number and the root: published anywhere, it binds all that came before.
    `seal` is its HMAC under the installation's secret, which the database does not hold.
    """

    number = models.PositiveIntegerField(unique=True)
    sealed_at = models.DateTimeField()
    judgments = models.JSONField()
    count = models.PositiveIntegerField()
    root = models.CharField(max_length=64)
    chain = models.CharField(max_length=64)
    seal = models.CharField(max_length=64)

    def __str__(self) -> str:
        return f"batch {self.number}"


class UnblindingEvent(InsertOnlyModel):
    """That somebody was shown what joins judgments to models: who, when, by which path, and why.

    Without a `user` it was the command line. `interim`: the study was not closed yet.
    """

    study = models.ForeignKey(Study, on_delete=models.PROTECT, related_name="unblindings")
    user = models.ForeignKey(
        User, null=True, on_delete=models.PROTECT, related_name="+", db_index=False
    )
    path = models.CharField(max_length=60)
    reason = models.CharField(max_length=500)
    interim = models.BooleanField()
    at = models.DateTimeField()

    def __str__(self) -> str:
        return f"{self.path} at {self.at}"
