"""Whether one item is better than another, as good as it, or not yet known, and how many votes are missing.

Everything is about one difference of strengths with its standard error. `margin` is the smallest
difference of expected win rates that matters: 0.05 takes anything between 45 % and 55 % for equal.

>>> from ratings.scoring import decide
>>> decide(0.02, 0.04, margin=0.05).verdict
'equivalent'
>>> decide(0.1, 0.2, margin=0.05, votes=400).verdict
'unclear'

References
----------
Schuirmann, D. J. (1987). A comparison of the two one-sided tests procedure and the power approach
for assessing the equivalence of average bioavailability. Journal of Pharmacokinetics and
Biopharmaceutics 15.
Jennison, C. and Turnbull, B. W. (2000). Group sequential methods, chapters 3 and 10: estimates over
accumulating data, and conditional power.
"""

from dataclasses import dataclass
from math import ceil, exp, inf, isfinite, log, sqrt
from statistics import NormalDist

import numpy as np

from ratings.scoring.intervals import STILL, quantile, sandwich
from ratings.scoring.types import Counts, Covariance, Fit, Floats, Interval, NotEstimable

VERDICTS = ("better", "worse", "equivalent", "unclear", "not_estimable")
EQUIVALENCE_LEVEL = 0.90  # two one-sided tests at 5 %
CHANCE = 0.8  # with which the votes that are asked for are enough
MOST = 1e6  # times the votes there are: beyond, no number of votes is worth naming
_ONE_SIDED = 0.5 + EQUIVALENCE_LEVEL / 2
_NORMAL = NormalDist()


@dataclass(frozen=True)
class Verdict:
    """What the votes say of one item against another.

    Attributes
    ----------
    verdict : one of `VERDICTS`
        "unclear" means not enough votes.
    difference : float
        Strength of the one minus strength of the other, log-odds.
    standard_error : float
    interval : Interval
        Of the difference, at the level asked for.
    equivalence : Interval or None
        The 90 % interval that equivalence is read from; None without a margin.
    margin : float or None
        The margin in log-odds; infinite for a margin of one half or more.
    more_votes : int or None
        For "unclear": about how many more votes, spread over raters, prompts and pairs like those
        so far, would settle it with a chance of 80 %, if the difference is what it seems to be.
        None where no reasonable number would, or the votes so far are not told.
    more_direct : int or None
        The same when all new votes are between these two.
    """

    verdict: str
    difference: float
    standard_error: float
    interval: Interval
    equivalence: Interval | None
    margin: float | None
    more_votes: int | None = None
    more_direct: int | None = None


def decide(
    difference: float,
    standard_error: float,
    *,
    margin: float | None,
    degrees: float = inf,
    level: float = 0.95,
    tie: float = 0.0,
    votes: float | None = None,
    direct_variance: float | None = None,
) -> Verdict:
    """Return the verdict on a difference of strengths.

    Equivalent goes before better and worse: a difference that is beyond chance and within the
    margin is one that was called too small to matter.

    Parameters
    ----------
    difference, standard_error : log-odds
    margin : difference of expected win rates, 0 to 0.5; None asks for better or worse only
    degrees : of Student's t; infinite for normal quantiles
    tie : Davidson's nu, by which the margin becomes log-odds; 0 for half-win ties
    votes : how many there are, for `more_votes`
    direct_variance : what one more vote between the two would leave as the variance of the
        difference, clustering included, were it alone: for `more_direct`

    Raises
    ------
    ValueError
        For a standard error that is not positive, or a margin outside 0 to 0.5.
    """
    if not (standard_error > 0 and isfinite(standard_error) and isfinite(difference)):
        raise ValueError("a verdict needs a finite difference and a positive standard error")
    widest = None if margin is None else margin_in_log_odds(margin, tie)
    interval = _interval(difference, standard_error, degrees, level)
    equivalence = None
    if widest is not None:
        equivalence = _interval(difference, standard_error, degrees, EQUIVALENCE_LEVEL)
    word = _word(interval, equivalence, widest)
    times = None
    if word == "unclear":
        times = times_as_many(
            difference, standard_error, margin=widest, degrees=degrees, level=level
        )
    return Verdict(
        verdict=word,
        difference=difference,
        standard_error=standard_error,
        interval=interval,
        equivalence=equivalence,
        margin=widest,
        more_votes=_votes(times, votes),
        more_direct=_votes(
            times, None if direct_variance is None else direct_variance / standard_error**2
        ),
    )


def compare_two(
    fit: Fit,
    covariance: Covariance,
    a: str,
    b: str,
    *,
    margin: float | None = 0.05,
    level: float = 0.95,
    counts: Counts | None = None,
) -> Verdict:
    """Return the verdict on item `a` against item `b` of one fit; `counts` are the votes it was fitted to.

    Raises
    ------
    ValueError
        For an item that was not fitted, or the same one twice.
    NotEstimable
        Where the difference does not vary (the two rose and fell together in every cluster): that is no
        certainty, so there is no verdict.
    """
    i, j = (_position(fit, name) for name in (a, b))
    if i == j:
        raise ValueError(f"{a!r} cannot be compared with itself")
    spread = covariance.spread(difference_of(len(fit.items), i, j))
    if spread.variance <= STILL * float(np.diag(fit.inverse)[: len(fit.items)].max()):
        raise NotEstimable(f"the difference of {a} and {b} does not vary, so there is no interval")
    return decide(
        float(fit.strength[i] - fit.strength[j]),
        spread.standard_error,
        margin=margin,
        degrees=spread.degrees,
        level=level,
        tie=fit.tie or 0.0,
        votes=None if counts is None else counts.n,
        direct_variance=None
        if counts is None
        else direct_variance(fit, covariance, counts, i=i, j=j),
    )


def margin_in_log_odds(margin: float, tie: float = 0.0) -> float:
    """Return the difference of strengths at which the expected win rate is 1/2 + `margin`.

    In Davidson's model, with u = exp(d / 2) and nu = `tie`, the expected win rate minus 1/2 is
    (u - 1/u) / (2 (u + 1/u + nu)); the d at which it is `margin`, a quadratic in u. With half-win
    ties `tie` is 0. Infinite at 1/2.

    Raises
    ------
    ValueError
        For a margin outside 0 to 0.5, or a negative tie parameter.
    """
    if not (0 <= margin <= 0.5 and tie >= 0):  # noqa: PLR2004
        raise ValueError("a margin is between 0 and 0.5, and a tie parameter not negative")
    lead = 2 * margin
    if lead >= 1:
        return inf
    u = (lead * tie + sqrt((lead * tie) ** 2 + 4 * (1 - lead**2))) / (2 * (1 - lead))
    return 2 * log(u)


def difference_of(k: int, i: int, j: int) -> Floats:
    """Return the contrast (K,) of strength i minus strength j."""
    contrast = np.zeros(k)
    contrast[i], contrast[j] = 1.0, -1.0
    return contrast


def direct_variance(
    fit: Fit, covariance: Covariance, counts: Counts, *, i: int, j: int
) -> float | None:
    """Return the variance of a difference known from one direct vote, log-odds squared.

    One vote's outcome varies by Var(y), and moves with the difference by h = dE(y)/dd: Var(y) / h^2,
    times what clustering did to the variance of this difference against independent votes. None where
    independent votes would not vary.
    """
    expected = float(fit.expected[i, j])
    if fit.tie_probability is None:
        tied = float(counts.ties.sum() / 2 / counts.n)
        # No larger than the less likely side leaves room for.
        tied = min(tied, 2 * min(expected, 1 - expected))
        one = (expected - tied / 4 - expected**2) / (expected * (1 - expected)) ** 2
    else:
        tied = float(fit.tie_probability[i, j])
        one = 4 / (1 - tied - (2 * expected - 1) ** 2)
    contrast = difference_of(len(fit.items), i, j)
    alone = sandwich(fit, counts).spread(contrast).variance
    if alone <= STILL * covariance.spread(contrast).variance:
        return None
    return one * covariance.spread(contrast).variance / alone


def times_as_many(
    difference: float,
    standard_error: float,
    *,
    margin: float | None,
    degrees: float = inf,
    level: float = 0.95,
    chance: float = CHANCE,
) -> float | None:
    """Return how many times the present information must be added for a verdict, None if never.

    `margin` is in log-odds. The conditional power at the present estimate: if it is the truth,
    adding r times the information leaves the final estimate with a standard deviation of
    s sqrt(r) / (1 + r) around it and a standard error of s / sqrt(1 + r), where s is the present
    one; r is the least at which better, worse or equivalent is found with the `chance` given.
    """

    def enough(times: float) -> bool:
        final, spread = standard_error / sqrt(1 + times), standard_error * sqrt(times) / (1 + times)
        more = degrees * (1 + times)
        far = quantile(0.5 + level / 2, more) * final
        near = -inf if margin is None else margin - quantile(_ONE_SIDED, more) * final
        return _chance(difference, spread, near=near, far=far) >= chance

    high = 1e-3
    while not enough(high):
        high *= 2
        if high > MOST:
            return None
    low = high / 2
    while high / low > 1.001:  # noqa: PLR2004 -- a tenth of a per cent
        middle = sqrt(low * high)
        low, high = (low, middle) if enough(middle) else (middle, high)
    return high


def _chance(centre: float, spread: float, *, near: float, far: float) -> float:
    """Return the chance that an estimate is less than `near` from 0, or more than `far`."""
    if near <= 0:
        return _above(far, centre, spread) + _above(far, -centre, spread)
    # Where it is both it counts once.
    far = max(far, near)
    outside = _above(near, centre, spread) + _above(near, -centre, spread)
    return 1 - outside + _above(far, centre, spread) + _above(far, -centre, spread)


def _above(bound: float, centre: float, spread: float) -> float:
    return 1 - _NORMAL.cdf((bound - centre) / spread)


def _word(interval: Interval, equivalence: Interval | None, margin: float | None) -> str:
    if (
        equivalence is not None
        and margin is not None
        and -margin < equivalence.lower
        and equivalence.upper < margin
    ):
        return "equivalent"
    if interval.lower > 0:
        return "better"
    return "worse" if interval.upper < 0 else "unclear"


def _interval(difference: float, error: float, degrees: float, level: float) -> Interval:
    half = quantile(0.5 + level / 2, degrees) * error
    return Interval(difference - half, difference + half, level)


def _votes(times: float | None, unit: float | None) -> int | None:
    return None if times is None or unit is None else max(1, ceil(times * unit))


def about(votes: int) -> int:
    """Return a number of votes to two figures, rounded up: nobody knows it better than that."""
    scale = int(10 ** max(len(str(votes)) - 2, 0))
    return ceil(votes / scale) * scale


def _position(fit: Fit, name: str) -> int:
    try:
        return fit.items.index(name)
    except ValueError:
        raise ValueError(f"{name!r} is not one of the fitted items") from None


def expected_win_rate(difference: float, tie: float = 0.0) -> float:
    """Return the expected win rate, 0 to 1, at a difference of strengths in log-odds, a tie counting one half.

    `tie` is Davidson's nu; 0 for half-win ties. The inverse of `margin_in_log_odds`.

    >>> from ratings.scoring import expected_win_rate, margin_in_log_odds
    >>> round(expected_win_rate(margin_in_log_odds(0.05, 0.7), 0.7), 12)
    0.55
    """
    u = exp(min(abs(difference), 700.0) / 2)
    rate = 0.5 + 0.5 * (u - 1 / u) / (u + 1 / u + tie)
    return 1 - rate if difference < 0 else rate
