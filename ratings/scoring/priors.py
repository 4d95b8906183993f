"""Bradley-Terry with a prior: finite strengths where one side won every vote, at the price of a pull.

Never the default of a board: the estimate leans towards equal strengths, the more the fewer the
votes, and `Fit.prior` says so. What the votes do not link stays "not estimable": there a prior would
be the only thing that speaks. The covariances of this package hold for the penalised estimate about
its own expectation; for an item that won every vote they are too narrow, as its votes do not vary,
and `posterior` is the honest one.

References
----------
Davidson, R. R. and Solomon, D. L. (1973). A Bayesian approach to paired comparison experimentation.
Biometrika 60, 477-487: the conjugate prior, which adds votes.
Firth, D. (1993). Bias reduction of maximum likelihood estimates. Biometrika 80, 27-38.
Kosmidis, I. and Firth, D. (2021). Jeffreys-prior penalty, finiteness and shrinkage in
binomial-response generalized linear models. Biometrika 108, 71-82: why Firth's estimate is finite.
Maystre, L. and Grossglauser, M. (2015). Fast and accurate inference of Plackett-Luce models. NIPS;
the package choix penalises as `fit_ridge` does.
"""

from typing import Literal

import numpy as np

from ratings.scoring import bradley_terry
from ratings.scoring import ties as tie_models
from ratings.scoring.bradley_terry import win_probability
from ratings.scoring.diagnostics import connected_components
from ratings.scoring.newton import Curvature, Optimum, invert_on_contrasts, laplacian, maximise
from ratings.scoring.types import (
    Comparisons,
    Counts,
    Covariance,
    Fit,
    Floats,
    NotEstimable,
    counts_of,
)

Ties = Literal["half-win", "davidson"]


def posterior(fit: Fit) -> Covariance:
    """Return the inverse information of a fit with a prior: its covariance a posteriori, by Laplace.

    For independent votes; with Firth's penalty the Fisher covariance at the estimate.

    Raises
    ------
    ValueError
        For a fit without a prior.
    """
    if fit.prior is None:
        raise ValueError("the fit has no prior, so there is no posterior: use a sandwich")
    k = len(fit.items)
    return Covariance(fit.inverse[:k, :k], "posterior")


# ---- pseudo-votes --------------------------------------------------------------------------------


def fit_pseudo_votes(data: Comparisons | Counts, votes: float = 1.0) -> Fit:
    """Fit strengths as if every pair had `votes` more votes, half of them won by each; ties are half wins.

    Parameters
    ----------
    votes : how many each pair is given, greater than 0, whole or not

    Raises
    ------
    NotEstimable
        When the items fall into groups that are never compared.
    NotConverged
        When the gradient per vote stays above 1e-12.
    """
    _require_positive(votes, "votes")
    counts = counts_of(data)
    _require_linked(counts)
    k = len(counts.items)
    added = votes * (1 - np.eye(k))
    points, total = counts.wins + counts.ties / 2 + added / 2, counts.votes + added
    best = maximise(
        lambda at: bradley_terry.curvature(at, points, total), np.zeros(k), k=k, n=counts.n
    )
    return _half_win(counts, best, f"{votes:g} votes added to every pair, half won by each side")


# ---- a Gaussian on the strengths -----------------------------------------------------------------


def fit_ridge(data: Comparisons | Counts, alpha: float = 0.5, *, ties: Ties = "half-win") -> Fit:
    """Fit strengths that maximise the log-likelihood minus alpha times their sum of squares.

    The maximum a posteriori under independent Gaussians of mean 0 and variance 1 / (2 alpha) on the
    strengths; Davidson's nu has a flat prior on log nu.

    Parameters
    ----------
    alpha : greater than 0, per squared log-odds; 0.5 is a standard deviation of 1
    ties : "half-win" as in `fit_bradley_terry`, or "davidson"

    Raises
    ------
    NotEstimable
        When the items fall into groups that are never compared, or, in Davidson's model, when every
        vote is a tie.
    NotConverged
        When the gradient per vote stays above 1e-12.
    """
    _require_positive(alpha, "alpha")
    counts = counts_of(data)
    _require_linked(counts)
    prior = f"Gaussian on strengths, variance {1 / (2 * alpha):g} (alpha {alpha:g})"
    if ties == "half-win":
        return _half_win(counts, _climb_half_win(counts, alpha), prior)
    if ties == "davidson":
        return _davidson(counts, alpha, prior)
    raise ValueError(f"ties {ties!r} is neither 'half-win' nor 'davidson'")


def _penalised(found: Curvature, strength: Floats, alpha: float) -> Curvature:
    """Subtract the penalty, as a function of differences alone: at centred strengths the same."""
    k = len(strength)
    gap = strength - strength.mean()
    gradient, information = found.gradient.copy(), found.information.copy()
    gradient[:k] -= 2 * alpha * gap
    information[:k, :k] += 2 * alpha * (np.eye(k) - 1 / k)
    return Curvature(found.value - alpha * float(gap @ gap), gradient, information)


def _climb_half_win(counts: Counts, alpha: float) -> Optimum:
    points, votes, k = counts.wins + counts.ties / 2, counts.votes, len(counts.items)
    return maximise(
        lambda at: _penalised(bradley_terry.curvature(at, points, votes), at, alpha),
        np.zeros(k),
        k=k,
        n=counts.n,
    )


def _davidson(counts: Counts, alpha: float, prior: str) -> Fit:
    tied, k = counts.ties.sum() / 2, len(counts.items)
    if not tied:
        best = _climb_half_win(counts, alpha)
        return _half_win(counts, best, prior, method="davidson", tie=0.0)
    if not counts.wins.any():
        raise NotEstimable(
            "every vote is a tie: the tie parameter has no finite estimate", [counts.items]
        )
    best = maximise(
        lambda at: _penalised(tie_models.curvature(at, counts), at[:k], alpha),
        np.append(np.zeros(k), np.log(2 * tied / (counts.n - tied))),
        k=k,
        n=counts.n,
    )
    strength, log_nu = best.parameters[:k], float(best.parameters[k])
    odds = tie_models.davidson_odds(strength[:, None] - strength, log_nu)
    return Fit(
        items=counts.items,
        method="davidson",
        strength=strength,
        tie=float(np.exp(log_nu)),
        expected=odds.expected,
        tie_probability=odds.tie,
        information=best.information,
        inverse=best.inverse,
        log_likelihood=tie_models.curvature(best.parameters, counts).value,
        gradient_per_vote=best.gradient_per_vote,
        iterations=best.iterations,
        prior=prior,
    )


# ---- Firth's penalty -----------------------------------------------------------------------------


def fit_firth(data: Comparisons | Counts) -> Fit:
    """Fit strengths that maximise the log-likelihood plus half the log-determinant of the information.

    Jeffreys' prior: it takes away the first-order bias of maximum likelihood (strengths too far
    apart), and has nothing to choose. Ties are half wins. `information` is the likelihood's own at
    the estimate, as is usual.

    Raises
    ------
    NotEstimable
        When the items fall into groups that are never compared.
    NotConverged
        When the gradient per vote stays above 1e-12.
    """
    counts = counts_of(data)
    _require_linked(counts)
    points, votes, k = counts.wins + counts.ties / 2, counts.votes, len(counts.items)
    best = maximise(lambda at: firth_curvature(at, points, votes), np.zeros(k), k=k, n=counts.n)
    own = bradley_terry.curvature(best.parameters, points, votes).information
    best = best._replace(information=own, inverse=invert_on_contrasts(own, k))
    return _half_win(counts, best, "Jeffreys (Firth's penalty)")


def firth_curvature(strength: Floats, points: Floats, votes: Floats) -> Curvature:
    """Return the penalised log-likelihood, its exact gradient, and the information to step by.

    The gradient is that of votes to which each pair adds its leverage, half won by each side; the
    information is that of these votes, the leverage held fixed: Newton's own would need all pairs of
    pairs. Arguments as in `bradley_terry.curvature`.
    """
    found = bradley_terry.curvature(strength, points, votes)
    k = len(strength)
    chance = win_probability(strength[:, None] - strength)
    weights = votes * chance * (1 - chance)
    # Beyond reach of the doubles the penalty is minus infinity, which the climb steps back from.
    _, log_determinant = np.linalg.slogdet(found.information + np.trace(found.information) / k**2)
    if not np.isfinite(log_determinant):
        return found._replace(value=-np.inf)
    log_determinant -= np.log(np.trace(found.information) / k)
    inverse = invert_on_contrasts(found.information, k)
    spread = np.diag(inverse)[:, None] + np.diag(inverse) - 2 * inverse
    leverage = weights * spread
    gradient = found.gradient + (leverage * (0.5 - chance)).sum(axis=1)
    added = laplacian(leverage * chance * (1 - chance))
    return Curvature(found.value + log_determinant / 2, gradient, found.information + added)


# ---- shared --------------------------------------------------------------------------------------


def _half_win(
    counts: Counts,
    best: Optimum,
    prior: str,
    *,
    method: str = "bradley-terry",
    tie: float | None = None,
) -> Fit:
    points = counts.wins + counts.ties / 2
    strength = best.parameters
    return Fit(
        items=counts.items,
        method=method,
        strength=strength,
        tie=tie,
        expected=win_probability(strength[:, None] - strength),
        tie_probability=None,
        information=best.information,
        inverse=best.inverse,
        log_likelihood=bradley_terry.curvature(strength, points, counts.votes).value,
        gradient_per_vote=best.gradient_per_vote,
        iterations=best.iterations,
        prior=prior,
    )


def _require_positive(value: float, name: str) -> None:
    if not (np.isfinite(value) and value > 0):
        raise ValueError(f"{name} must be greater than 0 and finite, not {value}")


def _require_linked(counts: Counts) -> None:
    """Raise `NotEstimable`, naming the groups, where no vote links the items: a prior must not."""
    if not counts.n:
        raise NotEstimable("there are no votes")
    apart = connected_components(counts)
    if len(apart) > 1:
        raise NotEstimable(
            f"the votes fall into {len(apart)} groups that are never compared, "
            "and a prior alone says nothing of their distance",
            apart,
        )
