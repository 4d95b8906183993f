"""The bootstrap: votes, or whole clusters of votes, resampled, and the model refitted every time.

Weights are Poisson with mean 1: for each vote, for each rater (all its votes together), or for each
rater times each prompt. Percentile intervals with few clusters are too narrow, since they know no
Student's t; the jackknife of `clusters` is the default for that reason.

References
----------
Efron, B. (1979). Bootstrap methods: another look at the jackknife. Annals of Statistics 7.
Hanley, J. A. and MacGibbon, B. (2006). Creating non-parametric bootstrap samples using Poisson
frequencies. Computer Methods and Programs in Biomedicine 83.
Owen, A. B. (2007). The pigeonhole bootstrap. Annals of Applied Statistics 1.
Owen, A. B. and Eckles, D. (2012). Bootstrapping data arrays of arbitrary order. Annals of Applied
Statistics 6: products of weights.
"""

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
from numpy.random import SFC64, Generator
from numpy.typing import NDArray

from ratings.scoring.bradley_terry import fit_bradley_terry
from ratings.scoring.clusters import Codes, cluster_sizes
from ratings.scoring.intervals import checked_covariance
from ratings.scoring.kernels import engine, side_by_side
from ratings.scoring.kernels.plain import LANES, TOGETHER
from ratings.scoring.poisson import alias_tables, plan
from ratings.scoring.ties import fit_davidson, fit_rao_kupper
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

Cells = NDArray[np.int32]
CHORD_STEPS = 60
CHORD_SETTLED = 1e-12  # log-odds: how far from its end a refit has arrived
FURTHEST = 50.0  # log-odds; a refit beyond is left to Newton's method, which knows why
LEAST_ESTIMABLE = 0.9  # share of the resamples that must have an estimate


def bootstrap(
    fit: Fit, data: Comparisons | Counts, *, rng: Generator, draws: int = 1000
) -> Covariance:
    """Return the covariance of refits to resampled votes; its `draws` (B, K) hold the refits.

    Votes are exchangeable given their pair and outcome, so that a resample draws the counts of
    pairs and outcomes. All refits climb together along the one inverse information of `fit` (the
    chord method); stragglers climb by Newton's method alone, and those without a finite estimate
    are NaN.

    Raises
    ------
    NotEstimable
        When more than one resample in ten has no finite estimate: the interval would be that
        of the luckier resamples only.
    """
    pairs = Pairs.of(counts_of(data))
    cell, table, tables = plan(pairs.cells.ravel())
    loops = engine(saves=pairs.cells.size * draws * 5e-8)

    def drawn(stream: SFC64) -> Cells:
        return np.asarray(loops.poisson_cells(stream, cell, table, tables, pairs.cells.size))

    return _covariance(fit, pairs, drawn, rng=rng, draws=draws, together=LANES, kind="bootstrap")


def cluster_bootstrap(
    fit: Fit,
    comparisons: Comparisons,
    cluster: Codes | None = None,
    *,
    rng: Generator,
    draws: int = 1000,
) -> Covariance:
    """Return the covariance of refits to resampled clusters: all votes of a rater, say, together.

    `cluster` (n,) are integers from 0, the raters where left out; otherwise as `bootstrap`.
    """
    loops = engine(saves=len(comparisons) * draws * 2e-9)
    codes, g = _known(comparisons.rater if cluster is None else cluster)
    votes = _Sorted.of(comparisons)
    owner = votes.by_cell(codes)

    def drawn(stream: SFC64) -> Cells:
        return np.asarray(loops.weighted_cells(votes.start, owner, _weights(stream, g)))

    found = _covariance(
        fit, votes.pairs, drawn, rng=rng, draws=draws, together=TOGETHER, kind="cluster-bootstrap"
    )
    return found.backed_by(g)


def two_way_bootstrap(
    fit: Fit,
    comparisons: Comparisons,
    rater: Codes | None = None,
    prompt: Codes | None = None,
    *,
    rng: Generator,
    draws: int = 1000,
) -> Covariance:
    """Return the covariance of refits in which raters and prompts are resampled (the pigeonhole).

    A vote's weight is its rater's times its prompt's. That is right where raters and prompts differ,
    and too wide, by up to the root of 3, where votes are independent in truth (Owen 2007).
    """
    loops = engine(saves=len(comparisons) * draws * 6e-9)
    (raters, g), (prompts, h) = side_by_side(
        _known,
        [
            comparisons.rater if rater is None else rater,
            comparisons.prompt if prompt is None else prompt,
        ],
    )
    votes = _Sorted.of(comparisons)
    one, other = side_by_side(votes.by_cell, [raters, prompts])

    def drawn(stream: SFC64) -> Cells:
        # Drawn at once: the compiled loop goes on from a state without moving the stream.
        weights = _weights(stream, g + h)
        return np.asarray(
            loops.twice_weighted_cells(votes.start, one, weights[:g], other, weights[g:])
        )

    found = _covariance(
        fit, votes.pairs, drawn, rng=rng, draws=draws, together=TOGETHER, kind="two-way-bootstrap"
    )
    return found.backed_by(min(g, h))


def bootstrap_rates(
    rates: Callable[[Counts], Rates],
    data: Comparisons | Counts,
    *,
    rng: Generator,
    draws: int = 1000,
    level: float = 0.95,
) -> tuple[Floats, Floats]:
    """Return percentile bounds (K,) of win rates, 0 to 1, over resampled votes; NaN where no rate exists.

    `rates` is `pooled_win_rate` or `average_win_rate`; `level` is the share between the bounds.
    """
    pairs = Pairs.of(counts_of(data))
    cells = pairs.cells.ravel()
    found = np.empty((draws, len(pairs.items)))
    for draw in range(draws):
        drawn = rng.multinomial(round(cells.sum()), cells / cells.sum()).reshape(-1, 3)
        found[draw] = rates(pairs.counts(drawn.astype(np.float64))).rate
    bounds = np.nanquantile(found, [0.5 - level / 2, 0.5 + level / 2], axis=0)
    return bounds[0], bounds[1]


# ---- pairs and cells -----------------------------------------------------------------------------


class Pairs(NamedTuple):
    """The pairs that met, `one` < `other` (m,), and their cells (m, 3): other won, tie, one won."""

    items: tuple[str, ...]
    one: NDArray[np.int64]
    other: NDArray[np.int64]
    cells: Floats

    @classmethod
    def of(cls, counts: Counts) -> "Pairs":
        one, other = np.nonzero(np.triu(counts.votes))
        columns = [counts.wins[other, one], counts.ties[one, other], counts.wins[one, other]]
        return cls(counts.items, one, other, np.stack(columns, axis=1))

    def counts(self, cells: Floats) -> Counts:
        """Return cells (m, 3) as counts (K, K)."""
        k = len(self.items)
        wins, ties = np.zeros((k, k)), np.zeros((k, k))
        wins[self.other, self.one], wins[self.one, self.other] = cells[:, 0], cells[:, 2]
        ties[self.one, self.other] = ties[self.other, self.one] = cells[:, 1]
        return Counts(self.items, wins, ties)


class _Sorted(NamedTuple):
    """Votes in the order of their cells: `number` (K, K) of each pair, where each cell starts."""

    comparisons: Comparisons
    pairs: Pairs
    number: NDArray[np.int32]
    start: NDArray[np.int64]

    @classmethod
    def of(cls, comparisons: Comparisons) -> "_Sorted":
        pairs = Pairs.of(Counts.of(comparisons))
        k = len(comparisons.items)
        number = np.zeros((k, k), dtype=np.int32)
        number[pairs.one, pairs.other] = number[pairs.other, pairs.one] = np.arange(len(pairs.one))
        start = np.zeros(pairs.cells.size + 1, dtype=np.int64)
        np.cumsum(pairs.cells.ravel().astype(np.int64), out=start[1:])
        return cls(comparisons, pairs, number, start)

    def by_cell(self, codes: Codes) -> NDArray[np.uint32]:
        votes = self.comparisons.first, self.comparisons.second, self.comparisons.outcome
        return np.asarray(engine().in_cells(*votes, self.number, self.start, codes))


def _known(codes: Codes | None) -> tuple[Codes, int]:
    if codes is None:
        raise NotEstimable("resampling clusters needs to know the cluster of every vote")
    sizes, compact = cluster_sizes(codes)
    return compact, len(sizes)


def _weights(stream: SFC64, g: int) -> NDArray[np.uint8]:
    """Return Poisson weights of mean 1, (g, TOGETHER)."""
    return np.asarray(engine().weights(stream, alias_tables([1]), g))


# ---- refits --------------------------------------------------------------------------------------


def _covariance(
    fit: Fit,
    pairs: Pairs,
    drawn: Callable[[SFC64], Cells],
    *,
    rng: Generator,
    draws: int,
    together: int,
    kind: str,
) -> Covariance:
    """Draw and refit in blocks of resamples, each block from a stream of its own."""
    seeds = rng.integers(1 << 62, size=-(-draws // together))

    def block(seed: int) -> Floats:
        return _refit(fit, pairs, drawn(SFC64(seed)))

    found = np.concatenate(side_by_side(block, seeds.tolist()))[:draws]
    usable = found[np.isfinite(found).all(axis=1)]
    if len(usable) < LEAST_ESTIMABLE * draws:
        raise NotEstimable(
            f"{draws - len(usable)} of {draws} resamples have no finite estimate: too few votes to bootstrap"
        )
    matrix = np.atleast_2d(np.cov(usable, rowvar=False))
    return checked_covariance(fit, matrix, kind, draws=found)


def _refit(fit: Fit, pairs: Pairs, drawn: Cells) -> Floats:
    """Refit resampled cells (3 m, L); return strengths (L, K), NaN without an estimate."""
    k, lanes = len(fit.items), drawn.shape[1]
    if fit.scores is None:
        start = (
            fit.strength if fit.tie_probability is None else np.append(fit.strength, _log_nu(fit))
        )
        settings: Any = (CHORD_STEPS, CHORD_SETTLED, FURTHEST)
        found, arrived = engine().climb(
            drawn, pairs.one, pairs.other, fit.inverse, start, k, *settings
        )
        strengths = np.array(found[:, :k])
    else:
        strengths, arrived = np.empty((lanes, k)), np.zeros(lanes, dtype=bool)
    for straggler in np.flatnonzero(~arrived):
        cells = drawn[:, straggler].reshape(-1, 3).astype(np.float64)
        strengths[straggler] = _refit_alone(fit, pairs.counts(cells))
    return strengths


def _log_nu(fit: Fit) -> float:
    return float(np.log(fit.tie or 1.0))


def _refit_alone(fit: Fit, counts: Counts) -> Floats:
    try:
        if fit.method == "davidson":
            return fit_davidson(counts).strength
        if fit.method == "rao-kupper":
            return fit_rao_kupper(counts, start=fit).strength
        return fit_bradley_terry(counts, start=fit.strength).strength
    except (NotEstimable, NotConverged):
        return np.full(len(counts.items), np.nan)
