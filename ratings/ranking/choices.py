"""How to rank: method, ties and intervals, and which of them go together.

Kept apart from the numbers, so that a command can list its options without loading them.
"""

from dataclasses import dataclass, replace
from math import isfinite

from core.errors import Invalid

METHODS = ("bt", "elo", "elo-averaged", "win-rate", "average-win-rate", "crowd-bt")
TIES = ("half", "davidson", "rao-kupper")
BOTH_BADS = ("tie", "exclude")
INTERVALS = (
    "none",
    "sandwich",
    "cluster",
    "two-way",
    "bootstrap",
    "cluster-bootstrap",
    "two-way-bootstrap",
)
CLUSTERED = ("cluster", "two-way", "cluster-bootstrap", "two-way-bootstrap")
DRAWS = 1000
MOST_DRAWS = 100_000
MARGIN = 0.05
K_FACTOR = 4.0
INITIAL = 1000.0


@dataclass(frozen=True, kw_only=True)
class Choices:
    """How to rank; `intervals` None is the best that the votes allow (see `given`).

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
    draws: int = DRAWS
    audit: bool = False
    compare: tuple[str, str] | None = None
    margin: float = MARGIN
    position: bool = False
    style: bool = False
    tiers: bool = False

    def __post_init__(self) -> None:
        elo, rate = self.method.startswith("elo"), self.method.endswith("win-rate")
        if self.intervals is None and (elo or self.method == "crowd-bt"):
            object.__setattr__(self, "intervals", "none")
        if self.intervals is None and rate:
            object.__setattr__(self, "intervals", "sandwich")
        if self.method != "bt" and self.ties != "half":
            raise wrong_usage("Only the method bt has a tie parameter; others take --ties half.")
        if elo and self.intervals != "none":
            raise wrong_usage("Elo depends on the order of the votes and has no interval.")
        if self.method == "crowd-bt" and self.intervals != "none":
            raise wrong_usage("Crowd-BT is a diagnostic and has no interval.")
        if rate and self.intervals in CLUSTERED:
            raise wrong_usage("Win rates take --intervals none, sandwich or bootstrap.")
        if rate and self.anchor:
            raise wrong_usage("A win rate is a share and cannot be anchored to a rating.")
        self._check_comparison()
        self._check_effects()
        self._check_numbers()

    @property
    def effects(self) -> bool:
        """Whether effects of position or style are fitted beside the strengths."""
        return self.position or self.style

    def given(self, *, raters: bool, prompts: bool) -> "tuple[Choices, ...]":
        """Return the choices for votes that tell raters or prompts apart, with what to try next.

        By default two-way where both are told, else by one of them, else for independent votes,
        which is also what is left where clusters that all vote alike determine no interval.

        Raises
        ------
        Invalid
            With the code "usage", for intervals that need to know who judged, or on what.
        """
        if self.intervals is None:
            ways = ("sandwich", "cluster", "two-way")[: 1 + raters + prompts]
            return tuple(replace(self, intervals=way) for way in reversed(ways))
        if self.intervals.startswith("two-way") and not (raters and prompts):
            raise wrong_usage(
                "Two-way intervals need to know who judged and on what: name --rater and --prompt."
            )
        if self.intervals.startswith("cluster") and not (raters or prompts):
            raise wrong_usage("Intervals by cluster need --rater COLUMN or --prompt COLUMN.")
        return (self,)

    def _check_comparison(self) -> None:
        if self.compare and (self.method != "bt" or self.intervals == "none"):
            raise wrong_usage("Two models are compared by --method bt with intervals.")
        if self.compare and self.ties == "rao-kupper":
            raise wrong_usage("Two models are compared with --ties half or davidson.")
        if self.audit and self.method != "bt":
            raise wrong_usage("The audit is of --method bt.")
        if not 0 < self.margin < 0.5:  # noqa: PLR2004 - a win rate is off even by less than a half
            raise wrong_usage("A margin is a difference of win rates between 0 and 0.5.")
        if not 1 < self.draws <= MOST_DRAWS:
            raise wrong_usage(f"--bootstrap takes 2 to {MOST_DRAWS} draws.")

    def _check_effects(self) -> None:
        if not self.effects:
            return
        if self.method != "bt" or self.ties != "half":
            raise wrong_usage("--position and --style go with --method bt and --ties half.")
        if self.intervals and self.intervals.endswith("bootstrap"):
            raise wrong_usage(
                "--position and --style take --intervals none, sandwich, cluster or two-way."
            )
        if self.compare:
            raise wrong_usage("Two models are compared without --position and --style.")

    def _check_numbers(self) -> None:
        if self.seed < 0:
            raise wrong_usage("A seed is not negative.")
        rating = self.anchor[1] if self.anchor else 0.0
        if not all(map(isfinite, (self.k, self.initial, rating))) or self.k <= 0:
            raise wrong_usage("K and the ratings given must be finite, and K above 0.")


def wrong_usage(message: str) -> Invalid:
    """Return the error of choices that cannot be."""
    return Invalid(message, code="usage")
