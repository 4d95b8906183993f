"""How far raters agree, by criterion and by slice of the prompts: seven coefficients with intervals (pure)."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ratings.scoring import (
    Agreement,
    Grades,
    NotEstimable,
    cohen_kappa,
    fleiss_kappa,
    gwet_ac,
    krippendorff_alpha,
    percent_agreement,
)

Codes = NDArray[np.int64]
PAIR = 2
OUTCOMES = (-1, 0, 1)  # second, tie, first
STEPS = (-3, -2, -1, 0, 1, 2, 3)  # of a graded scale, canonical frame
LEAST_UNITS = 5  # a slice with fewer comparisons judged twice is not shown alone


def cohen_of_pair(grades: Grades) -> Agreement:
    """Return Cohen's kappa where all that was judged twice was judged by the same two raters."""
    twice = np.bincount(grades.unit)[grades.unit] > 1
    both = Grades(
        grades.unit[twice], grades.rater[twice], grades.category[twice], grades.categories
    )
    if np.unique(both.rater).size != PAIR:
        raise NotEstimable("Cohen's kappa is of two raters")
    return cohen_kappa(both)


# By name: which grades it is over, and how it is computed.
COEFFICIENTS: Mapping[str, tuple[str, Callable[[Grades], Agreement]]] = {
    "percent": ("outcome", percent_agreement),
    "alpha": ("outcome", krippendorff_alpha),
    "alpha_ordinal": ("step", lambda grades: krippendorff_alpha(grades, "ordinal")),
    "kappa": ("outcome", fleiss_kappa),
    "cohen_kappa": ("outcome", cohen_of_pair),
    "ac1": ("outcome", gwet_ac),
    "ac2": ("step", lambda grades: gwet_ac(grades, "ordinal")),
}


@dataclass(frozen=True, eq=False)
class JudgedVotes:
    """The votes on one criterion, at most one of a rater on a comparison.

    Attributes
    ----------
    unit, rater : (n,) codes from 0
    outcome : (n,) -1 second, 0 tie, 1 first
    step : (n,) the grade from -3 to 3 on a graded scale; the outcome on others
    """

    unit: Codes
    rater: Codes
    outcome: Codes
    step: Codes

    def select(self, rows: NDArray[np.bool_]) -> "JudgedVotes":
        return JudgedVotes(self.unit[rows], self.rater[rows], self.outcome[rows], self.step[rows])

    def grades(self, of: str) -> Grades:
        if of == "outcome":
            return Grades(self.unit, self.rater, self.outcome + 1, OUTCOMES)
        return Grades(self.unit, self.rater, self.step + 3, STEPS)


def agreement_by_slice(
    votes: JudgedVotes, slices: Mapping[str, NDArray[np.bool_]]
) -> list[dict[str, Any]]:
    """Return the coefficients over all votes, then over each slice with enough comparisons.

    `slices` are rows (n,) by name. What cannot be estimated is None.
    """
    table = [{"slice": "", **_coefficients(votes)}]
    for name, rows in slices.items():
        found = _coefficients(votes.select(rows))
        if found["comparisons"] >= LEAST_UNITS and not rows.all():
            table.append({"slice": name, **found})
    return table


def _coefficients(votes: JudgedVotes) -> dict[str, Any]:
    found: dict[str, Any] = {"comparisons": 0, "raters": 0}
    for name, (of, coefficient) in COEFFICIENTS.items():
        try:
            one = coefficient(votes.grades(of))
        except NotEstimable:
            found[name] = None
            continue
        found |= {"comparisons": one.units, "raters": one.raters}
        found[name] = {"value": one.value, "lower": one.lower, "upper": one.upper}
    return found
