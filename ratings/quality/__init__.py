"""What a rater's votes say of the rater: detectors of rigging and of carelessness (pure)."""

from ratings.quality.detectors import CHECKS, RaterReport, RaterVotes, rater_reports
from ratings.quality.scores import Tried

__all__ = ["CHECKS", "RaterReport", "RaterVotes", "Tried", "rater_reports"]
