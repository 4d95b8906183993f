"""Where to spend the next vote: from the votes there are to the chance of each pair to be drawn next.

Every rule keeps a uniform floor, so that no pair is starved and every vote has a known propensity,
the chance its pair had when it was drawn. Votes drawn this way are no even sample of the pairs; a
board for which that matters weighs each by the inverse of its propensity.

>>> import numpy as np
>>> from ratings.scoring import Comparisons, Counts, coverage_allocation
>>> votes = Comparisons.from_labels(["a"] * 8, ["b"] * 8, ["first"] * 8, items=("a", "b", "c"))
>>> {pair: round(w, 2) for pair, w in coverage_allocation(Counts.of(votes)).weights.items()}
{('a', 'b'): 0.07, ('a', 'c'): 0.47, ('b', 'c'): 0.47}

References
----------
Chiang, W.-L. et al. (2024). Chatbot Arena: an open platform for evaluating LLMs by human preference.
arXiv:2403.04132, eq. (9): variance reduction.
Pukelsheim, F. (1993). Optimal design of experiments: c- and G-optimality, the boundary rule's gains.
Horvitz, D. G. and Thompson, D. J. (1952). A generalization of sampling without replacement from a
finite universe. Journal of the American Statistical Association 47: inverse propensities.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ratings.scoring.intervals import quantile
from ratings.scoring.types import Comparisons, Counts, Covariance, Fit, Floats

FLOOR = 0.05
PRIOR_VOTES = 1.0  # a pair that never met counts as one that met once, undecided
LARGEST_WEIGHT = 20.0


@dataclass(frozen=True, eq=False)
class Allocation:
    """Probabilities (M,) of the pairs `one` < `other` (positions in `items`), summing to 1.

    `rule` and `floor` are what to log with each draw beside the probability itself: the propensity.
    """

    items: tuple[str, ...]
    one: NDArray[np.int64]
    other: NDArray[np.int64]
    probability: Floats
    rule: str
    floor: float

    @property
    def weights(self) -> dict[tuple[str, str], float]:
        """The probabilities by the pair's names, in the order of `items`."""
        names = [(self.items[i], self.items[j]) for i, j in zip(self.one, self.other, strict=True)]
        return dict(zip(names, self.probability.tolist(), strict=True))

    def propensity(self, comparisons: Comparisons) -> Floats:
        """Return (n,): the probability of the pair of each comparison.

        Raises
        ------
        ValueError
            For comparisons over other items.
        """
        if comparisons.items != self.items:
            raise ValueError("the comparisons are over other items")
        table = np.zeros((len(self.items),) * 2)
        table[self.one, self.other] = table[self.other, self.one] = self.probability
        return np.asarray(table[comparisons.first, comparisons.second])


def coverage_allocation(counts: Counts, *, floor: float = FLOOR) -> Allocation:
    """Prefer pairs with few votes: in proportion to 1 / (votes + 1), but for the share `floor` drawn evenly."""
    one, other = _pairs(counts)
    return _allocation(counts.items, 1 / (counts.votes[one, other] + 1), "coverage", floor)


def variance_allocation(counts: Counts, *, floor: float = FLOOR) -> Allocation:
    """Prefer pairs whose win rate one more vote makes most certain: Chatbot Arena's rule.

    In proportion to sqrt(s2 / n) - sqrt(s2 / (n + 1)), with the variance s2 of a vote of the pair.
    It evens out the win matrix; for ratings it saves little over even pairs.
    """
    one, other = _pairs(counts)
    n = counts.votes[one, other]
    points = counts.wins[one, other] + counts.ties[one, other] / 2
    squares = counts.wins[one, other] + counts.ties[one, other] / 4
    # One undecided vote of variance 1/4 is added, so that agreement of a few is not certainty.
    rate = (points + PRIOR_VOTES / 2) / (n + PRIOR_VOTES)
    variance = (squares + PRIOR_VOTES / 2) / (n + PRIOR_VOTES) - rate**2
    seen = n + PRIOR_VOTES
    gain = np.sqrt(variance / seen) - np.sqrt(variance / (seen + 1))
    return _allocation(counts.items, gain, "variance", floor)


def boundary_allocation(
    fit: Fit,
    covariance: Covariance,
    *,
    top: int | None = None,
    level: float = 0.95,
    floor: float = FLOOR,
) -> Allocation:
    """Prefer pairs that settle what is not settled: who is among the best `top`, or each neighbour.

    Undecided are the differences across the boundary (with `top`: of those in it against those
    outside; without: of neighbours in rank) whose interval holds 0. A pair's gain is what one more
    vote on it takes off their variances, summed in proportion to how undecided each is. When all is
    decided every pair is equally likely.

    Raises
    ------
    ValueError
        For a `top` that is not between 1 and K - 1.
    """
    k = len(fit.items)
    if top is not None and not 1 <= top < k:
        raise ValueError(f"the best {top} of {k} is no boundary")
    contrasts = _undecided(fit, covariance, top, level)
    one, other = np.triu_indices(k, 1)
    p = fit.expected[one, other]
    tied = 0.0 if fit.tie_probability is None else fit.tie_probability[one, other]
    slope = p * (1 - p) if fit.tie_probability is None else (1 - tied - (2 * p - 1) ** 2) / 4
    inverse = fit.inverse[:k, :k]
    # c' H^-1 x for every contrast c and pair x; one more vote takes about slope (c' H^-1 x)^2 off.
    reach = contrasts @ inverse
    gain = slope * ((reach[:, one] - reach[:, other]) ** 2).sum(axis=0)
    return _allocation(fit.items, gain, "boundary", floor)


def uniform_allocation(items: tuple[str, ...]) -> Allocation:
    """Return every pair of `items` (K names) equally likely."""
    m = len(items) * (len(items) - 1) // 2
    return _allocation(items, np.ones(m), "uniform", 1.0)


def inverse_propensity_weights(propensity: Floats) -> Floats:
    """Return (n,): the weights under which votes drawn with these propensities count as an even sample.

    They have mean 1, and are cut at 20 times the median: a floor that is too low would otherwise let a
    few votes decide. A propensity of NaN, of a vote that nobody drew, counts as the median.

    Raises
    ------
    ValueError
        For propensities outside 0 to 1.
    """
    drawn = np.asarray(propensity, dtype=float)
    unknown = np.isnan(drawn)
    if unknown.any() and not unknown.all():
        drawn = np.where(unknown, np.median(drawn[~unknown]), drawn)
    if drawn.size and not (drawn.min() > 0 and drawn.max() <= 1):
        raise ValueError("a propensity is above 0 and at most 1")
    weights = 1 / drawn
    if not weights.size:
        return np.asarray(weights)
    weights = np.minimum(weights, LARGEST_WEIGHT * np.median(weights))
    return np.asarray(weights / weights.mean())


def weighted_counts(comparisons: Comparisons, weights: Floats) -> Counts:
    """Return the counts in which each vote counts as often as its weight, for the fits.

    Raises
    ------
    ValueError
        Unless there is one finite weight, not negative, for each vote.
    """
    weights = np.asarray(weights, dtype=float)
    if (
        weights.shape != comparisons.first.shape
        or not (np.isfinite(weights) & (weights >= 0)).all()
    ):
        raise ValueError("there must be one weight for each vote, finite and not negative")
    k = len(comparisons.items)
    cell = (comparisons.first.astype(np.int64) * k + comparisons.second) * 3 + comparisons.outcome
    cells = np.bincount(cell, weights, minlength=3 * k * k).reshape(k, k, 3).astype(float)
    return Counts(
        items=comparisons.items,
        wins=cells[:, :, 2] + cells[:, :, 0].T,
        ties=cells[:, :, 1] + cells[:, :, 1].T,
    )


def evenly_drawn(comparisons: Comparisons, propensity: Floats, fit: Callable[[Counts], Fit]) -> Fit:
    """Return the fit in which votes count as if every pair had been drawn equally often.

    Where the model of preference is right it estimates the same strengths, less precisely; where it
    is not, the strengths depend on who met whom how often, and this takes that out.

    Parameters
    ----------
    propensity : (n,) as `inverse_propensity_weights` takes them
    fit : such as `fit_davidson`

    Raises
    ------
    ValueError
        For propensities outside 0 to 1.
    """
    return fit(weighted_counts(comparisons, inverse_propensity_weights(propensity)))


def _undecided(fit: Fit, covariance: Covariance, top: int | None, level: float) -> Floats:
    """Return the undecided differences (c, K), each scaled by the root of how undecided it is."""
    order = np.argsort(-fit.strength, kind="stable")
    k = order.size
    if top is None:
        ahead, behind = order[:-1], order[1:]
    else:
        ahead = np.repeat(order[:top], k - top)
        behind = np.tile(order[top:], top)
    variance = covariance.difference_variance()[ahead, behind]
    error = np.sqrt(np.maximum(variance, np.finfo(float).tiny))
    z = (fit.strength[ahead] - fit.strength[behind]) / error
    critical = quantile(0.5 + level / 2, covariance.degrees)
    doubt = np.maximum(1 - z / critical, 0.0)
    contrasts = np.zeros((ahead.size, k))
    rows = np.arange(ahead.size)
    contrasts[rows, ahead], contrasts[rows, behind] = 1.0, -1.0
    return np.asarray(contrasts * np.sqrt(doubt / error**2)[:, None])


def _pairs(counts: Counts) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    one, other = np.triu_indices(len(counts.items), 1)
    return one, other


def _allocation(items: tuple[str, ...], gain: Any, rule: str, floor: float) -> Allocation:
    if not 0 <= floor <= 1:
        raise ValueError("the floor is a share of the votes, 0 to 1")
    one, other = np.triu_indices(len(items), 1)
    total = float(np.sum(gain))
    wanted = gain / total if total > 0 else np.full(one.size, 1 / max(one.size, 1))
    probability = (1 - floor) * wanted + floor / max(one.size, 1)
    return Allocation(items, one, other, np.asarray(probability), rule, floor)
