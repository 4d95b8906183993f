"""What raters thought who wrote an answer: asked at the end of a session, kept as it was said."""

from django.db import models
from django.db.models import Q

from core.models import InsertOnlyModel
from judging.models.assignments import Assignment
from models_registry.models import LanguageModel


class BlindingGuess(InsertOnlyModel):
    """Which model a rater thinks wrote one of the two answers of an assignment they judged.

    `language_model`, or the name of a `decoy`; neither: the rater does not know.
    """

    assignment = models.ForeignKey(
        Assignment, on_delete=models.PROTECT, related_name="guesses", db_index=False
    )
    about_first = models.BooleanField(help_text="About the canonical first, else the second.")
    language_model = models.ForeignKey(
        LanguageModel, null=True, on_delete=models.PROTECT, related_name="+", db_index=False
    )
    decoy = models.CharField(max_length=200, blank=True)
    at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["assignment", "about_first"], name="guess_once_an_answer"
            ),
            models.CheckConstraint(
                condition=Q(language_model=None) | Q(decoy=""), name="guess_one_name"
            ),
        ]

    def __str__(self) -> str:
        return f"guess {self.pk}"
