"""Covariances when votes depend on each other: clustered by rater, by prompt, or by both at once.

All start from the influence of a vote, `inverse @ score` (see `types.Fit`), added up within a
cluster before it is squared. Two corrections for few clusters: CR1 scales by G / (G - 1); CR3 is
the jackknife, what each cluster's absence would do to the estimate, and is the default, because it
alone keeps its level when a few raters give most of the votes.

Two-way: V = V_rater + V_prompt - V_both, the last clustered by the cells where a rater meets a
prompt, with the fewer degrees of freedom of the two. It is a difference of estimates and can come out
too small, even negative: then the wider one-way variance is used, contrast by contrast.

References
----------
Cameron, A. C., Gelbach, J. B. and Miller, D. L. (2011). Robust inference with multiway clustering.
Journal of Business and Economic Statistics 29.
Cameron, A. C. and Miller, D. L. (2015). A practitioner's guide to cluster-robust inference.
Journal of Human Resources 50: CR1 and CR3.
Bell, R. M. and McCaffrey, D. F. (2002). Bias reduction in standard errors for linear regression
with multi-stage samples. Survey Methodology 28: the jackknife as CR3.
MacKinnon, J. G., Nielsen, M. O. and Webb, M. D. (2024). Jackknife inference with two-way
clustering. The jackknife in both ways.
Carter, A. V., Schnepel, K. T. and Steigerwald, D. G. (2017). Asymptotic behavior of a t-test
robust to cluster heterogeneity. Review of Economics and Statistics 99: the effective number.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Literal, Self

import numpy as np
from numpy.typing import NDArray

from ratings.scoring.intervals import checked_covariance, independent_meat
from ratings.scoring.kernels import engine, plain, side_by_side
from ratings.scoring.newton import laplacian
from ratings.scoring.scores import Tables, leverages, tables_of
from ratings.scoring.types import Comparisons, Counts, Covariance, Fit, Floats, NotEstimable, Side

Codes = NDArray[Any]
Correction = Literal["CR1", "CR3"]

BLOCK = 1 << 20  # numbers held at once while sweeping clusters: 8 MiB
SETTLED = 1e-9  # relative change at which a leave-one-out series has arrived
WORTH_THREADS = 50_000  # votes from which the sides are worked out side by side
MOST_TERMS = 40  # of the series; what is slower is solved exactly
TAKEN_ALL = (
    1e-9  # a direction of which a cluster holds all but this share has no estimate without it
)


@dataclass(frozen=True, eq=False)
class Scored:
    """Votes sorted by cluster, with the tables that their scores and information are looked up in.

    Attributes
    ----------
    start : (G + 1,) where each cluster begins
    first, second, outcome : (n,)
    """

    fit: Fit
    tables: Tables
    leverage: Floats
    start: NDArray[np.int64]
    first: NDArray[np.int32]
    second: NDArray[np.int32]
    outcome: NDArray[np.int8]

    @classmethod
    def of(cls, fit: Fit, comparisons: Comparisons, codes: Codes, g: int) -> Self:
        loops = engine(saves=_saved(len(comparisons), 0))
        votes = comparisons.first, comparisons.second, comparisons.outcome
        tables = tables_of(fit)
        return cls(fit, tables, leverages(tables, fit.inverse), *loops.grouped(codes, g, *votes))

    @property
    def g(self) -> int:
        return len(self.start) - 1

    def blocks(self, width: int | None = None) -> Iterator["Scored"]:
        """Yield consecutive clusters, so many that their scores (or rows of `width`) fill a block."""
        height = max(1, BLOCK // (width or len(self.fit.information)))
        for top in range(0, self.g, height):
            yield self.clusters(top, min(self.g, top + height))

    def clusters(self, top: int, bottom: int) -> "Scored":
        rows = slice(self.start[top], self.start[bottom])
        return Scored(
            self.fit,
            self.tables,
            self.leverage,
            self.start[top : bottom + 1] - self.start[top],
            self.first[rows],
            self.second[rows],
            self.outcome[rows],
        )

    def scores(self, terms: int = 0) -> tuple[Floats, NDArray[np.bool_]]:
        """Return (G, P), the summed scores or the series of the jackknife, and what did not settle."""
        votes = (self.start, self.first, self.second, self.outcome)
        found, stuck = plain.series(
            *votes, self.tables, self.leverage, self.fit.inverse, terms, SETTLED
        )
        return found, stuck

    def squares(self, terms: int = 0) -> Floats:
        """Return the sum over clusters of S S', (P, P); with `terms` of the jackknife's scores."""
        loops = engine(saves=_saved(len(self.first), terms))
        votes = (self.start, self.first, self.second, self.outcome)
        total, stuck = loops.squares(
            *votes, self.tables, self.leverage, self.fit.inverse, terms, SETTLED
        )
        for cluster in np.flatnonzero(stuck):
            score = self.fit.information @ self.solved(int(cluster))
            total += np.outer(score, score)
        return np.asarray(total)

    def influence(self) -> Floats:
        """(G, P): the summed influence of each cluster's votes on the parameters."""
        return np.asarray(self.scores()[0] @ self.fit.inverse)

    def left_out(self) -> Floats:
        """Return (H - H_g)^-1 S_g of every cluster, (G, P).

        By the series H^-1 (S + H_g H^-1 S + ...), all clusters at once, until its terms vanish: a
        few terms for a cluster of little weight. The few that dominate a direction are solved apart.
        """
        scores, stuck = self.scores(MOST_TERMS)
        found = scores @ self.fit.inverse
        for cluster in np.flatnonzero(stuck):
            found[cluster] = self.solved(int(cluster))
        return np.asarray(found)

    def solved(self, cluster: int) -> Floats:
        """Return (H - H_g)^-1 S_g of one cluster.

        Through the eigenvalues of H^-1/2 H_g H^-1/2, which are at most 1; where they are 1, the
        cluster alone determines a direction, and without it there is nothing to estimate: 0.
        """
        own = self.clusters(cluster, cluster + 1)
        values, vectors = np.linalg.eigh(self.fit.inverse)
        root = vectors * np.sqrt(np.maximum(values, 0.0)) @ vectors.T
        shares, directions = np.linalg.eigh(root @ own.information() @ root)
        kept = 1 - shares
        scale = np.divide(1.0, kept, out=np.zeros_like(kept), where=kept > TAKEN_ALL)
        return np.asarray(
            root @ directions @ (scale * (directions.T @ (root @ own.scores()[0][0])))
        )

    def information(self) -> Floats:
        """Return the information (P, P) of all these votes."""
        k, p = len(self.fit.items), len(self.fit.information)
        votes = engine().count(self.first, self.second, self.outcome, k)
        votes = np.moveaxis(votes, -1, 0).astype(np.float64)
        weight = (votes * self.tables.weight).sum(axis=0)
        found = np.zeros((p, p))
        found[:k, :k] = laplacian(weight + weight.T)
        if p > k:
            cross = (votes * self.tables.cross).sum(axis=0)
            found[:k, -1] = found[-1, :k] = cross.sum(axis=1) - cross.sum(axis=0)
            found[-1, -1] = (votes * self.tables.corner).sum()
        return found


def _saved(n: int, terms: int) -> float:
    """Return about how many seconds compiled loops save over NumPy on n votes."""
    return n * (3.5e-7 if terms else 1e-7)


# ---- one way -------------------------------------------------------------------------------------


def cluster_sandwich(
    fit: Fit, comparisons: Comparisons, cluster: Codes, *, correction: Correction = "CR3"
) -> Covariance:
    """Return the covariance when only the clusters (all votes of a rater, say) are independent.

    For intervals with t quantiles of G* - 1 degrees of freedom, where G* = (sum n_g)^2 / sum n_g^2
    counts the clusters as if of equal size.

    Parameters
    ----------
    cluster : (n,) integers from 0: the cluster of each vote
    correction : "CR1" scales by G / (G - 1); "CR3" is the jackknife over clusters

    Raises
    ------
    NotEstimable
        With fewer than two clusters.
    """
    side = cluster_side(fit, comparisons, cluster, by="cluster", correction=correction)
    return checked_covariance(
        fit, side.matrix, "cluster", degrees=side.degrees, clusters=side.clusters
    )


def cluster_side(
    fit: Fit, comparisons: Comparisons, cluster: Codes, *, by: str, correction: Correction = "CR3"
) -> Side:
    """Return the one-way covariance (K, K) by `cluster` (n,), as a side of a two-way one.

    `by` is what the side is called, such as "rater"; otherwise as `cluster_sandwich`.

    Raises
    ------
    NotEstimable
        With fewer than two clusters.
    """
    sizes, codes = cluster_sizes(cluster)
    k, g = len(fit.items), len(sizes)
    jackknife = correction == "CR3"
    meat = Scored.of(fit, comparisons, codes, g).squares(MOST_TERMS if jackknife else 0)
    matrix = fit.inverse @ meat @ fit.inverse * ((g - 1) / g if jackknife else g / (g - 1))
    return Side(by, matrix[:k, :k], effective_clusters(sizes) - 1, g)


def cluster_influence(fit: Fit, comparisons: Comparisons, cluster: Codes, g: int) -> Floats:
    """Return (g, K): the summed influence of each cluster's votes on the strengths.

    `cluster` (n,) holds codes from 0 to g - 1; clusters without votes have zeros. With
    `np.arange(n)` for the cluster it is the influence of every single vote.
    """
    k = len(fit.items)
    scored = Scored.of(fit, comparisons, cluster, g)
    return np.concatenate([block.influence()[:, :k] for block in scored.blocks()])


def leave_out_influence(fit: Fit, comparisons: Comparisons, cluster: Codes, g: int) -> Floats:
    """Return (g, K): strengths with all votes minus strengths without each cluster's votes.

    One Newton step of the refit, (H - H_g)^-1 S_g, which is exact for a linear model: the influence
    of a rater or a prompt with its own leverage taken into account. Zero in a direction that only
    this cluster's votes determine. `cluster` as in `cluster_influence`.
    """
    k = len(fit.items)
    scored = Scored.of(fit, comparisons, cluster, g)
    return np.concatenate([block.left_out()[:, :k] for block in scored.blocks()])


# ---- two ways ------------------------------------------------------------------------------------


def two_way_sandwich(
    fit: Fit,
    comparisons: Comparisons,
    rater: Codes | None = None,
    prompt: Codes | None = None,
    *,
    correction: Correction = "CR3",
) -> Covariance:
    """Return the covariance when votes depend on each other through their rater and their prompt.

    Votes of one rater, and votes on one prompt, may be correlated in any way; votes that share
    neither are independent. The interval then holds for other raters and other prompts like these.

    Parameters
    ----------
    rater, prompt : (n,) integers from 0; those of `comparisons` where left out
    correction : of the two sides; the cells where a rater meets a prompt are always CR1

    Raises
    ------
    NotEstimable
        With fewer than two raters, or fewer than two prompts.
    """
    raters = comparisons.rater if rater is None else rater
    prompts = comparisons.prompt if prompt is None else prompt
    if raters is None or prompts is None:
        raise NotEstimable("two-way intervals need to know who judged, and on what")
    # Loaded before threads ask for it, each with a part of what it saves.
    engine(saves=2 * _saved(len(comparisons), MOST_TERMS))

    def part(by: str) -> Any:
        if by == "both":
            return _both(fit, comparisons, raters, prompts)
        codes = raters if by == "rater" else prompts
        return cluster_side(fit, comparisons, codes, by=by, correction=correction)

    parts = ("rater", "prompt", "both")
    threads = len(comparisons) > WORTH_THREADS
    *sides, both = side_by_side(part, parts) if threads else [part(by) for by in parts]
    found = combined(sides, both)
    # The variances that are used: the difference of estimates may itself be negative.
    checked_covariance(fit, np.diag(found.standard_error**2), "two-way")
    return found


def _both(fit: Fit, comparisons: Comparisons, raters: Codes, prompts: Codes) -> Floats:
    """Return the covariance (K, K) by the cells where a rater meets a prompt.

    Most cells have one vote only. Those are counted rather than swept: their scores stand in tables.
    """
    loops = engine(saves=_saved(len(comparisons), 0))
    lone = loops.alone(raters, prompts, int(raters.max()) + 1, int(prompts.max()) + 1)
    rest = comparisons.select(~lone)
    codes, g = cells(raters[~lone], prompts[~lone])
    meat = independent_meat(fit, Counts.of(comparisons).less(Counts.of(rest)))
    if g:
        meat += Scored.of(fit, rest, codes, g).squares()
    g += int(lone.sum())
    k = len(fit.items)
    return np.asarray((fit.inverse @ meat @ fit.inverse)[:k, :k] * (g / max(g - 1, 1)))


def combined(sides: Sequence[Side], both: Floats) -> Covariance:
    """Return the two-way covariance of two one-way ones and that of their cells, (K, K)."""
    one, other = sides
    weakest = min(sides, key=lambda side: side.degrees)
    return Covariance(
        one.matrix + other.matrix - both,
        "two-way",
        degrees=weakest.degrees,
        clusters=min(one.clusters, other.clusters),
        sides=(one, other),
    )


def cells(one: Codes, other: Codes) -> tuple[NDArray[np.int64], int]:
    """Return codes (n,) of the pairs (one, other) that occur, and how many pairs there are."""
    if not len(one):
        return np.zeros(0, dtype=np.int64), 0
    # Sorted by the second, then stably by the first, equal pairs stand together.
    order = engine().order(other, int(other.max()) + 1)[0]
    order = order[engine().order(one[order], int(one.max()) + 1)[0]]
    first, second = one[order], other[order]
    begins = np.ones(len(order), dtype=bool)
    begins[1:] = (first[1:] != first[:-1]) | (second[1:] != second[:-1])
    codes = np.empty(len(order), dtype=np.int64)
    codes[order] = np.cumsum(begins) - 1
    return codes, int(begins.sum())


# ---- clusters --------------------------------------------------------------------------------------


def cluster_sizes(cluster: Codes) -> tuple[Floats, NDArray[np.int32]]:
    """Return the sizes of the clusters that occur, (G,), and codes (n,) into them.

    Raises
    ------
    NotEstimable
        With fewer than two clusters, which say nothing about the spread between clusters.
    """
    counted = np.bincount(cluster)
    occurs = counted > 0
    if not len(cluster):
        raise NotEstimable("there are no votes")
    if occurs.sum() == 1:
        raise NotEstimable("an interval by cluster needs votes from at least two clusters")
    if not occurs.all():
        cluster = (np.cumsum(occurs) - 1)[cluster]
    return counted[occurs].astype(np.float64), cluster.astype(np.int32, copy=False)


def effective_clusters(sizes: Floats) -> float:
    """Return how many equal clusters would be as informative, at least 2."""
    return max(float(sizes.sum() ** 2 / (sizes**2).sum()), 2.0)
