"""Crowd-BT: strengths and the reliability of each rater together, as a diagnostic.

A rater gives the Bradley-Terry answer with probability eta, else tosses a coin. Where many raters
click at random it recovers the strengths that attentive raters would give; it changes what is
estimated, so that it stands beside the board and never in its place.

References
----------
Chen, X., Bennett, P. N., Collins-Thompson, K. and Horvitz, E. (2013). Pairwise ranking aggregation
in a crowdsourced setting. WSDM; here by expectation-maximisation, as a mixture with a coin.
"""

from dataclasses import dataclass

import numpy as np

from ratings.scoring.bradley_terry import fit_bradley_terry
from ratings.scoring.types import Comparisons, Counts, Fit, Floats, NotConverged, NotEstimable

PRIOR = 3.0  # votes of certain attention added to each rater: the mode of a Beta(4, 1) prior
SETTLED = 1e-6  # log-odds
MOST_ROUNDS = 5000
DRIFTING = (
    "the votes against one side pass for tosses of a coin, and the others are all for it: "
    "Crowd-BT has no finite estimate"
)
FURTHEST = 10.0  # log-odds between two items, beyond which they drift apart without end


@dataclass(frozen=True, eq=False)
class CrowdFit:
    """Strengths (K,), log-odds centred at 0, and each rater's eta (R,) between 0 and 1."""

    items: tuple[str, ...]
    strength: Floats
    reliability: Floats
    rounds: int


def fit_crowd(comparisons: Comparisons) -> CrowdFit:
    """Fit strengths and reliabilities; a tie is half a vote for each side.

    Raises
    ------
    NotEstimable
        Without raters, where the Bradley-Terry model itself is not estimable, and where no vote is left
        against one side once those that run against it pass for tosses.
    NotConverged
        When the strengths still move after 5,000 rounds.
    """
    if comparisons.rater is None:
        raise NotEstimable("Crowd-BT needs to know who judged")
    rater = comparisons.rater
    votes = np.bincount(rater).astype(np.float64)
    fit = fit_bradley_terry(comparisons)
    reliability = np.full(len(votes), 0.9)
    points = comparisons.outcome * 0.5
    for rounds in range(1, MOST_ROUNDS + 1):
        p = fit.expected[comparisons.first, comparisons.second]
        eta = reliability[rater]
        won = points * _attentive(eta, p)
        lost = (1 - points) * _attentive(eta, 1 - p)
        sums = np.bincount(rater, weights=won + lost, minlength=len(votes))
        reliability = (sums + PRIOR) / (votes + PRIOR)
        before = fit.strength
        fit = _refit(_counts(comparisons, won, lost), before)
        if np.ptp(fit.strength) > FURTHEST:
            raise NotEstimable(DRIFTING)
        if np.abs(fit.strength - before).max() <= SETTLED:
            return CrowdFit(comparisons.items, fit.strength, reliability, rounds)
    raise NotConverged(f"Crowd-BT still moves after {MOST_ROUNDS} rounds")


def _refit(counts: Counts, start: Floats) -> Fit:
    try:
        return fit_bradley_terry(counts, start=start)
    except (NotConverged, np.linalg.LinAlgError) as error:
        # With next to nothing left against one side the likelihood is too flat to be climbed.
        raise NotEstimable(DRIFTING) from error


def _attentive(eta: Floats, p: Floats) -> Floats:
    """Return the chance that a vote of probability p was not a toss of a coin."""
    meant = eta * p
    either = meant + (1 - eta) / 2
    # Neither where a rater never tosses and the vote cannot be: it weighs nothing then.
    return np.divide(meant, either, out=np.zeros_like(either), where=either > 0)


def _counts(comparisons: Comparisons, won: Floats, lost: Floats) -> Counts:
    k = len(comparisons.items)
    wins = np.zeros((k, k))
    np.add.at(wins, (comparisons.first, comparisons.second), won)
    np.add.at(wins, (comparisons.second, comparisons.first), lost)
    return Counts(comparisons.items, wins, np.zeros((k, k)))
