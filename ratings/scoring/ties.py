"""Bradley-Terry models in which a tie is an outcome of its own: Davidson's, and Rao and Kupper's.

With p = exp(strength), Davidson: P(i) : P(j) : P(tie) = p_i : p_j : nu sqrt(p_i p_j). Newman's
iteration for "Bradley-Terry with ties" climbs the same likelihood.

Rao and Kupper: P(i) = p_i / (p_i + theta p_j), P(j) alike, the rest ties. A tie is what lies within
a threshold: with logistic noise of scale 1 a vote is tied where |difference + noise| < log theta.

References
----------
Davidson, R. R. (1970). On extending the Bradley-Terry model to accommodate ties in paired
comparison experiments. Journal of the American Statistical Association 65, 317-328, eq. (2.5).
Rao, P. V. and Kupper, L. L. (1967). Ties in paired-comparison experiments: a generalization of the
Bradley-Terry model. Journal of the American Statistical Association 62, 194-204.
"""

from dataclasses import replace
from typing import NamedTuple

import numpy as np

from ratings.scoring.bradley_terry import fit_bradley_terry, win_probability
from ratings.scoring.diagnostics import require_estimable, require_tie_parameter
from ratings.scoring.newton import Curvature, laplacian, maximise
from ratings.scoring.scores import Tables, counted
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


# ---- Rao and Kupper ------------------------------------------------------------------------------


def rao_kupper_tables(strength: Floats, log_theta: float) -> Tables:
    """Return the scores and information of a vote, the threshold log theta being the tie parameter.

    With d = s_i - s_j and t = log theta: P(i) = F(d - t), P(j) = F(-d - t), F the logistic function.
    """
    gap = strength[:, None] - strength
    win, loss = win_probability(gap - log_theta), win_probability(-gap - log_theta)
    win_curve, loss_curve = win * (1 - win), loss * (1 - loss)
    # P(tie) = P(i) P(j) (theta^2 - 1): its threshold's score and curvature beside those of the wins.
    spread = np.expm1(2 * log_theta)
    rise, bend = 2 * (spread + 1) / spread, 4 * (spread + 1) / spread**2
    return Tables(
        score=_by_outcome(-(1 - loss), loss - win, 1 - win),
        tie_score=_by_outcome(-(1 - loss), rise - (1 - win) - (1 - loss), -(1 - win)),
        weight=_by_outcome(loss_curve, win_curve + loss_curve, win_curve),
        cross=_by_outcome(loss_curve, loss_curve - win_curve, -win_curve),
        corner=_by_outcome(loss_curve, win_curve + loss_curve + bend, win_curve),
    )


def _by_outcome(lost: Floats, tied: Floats, won: Floats) -> Floats:
    return np.stack([lost, tied, won])


def _rao_kupper_curvature(parameters: Floats, counts: Counts) -> Curvature:
    """Return log-likelihood, gradient and information at (strength, log theta), (K + 1,)."""
    strength, log_theta = parameters[:-1], float(parameters[-1])
    k = len(strength)
    if log_theta <= 0:
        nothing = np.zeros(k + 1)
        return Curvature(-np.inf, nothing, np.zeros((k + 1, k + 1)))
    votes, tables = counted(counts.wins, counts.ties), rao_kupper_tables(strength, log_theta)
    gap = strength[:, None] - strength
    log_win, log_loss = -np.logaddexp(0.0, log_theta - gap), -np.logaddexp(0.0, log_theta + gap)
    log_tie = log_win + log_loss + np.log(np.expm1(2 * log_theta))
    value = float((votes * _by_outcome(log_loss, log_tie, log_win)).sum())
    slope = (votes * tables.score).sum(axis=0)
    gradient = np.append(slope.sum(axis=1) - slope.sum(axis=0), (votes * tables.tie_score).sum())
    weight, cross = ((votes * one).sum(axis=0) for one in (tables.weight, tables.cross))
    information = np.empty((k + 1, k + 1))
    information[:k, :k] = laplacian(weight + weight.T)
    information[:k, k] = information[k, :k] = cross.sum(axis=1) - cross.sum(axis=0)
    information[k, k] = (votes * tables.corner).sum()
    return Curvature(value, gradient, information)


def fit_rao_kupper(data: Comparisons | Counts, start: Fit | None = None) -> Fit:
    """Fit strengths (log-odds, centred at 0) and the threshold theta > 1 of Rao and Kupper's model.

    Without a single tie theta is 1, and the model is Bradley and Terry's.

    Raises
    ------
    NotEstimable
        When no finite maximum exists: see `diagnostics`. The condition is Davidson's.
    NotConverged
        When the gradient per vote stays above 1e-12.
    """
    counts = counts_of(data)
    require_estimable(counts)
    if not counts.ties.any():
        return replace(fit_bradley_terry(counts), method="rao-kupper", tie=1.0)
    require_tie_parameter(counts)
    k = len(counts.items)
    tied = counts.ties.sum() / 2 / counts.n
    guess = np.append(np.zeros(k), 2 * np.arctanh(tied))
    if start is not None and start.tie and start.tie > 1:
        guess = np.append(start.strength, np.log(start.tie))
    best = maximise(lambda at: _rao_kupper_curvature(at, counts), guess, k=k, n=counts.n)
    strength, log_theta = best.parameters[:-1], float(best.parameters[-1])
    gap = strength[:, None] - strength
    win, loss = win_probability(gap - log_theta), win_probability(-gap - log_theta)
    return Fit(
        items=counts.items,
        method="rao-kupper",
        strength=strength,
        tie=float(np.exp(log_theta)),
        expected=(1 + win - loss) / 2,
        tie_probability=1 - win - loss,
        information=best.information,
        inverse=best.inverse,
        log_likelihood=best.value,
        gradient_per_vote=best.gradient_per_vote,
        iterations=best.iterations,
        scores=rao_kupper_tables(strength, log_theta),
    )
