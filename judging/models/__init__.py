"""The rows of judging."""

from judging.models.assignments import Assignment
from judging.models.cohorts import CohortMembership, KeptPlaces
from judging.models.comparisons import Comparison, Forfeit, GoldComparison
from judging.models.findings import RaterFinding
from judging.models.guesses import BlindingGuess
from judging.models.judgments import Judgment, Vote
from judging.models.ledger import AuditBatch, UnblindingEvent
from judging.models.seen import SeenCompletion
from judging.models.studies import ModelPair, Study, StudyTransition, StudyVersion

__all__ = [
    "Assignment",
    "AuditBatch",
    "BlindingGuess",
    "CohortMembership",
    "Comparison",
    "Forfeit",
    "GoldComparison",
    "Judgment",
    "KeptPlaces",
    "ModelPair",
    "RaterFinding",
    "SeenCompletion",
    "Study",
    "StudyTransition",
    "StudyVersion",
    "UnblindingEvent",
    "Vote",
]
