"""Covariances of models whose votes differ by more than their pair: a score for every vote.

A vote's score is `residual` (e_first - e_second) for the strengths and a row of `extra` for the Q
further parameters. What the pair tables of `clusters` do for the plain models is done here vote by
vote: the same sandwich, the same CR1 and CR3, the same two ways. See `clusters` for the sources.

`require_bounded` says whether a maximum exists at all.

References
----------
Albert, A. and Anderson, J. A. (1984). On the existence of maximum likelihood estimates in logistic
regression models. Biometrika 71: separation; here decided by linear programming, as in
Konis, K. (2007). Linear programming algorithms for detecting separated data. DPhil thesis, Oxford.
"""

from dataclasses import dataclass, replace
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from ratings.scoring.clusters import (
    MOST_TERMS,
    SETTLED,
    TAKEN_ALL,
    Codes,
    Correction,
    cells,
    cluster_sizes,
    combined,
    effective_clusters,
)
from ratings.scoring.newton import laplacian
from ratings.scoring.types import Covariance, Floats, NotEstimable, Side

Sides = tuple[NDArray[Any], NDArray[Any]]

FLAT = 1e-10  # of a scaled information's smallest eigenvalue: rounding, not knowledge
SLACK = 1e-4  # far above a linear program's rounding, far below the 1 that a direction can reach
STILL = 1e-14  # a variance below this share of the model's own is rounding


@dataclass(frozen=True, eq=False)
class VoteScores:
    """What each of n votes adds to the gradient and to the information of P = K + Q parameters.

    Attributes
    ----------
    k : the number of strengths
    first, second : (n,) positions
    residual : (n,); extra : (n, Q)
        The score: `residual` (e_first - e_second), then `extra`.
    weight : (n,); cross : (n, Q); corner : (n, Q, Q)
        The information: `weight` (e_first - e_second)(e_first - e_second)', `cross` in the rows of
        the further parameters, `corner` among them.
    inverse : (P, P)
        The inverse of the summed information, on the contrasts of the strengths.
    """

    k: int
    first: NDArray[np.int32]
    second: NDArray[np.int32]
    residual: Floats
    extra: Floats
    weight: Floats
    cross: Floats
    corner: Floats
    inverse: Floats

    def select(self, rows: NDArray[Any]) -> Self:
        """Return the votes at `rows`, with the same inverse."""
        by_vote = ("first", "second", "residual", "extra", "weight", "cross", "corner")
        return replace(self, **{name: getattr(self, name)[rows] for name in by_vote})

    def summed(self, cluster: Codes, g: int) -> Floats:
        """(g, P): the score of each cluster, its votes added up."""
        return self._by_cluster(self.residual, self.extra, cluster, g)

    def squares(self, cluster: Codes, g: int) -> Floats:
        """(P, P): the sum over clusters of S S', sparse while adding up, as most cells are one vote."""
        from scipy.sparse import csr_array

        rows = contrasts(self.k, (self.first, self.second), self.residual, self.extra)
        n = len(self.first)
        member = csr_array((np.ones(n), (cluster, np.arange(n))), shape=(g, n))
        scores = member @ rows
        return np.asarray((scores.T @ scores).toarray())

    def _by_cluster(self, along: Floats, extra: Floats, cluster: Codes, g: int) -> Floats:
        """Return (g, P), the sum over a cluster's votes of `along` (e_first - e_second), `extra`."""
        size = g * self.k
        ahead = np.bincount(cluster * self.k + self.first, along, size)
        behind = np.bincount(cluster * self.k + self.second, along, size)
        more = [np.bincount(cluster, column, g) for column in extra.T]
        return np.column_stack([(ahead - behind).reshape(g, self.k), *more])

    def applied(self, directions: Floats, cluster: Codes) -> Floats:
        """Return H_g d_g of every cluster, (g, P), for directions d (g, P)."""
        own = directions[cluster, self.k :]
        pull = directions[cluster, self.first] - directions[cluster, self.second]
        along = self.weight * pull + (self.cross * own).sum(axis=1)
        extra = self.cross * pull[:, None] + np.einsum("nij,nj->ni", self.corner, own)
        return self._by_cluster(along, extra, cluster, len(directions))

    def information(self) -> Floats:
        """(P, P): the information of all these votes."""
        sides = (self.first, self.second)
        return assembled(self.k, sides, self.weight, self.cross, self.corner.sum(axis=0))

    def meat(self) -> Floats:
        """(P, P): the sum over votes of the outer product of the score."""
        score, extra = self.residual, self.extra
        sides = (self.first, self.second)
        return assembled(self.k, sides, score**2, score[:, None] * extra, extra.T @ extra)

    def left_out(self, cluster: Codes, g: int) -> Floats:
        """Return (H - H_g)^-1 S_g of every cluster, (g, P), by the series H^-1 (S + H_g H^-1 S + ...).

        The few clusters for which it does not settle, because they dominate a direction, are
        solved apart.
        """
        term = self.summed(cluster, g) @ self.inverse
        found = term.copy()
        unsettled = np.ones(g, dtype=bool)
        for _ in range(MOST_TERMS):
            term = self.applied(term, cluster) @ self.inverse
            found += term
            unsettled = np.abs(term).max(axis=1) > SETTLED * np.abs(found).max(axis=1)
            if not unsettled.any():
                return found
        for one in np.flatnonzero(unsettled):
            found[one] = self.select(np.flatnonzero(cluster == one)).solved()
        return found

    def solved(self) -> Floats:
        """Return (H - H_g)^-1 S_g where these votes are the cluster; 0 where only they determine."""
        values, vectors = np.linalg.eigh(self.inverse)
        root = vectors * np.sqrt(np.maximum(values, 0.0)) @ vectors.T
        shares, directions = np.linalg.eigh(root @ self.information() @ root)
        kept = 1 - shares
        scale = np.divide(1.0, kept, out=np.zeros_like(kept), where=kept > TAKEN_ALL)
        score = self.summed(np.zeros(len(self.first), dtype=np.int64), 1)[0]
        return np.asarray(root @ directions @ (scale * (directions.T @ (root @ score))))


def assembled(k: int, sides: Sides, weight: Floats, cross: Floats, corner: Floats) -> Floats:
    """Return the information (P, P) of votes between `sides`, (first, second).

    `weight` (n,) and `cross` (n, Q) as in `VoteScores`; `corner` (Q, Q) is summed already.
    """
    first, second = sides
    p = k + cross.shape[1]
    found = np.empty((p, p))
    pairs = first.astype(np.int64) * k + second
    one_way = np.bincount(pairs, weight, k * k).reshape(k, k).astype(np.float64)
    found[:k, :k] = laplacian(one_way + one_way.T)
    for at, column in enumerate(cross.T, start=k):
        found[:k, at] = np.bincount(first, column, k) - np.bincount(second, column, k)
        found[at, :k] = found[:k, at]
    found[k:, k:] = corner
    return found


# ---- covariances ---------------------------------------------------------------------------------


def robust_covariance(
    votes: VoteScores,
    rater: Codes | None = None,
    prompt: Codes | None = None,
    *,
    correction: Correction = "CR3",
) -> Covariance:
    """Return the covariance (P, P) of the strengths and then the further parameters.

    Two-way where `rater` and `prompt` (n,) are both given, clustered by the one that is, and for
    independent votes without either.

    Raises
    ------
    NotEstimable
        With fewer than two clusters on a side, and where the votes do not vary.
    """
    if rater is not None and prompt is not None:
        sides = (
            _side(votes, rater, by="rater", correction=correction),
            _side(votes, prompt, by="prompt", correction=correction),
        )
        codes, g = cells(rater, prompt)
        both = votes.inverse @ votes.squares(codes, g) @ votes.inverse
        found = combined(sides, both * (g / max(g - 1, 1)))
    elif rater is not None or prompt is not None:
        known = rater if rater is not None else prompt
        assert known is not None
        side = _side(votes, known, by="cluster", correction=correction)
        found = Covariance(side.matrix, "cluster", degrees=side.degrees, clusters=side.clusters)
    else:
        found = Covariance(votes.inverse @ votes.meat() @ votes.inverse, "sandwich")
    if (found.standard_error**2 <= STILL * np.diag(votes.inverse)).any():
        raise NotEstimable("the votes do not vary, so there is no interval")
    return found


def _side(votes: VoteScores, cluster: Codes, *, by: str, correction: Correction) -> Side:
    sizes, codes = cluster_sizes(cluster)
    g = len(sizes)
    if correction == "CR3":
        moved = votes.left_out(codes, g)
        matrix = moved.T @ moved * ((g - 1) / g)
    else:
        matrix = votes.inverse @ votes.squares(codes, g) @ votes.inverse * (g / (g - 1))
    return Side(by, matrix, effective_clusters(sizes) - 1, g)


# ---- whether there is a maximum ------------------------------------------------------------------


def require_bounded(steps: Any, message: str) -> None:
    """Raise `NotEstimable` when the likelihood rises without end in some direction.

    `steps` (m, P), sparse: the directions d with `steps @ d >= 0` throughout are those in which no
    vote becomes less likely; one with a positive entry makes some vote ever likelier.
    """
    from scipy.optimize import linprog
    from scipy.sparse import vstack

    found = linprog(
        -np.asarray(steps.sum(axis=0)).ravel(),
        A_ub=vstack([-steps, steps]),
        b_ub=np.repeat([0.0, 1.0], steps.shape[0]),
        bounds=(-1.0, 1.0),
        method="highs",
    )
    if found.x is not None and (steps @ found.x).max() > SLACK:
        raise NotEstimable(message)


def contrasts(k: int, sides: Sides, along: Floats, extra: Floats) -> Any:
    """Return rows `along` (e_first - e_second), then `extra`, (m, P), sparse."""
    from scipy.sparse import csr_array, hstack

    m = len(along)
    where = (np.tile(np.arange(m), 2), np.concatenate(sides))
    strengths = csr_array((np.concatenate([along, -along]), where), shape=(m, k))
    return hstack([strengths, csr_array(extra)], format="csr")


def require_determined(information: Floats, k: int, message: str) -> None:
    """Raise `NotEstimable` where the information (P, P) is flat in more than the level of strengths."""
    filled = information.copy()
    filled[:k, :k] += float(np.trace(information[:k, :k])) / k**2
    scale = np.sqrt(np.diag(filled))
    if (scale == 0).any() or np.linalg.eigvalsh(filled / np.outer(scale, scale))[0] < FLAT:
        raise NotEstimable(message)
