"""The rows of judging."""

from judging.models.assignments import Assignment
from judging.models.comparisons import Comparison, Forfeit
from judging.models.judgments import Judgment, Vote
from judging.models.seen import SeenCompletion
from judging.models.studies import ModelPair, Study, StudyVersion

__all__ = [
    "Assignment",
    "Comparison",
    "Forfeit",
    "Judgment",
    "ModelPair",
    "SeenCompletion",
    "Study",
    "StudyVersion",
    "Vote",
]
