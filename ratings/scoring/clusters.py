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
from typing import Any, Literal, NamedTuple, Self

import numpy as np
from numpy.typing import NDArray

from ratings.scoring.intervals import checked_covariance
from ratings.scoring.newton import laplacian
from ratings.scoring.types import Comparisons, Covariance, Fit, Floats, NotEstimable, Side

Codes = NDArray[Any]
Correction = Literal["CR1", "CR3"]

BLOCK = 1 << 20  # numbers held at once while sweeping clusters: 8 MiB
SETTLED = 1e-10  # relative change at which a leave-one-out series has arrived
MOST_TERMS = 40  # of the series; what is slower is solved exactly
TAKEN_ALL = (
    1e-9  # a direction of which a cluster holds all but this share has no estimate without it
)


@dataclass(frozen=True, eq=False)
class Scored:
    """Votes sorted by cluster, with what a score and an information are made of.

    Attributes
    ----------
    start : (G + 1,) where each cluster begins
    first, second : (n,) positions of the items
    residual, tie : (n,) y - E y and 1{tie} - P(tie); `tie` is None without a tie parameter
    """

    fit: Fit
    start: NDArray[np.int64]
    first: NDArray[np.int32]
    second: NDArray[np.int32]
    residual: Floats
    tie: Floats | None

    @classmethod
    def of(cls, fit: Fit, comparisons: Comparisons, codes: Codes, g: int) -> Self:
        order, start = group(codes, g)
        tie = fit.tie_residual(comparisons)
        return cls(
            fit,
            start,
            comparisons.first[order],
            comparisons.second[order],
            fit.residual(comparisons)[order],
            None if tie is None else tie[order],
        )

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
            self.start[top : bottom + 1] - self.start[top],
            self.first[rows],
            self.second[rows],
            self.residual[rows],
            None if self.tie is None else self.tie[rows],
        )

    def owner(self) -> NDArray[np.int64]:
        """(n,): the cluster of each vote."""
        return np.repeat(np.arange(self.g), np.diff(self.start))

    def scores(self) -> Floats:
        """(G, P): the summed scores of each cluster."""
        return self._spread(self.owner(), self.residual, self.tie)

    def influence(self) -> Floats:
        """(G, P): the summed influence of each cluster's votes on the parameters."""
        return np.asarray(self.scores() @ self.fit.inverse)

    def _spread(self, owner: NDArray[np.int64], residual: Floats, tie: Floats | None) -> Floats:
        p = len(self.fit.information)
        size = self.g * p
        at = owner * p
        sums = sums_at(at + self.first, residual, size) - sums_at(at + self.second, residual, size)
        scores = sums.reshape(self.g, p)
        if tie is not None:
            scores[:, -1] = sums_at(owner, tie, self.g)
        return scores

    def informed(self, parameters: Floats) -> Floats:
        """Return each cluster's own information times its row of `parameters` (G, P)."""
        owner, weight = self.owner(), vote_information(self.fit)
        gap = parameters[owner, self.first] - parameters[owner, self.second]
        pull = weight.strengths[self.first, self.second] * gap
        if self.tie is None:
            return self._spread(owner, pull, None)
        nu = parameters[owner, -1]
        cross = weight.cross[self.first, self.second]
        corner = weight.corner[self.first, self.second]
        return self._spread(owner, pull + cross * nu, cross * gap + corner * nu)

    def information(self, cluster: int) -> Floats:
        """Return the information (P, P) of one cluster's votes."""
        own = self.clusters(cluster, cluster + 1)
        k, p = len(self.fit.items), len(self.fit.information)
        weight = vote_information(self.fit)
        pairs = np.bincount(own.first * np.int64(k) + own.second, minlength=k * k).reshape(k, k)
        met = (pairs + pairs.T).astype(np.float64)
        found = np.zeros((p, p))
        found[:k, :k] = laplacian(met * weight.strengths)
        if own.tie is not None:
            found[:k, -1] = found[-1, :k] = (met * weight.cross).sum(axis=1)
            found[-1, -1] = (met * weight.corner).sum() / 2
        return found


class VoteInformation(NamedTuple):
    """(K, K) each: what one vote between i and j adds to the information.

    `strengths` times (e_i - e_j)(e_i - e_j)'; `cross` (antisymmetric) times e_i - e_j in the row of
    log nu; `corner` in its diagonal.
    """

    strengths: Floats
    cross: Floats
    corner: Floats


def vote_information(fit: Fit) -> VoteInformation:
    """Return the information of a single vote of each pair."""
    if fit.tie_probability is None:
        nothing = np.zeros((1, 1))
        return VoteInformation(fit.expected * (1 - fit.expected), nothing, nothing)
    lead, tie = 2 * fit.expected - 1, fit.tie_probability
    return VoteInformation((1 - tie - lead**2) / 4, -tie * lead / 2, tie * (1 - tie))


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
    """Return the one-way covariance (K, K) by `cluster` (n,), as a side of a two-way one."""
    sizes, codes = cluster_sizes(cluster)
    k, g = len(fit.items), len(sizes)
    scored = Scored.of(fit, comparisons, codes, g)
    if correction == "CR1":
        matrix = fit.inverse @ summed_squares(scored) @ fit.inverse * (g / (g - 1))
    else:
        matrix = np.zeros_like(fit.information)
        for block in scored.blocks():
            change = left_out(block)
            matrix += change.T @ change
        matrix *= (g - 1) / g
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
    return np.concatenate([left_out(block)[:, :k] for block in scored.blocks()])


def left_out(scored: Scored) -> Floats:
    """Return (H - H_g)^-1 S_g of every cluster, (G, P).

    By the series H^-1 (S + H_g H^-1 S + ...), all clusters at once, each until its terms vanish:
    a few terms for a cluster of little weight. The few that dominate a direction are solved apart.
    """
    inverse = scored.fit.inverse
    scores = scored.scores()
    found = scores @ inverse
    scale = np.abs(found).max(axis=1)
    going = np.flatnonzero(scale > 0)
    step, scored_going = found[going], pick(scored, going)
    for _ in range(MOST_TERMS):
        if not going.size:
            return found
        step = scored_going.informed(step) @ inverse
        found[going] += step
        left = np.abs(step).max(axis=1) > SETTLED * scale[going]
        if not left.all():
            going, step = going[left], step[left]
            scored_going = pick(scored_going, np.flatnonzero(left))
    for at in going:
        found[at] = _solved(scored.fit, scored.information(int(at)), scores[at])
    return found


def _solved(fit: Fit, own: Floats, score: Floats) -> Floats:
    """Return (H - H_g)^-1 S_g through the eigenvalues of H^-1/2 H_g H^-1/2, all at most 1."""
    values, vectors = np.linalg.eigh(fit.inverse)
    root = vectors * np.sqrt(np.maximum(values, 0.0)) @ vectors.T
    shares, directions = np.linalg.eigh(root @ own @ root)
    kept = 1 - shares
    scale = np.divide(1.0, kept, out=np.zeros_like(kept), where=kept > TAKEN_ALL)
    return np.asarray(root @ directions @ (scale * (directions.T @ (root @ score))))


def pick(scored: Scored, clusters: NDArray[np.int64]) -> Scored:
    """Return some of the clusters, in the order given."""
    if len(clusters) == scored.g:
        return scored
    sizes = np.diff(scored.start)[clusters]
    start = np.concatenate([[0], np.cumsum(sizes)])
    rows = np.repeat(scored.start[clusters] - start[:-1], sizes) + np.arange(start[-1])
    return Scored(
        scored.fit,
        start,
        scored.first[rows],
        scored.second[rows],
        scored.residual[rows],
        None if scored.tie is None else scored.tie[rows],
    )


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
    sides = (
        cluster_side(fit, comparisons, raters, by="rater", correction=correction),
        cluster_side(fit, comparisons, prompts, by="prompt", correction=correction),
    )
    k = len(fit.items)
    codes, g = cells(raters, prompts)
    both = fit.inverse @ summed_squares(Scored.of(fit, comparisons, codes, g)) @ fit.inverse
    found = combined(sides, both[:k, :k] * (g / max(g - 1, 1)))
    checked_covariance(fit, found.matrix, "two-way")
    return found


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
    width = int(other.max()) + 1 if len(other) else 1
    pairs = one.astype(np.int64) * width + other
    order = group(other, width)[0]
    order = order[group(one[order], int(one.max()) + 1 if len(one) else 1)[0]]
    ordered = pairs[order]
    begins = np.ones(len(ordered), dtype=bool)
    begins[1:] = ordered[1:] != ordered[:-1]
    codes = np.empty(len(ordered), dtype=np.int64)
    codes[order] = np.cumsum(begins) - 1
    return codes, int(begins.sum())


# ---- sums over clusters --------------------------------------------------------------------------


def summed_squares(scored: Scored) -> Floats:
    """Return the sum over clusters of S_g S_g', (P, P).

    Clusters of one vote add up by pair, small ones as sparse rows, the rest as dense ones.
    """
    p = len(scored.fit.information)
    sizes = np.diff(scored.start)
    total = _singles(pick(scored, np.flatnonzero(sizes == 1)))
    small = np.flatnonzero((sizes > 1) & (sizes**2 * 32 < p**2))
    if small.size:
        total += _sparse(pick(scored, small))
    for block in pick(scored, np.flatnonzero((sizes > 1) & (sizes**2 * 32 >= p**2))).blocks():
        scores = block.scores()
        total += scores.T @ scores
    return total


def _singles(scored: Scored) -> Floats:
    """Sum the squares of single votes: counts by pair, as in the sandwich."""
    k, p = len(scored.fit.items), len(scored.fit.information)
    pair = scored.first * np.int64(k) + scored.second
    squares = sums_at(pair, scored.residual**2, k * k).reshape(k, k)
    total = np.zeros((p, p))
    total[:k, :k] = laplacian(squares + squares.T)
    if scored.tie is not None:
        cross = sums_at(pair, scored.residual * scored.tie, k * k).reshape(k, k)
        total[:k, -1] = total[-1, :k] = cross.sum(axis=1) - cross.sum(axis=0)
        total[-1, -1] = (scored.tie**2).sum()
    return total


def _sparse(scored: Scored) -> Floats:
    from scipy.sparse import coo_array

    p = len(scored.fit.information)
    owner = scored.owner()
    rows, columns = [owner, owner], [scored.first, scored.second]
    entries = [scored.residual, -scored.residual]
    if scored.tie is not None:
        rows, columns = [*rows, owner], [*columns, np.full(owner.size, p - 1, dtype=np.int32)]
        entries.append(scored.tie)
    where = (np.concatenate(rows), np.concatenate(columns))
    scores = coo_array((np.concatenate(entries), where), shape=(scored.g, p)).tocsr()
    return np.asarray((scores.T @ scores).toarray())


def sums_at(where: Codes, values: Floats, size: int) -> Floats:
    """Return (size,): the sum of the values (n,) at each place."""
    return np.asarray(np.bincount(where, weights=values, minlength=size), dtype=np.float64)


def group(codes: Codes, g: int) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return the order (n,) that sorts `codes` stably, and where each of the g codes starts."""
    from scipy.sparse import coo_array

    n = len(codes)
    if n and (codes[1:] >= codes[:-1]).all():
        order: NDArray[Any] = np.arange(n)
    else:
        # A counting sort: linear, where argsort is not.
        where = (codes, np.arange(n))
        order = coo_array((np.ones(n, dtype=bool), where), shape=(g, n)).tocsr().indices
    start = np.zeros(g + 1, dtype=np.int64)
    np.cumsum(np.bincount(codes, minlength=g), out=start[1:])
    return np.asarray(order, dtype=np.int64), start


def cluster_sizes(cluster: Codes) -> tuple[Floats, NDArray[np.int64]]:
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
    codes = (np.cumsum(occurs) - 1)[cluster]
    return counted[occurs].astype(np.float64), codes


def effective_clusters(sizes: Floats) -> float:
    """Return how many equal clusters would be as informative, at least 2."""
    return max(float(sizes.sum() ** 2 / (sizes**2).sum()), 2.0)
