"""How many votes, raters and prompts a study needs before it is worth starting, clustering included.

The unit is one pair of items. In a study of K items whose pairs are equally frequent a difference is
known as well as from n direct votes once there are n (K - 1) votes in all, because chains of other
items help.

>>> from ratings.scoring import plan_sample
>>> plan_sample(20 / 173.7178, tie=0.7).direct
3196

References
----------
Kish, L. (1965). Survey sampling: the design effect, section 8.2.
Chow, S.-C., Shao, J. and Wang, H. (2008). Sample size calculations in clinical research, chapter 3:
equality and equivalence.
"""

from dataclasses import dataclass
from math import ceil, cosh, inf, sqrt
from statistics import NormalDist

from ratings.scoring.decisions import EQUIVALENCE_LEVEL, expected_win_rate, margin_in_log_odds

_NORMAL = NormalDist()


@dataclass(frozen=True, kw_only=True)
class Clustering:
    """How votes depend on each other on one side: by rater, or by prompt.

    Attributes
    ----------
    correlation : float
        Of two votes on the same pair that share the rater (or the prompt), 0 to 1. Crowds of
        raters have 0.05 to 0.15, prompts more.
    count : int or None
        How many raters (prompts) there are; None leaves it open, and `votes_each` says how many
        votes each gives (gets).
    votes_each : float or None
    unevenness : float
        Squared coefficient of variation of the votes each: 0 when all are equal, 1 to 4 in crowds.
    """

    correlation: float
    count: int | None = None
    votes_each: float | None = None
    unevenness: float = 0.0

    def __post_init__(self) -> None:
        if not 0 <= self.correlation < 1 or self.unevenness < 0:
            raise ValueError("a correlation is from 0 to below 1, an unevenness not negative")
        if (self.count is None) == (self.votes_each is None):
            raise ValueError("give either how many there are or how many votes each has")
        if any(one is not None and one < 1 for one in (self.count, self.votes_each)):
            raise ValueError("there is at least one, with at least one vote")


@dataclass(frozen=True)
class Sample:
    """What a study needs; None where no number is enough with the raters or prompts there are.

    Attributes
    ----------
    independent : int
        Direct votes between the two if all votes were independent.
    direct : int or None
        Direct votes between the two, clustering included.
    total : int or None
        Votes in a study of all pairs, equally often.
    design_effect : float or None
        By how much clustering multiplies the votes.
    raters, prompts : int or None
        How many the votes need, or the number given; None where nothing is told of them.
    why_not : str
        What is short where no number of votes is enough: "raters", "prompts" or empty.
    """

    independent: int
    direct: int | None
    total: int | None
    design_effect: float | None
    raters: int | None
    prompts: int | None
    why_not: str = ""


def plan_sample(
    gap: float,
    *,
    items: int = 2,
    tie: float = 0.0,
    margin: float | None = None,
    level: float = 0.95,
    power: float = 0.8,
    raters: Clustering | None = None,
    prompts: Clustering | None = None,
) -> Sample:
    """Return the votes with which a true difference `gap` of strengths is found.

    Parameters
    ----------
    gap : log-odds; with `margin` the true difference at which equivalence is to be shown, mostly 0
    items : how many are in the study, all pairs equally often
    tie : Davidson's nu; 0.7 makes a quarter of the votes between equals ties
    margin : difference of expected win rates to show equivalence within; None plans for a difference
    level, power : of the interval, and the chance to find what is there

    Raises
    ------
    ValueError
        For a gap of 0 without a margin, one beyond the margin, and numbers outside their range.
    """
    if not (0 < level < 1 and 0 < power < 1 and items >= 2):  # noqa: PLR2004
        raise ValueError("level and power are between 0 and 1, and there are at least two items")
    n = _independent(gap, tie, margin, level, power)
    sides = {"raters": raters, "prompts": prompts}
    # Two votes of a rater on different pairs share less: in all pairs of K items 1 / (K - 1).
    base, growth = 1.0, dict.fromkeys(sides, 0.0)
    for name, side in sides.items():
        if side is None:
            continue
        share = side.correlation / (items - 1)
        base -= share
        if side.votes_each is None:
            growth[name] = share * (1 + side.unevenness) / (side.count or 1)
        else:
            base += share * side.votes_each * (1 + side.unevenness)
    wanted = n * (items - 1)
    room = 1 - wanted * sum(growth.values())
    counts = {name: None if side is None else side.count for name, side in sides.items()}
    if room <= 0:
        short = max(growth, key=lambda name: growth[name])
        return Sample(ceil(n), None, None, None, counts["raters"], counts["prompts"], short)
    total = wanted * max(base, 0.0) / room
    effect = total / wanted
    for name, side in sides.items():
        if side is not None and side.votes_each is not None:
            counts[name] = ceil(total / side.votes_each)
    return Sample(
        independent=ceil(n),
        direct=ceil(n * effect),
        total=ceil(total),
        design_effect=effect,
        raters=counts["raters"],
        prompts=counts["prompts"],
    )


def detectable_gap(
    votes: float,
    *,
    items: int = 2,
    tie: float = 0.0,
    level: float = 0.95,
    power: float = 0.8,
    raters: Clustering | None = None,
    prompts: Clustering | None = None,
) -> float:
    """Return the smallest difference of strengths, in log-odds, that so many votes in all would find.

    Raises
    ------
    ValueError
        Without votes.
    """
    if votes <= 0:
        raise ValueError("there must be votes")
    low, high = 1e-4, 20.0
    while high / low > 1.0001:  # noqa: PLR2004 -- a hundredth of a per cent
        middle = sqrt(low * high)
        needed = plan_sample(
            middle, items=items, tie=tie, level=level, power=power, raters=raters, prompts=prompts
        ).total
        low, high = (middle, high) if needed is None or needed > votes else (low, middle)
    return high


def _independent(gap: float, tie: float, margin: float | None, level: float, power: float) -> float:
    """Return the independent direct votes: (z + z')^2 Var(y) / effect^2, on the scale of win rates."""
    rate = expected_win_rate(gap, tie)
    decided = 1 - tie_probability(gap, tie)
    variance = decided / 4 - (rate - 0.5) ** 2
    if margin is None:
        z = _NORMAL.inv_cdf(0.5 + level / 2) + _NORMAL.inv_cdf(power)
        effect = abs(rate - 0.5)
        if not effect:
            raise ValueError("a difference of 0 is never found: give a margin to show equivalence")
        return z**2 * variance / effect**2
    if abs(gap) >= margin_in_log_odds(margin, tie):
        raise ValueError("the true difference must lie within the margin to show equivalence")
    # Both tests must succeed; at a difference of 0 each misses half of the time.
    miss = (1 - power) / 2 if gap == 0 else 1 - power
    z = _NORMAL.inv_cdf(0.5 + EQUIVALENCE_LEVEL / 2) + _NORMAL.inv_cdf(1 - miss)
    return z**2 * variance / (margin - abs(rate - 0.5)) ** 2


def tie_probability(difference: float, tie: float) -> float:
    """Return Davidson's probability of a tie at a difference of strengths."""
    bounded = min(abs(difference), 700.0)
    return tie / (2 * cosh(bounded / 2) + tie) if tie < inf else 1.0
