"""Davidson's extension of the Bradley-Terry model, in which a tie is an outcome of its own.

With p = exp(strength): P(i) : P(j) : P(tie) = p_i : p_j : nu sqrt(p_i p_j). Newman's iteration for
"Bradley-Terry with ties" climbs the same likelihood.

References
----------
Davidson, R. R. (1970). On extending the Bradley-Terry model to accommodate ties in paired
comparison experiments. Journal of the American Statistical Association 65, 317-328, eq. (2.5).
"""

from dataclasses import replace
from typing import NamedTuple

import numpy as np

from ratings.scoring.bradley_terry import fit_bradley_terry
from ratings.scoring.diagnostics import require_estimable, require_tie_parameter
from ratings.scoring.newton import Curvature, laplacian, maximise
from ratings.scoring.types import Comparisons, Counts, Fit, Floats, counts_of


class Odds(NamedTuple):
    """The model at given differences, elementwise: E y, P(tie), and log of the normaliser."""

    expected: Floats
    tie: Floats
    log_normaliser: Floats


def davidson_odds(difference: Floats, log_nu: float | Floats) -> Odds:
    """Return the model's probabilities at differences of strengths, without overflow."""
    half = np.abs(difference) / 2
    top = np.maximum(half, log_nu)
    stronger, weaker, tied = np.exp(half - top), np.exp(-half - top), np.exp(log_nu - top)
    total = stronger + weaker + tied
    lead = np.copysign((stronger - weaker) / total, difference)
    return Odds(0.5 + 0.5 * lead, tied / total, top + np.log(total))


def curvature(parameters: Floats, counts: Counts) -> Curvature:
    """Return log-likelihood, gradient and information at (strength, log nu), (K + 1,)."""
    strength, log_nu = parameters[:-1], float(parameters[-1])
    difference = strength[:, None] - strength
    votes = counts.votes
    odds = davidson_odds(difference, log_nu)
    tied = counts.ties.sum() / 2
    value = (counts.wins * difference).sum() / 2 + tied * log_nu
    value -= (votes * odds.log_normaliser).sum() / 2
    points = counts.wins + counts.ties / 2
    gradient = np.append(
        (points - votes * odds.expected).sum(axis=1), tied - (votes * odds.tie).sum() / 2
    )
    return Curvature(float(value), gradient, _information(votes, odds))


def _information(votes: Floats, odds: Odds) -> Floats:
    lead = 2 * odds.expected - 1
    k = len(votes)
    information = np.empty((k + 1, k + 1))
    information[:k, :k] = laplacian(votes * (1 - odds.tie - lead**2) / 4)
    information[:k, k] = information[k, :k] = -(votes * odds.tie * lead).sum(axis=1) / 2
    information[k, k] = (votes * odds.tie * (1 - odds.tie)).sum() / 2
    return information


def fit_davidson(data: Comparisons | Counts, start: Fit | None = None) -> Fit:
    """Fit strengths (log-odds, centred at 0) and the tie parameter nu.

    Without a single tie nu is 0, and the model is Bradley and Terry's.

    Raises
    ------
    NotEstimable
        When no finite maximum exists: see `diagnostics`.
    NotConverged
        When the gradient per vote stays above 1e-12.
    """
    counts = counts_of(data)
    require_estimable(counts)
    if not counts.ties.any():
        return _without_ties(counts)
    require_tie_parameter(counts)
    k = len(counts.items)
    best = maximise(lambda at: curvature(at, counts), _first_guess(counts, start), k=k, n=counts.n)
    strength, log_nu = best.parameters[:-1], float(best.parameters[-1])
    odds = davidson_odds(strength[:, None] - strength, log_nu)
    return Fit(
        items=counts.items,
        method="davidson",
        strength=strength,
        tie=float(np.exp(log_nu)),
        expected=odds.expected,
        tie_probability=odds.tie,
        information=best.information,
        inverse=best.inverse,
        log_likelihood=best.value,
        gradient_per_vote=best.gradient_per_vote,
        iterations=best.iterations,
    )


def _first_guess(counts: Counts, start: Fit | None) -> Floats:
    """Start at equal strengths with nu at the observed share of ties, or at an earlier fit."""
    if start is not None and start.tie:
        return np.append(start.strength, np.log(start.tie))
    tied = counts.ties.sum() / 2
    return np.append(np.zeros(len(counts.items)), np.log(2 * tied / (counts.n - tied)))


def _without_ties(counts: Counts) -> Fit:
    return replace(fit_bradley_terry(counts), method="davidson", tie=0.0)
