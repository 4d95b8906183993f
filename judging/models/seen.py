"""What each rater has seen: nobody is shown the same answer twice."""

from django.db import models

from accounts.models import RaterProfile
from judging.models.studies import Study
from models_registry.models import Completion
from prompts.models import Prompt


class SeenCompletion(models.Model):
    """An answer that a rater was shown in a study.

    Written in the transaction that leases the assignment, so that the key refuses a second showing
    whatever happens at once. `issue` counts the assignments that the rater was issued before.
    """

    pk = models.CompositePrimaryKey("rater", "study", "prompt", "completion")
    # The assignment written with it holds the same keys under constraints: checked once is enough.
    rater = models.ForeignKey(
        RaterProfile,
        on_delete=models.PROTECT,
        related_name="+",
        db_index=False,
        db_constraint=False,
    )
    study = models.ForeignKey(
        Study, on_delete=models.PROTECT, related_name="+", db_index=False, db_constraint=False
    )
    prompt = models.ForeignKey(
        Prompt, on_delete=models.PROTECT, related_name="+", db_index=False, db_constraint=False
    )
    completion = models.ForeignKey(
        Completion, on_delete=models.PROTECT, related_name="+", db_index=False, db_constraint=False
    )
    issue = models.PositiveIntegerField()

    def __str__(self) -> str:
        return f"{self.completion_id} seen by {self.rater_id}"
