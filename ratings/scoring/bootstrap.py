"""The bootstrap: votes resampled with replacement, and the model refitted to every resample.

References
----------
Efron, B. (1979). Bootstrap methods: another look at the jackknife. Annals of Statistics 7.
"""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

from ratings.scoring.bradley_terry import fit_bradley_terry, win_probability
from ratings.scoring.intervals import checked_covariance
from ratings.scoring.ties import davidson_odds, fit_davidson
from ratings.scoring.types import (
    Comparisons,
    Counts,
    Covariance,
    Fit,
    Floats,
    NotConverged,
    NotEstimable,
    counts_of,
)
from ratings.scoring.win_rate import Rates

BLOCK = 1 << 20  # counts held at once: 8 MiB a copy
CHORD_STEPS = 40
CHORD_TOLERANCE = 1e-10  # largest gradient per vote at which a refit has arrived
FURTHEST = 50.0  # log-odds; a refit beyond is left to Newton's method, which knows why
LEAST_ESTIMABLE = 0.9  # share of the resamples that must have an estimate


def bootstrap(
    fit: Fit, data: Comparisons | Counts, *, rng: Generator, draws: int = 1000
) -> Covariance:
    """Return the covariance of refits to resampled votes; its `draws` (B, K) hold the refits.

    Votes are exchangeable given their pair and outcome, so that a resample is a multinomial draw
    of the counts. All refits climb together along the one inverse information of `fit` (the chord
    method); stragglers climb by Newton's method alone, and those without a finite estimate are NaN.

    Raises
    ------
    NotEstimable
        When more than one resample in ten has no finite estimate: the interval would be that
        of the luckier resamples only.
    """
    counts = counts_of(data)
    pairs = Pairs.of(counts)
    cells = pairs.cells.ravel()
    found = np.empty((draws, len(counts.items)))
    height = max(1, BLOCK // cells.size)
    for top in range(0, draws, height):
        size = min(height, draws - top)
        drawn = rng.multinomial(round(counts.n), cells / cells.sum(), size=size)
        found[top : top + size] = _refit(fit, pairs, drawn.reshape(size, -1, 3).astype(np.float64))
    usable = found[np.isfinite(found).all(axis=1)]
    if len(usable) < LEAST_ESTIMABLE * draws:
        raise NotEstimable(
            f"{draws - len(usable)} of {draws} resamples have no finite estimate: too few votes to bootstrap"
        )
    matrix = np.atleast_2d(np.cov(usable, rowvar=False))
    return checked_covariance(fit, matrix, "bootstrap", draws=found)


def bootstrap_rates(
    rates: Callable[[Counts], Rates],
    data: Comparisons | Counts,
    *,
    rng: Generator,
    draws: int = 1000,
    level: float = 0.95,
) -> tuple[Floats, Floats]:
    """Return percentile bounds (K,) of win rates over resampled votes, each rate where it exists."""
    pairs = Pairs.of(counts_of(data))
    cells = pairs.cells.ravel()
    found = np.empty((draws, len(pairs.items)))
    for draw in range(draws):
        drawn = rng.multinomial(round(cells.sum()), cells / cells.sum()).reshape(-1, 3)
        found[draw] = rates(pairs.counts(drawn.astype(np.float64))).rate
    bounds = np.nanquantile(found, [0.5 - level / 2, 0.5 + level / 2], axis=0)
    return bounds[0], bounds[1]


class Pairs(NamedTuple):
    """The pairs that met, `one` < `other` (m,), and their cells (m, 3): one won, tie, other won."""

    items: tuple[str, ...]
    one: NDArray[np.int64]
    other: NDArray[np.int64]
    cells: Floats

    @classmethod
    def of(cls, counts: Counts) -> "Pairs":
        one, other = np.nonzero(np.triu(counts.votes))
        columns = [counts.wins[one, other], counts.ties[one, other], counts.wins[other, one]]
        return cls(counts.items, one, other, np.stack(columns, axis=1))

    def counts(self, cells: Floats) -> Counts:
        """Return cells (m, 3) as counts (K, K)."""
        k = len(self.items)
        wins, ties = np.zeros((k, k)), np.zeros((k, k))
        wins[self.one, self.other], wins[self.other, self.one] = cells[:, 0], cells[:, 2]
        ties[self.one, self.other] = ties[self.other, self.one] = cells[:, 1]
        return Counts(self.items, wins, ties)


def _refit(fit: Fit, pairs: Pairs, drawn: Floats) -> Floats:
    """Refit resampled cells (b, m, 3); return strengths (b, K), NaN rows without an estimate."""
    k = len(fit.items)
    start = fit.strength if fit.tie_probability is None else np.append(fit.strength, _log_nu(fit))
    at = np.tile(start, (len(drawn), 1))
    climbing = np.arange(len(drawn))
    gradients = _Gradients(fit, pairs, drawn)
    for _ in range(CHORD_STEPS):
        gradient = gradients.at(climbing, at[climbing])
        steep = np.abs(gradient).max(axis=1) > CHORD_TOLERANCE * gradients.n[climbing]
        climbing, gradient = climbing[steep], gradient[steep]
        if not climbing.size:
            break
        at[climbing] += gradient @ fit.inverse
        climbing = climbing[np.abs(at[climbing]).max(axis=1) < FURTHEST]
    strengths = at[:, :k].copy()
    for straggler in np.flatnonzero(gradients.steep(at)):
        strengths[straggler] = _refit_alone(fit, pairs.counts(drawn[straggler]))
    return strengths


def _log_nu(fit: Fit) -> float:
    return float(np.log(fit.tie or 1.0))


def _refit_alone(fit: Fit, counts: Counts) -> Floats:
    try:
        if fit.method == "davidson":
            return fit_davidson(counts).strength
        return fit_bradley_terry(counts, start=fit.strength).strength
    except (NotEstimable, NotConverged):
        return np.full(len(counts.items), np.nan)


class _Gradients:
    """The likelihood's gradients of many resamples (b, m, 3) of the same pairs."""

    def __init__(self, fit: Fit, pairs: Pairs, drawn: Floats) -> None:
        from scipy.sparse import coo_array

        m = len(pairs.one)
        self.pairs = pairs
        self.points = drawn[:, :, 0] + drawn[:, :, 1] / 2
        self.votes = drawn.sum(axis=2)
        self.tied = drawn[:, :, 1].sum(axis=1)
        self.n = self.votes.sum(axis=1)
        self.with_ties = fit.tie_probability is not None
        signs = np.repeat([1.0, -1.0], m)
        where = (np.tile(np.arange(m), 2), np.concatenate([pairs.one, pairs.other]))
        self.design = coo_array((signs, where), shape=(m, len(fit.items))).tocsr()

    def at(self, rows: NDArray[np.int64], parameters: Floats) -> Floats:
        """Return the gradients (len(rows), P) of the resamples `rows` at their parameters."""
        gap = parameters[:, self.pairs.one] - parameters[:, self.pairs.other]
        if not self.with_ties:
            return self._spread(self.points[rows] - self.votes[rows] * win_probability(gap))
        odds = davidson_odds(gap, parameters[:, -1:])
        strengths = self._spread(self.points[rows] - self.votes[rows] * odds.expected)
        tie = self.tied[rows] - (self.votes[rows] * odds.tie).sum(axis=1)
        return np.column_stack([strengths, tie])

    def _spread(self, residual: Floats) -> Floats:
        """Return residuals of pairs (b, m) summed over the items with their signs, (b, K)."""
        return np.asarray(residual @ self.design)

    def steep(self, parameters: Floats) -> NDArray[np.bool_]:
        """Say which resamples have not arrived at their maximum, (b,)."""
        gradient = self.at(np.arange(len(parameters)), parameters)
        return np.asarray(np.abs(gradient).max(axis=1) > CHORD_TOLERANCE * self.n)
