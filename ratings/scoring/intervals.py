"""Covariances of strengths, iid or clustered by rater, and the intervals and rank ranges they give.

All start from the influence of a vote, `inverse @ score` (see `types.Fit`); they differ in what is
taken to be independent: single votes, or all the votes of one rater together.

References
----------
Huber, P. J. (1967); White, H. (1982): the sandwich.
Cameron, A. C. and Miller, D. L. (2015). A practitioner's guide to cluster-robust inference.
Journal of Human Resources 50: CR1.
Carter, A. V., Schnepel, K. T. and Steigerwald, D. G. (2017). Asymptotic behavior of a t-test
robust to cluster heterogeneity. Review of Economics and Statistics 99: the effective number.
"""

from collections.abc import Iterator
from statistics import NormalDist
from typing import Any

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

from ratings.scoring.newton import laplacian
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
BLOCK = 1 << 21  # numbers held at once while sweeping clusters: 16 MiB
MOST_ITEMS_DRAWN = 300  # with more items, Bonferroni instead of drawing the largest difference


# ---- covariances ---------------------------------------------------------------------------------


def sandwich(fit: Fit, data: Comparisons | Counts) -> Covariance:
    """Return the covariance for independent votes: H^-1 (sum of s s') H^-1, from counts alone.

    Half-win ties make the plain inverse information too wide, since a tie varies less than a coin;
    the sandwich is right for the estimand whether or not the model is.
    """
    counts = counts_of(data)
    return checked_covariance(fit, fit.inverse @ _meat(fit, counts) @ fit.inverse, "sandwich")


def _meat(fit: Fit, counts: Counts) -> Floats:
    """Return the sum over votes of the outer product of the score, (P, P)."""
    won, lost, tied = 1 - fit.expected, -fit.expected, 0.5 - fit.expected
    squares = counts.wins * won**2 + counts.wins.T * lost**2 + counts.ties * tied**2
    inner = laplacian(squares)
    if fit.tie_probability is None:
        return inner
    untied, tie = -fit.tie_probability, 1 - fit.tie_probability
    cross = (counts.wins * won + counts.wins.T * lost) * untied + counts.ties * tied * tie
    corner = counts.wins * untied**2 + counts.ties * tie**2 / 2
    k = len(counts.items)
    meat = np.empty((k + 1, k + 1))
    meat[:k, :k] = inner
    meat[:k, k] = meat[k, :k] = cross.sum(axis=1)
    meat[k, k] = corner.sum()
    return meat


def cluster_sandwich(fit: Fit, comparisons: Comparisons, cluster: NDArray[Any]) -> Covariance:
    """Return the covariance when only the clusters (all votes of a rater, say) are independent.

    CR1, that is with the factor G / (G - 1), for intervals with t quantiles of G* - 1 degrees of
    freedom, where G* = (sum n_g)^2 / sum n_g^2 counts the clusters as if of equal size.

    Parameters
    ----------
    cluster : (n,) integers from 0: the cluster of each vote

    Raises
    ------
    NotEstimable
        With fewer than two clusters.
    """
    sizes, codes = cluster_sizes(cluster)
    meat = np.zeros_like(fit.information)
    for block in _cluster_scores(fit, comparisons, codes, len(sizes)):
        meat += block.T @ block
    g = len(sizes)
    matrix = fit.inverse @ meat @ fit.inverse * (g / (g - 1))
    return checked_covariance(
        fit, matrix, "cluster", degrees=effective_clusters(sizes) - 1, clusters=g
    )


def cluster_influence(fit: Fit, comparisons: Comparisons, cluster: NDArray[Any], g: int) -> Floats:
    """Return (g, K): the summed influence of each cluster's votes on the strengths.

    `cluster` (n,) holds codes from 0 to g - 1; clusters without votes have zeros. With
    `np.arange(n)` for the cluster it is the influence of every single vote.
    """
    inverse = fit.inverse[:, : len(fit.items)]
    blocks = [block @ inverse for block in _cluster_scores(fit, comparisons, cluster, g)]
    return np.concatenate(blocks)


def cluster_sizes(cluster: NDArray[Any]) -> tuple[Floats, NDArray[np.int64]]:
    """Return the sizes of the clusters that occur, (G,), and codes (n,) into them.

    Raises
    ------
    NotEstimable
        With fewer than two clusters, which say nothing about the spread between clusters.
    """
    counted = np.bincount(cluster)
    occurs = counted > 0
    if not len(cluster):
        raise NotEstimable("there are no votes")
    if occurs.sum() == 1:
        raise NotEstimable("an interval by cluster needs votes from at least two clusters")
    codes = (np.cumsum(occurs) - 1)[cluster]
    return counted[occurs].astype(np.float64), codes


def effective_clusters(sizes: Floats) -> float:
    """Return how many equal clusters would be as informative, at least 2."""
    return max(float(sizes.sum() ** 2 / (sizes**2).sum()), 2.0)


def _cluster_scores(
    fit: Fit, comparisons: Comparisons, cluster: NDArray[Any], g: int
) -> Iterator[Floats]:
    """Yield the summed scores of the clusters in blocks of rows, (some, P), in order."""
    from scipy.sparse import coo_array

    p = len(fit.information)
    residual = fit.residual(comparisons)
    rows, columns = [cluster, cluster], [comparisons.first, comparisons.second]
    entries = [residual, -residual]
    ties = fit.tie_residual(comparisons)
    if ties is not None:
        rows, columns = [*rows, cluster], [*columns, np.full(len(comparisons), p - 1)]
        entries = [*entries, ties]
    where = (np.concatenate(rows), np.concatenate(columns))
    scores = coo_array((np.concatenate(entries), where), shape=(g, p)).tocsr()
    height = max(1, BLOCK // p)
    for top in range(0, g, height):
        yield scores[top : top + height].toarray()


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
    half = quantile(0.5 + level / 2, covariance.degrees) * covariance.standard_error
    return strength - half, strength + half


def difference(
    strength: Floats, covariance: Covariance, i: int, j: int, *, level: float = 0.95
) -> Interval:
    """Return the interval of strength i minus strength j, in log-odds (never two overlapping bars)."""
    v = covariance.matrix
    half = quantile(0.5 + level / 2, covariance.degrees) * np.sqrt(v[i, i] + v[j, j] - 2 * v[i, j])
    return Interval(
        float(strength[i] - strength[j] - half), float(strength[i] - strength[j] + half), level
    )


def quantile(p: float, degrees: float) -> float:
    """Return the quantile of Student's t, which is the normal one at infinite degrees."""
    if np.isinf(degrees):
        return NormalDist().inv_cdf(p)
    from scipy.special import stdtrit

    return float(stdtrit(degrees, p))


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
    v = covariance.matrix
    variance = np.diag(v)[:, None] + np.diag(v) - 2 * v
    error = np.sqrt(np.maximum(variance, np.finfo(float).tiny))
    critical = _largest_difference(covariance, error, rng, level, draws)
    surely_better = (strength[:, None] - strength) > critical * error
    return 1 + surely_better.sum(axis=0), len(strength) - surely_better.sum(axis=1)


def _largest_difference(
    covariance: Covariance, error: Floats, rng: Generator, level: float, draws: int
) -> float:
    """Return the `level` quantile of the largest |difference| / error among all pairs."""
    k = len(error)
    if k > MOST_ITEMS_DRAWN:
        return quantile(1 - (1 - level) / (k * (k - 1)), covariance.degrees)
    values, vectors = np.linalg.eigh(covariance.matrix)
    deviation = rng.standard_normal((draws, k)) * np.sqrt(np.maximum(values, 0.0)) @ vectors.T
    if np.isfinite(covariance.degrees):
        scale = rng.chisquare(covariance.degrees, size=(draws, 1)) / covariance.degrees
        deviation /= np.sqrt(scale)
    largest = np.zeros(draws)
    for i in range(k - 1):
        gaps = np.abs(deviation[:, i, None] - deviation[:, i + 1 :]) / error[i, i + 1 :]
        np.maximum(largest, gaps.max(axis=1), out=largest)
    return float(np.quantile(largest, level))
