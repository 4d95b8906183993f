"""Intervals that may be looked at every hour: they hold at all looks together, not at each alone.

An ordinary 95 % interval that is read again and again until it excludes 0 excludes it for more than
a third of the pairs that are equal. A confidence sequence is wider, and covers the truth at all
times at once with the probability it says, so that one may stop, or go on, because of what it shows.

The sum of independent clusters (all votes of a rater, say) is approximated by Brownian motion in
the time of its own variance, and the normal mixture's boundary bounds that motion for ever. For an
estimate whose standard error s comes from such clusters the time is 1 / s^2.

References
----------
Waudby-Smith, I., Arbour, D., Sinha, R., Kennedy, E. H. and Ramdas, A. (2021). Time-uniform central
limit theory and asymptotic confidence sequences. arXiv:2103.06476, theorem 2.2 and eq. (11) on the
choice of rho.
Robbins, H. (1970). Statistical methods related to the law of the iterated logarithm. Annals of
Mathematical Statistics 41: the mixture.
Jennison, C. and Turnbull, B. W. (2000). Group sequential methods, section 3.1: estimates of one
parameter over time are Brownian motion in information time.
"""

from dataclasses import dataclass
from math import inf, log
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ratings.scoring.types import Floats, Interval

LEAST_CLUSTERS = 10  # before that, no look shows anything


@dataclass(frozen=True, eq=False)
class Sequence:
    """A running mean and its bounds, one entry a look, (L,); infinite where too few clusters are in.

    `votes` and `clusters` count what each look saw. The bounds of all looks hold together.
    """

    votes: NDArray[np.int64]
    clusters: NDArray[np.int64]
    estimate: Floats
    standard_error: Floats
    lower: Floats
    upper: Floats
    level: float

    def excludes(self, value: float) -> NDArray[np.bool_]:
        """(L,): whether `value` has been ruled out at a look or an earlier one."""
        out = (self.lower > value) | (self.upper < value)
        return np.asarray(np.logical_or.accumulate(out))


def critical_value(times: float | Floats, *, level: float = 0.95) -> Floats:
    """Return how many standard errors the bounds are away, at `times` the planned information.

    The mixture is tuned so that the sequence is tightest, in the sense of Waudby-Smith and others,
    where `times` is 1: where the study expects to end. There it is 3.04 standard errors at 95 %
    (an ordinary interval: 1.96); a tenth of the way 3.86, ten times as far 3.24. It is finite at every time
    above 0, and its validity does not depend on the plan.

    Raises
    ------
    ValueError
        For a level outside 0 to 1, and a time that is not positive.
    """
    at = np.asarray(times, dtype=float)
    if not 0 < level < 1 or not (at > 0).all():
        raise ValueError("a level is between 0 and 1, and information is positive")
    alpha = 1 - level
    tuned = -2 * log(alpha) + log(-2 * log(alpha) + 1)
    grown = at * tuned + 1
    return np.asarray(np.sqrt(grown / (at * tuned) * 2 * np.log(np.sqrt(grown) / alpha)))


def anytime_interval(
    estimate: float,
    standard_error: float,
    *,
    planned_error: float,
    degrees: float = inf,
    level: float = 0.95,
) -> Interval:
    """Return one look's interval of a confidence sequence, in the unit of the estimate.

    Parameters
    ----------
    estimate, standard_error : at this look, the error by cluster
    planned_error : the standard error that is aimed at; the same at every look
    degrees : of Student's t, where the error comes from few clusters: the bound is moved to the
        quantile of t that is as rare as it is for the normal distribution

    Returns
    -------
    The interval; infinite where the clusters are too few, or the error too far from the plan, for
    any bound.

    Raises
    ------
    ValueError
        For errors that are not positive.
    """
    if not (standard_error > 0 and planned_error > 0):
        raise ValueError("standard errors are positive")
    times = (planned_error / standard_error) ** 2
    half = standard_error * _for_few(float(critical_value(times, level=level)), degrees)
    return Interval(estimate - half, estimate + half, level)


def _for_few(critical: float, degrees: float) -> float:
    """Return the bound of Student's t that is as rare as `critical` is of the normal distribution."""
    if np.isinf(degrees):
        return critical
    return float(_rare_as(np.asarray(critical), np.asarray(degrees)))


def _rare_as(critical: Floats, degrees: Floats) -> Floats:
    """Return `_for_few` of each; infinite where the probability is too small for any bound."""
    from scipy.special import ndtr, stdtrit

    # The lower tail keeps its digits; where it is next to 0 scipy's quantile is infinite, of either sign.
    return np.asarray(np.abs(stdtrit(degrees, ndtr(-critical))))


def mean_sequence(
    values: Floats,
    cluster: NDArray[Any],
    *,
    planned: int,
    looks: NDArray[Any] | None = None,
    level: float = 0.95,
) -> Sequence:
    """Return the confidence sequence of a mean of votes that arrive one after the other.

    Parameters
    ----------
    values : (n,) in the order of arrival
        Such as the points that one item took from each vote, 1, 1/2 or 0.
    cluster : (n,) integers from 0
        Who gave each vote. Votes of a cluster may depend on each other, and may arrive at any time.
    planned : the number of votes at which the sequence should be tightest
    looks : (L,) numbers of votes after which it is looked at; all of them by default

    Raises
    ------
    ValueError
        For arrays that do not fit together and looks outside 1 to n.
    """
    values, cluster = np.asarray(values, dtype=float), np.asarray(cluster)
    n = values.size
    at = np.arange(1, n + 1) if looks is None else np.asarray(looks)
    if cluster.size != n or planned < 1 or (at.size and not (at.min() >= 1 and at.max() <= n)):
        raise ValueError("there is one cluster for each value, and a look after 1 to n of them")
    sums = _running(values, cluster)
    votes, total = at.astype(float), sums["total"][at - 1]
    mean = total / votes
    # The sum over clusters of (their total - their votes x mean)^2, of which each part is running.
    spread = sums["squares"][at - 1] - 2 * mean * sums["cross"][at - 1]
    spread = np.maximum(spread + mean**2 * sums["sizes"][at - 1], 0.0)
    g = sums["clusters"][at - 1]
    with np.errstate(divide="ignore", invalid="ignore"):
        error = np.sqrt(g / (g - 1) * spread) / votes
        degrees = np.maximum(votes**2 / sums["sizes"][at - 1], 2.0) - 1
    enough = (g >= LEAST_CLUSTERS) & (error > 0)
    half = np.full(at.size, inf)
    half[enough] = error[enough] * _rare_as(
        critical_value(votes[enough] / planned, level=level), degrees[enough]
    )
    return Sequence(at, g.astype(np.int64), mean, error, mean - half, mean + half, level)


def _running(values: Floats, cluster: NDArray[Any]) -> dict[str, Floats]:
    """Return (n,) running sums over clusters of their total^2, total x size and size^2, and the rest."""
    order = np.argsort(cluster, kind="stable")
    sorted_values, sorted_cluster = values[order], cluster[order]
    starts = np.flatnonzero(np.diff(sorted_cluster, prepend=-1))
    own = np.repeat(starts, np.diff(np.append(starts, values.size)))
    # What each cluster had before each of its votes.
    size = np.arange(values.size) - own
    running = np.concatenate([[0.0], np.cumsum(sorted_values)])
    before, had = np.empty(values.size), np.empty(values.size)
    before[order] = running[:-1] - running[own]
    had[order] = size
    return {
        "total": np.cumsum(values),
        "squares": np.cumsum(2 * before * values + values**2),
        "cross": np.cumsum(before + had * values + values),
        "sizes": np.cumsum(2 * had + 1),
        "clusters": np.cumsum(had == 0).astype(float),
    }
