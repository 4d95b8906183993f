"""Win rates, pooled over all votes and averaged over the opponents met, a tie being half a win.

The pooled rate depends on whom an item happened to meet; the average rate weighs every opponent
met the same, however often. Neither corrects for how strong those opponents were.

References
----------
Wilson, E. B. (1927). Probable inference, the law of succession, and statistical inference. Journal of
the American Statistical Association 22.
Korn, E. L. and Graubard, B. I. (1998). Confidence intervals for proportions with small expected number
of positive counts estimated from survey data. Survey Methodology 24: the effective number of votes.
"""

from statistics import NormalDist
from typing import NamedTuple

import numpy as np

from ratings.scoring.types import Comparisons, Counts, Floats, counts_of


class Rates(NamedTuple):
    """Rates (K,) between 0 and 1 with bounds of their intervals; NaN where there is none."""

    rate: Floats
    lower: Floats
    upper: Floats


def pooled_win_rate(data: Comparisons | Counts, *, level: float = 0.95) -> Rates:
    """Return each item's share of points over all its votes, with Wilson intervals.

    The variance of a vote is estimated, since a tie varies less than a coin; see `_wilson`.
    """
    counts = counts_of(data)
    won, n = (counts.wins + counts.ties / 2).sum(axis=1), counts.per_item
    squares = (counts.wins + counts.ties / 4).sum(axis=1)
    with np.errstate(invalid="ignore", divide="ignore"):
        rate = won / n
        spread = squares - n * rate**2
        # One vote half a point off the mean is added: ten ties in a row are not certainty.
        variance = (spread + 0.25) / (n + 1) / n
    return _wilson(rate, variance, level)


def average_win_rate(data: Comparisons | Counts, *, level: float = 0.95) -> Rates:
    """Return each item's win rate averaged over the opponents it met, with Wilson intervals.

    The variance of a vote around its pair's rate is pooled over the opponents of an item, as in a
    sample stratified by opponent; NaN bounds where no opponent was met twice.
    """
    counts = counts_of(data)
    votes, points = counts.votes, counts.wins + counts.ties / 2
    met = votes > 0
    opponents = met.sum(axis=1)
    share = np.divide(points, votes, out=np.zeros_like(votes), where=met)
    spread = (counts.wins + counts.ties / 4 - votes * share**2).sum(axis=1)
    spare = (votes - met).sum(axis=1)
    with np.errstate(invalid="ignore", divide="ignore"):
        rate = share.sum(axis=1) / opponents
        per_vote = np.where(spare > 0, (spread + 0.25) / (spare + 1), np.nan)
        inverse = np.divide(1.0, votes, out=np.zeros_like(votes), where=met).sum(axis=1)
        variance = per_vote * inverse / opponents**2
    return _wilson(rate, variance, level)


def _wilson(rate: Floats, variance: Floats, level: float) -> Rates:
    """Return Wilson's score interval for a rate whose estimate has this variance.

    The number of votes is replaced by the effective one, rate (1 - rate) / variance, as for
    proportions in survey samples (Wilson 1927; Korn and Graubard 1998); at a rate of 0 or 1,
    where that is 0 / variance, by 1/4 / variance.
    """
    z = NormalDist().inv_cdf(0.5 + level / 2)
    with np.errstate(invalid="ignore", divide="ignore"):
        inner = rate * (1 - rate)
        effective = np.where(inner > 0, inner, 0.25) / variance
        shrink = 1 / (1 + z**2 / effective)
        centre = shrink * (rate + z**2 / (2 * effective))
        half = shrink * z * np.sqrt(inner / effective + z**2 / (4 * effective**2))
    return Rates(rate, np.maximum(centre - half, 0.0), np.minimum(centre + half, 1.0))
