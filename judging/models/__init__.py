"""The rows of judging."""

from judging.models.assignments import Assignment
from judging.models.comparisons import Comparison
from judging.models.judgments import Judgment, Vote
from judging.models.studies import ModelPair, Study, StudyVersion

__all__ = ["Assignment", "Comparison", "Judgment", "ModelPair", "Study", "StudyVersion", "Vote"]
