"""What a board is made from: the frozen arrays of each criterion, and the facts around them (pure)."""

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from ratings.scoring import Comparisons

Ints = NDArray[np.int32]

# Codes of an outcome, canonical frame. The first three are the scoring core's.
SECOND, TIE, FIRST, BOTH_BAD, CANNOT_JUDGE = range(5)
OUTCOME_CODES: Mapping[str, int] = {
    "second": SECOND,
    "tie": TIE,
    "first": FIRST,
    "both_bad": BOTH_BAD,
    "cannot_judge": CANNOT_JUDGE,
}
# Who gave the outcome of a forfeit.
NOBODY = -1
# The cohort of a vote by somebody who belongs to none, and of a forfeit.
NO_COHORT = -1
# The grade of a vote on a scale without grades.
NO_GRADE = -128
# What the fit is told: both bad is a tie for it, and cannot judge is not fitted.
FITTED = np.array([SECOND, TIE, FIRST, TIE, -1], dtype=np.int8)


@dataclass(frozen=True)
class Ranked:
    """One model as a board names it, and what is known of its answers."""

    version_id: int
    label: str
    name: str
    average_length: float | None = None
    exclusions: Mapping[str, int] = field(default_factory=dict)  # answers left out, by reason


@dataclass(frozen=True)
class RaterFacts:
    pseudonym: str
    kind: str


@dataclass(frozen=True)
class Criterion:
    key: str
    label: str
    scale: str
    weight: float


@dataclass(frozen=True, eq=False)
class Ballots:
    """All votes on one criterion, in the order of submission; forfeits come first.

    Attributes
    ----------
    first, second : (n,) int32
        Positions in `BoardInput.models`.
    outcome : (n,) int8
        One of `OUTCOME_CODES`, canonical frame.
    rater : (n,) int32
        Positions in `BoardInput.raters`; `NOBODY` for a forfeit.
    prompt, judgment : (n,) int32
        Codes from 0, the same on every criterion: the prompt, and the submission.
    shown_first : (n,) int8
        1 where `first` was shown first (as A), 0 where `second` was, -1 for forfeits.
    drawn : (n,) float64
        How likely the pair of models was to be drawn when it was; NaN for forfeits.
    grade : (n,) int8
        From -3 (first much better) to 3 (second much better); `NO_GRADE` where none was given.
    cohort : (n,) int32
        Positions in `BoardInput.cohorts`: the rater's when it was issued; else `NO_COHORT`.
    """

    first: Ints
    second: Ints
    outcome: NDArray[np.int8]
    rater: Ints
    prompt: Ints
    judgment: Ints
    shown_first: NDArray[np.int8]
    drawn: NDArray[np.float64]
    grade: NDArray[np.int8]
    cohort: Ints

    def select(self, rows: NDArray[np.bool_]) -> "Ballots":
        return Ballots(
            first=self.first[rows],
            second=self.second[rows],
            outcome=self.outcome[rows],
            rater=self.rater[rows],
            prompt=self.prompt[rows],
            judgment=self.judgment[rows],
            shown_first=self.shown_first[rows],
            drawn=self.drawn[rows],
            grade=self.grade[rows],
            cohort=self.cohort[rows],
        )

    @property
    def given(self) -> NDArray[np.bool_]:
        """(n,) which of them somebody gave: all but the forfeits."""
        given: NDArray[np.bool_] = self.rater != NOBODY
        return given

    def judged(self) -> "Ballots":
        """The votes that are outcomes: all but `cannot_judge`."""
        return self.select(self.outcome != CANNOT_JUDGE)

    def comparisons(self, labels: tuple[str, ...], members: Ints) -> Comparisons:
        """The judged votes among `members` (positions in `labels`), for the scoring core."""
        position = np.full(len(labels), -1, dtype=np.int32)
        position[members] = np.arange(len(members), dtype=np.int32)
        return Comparisons(
            items=tuple(labels[member] for member in members),
            first=position[self.first],
            second=position[self.second],
            outcome=FITTED[self.outcome],
            # The core counts codes from 0, and knows nobody: no two forfeits are by the same one.
            rater=np.where(
                self.given, self.rater, self.rater.max(initial=NOBODY) + np.cumsum(~self.given)
            ),
            prompt=self.prompt,
        )


@dataclass(frozen=True, eq=False)
class BoardInput:
    """Everything a board depends on; `digest` names all of it."""

    models: tuple[Ranked, ...]
    raters: tuple[RaterFacts, ...]
    criteria: tuple[Criterion, ...]
    ballots: Mapping[str, Ballots]  # by criterion key
    primary: str
    margin: float  # of equivalence, on the win-rate scale
    level: float  # of the intervals
    elo_k: float
    digest: str
    cohorts: tuple[str, ...] = ()  # what they are called

    @property
    def labels(self) -> tuple[str, ...]:
        return tuple(model.label for model in self.models)
