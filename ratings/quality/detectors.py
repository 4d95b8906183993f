"""Six detectors, each a test of one rater against the others, with one false alarm rate for all.

Every rater is compared with what the votes of all the others lead to expect: strengths are fitted
without the rater's own. The statistics of honest raters spread more than chance alone (people differ
in taste), so each is scaled by its own spread over all raters: the median and the quartiles, which a
tenth of attackers hardly moves.

References
----------
Huber, P. J. and Ronchetti, E. M. (2009). Robust Statistics: quantiles as location and scale.
Page, E. S. (1954). Continuous inspection schemes. Biometrika 41: the largest sum of a run.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ratings.scoring import Comparisons, Counts, NotConverged, NotEstimable, fit_bradley_terry

Floats = NDArray[np.float64]
# The share of the false alarms that each check may have; most where attacks are hardest to see.
SHARES = {
    "residual": 0.05,
    "target": 0.45,
    "position": 0.05,
    "ties": 0.05,
    "time": 0.05,
    "run": 0.05,
    "gold": 0.25,
    "repeats": 0.05,
}
CHECKS = tuple(SHARES)
TWO_SIDED = ("position", "ties")
LEVEL = 0.01  # of false alarms on an honest rater, all checks together
LEAST_VOTES = 15
LEAST_SPREAD = 0.05
IQR = 1.349  # of a standard normal
HONEST_GOLD = 0.9  # share of gold comparisons that careful raters get right
HONEST_REPEATS = 0.75  # share of repeats on which careful raters prefer the same answer again
SHORT = 1e-3  # seconds


@dataclass(frozen=True)
class Tried:
    """How often something was tried, and how often it came out well."""

    right: int
    of: int


@dataclass(frozen=True, eq=False)
class RaterVotes:
    """The votes on one criterion, in the order of submission.

    Attributes
    ----------
    comparisons : with `rater` codes from 0
    shown_first : (n,) bool
        Whether the canonical first stood on the left, as A.
    seconds : (n,) float
        Time taken; NaN where it is not known.
    gold, repeats : by rater code
    """

    comparisons: Comparisons
    shown_first: NDArray[np.bool_]
    seconds: Floats
    gold: Mapping[int, Tried] = field(default_factory=dict)
    repeats: Mapping[int, Tried] = field(default_factory=dict)


@dataclass(frozen=True)
class RaterReport:
    """One rater: the size of each check (in standard deviations; larger is worse), and the flags.

    `target` names the model that the rater favours or disfavours most.
    """

    rater: int
    votes: int
    scores: Mapping[str, float]
    flags: tuple[str, ...]
    target: str | None


def rater_reports(votes: RaterVotes, *, level: float = LEVEL) -> list[RaterReport]:
    """Return a report for each rater with at least 15 votes, in the order of codes.

    `level` is the chance that an honest rater is flagged by any check. Raises `ValueError` for
    comparisons without raters.
    """
    comparisons = votes.comparisons
    if comparisons.rater is None:
        raise ValueError("the comparisons have no raters")
    codes, counts = np.unique(comparisons.rater, return_counts=True)
    judged = [int(code) for code in codes[counts >= LEAST_VOTES]]
    raw = {code: _raw(votes, code) for code in judged}
    scaled = {
        name: _scaled({code: raw[code][name] for code in judged})
        for name in ("residual", "position", "ties", "time", "run")
    }
    pulls = _pulls({code: raw[code]["pulls"] for code in judged})
    scaled["target"] = {code: float(np.abs(pulls[code]).max()) for code in judged}
    for name in TWO_SIDED:
        scaled[name] = {code: abs(score) for code, score in scaled[name].items()}
    tests = {"target": 2 * len(comparisons.items), **dict.fromkeys(TWO_SIDED, 2)}
    bounds = {
        name: bound_of_many(level * share, tests.get(name, 1)) for name, share in SHARES.items()
    }
    reports = []
    for code in judged:
        scores = {name: scaled[name][code] for name in scaled}
        scores["gold"] = _shortfall(votes.gold.get(code), HONEST_GOLD)
        scores["repeats"] = _shortfall(votes.repeats.get(code), HONEST_REPEATS)
        flags = [name for name in CHECKS if scores[name] > bounds[name]]
        reports.append(
            RaterReport(
                rater=code,
                votes=int(counts[codes == code][0]),
                scores=scores,
                flags=tuple(flags),
                target=comparisons.items[int(np.abs(pulls[code]).argmax())],
            )
        )
    return reports


def bound_of_many(level: float, tests: int) -> float:
    """Return the bound that the largest of so many standard normal scores exceeds with this chance."""
    return _normal_quantile((1 - level) ** (1 / tests))


def _raw(votes: RaterVotes, code: int) -> dict[str, Any]:
    """Return the statistics of one rater, standard normal for one who votes as the others do."""
    comparisons = votes.comparisons
    own = np.asarray(comparisons.rater == code)
    first, second = comparisons.first[own], comparisons.second[own]
    points = comparisons.outcome[own] / 2.0
    expected, tied = _expected_by_others(comparisons, own)
    variance = np.maximum(expected * (1 - expected) - tied / 4, 0.02)
    gap = points - expected
    lean = 2 * expected - 1
    against = -gap * lean
    # Position: points of what stood on the left, beyond what the answers themselves earn.
    left = np.where(votes.shown_first[own], gap, -gap)
    favour = np.zeros(len(comparisons.items))
    spread = np.zeros(len(comparisons.items))
    for side, sign in ((first, 1.0), (second, -1.0)):
        np.add.at(favour, side, sign * gap)
        np.add.at(spread, side, variance)
    pull = favour / np.sqrt(np.maximum(spread, 0.5))
    even = comparisons.outcome[own] == 1
    seconds = votes.seconds[own]
    known = seconds[np.isfinite(seconds)]
    return {
        "residual": float(against.sum() / np.sqrt((variance * lean**2).sum() + 1e-9)),
        "pulls": pull,
        "position": float(left.sum() / np.sqrt(variance.sum())),
        "ties": float(
            (even.sum() - tied.sum()) / np.sqrt(np.maximum((tied * (1 - tied)).sum(), 0.5))
        ),
        "time": float(-np.log(np.maximum(np.median(known), SHORT))) if known.size else np.nan,
        "run": _largest_run(against / np.sqrt(variance * np.maximum(lean**2, 1e-4))),
    }


def _pulls(raw: Mapping[int, Floats]) -> dict[int, Floats]:
    """Return each rater's pull on every model (K,), by how far raters differ on that model."""
    if not raw:
        return {}
    table = np.array(list(raw.values()))
    centre = np.median(table, axis=0)
    low, high = np.quantile(table, [0.25, 0.75], axis=0)
    spread = np.maximum((high - low) / IQR, 1.0)
    return dict(zip(raw, (table - centre) / spread, strict=True))


def _expected_by_others(comparisons: Comparisons, own: NDArray[np.bool_]) -> tuple[Floats, Floats]:
    """Return (m,) the points expected of `first`, and (m,) the chance of a tie, by the others."""
    others = Comparisons(
        items=comparisons.items,
        first=comparisons.first[~own],
        second=comparisons.second[~own],
        outcome=comparisons.outcome[~own],
    )
    counts = Counts.of(others)
    tied = float(counts.ties.sum() / max(counts.votes.sum(), 1))
    # Half a tie more of every pair that met: nobody's strength is infinite because one is missing.
    met = (counts.votes > 0).astype(float) / 2
    try:
        fit = fit_bradley_terry(Counts(comparisons.items, counts.wins, counts.ties + met))
        expected = fit.expected[comparisons.first[own], comparisons.second[own]]
    except (NotEstimable, NotConverged):
        expected = np.full(int(own.sum()), 0.5)
    return expected, np.full(len(expected), tied)


def _largest_run(steps: Floats) -> float:
    """Return the largest sum of consecutive steps by the root of how many: a change midway shows."""
    sums = np.concatenate([[0.0], np.cumsum(steps)])
    best = 0.0
    for length in (LEAST_VOTES, 2 * LEAST_VOTES, 4 * LEAST_VOTES):
        if length <= len(steps):
            best = max(best, float((sums[length:] - sums[:-length]).max() / np.sqrt(length)))
    return best


def _scaled(raw: Mapping[int, float]) -> dict[int, float]:
    """Return the statistics by how far they lie above the median, in robust standard deviations."""
    values = np.array(list(raw.values()), dtype=float)
    known = values[np.isfinite(values)]
    if not known.size:
        return dict.fromkeys(raw, 0.0)
    centre = float(np.median(known))
    low, high = np.quantile(known, [0.25, 0.75])
    spread = max(float(high - low) / IQR, LEAST_SPREAD)
    return {
        code: 0.0 if not np.isfinite(value) else (value - centre) / spread
        for code, value in raw.items()
    }


def _shortfall(tried: Tried | None, honest: float) -> float:
    """Return how surprising so few right ones are of a careful rater, as a standard normal score."""
    if tried is None or not tried.of:
        return 0.0
    from scipy.stats import binom

    chance = float(binom.cdf(tried.right, tried.of, honest))
    return _normal_quantile(1 - max(chance, 1e-12)) if chance < 1 else 0.0


def _normal_quantile(p: float) -> float:
    from statistics import NormalDist

    return NormalDist().inv_cdf(min(max(p, 1e-12), 1 - 1e-12))
