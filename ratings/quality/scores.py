"""How surprising a statistic of one rater is among honest raters, as a standard normal score (pure).

Honest raters spread more than chance alone, since people differ; how much is told by the median and
the quartiles over all raters whom nothing speaks against, which a tenth of attackers hardly moves. Both
are estimates: what is measured by them follows Student's t, and a bound for the normal would be passed
too often. Sums of a few uneven votes are skewed, and shares of a few votes are discrete; where the
probabilities of single votes are known, so is that.

References
----------
Rousseeuw, P. J. and Croux, C. (1993). Alternatives to the median absolute deviation. Journal of the
American Statistical Association 88: the efficiency of spreads by quantiles, 37 %.
Johnson, N. L., Kotz, S. and Balakrishnan, N. (1994). Continuous univariate distributions 1, chapter
17: the gamma distribution with a location (Pearson's type III).
"""

from collections.abc import Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from math import sqrt

import numpy as np
from numpy.typing import NDArray
from scipy.special import bdtr, bdtrc, gammainc, gammaincc, ndtri, stdtr

Floats = NDArray[np.float64]
IQR = 1.349  # of a standard normal
EFFICIENCY = 0.37  # of a spread by quartiles, of normal values
LEAST_SPREAD = 0.05
KNOWN = 10  # degrees of freedom at least, where the spread by chance alone is known
LEAST_CHANCE = 1e-300
HALVINGS = 30
LEAST_RATERS = 2  # for a spread
SYMMETRIC = 1e-3  # skewness up to which a sum is taken for normal
NODES, WEIGHTS = np.polynomial.hermite_e.hermegauss(15)
WEIGHTS = WEIGHTS / WEIGHTS.sum()


@dataclass(frozen=True)
class Tried:
    """How often something was tried, and how often it came out well."""

    right: int
    of: int


def score_of(chance: Floats | float) -> Floats:
    """Return the standard normal score that is exceeded with this chance."""
    return np.asarray(-ndtri(np.clip(chance, LEAST_CHANCE, 1.0 - 1e-16)))


def bound_of_many(level: float, tests: int) -> float:
    """Return the bound that the largest of so many standard normal scores exceeds with this chance."""
    return float(score_of(-np.expm1(np.log1p(-level) / tests)))


def among_raters(raw: Mapping[int, float], trusted: AbstractSet[int]) -> dict[int, float]:
    """Return by rater how far their statistic lies above the median of the trusted, as a score."""
    known = np.array([value for code, value in raw.items() if code in trusted], dtype=float)
    known = known[np.isfinite(known)]
    if known.size < LEAST_RATERS:
        return dict.fromkeys(raw, 0.0)
    centre, spread = _centre_and_spread(known)
    far = (np.array(list(raw.values()), dtype=float) - centre) / max(spread, LEAST_SPREAD)
    return _as_scores(raw, far, known.size, 1)


def of_sums(
    raw: Mapping[int, float], votes: Mapping[int, int], trusted: AbstractSet[int]
) -> dict[int, float]:
    """Return by rater how far their sum over so many votes lies above that of the trusted, as a score.

    A sum is standard normal by chance alone, so that a few raters are enough to tell who is far out.
    Raters differ besides, lastingly, and the more they vote the more that shows: how much a vote
    differs by rater is what the quartiles over all of the trusted leave once chance has had its part.
    """
    size = np.array([votes[code] for code in raw], dtype=float)
    each = np.array(list(raw.values()), dtype=float) / np.sqrt(size)
    kept = np.array([code in trusted for code in raw], dtype=bool)
    if kept.sum() < LEAST_RATERS:
        return dict.fromkeys(raw, 0.0)
    gap = each - np.median(each[kept])
    between = _between(gap[kept], size[kept])
    return _as_scores(raw, gap / np.sqrt(1 / size + between), int(kept.sum()), KNOWN)


def _between(gap: Floats, size: Floats) -> float:
    """Return the variance over raters with which the quartiles are those of a standard normal."""

    def spread(variance: float) -> float:
        return _centre_and_spread(gap / np.sqrt(1 / size + variance))[1]

    low, high = 0.0, float((gap**2).max())
    if spread(low) <= 1:
        return low
    for _ in range(HALVINGS):
        middle = (low + high) / 2
        low, high = (middle, high) if spread(middle) > 1 else (low, middle)
    return high


def of_skewed_sum(total: float, variance: float, third: float) -> float:
    """Return the score of a sum about 0 with this variance and third central moment.

    By the gamma distribution, moved and mirrored as need be, that has the same three moments.
    """
    score, skew = total / sqrt(variance), third / sqrt(variance) ** 3
    if abs(skew) < SYMMETRIC:
        return score
    shape = 4 / skew**2
    at = shape + 2 * score / skew
    beyond = gammaincc if skew > 0 else gammainc
    return float(score_of(float(beyond(shape, max(at, 0.0)))))


def of_ties(tried: Mapping[int, Tried], trusted: AbstractSet[int]) -> dict[int, float]:
    """Return by rater how surprising so many or so few ties are: the larger score of both sides.

    Of a binomial count whose share differs between raters; on the scale of the angle, where its
    spread does not depend on the share, that is normal with what the spread over all trusted raters
    leaves once chance has had its part.
    """
    codes = list(tried)
    right = np.array([tried[code].right for code in codes])
    of = np.array([tried[code].of for code in codes])
    kept = np.array([code in trusted for code in codes], dtype=bool)
    if kept.sum() < LEAST_RATERS:
        return dict.fromkeys(codes, 0.0)
    angles = np.arcsin(np.sqrt((right + _spaced(right / of)) / (of + 1)))
    centre = float(np.median(angles[kept]))
    _, spread = _centre_and_spread(2 * np.sqrt(of[kept]) * (angles[kept] - centre))
    between = np.sqrt(max(spread**2 - 1, 0.0) / (4 * np.median(of[kept])))
    shares = np.sin(np.clip(centre + between * NODES, 0, np.pi / 2)) ** 2
    many = bdtrc(right[:, None] - 1, of[:, None], shares) @ WEIGHTS
    few = bdtr(right[:, None], of[:, None], shares) @ WEIGHTS
    chance = np.minimum(np.where(right == 0, 1.0, many), few)
    scores = _estimated(score_of(chance), int(kept.sum()), KNOWN)
    return dict(zip(codes, scores.tolist(), strict=True))


def of_shortfall(tried: Tried | None, honest: float) -> float:
    """Return how surprising so few right ones are of a careful rater."""
    if tried is None or not tried.of:
        return 0.0
    return float(score_of(float(bdtr(tried.right, tried.of, honest))))


def _centre_and_spread(values: Floats) -> tuple[float, float]:
    low, centre, high = np.quantile(values, [0.25, 0.5, 0.75])
    return float(centre), float(high - low) / IQR


def _as_scores(raw: Mapping[int, float], far: Floats, raters: int, least: int) -> dict[int, float]:
    scores = np.where(np.isfinite(far), _estimated(np.nan_to_num(far), raters, least), 0.0)
    return dict(zip(raw, scores.tolist(), strict=True))


def _estimated(far: Floats, raters: int, least: int) -> Floats:
    """Return the scores of distances that were measured by an estimated centre and spread."""
    freedom = max(EFFICIENCY * (raters - 1), least)
    beyond = stdtr(freedom, -np.abs(far) / np.sqrt(1 + np.pi / 2 / raters))
    return np.asarray(np.sign(far) * score_of(beyond))


def _spaced(values: Floats) -> Floats:
    """Return (n,) places from 0 to 1, evenly spread over those with the same value."""
    order = np.argsort(values, kind="stable")
    _, start, count = np.unique(values[order], return_index=True, return_counts=True)
    places = (np.arange(len(values)) - np.repeat(start, count) + 0.5) / np.repeat(count, count)
    found = np.empty(len(values))
    found[order] = places
    return found
