"""How few votes, raters or prompts carry an order: the fewest whose removal turns a pair around.

The order of removal is that of the influences (each vote's share of the difference, to first order);
every count is then confirmed by a refit without them. Where that finds none, or a few more than
one, they are also looked for one by one, each by refits. It is an upper bound: some cleverer choice may need
fewer, none that was tried here did.

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
EVEN = 1e-9  # a difference below it, in log-odds, is none
CAREFUL = 6  # units that are looked for one by one, where first order is not to be relied on
TRIED = 20  # units of which one is chosen by a refit without it
Codes = NDArray[np.int64]


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
    contrast = _contrast(fit, a, b)
    units, codes = np.unique(_codes(comparisons, unit), return_inverse=True)
    difference = float(contrast @ fit.strength)
    sign = float(np.copysign(1.0, difference))
    search = _Search(comparisons, codes, units.size, contrast, sign, refit)
    nothing = Fragility(
        unit, None, None, None, np.array([], dtype=np.int64), difference, None, None
    )
    if not difference:
        return nothing
    lost = search.lost(fit, comparisons, codes)
    order = np.argsort(-lost, kind="stable")
    order = order[lost[order] > 0]
    predicted = int(np.searchsorted(np.cumsum(lost[order]), abs(difference))) + 1
    nothing = replace(nothing, predicted=predicted if predicted <= order.size else None)
    removed = search.along(order, predicted)
    if removed is None or 1 < len(removed) <= CAREFUL:
        fewer = CAREFUL if removed is None else len(removed) - 1
        one_by_one = search.one_by_one(lost, most=fewer)
        removed = removed if one_by_one is None else one_by_one
    if removed is None:
        return nothing
    return replace(
        nothing,
        fewest=len(removed),
        share=len(removed) / units.size,
        votes=int(np.isin(codes, removed).sum()),
        removed=units[removed].astype(np.int64),
        after=search.after(removed),
    )


@dataclass(frozen=True, eq=False)
class _Search:
    """The votes and their units (n,), codes from 0 to `g` - 1, and the difference to turn around.

    `contrast @ strength` is the difference, and `sign` its sign.
    """

    comparisons: Comparisons
    codes: Codes
    g: int
    contrast: NDArray[np.float64]
    sign: float
    refit: Callable[[Comparisons], Fit]

    def lost(self, fit: Fit, comparisons: Comparisons, codes: Codes) -> NDArray[np.float64]:
        """Return (g,) what the difference loses with each unit, to first order."""
        pull = self.sign * fit.contrast_influence(comparisons, self.contrast)
        return np.asarray(np.bincount(codes, weights=pull, minlength=self.g), dtype=np.float64)

    def without(self, removed: Codes) -> tuple[NDArray[np.bool_], Fit] | None:
        """Return the votes that are kept, and their fit; None where they determine none."""
        kept = ~np.isin(self.codes, removed)
        try:
            return kept, self.refit(self.comparisons.select(kept))
        except (NotEstimable, NotConverged):
            return None

    def after(self, removed: Codes) -> float | None:
        """Return the difference without some units; None where the rest determines none."""
        found = self.without(removed)
        return None if found is None else float(self.contrast @ found[1].strength)

    def turns(self, removed: Codes) -> bool:
        found = self.after(removed)
        return found is not None and found * self.sign <= EVEN

    def along(self, order: Codes, predicted: int) -> Codes | None:
        """Return the fewest of the first units of `order` that turn it around, by bisection."""
        if not order.size:
            return None
        count = _least(lambda n: self.turns(order[:n]), min(predicted, order.size), order.size)
        return None if count is None else order[:count]

    def one_by_one(self, lost: NDArray[np.float64], *, most: int) -> Codes | None:
        """Return at most `most` units, each the best by a refit of those that seem to matter most.

        First order is rough where few units carry much, and leads nowhere where it takes away what
        links the items.
        """
        removed = np.array([], dtype=np.int64)
        for _ in range(most):
            best, ahead = None, np.inf
            for one in _candidates(lost, removed):
                found = self.without(np.append(removed, one))
                left = np.inf if found is None else float(self.contrast @ found[1].strength)
                if found is not None and left * self.sign < ahead:
                    best, ahead, which = found, left * self.sign, one
            if best is None:
                return None
            removed = np.append(removed, which)
            if ahead <= EVEN:
                return removed
            kept, fit = best
            lost = self.lost(fit, self.comparisons.select(kept), self.codes[kept])
        return None


def _candidates(lost: NDArray[np.float64], removed: Codes) -> Codes:
    """Return the units that matter most; of those that matter alike (equal votes) one."""
    left = np.setdiff1d(np.arange(lost.size), removed)
    _, first = np.unique(-lost[left].round(12), return_index=True)
    return left[first][:TRIED]


def _least(turns: Callable[[int], bool], guess: int, most: int) -> int | None:
    """Return the least count, by bisection from the guess, at which the sign turns."""
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
