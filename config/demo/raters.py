"""Simulated raters: they see what a rater sees, and grade with taste and noise of their own.

They are labelled "simulated" wherever their judgments count.
"""

import random
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache

from config.demo.endpoint import read_lines

CRITERIA = ("helpfulness", "harmlessness", "truthfulness")
NOISE = 0.9  # of one judgment, in the unit of the written quality grades (0..4)
TASTE = 0.35  # of one rater for one criterion, lasting
CANNOT_JUDGE = 0.03
TIE_WIDTH = 0.6
BOTH_BAD_BELOW = 1.4
# Limits of |difference| between no, slight, clear and strong preference.
STEPS = (0.5, 1.4, 2.5)


@cache
def quality_of_text() -> dict[str, dict[str, int]]:
    """Map the judged text of each written answer to its quality grades."""
    return {answer["turns"][-1]: answer["quality"] for answer in read_lines("answers.jsonl")}


@dataclass(slots=True)
class SimulatedRater:
    """A rater with a lasting taste, who grades the two texts they are shown."""

    rng: random.Random
    taste: dict[str, float] = field(default_factory=dict)

    def __post_init__(self) -> None:
        # A taste is how much of each criterion's difference this rater notices.
        self.taste = {key: max(0.2, self.rng.gauss(1.0, TASTE)) for key in CRITERIA}

    def votes(self, text_a: str, text_b: str, scales: Mapping[str, str]) -> dict[str, int | str]:
        """Return a value for each criterion in `scales` (criterion -> scale), display frame."""
        a, b = quality_of_text()[text_a], quality_of_text()[text_b]
        return {key: self._vote(a[key], b[key], key, scale) for key, scale in scales.items()}

    def _vote(self, a: int, b: int, criterion: str, scale: str) -> int | str:
        if self.rng.random() < CANNOT_JUDGE:
            return "cannot_judge"
        difference = (b - a) * self.taste[criterion] + self.rng.gauss(0, NOISE)
        if scale == "graded7":
            strength = sum(abs(difference) > step for step in STEPS)
            return strength if difference > 0 else -strength
        if abs(difference) < TIE_WIDTH:
            return "both_bad" if (a + b) / 2 < BOTH_BAD_BELOW else "tie"
        return "b" if difference > 0 else "a"
