"""How few votes, raters or prompts carry an order: the fewest whose removal turns a pair around.

The order of removal is that of the influences (each vote's share of the difference, to first order);
every count is then confirmed by a refit without them. It is an upper bound: some cleverer choice may
need fewer, none that was tried here did.

References
----------
Broderick, T., Giordano, R. and Meager, R. (2020). An automatic finite-sample robustness metric: when
can dropping a little data make a big difference? arXiv:2011.14999.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ratings.scoring.types import Comparisons, Fit, NotConverged, NotEstimable

UNITS = ("vote", "rater", "prompt")
FURTHER = 3  # times as many units as first order says are tried before giving up


@dataclass(frozen=True, eq=False)
class Fragility:
    """The fewest units found whose removal turns the order of two items around.

    Attributes
    ----------
    unit : "vote", "rater" or "prompt"
    fewest : int or None
        None where no removal that was tried turns it around, or the rest cannot be fitted.
    share : float or None
        `fewest` of all units.
    votes : int or None
        How many votes go with them.
    removed : (fewest,) int64
        Their codes (positions of votes, or codes of raters or prompts), the most influential first.
    before, after : float
        The difference of strengths in log-odds with all votes, and in the refit without them.
    predicted : int or None
        The number that first order alone says.
    """

    unit: str
    fewest: int | None
    share: float | None
    votes: int | None
    removed: NDArray[np.int64]
    before: float
    after: float | None
    predicted: int | None


def fewest_to_flip(
    fit: Fit,
    comparisons: Comparisons,
    a: str,
    b: str,
    *,
    refit: Callable[[Comparisons], Fit],
    unit: str = "vote",
) -> Fragility:
    """Return the fewest votes, raters or prompts that keep `a` and `b` in their order.

    Parameters
    ----------
    fit : of `comparisons`
    refit : the function that made it, such as `fit_davidson`
    unit : one of `UNITS`

    Raises
    ------
    ValueError
        For an unknown unit, one that the comparisons do not have, and items that are not there.
    """
    codes = _codes(comparisons, unit)
    contrast = _contrast(fit, a, b)
    difference = float(contrast @ fit.strength)
    # Influence on the difference in the direction of its sign: what is lost with the unit.
    pull = np.copysign(1.0, difference) * fit.contrast_influence(comparisons, contrast)
    units, codes = np.unique(codes, return_inverse=True)
    lost = np.bincount(codes, weights=pull, minlength=units.size)
    order = np.argsort(-lost, kind="stable")
    order = order[lost[order] > 0]
    sizes = np.bincount(codes, minlength=units.size)
    nothing = Fragility(
        unit, None, None, None, np.array([], dtype=np.int64), difference, None, None
    )
    if not order.size or not difference:
        return nothing
    reach = np.cumsum(lost[order])
    predicted = int(np.searchsorted(reach, abs(difference))) + 1
    nothing = replace(nothing, predicted=predicted if predicted <= order.size else None)

    def after(count: int) -> float | None:
        kept = ~np.isin(codes, order[:count])
        try:
            return float(contrast @ refit(comparisons.select(kept)).strength)
        except (NotEstimable, NotConverged):
            return None

    count = _least(after, difference, min(predicted, order.size), order.size)
    if count is None:
        return nothing
    return replace(
        nothing,
        fewest=count,
        share=count / units.size,
        votes=int(sizes[order[:count]].sum()),
        removed=units[order[:count]].astype(np.int64),
        after=after(count),
    )


def _least(
    after: Callable[[int], float | None], difference: float, guess: int, most: int
) -> int | None:
    """Return the least count, by bisection from the guess, at which the sign turns."""

    def turns(count: int) -> bool:
        found = after(count)
        return found is not None and found * difference <= 0

    low, high = 0, guess
    while not turns(high):
        if high == most or high >= FURTHER * guess + FURTHER:
            return None
        low, high = high, min(most, high + max(1, high // 4))
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if turns(middle) else (middle, high)
    return high


def _codes(comparisons: Comparisons, unit: str) -> NDArray[Any]:
    if unit not in UNITS:
        raise ValueError(f"unit {unit!r} is none of {', '.join(UNITS)}")
    codes = np.arange(len(comparisons)) if unit == "vote" else getattr(comparisons, unit)
    if codes is None:
        raise ValueError(f"the comparisons do not say which {unit} each vote is from")
    return np.asarray(codes)


def _contrast(fit: Fit, a: str, b: str) -> NDArray[np.float64]:
    if a == b:
        raise ValueError(f"{a!r} cannot be compared with itself")
    contrast = np.zeros(len(fit.items))
    for name, sign in ((a, 1.0), (b, -1.0)):
        if name not in fit.items:
            raise ValueError(f"{name!r} is not one of the fitted items")
        contrast[fit.items.index(name)] = sign
    return contrast
