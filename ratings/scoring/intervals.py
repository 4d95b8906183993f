"""The covariance of strengths from independent votes, and the intervals and ranks of any covariance.

Covariances from votes that depend on each other, by rater and by prompt, are in `clusters`.

References
----------
Huber, P. J. (1967); White, H. (1982): the sandwich.
"""

from statistics import NormalDist
from typing import Any

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

from ratings.scoring.newton import laplacian
from ratings.scoring.scores import counted, tables_of
from ratings.scoring.types import (
    Comparisons,
    Counts,
    Covariance,
    Fit,
    Floats,
    Interval,
    NotEstimable,
    counts_of,
)

STILL = 1e-14  # a variance below this share of the Fisher variance is rounding
MOST_ITEMS_DRAWN = 300  # with more, Bonferroni's bound instead of drawing the largest difference


# ---- covariances ---------------------------------------------------------------------------------


def sandwich(fit: Fit, data: Comparisons | Counts) -> Covariance:
    """Return the covariance for independent votes: H^-1 (sum of s s') H^-1, from counts alone.

    Half-win ties make the plain inverse information too wide, since a tie varies less than a coin;
    the sandwich is right for the estimand whether or not the model is.
    """
    counts = counts_of(data)
    return checked_covariance(
        fit, fit.inverse @ independent_meat(fit, counts) @ fit.inverse, "sandwich"
    )


def independent_meat(fit: Fit, counts: Counts) -> Floats:
    """Return the sum over votes of the outer product of the score, (P, P)."""
    votes, tables = counted(counts.wins, counts.ties), tables_of(fit)
    squares = (votes * tables.score**2).sum(axis=0)
    k, p = len(counts.items), len(fit.information)
    meat = np.empty((p, p))
    meat[:k, :k] = laplacian(squares + squares.T)
    if p > k:
        cross = (votes * tables.score * tables.tie_score).sum(axis=0)
        meat[:k, k] = meat[k, :k] = cross.sum(axis=1) - cross.sum(axis=0)
        meat[k, k] = (votes * tables.tie_score**2).sum()
    return meat


def checked_covariance(fit: Fit, matrix: Floats, kind: str, **more: Any) -> Covariance:
    """Keep the strengths' part, and refuse a width of zero, which no finite sample supports."""
    k = len(fit.items)
    kept = matrix[:k, :k]
    floor = STILL * float(np.diag(fit.inverse)[:k].max())
    if float(np.diag(kept).min()) <= floor:
        still = [item for item, v in zip(fit.items, np.diag(kept), strict=True) if v <= floor]
        raise NotEstimable("the votes do not vary, so there is no interval", [still])
    return Covariance(kept, kind, **more)


# ---- intervals and ranks -------------------------------------------------------------------------


def intervals(
    strength: Floats, covariance: Covariance, *, level: float = 0.95
) -> tuple[Floats, Floats]:
    """Return lower and upper bounds (K,) of the centred strengths, in log-odds.

    Percentiles of the draws where the covariance has them, else the estimate plus and minus the
    quantile times the standard error.
    """
    if covariance.draws is not None:
        drawn = covariance.draws[np.isfinite(covariance.draws).all(axis=1)]
        lower, upper = np.quantile(drawn, [0.5 - level / 2, 0.5 + level / 2], axis=0)
        return lower, upper
    half = quantiles(0.5 + level / 2, covariance.degrees_each) * covariance.standard_error
    return strength - half, strength + half


def difference(
    strength: Floats, covariance: Covariance, i: int, j: int, *, level: float = 0.95
) -> Interval:
    """Return the interval of strength i minus strength j, in log-odds.

    `strength` (K,) and `covariance` are of one fit. Two items are compared by this, never by whether
    their own intervals overlap.
    """
    contrast = np.zeros(len(strength))
    contrast[i], contrast[j] = 1.0, -1.0
    spread = covariance.spread(contrast)
    half = quantile(0.5 + level / 2, spread.degrees) * spread.standard_error
    gap = float(strength[i] - strength[j])
    return Interval(gap - half, gap + half, level)


def probability_better(strength: Floats, covariance: Covariance, i: int, j: int) -> float:
    """Return how sure the votes make it that item i is better than item j, between 0 and 1.

    The confidence distribution of the difference at 0 (Student's t or normal): one minus the
    one-sided p-value of "i is not better". With a flat prior it is the posterior probability. With
    draws it is the share of the draws in which i is ahead.
    """
    if covariance.draws is not None:
        drawn = covariance.draws[np.isfinite(covariance.draws).all(axis=1)]
        ahead = drawn[:, i] - drawn[:, j]
        return float(((ahead > 0) + (ahead == 0) / 2).mean())
    contrast = np.zeros(len(strength))
    contrast[i], contrast[j] = 1.0, -1.0
    spread = covariance.spread(contrast)
    from scipy.special import stdtr

    return float(stdtr(spread.degrees, (strength[i] - strength[j]) / spread.standard_error))


def quantile(p: float, degrees: float) -> float:
    """Return the quantile of Student's t, which is the normal one at infinite degrees."""
    if np.isinf(degrees):
        return NormalDist().inv_cdf(p)
    from scipy.special import stdtrit

    return float(stdtrit(degrees, p))


def quantiles(p: float, degrees: Floats) -> Floats:
    """Return `quantile` of each of the `degrees`."""
    distinct, where = np.unique(degrees, return_inverse=True)
    return np.array([quantile(p, float(one)) for one in distinct])[where]


def rank_ranges(
    strength: Floats,
    covariance: Covariance,
    *,
    rng: Generator,
    level: float = 0.95,
    draws: int = 2000,
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return the best and the worst rank (K,) that each item may have; rank 1 is the best.

    Simultaneous: all the ranges hold together with probability `level`. An item's best rank is one
    more than the number of items better than it beyond doubt, where the doubt is the `level`
    quantile of the largest studentised difference of any pair.

    References
    ----------
    Mogstad, M., Romano, J. P., Shaikh, A. M. and Wilhelm, D. (2024). Inference for ranks with
    applications to mobility across neighbourhoods. Review of Economic Studies 91.
    """
    error = _errors(covariance.difference_variance())
    critical = _largest_difference(covariance, rng, level, draws)
    surely_better = (strength[:, None] - strength) > critical * error
    return 1 + surely_better.sum(axis=0), len(strength) - surely_better.sum(axis=1)


def tiers(best: NDArray[Any], worst: NDArray[Any]) -> NDArray[np.int64]:
    """Return the tier (K,) of each item, from 1, by the ranks (K,) it may have.

    An item is one tier below the lowest of those whose worst rank is still better than its best one.
    So no two of a tier are told apart by their rank ranges, and each of a lower tier is beyond doubt
    behind some item of the tier above. Where the ranges hold together with a probability, so do
    all these statements.
    """
    found = np.ones(len(best), dtype=np.int64)
    for item in np.argsort(best, kind="stable"):
        ahead = worst < best[item]
        found[item] = 1 + found[ahead].max(initial=0)
    return found


def _errors(variance: Floats) -> Floats:
    """Return the errors of differences (K, K), infinite where they do not vary: that is no certainty."""
    still = variance <= STILL * float(variance.max(initial=0.0))
    return np.sqrt(np.where(still, np.inf, variance))


def _largest_difference(covariance: Covariance, rng: Generator, level: float, draws: int) -> float:
    """Return the `level` quantile of the largest |difference| / error among all pairs.

    Drawn for known errors, and moved to the quantile of Student's t that is as rare: with few clusters
    every pair has an error of its own that may be too small, so that to divide all pairs of a draw by
    one chi-square, as a multivariate t does, would leave the largest of many pairs too small. From
    fewer clusters than items nobody knows how their errors hang together: then Bonferroni's bound.
    """
    k = len(covariance.matrix)
    if k > MOST_ITEMS_DRAWN or covariance.degrees < k:
        return quantile(1 - (1 - level) / (k * (k - 1)), covariance.degrees)
    values, vectors = np.linalg.eigh(covariance.matrix)
    root = vectors * np.sqrt(np.maximum(values, 0.0))
    # The errors of what is drawn: a two-way matrix may have had negative eigenvalues.
    gaps = ((root[:, None, :] - root) ** 2).sum(axis=2)
    error = _errors(gaps)
    deviation = rng.standard_normal((draws, k)) @ root.T
    largest = np.zeros(draws)
    for i in range(k - 1):
        apart = np.abs(deviation[:, i, None] - deviation[:, i + 1 :]) / error[i, i + 1 :]
        np.maximum(largest, apart.max(axis=1), out=largest)
    known = float(np.quantile(largest, level))
    return quantile(1 - NormalDist().cdf(-known), covariance.degrees)
