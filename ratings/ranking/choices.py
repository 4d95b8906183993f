"""How to rank: method, ties and intervals, and which of them go together.

Kept apart from the numbers, so that a command can list its options without loading them.
"""

from dataclasses import dataclass
from math import isfinite

from core.errors import Invalid

METHODS = ("bt", "elo", "elo-averaged", "win-rate", "average-win-rate")
TIES = ("half", "davidson")
BOTH_BADS = ("tie", "exclude")
INTERVALS = ("none", "sandwich", "bootstrap")
K_FACTOR = 4.0
INITIAL = 1000.0


@dataclass(frozen=True, kw_only=True)
class Choices:
    """How to rank; `intervals` None is the method's default: sandwich, but none for Elo.

    Raises
    ------
    Invalid
        With the code "usage", for choices that contradict each other.
    """

    method: str = "bt"
    ties: str = "half"
    both_bad: str = "tie"
    intervals: str | None = None
    anchor: tuple[str, float] | None = None
    k: float = K_FACTOR
    initial: float = INITIAL
    seed: int = 0

    def __post_init__(self) -> None:
        elo, rate = self.method.startswith("elo"), self.method.endswith("win-rate")
        if self.intervals is None:
            object.__setattr__(self, "intervals", "none" if elo else "sandwich")
        if self.method != "bt" and self.ties != "half":
            raise wrong_usage("Only the method bt has a tie parameter; others take --ties half.")
        if elo and self.intervals != "none":
            raise wrong_usage("Elo depends on the order of the votes and has no interval.")
        if rate and self.anchor:
            raise wrong_usage("A win rate is a share and cannot be anchored to a rating.")
        self._check_numbers()

    def _check_numbers(self) -> None:
        if self.seed < 0:
            raise wrong_usage("A seed is not negative.")
        rating = self.anchor[1] if self.anchor else 0.0
        if not all(map(isfinite, (self.k, self.initial, rating))) or self.k <= 0:
            raise wrong_usage("K and the ratings given must be finite, and K above 0.")


def wrong_usage(message: str) -> Invalid:
    """Return the error of choices that cannot be."""
    return Invalid(message, code="usage")
