"""The loops compiled by Numba, into a cache that outlives the process; `plain` has them in NumPy.

The cache lies in the environment, so that it comes and goes with it; `manage.py warm_kernels`
fills it. A cache that cannot be written to is read all the same.
"""

import sys
from contextlib import suppress
from itertools import pairwise
from pathlib import Path
from typing import Any

import numba
import numpy as np
from numba.core import caching
from numba.core import config as numba_config
from numpy.typing import NDArray

from ratings.scoring.kernels.plain import SURE

Array = NDArray[Any]
FOLDER = Path(sys.prefix) / "kernels"
MANY = 400_000  # votes from which counting in two threads is quicker
FEW = 50_000  # votes up to which sweeping clusters in one is


class _Readable(caching.UserProvidedCacheLocator):
    """The folder that was given, also where it is read-only."""

    def ensure_cache_path(self) -> None:
        try:
            super().ensure_cache_path()
        except OSError:
            if not Path(self.get_cache_path()).is_dir():
                raise


if not numba_config.CACHE_DIR:
    numba_config.CACHE_DIR = str(FOLDER)
if _Readable not in caching.CacheImpl._locator_classes:  # noqa: SLF001 - Numba's own register
    caching.CacheImpl._locator_classes.insert(0, _Readable)  # noqa: SLF001


def compile_loop(function: Any) -> Any:
    """Return the loop compiled when it is first called, and kept where there is a place for it."""
    loop = numba.njit(nogil=True, cache=True, error_model="numpy")(function)
    keep = loop._cache.save_overload  # noqa: SLF001 - no setting says "read only"

    def keep_if_possible(signature: Any, code: Any) -> None:
        with suppress(OSError):
            keep(signature, code)

    loop._cache.save_overload = keep_if_possible  # noqa: SLF001
    return loop


@compile_loop
def _count(first, second, outcome, k):
    cells = np.zeros(3 * k * k, dtype=np.int64)
    for v in range(first.size):
        cells[(first[v] * k + second[v]) * 3 + outcome[v]] += 1
    return cells


def count(first: Array, second: Array, outcome: Array, k: int) -> Array:
    """Return (k, k, 3): votes of each ordered pair and outcome."""
    from ratings.scoring.kernels import side_by_side

    n = len(first)
    bounds = [0, n // 2, n] if n > MANY else [0, n]

    def part(ends: tuple[int, int]) -> Array:
        rows = slice(*ends)
        return np.asarray(_count(first[rows], second[rows], outcome[rows], k))

    parts = side_by_side(part, pairwise(bounds))
    return np.asarray(np.sum(parts, axis=0)).reshape(k, k, 3)


@compile_loop
def _order(codes, g):
    start = np.zeros(g + 1, dtype=np.int64)
    for v in range(codes.size):
        start[codes[v] + 1] += 1
    for c in range(g):
        start[c + 1] += start[c]
    place = start[:-1].copy()
    found = np.empty(codes.size, dtype=np.int32)
    for v in range(codes.size):
        found[place[codes[v]]] = v
        place[codes[v]] += 1
    return found, start


def order(codes: Array, g: int) -> tuple[Array, Array]:
    """Return the order (n,) that sorts `codes` stably, and (g + 1,) where each code starts."""
    found, start = _order(np.ascontiguousarray(codes), g)
    return found, start


@compile_loop
def _alone(found, start, other, h):
    alone, met = np.empty(found.size, dtype=np.bool_), np.zeros(h, dtype=np.int32)
    for c in range(start.size - 1):
        mine = found[start[c] : start[c + 1]]
        for v in mine:
            met[other[v]] += 1
        for v in mine:
            alone[v] = met[other[v]] == 1
        for v in mine:
            met[other[v]] = 0
    return alone


def alone(one: Array, other: Array, g: int, h: int) -> Array:
    """Return which votes (n,) have codes `one` < g and `other` < h that no other vote has."""
    found, start = _order(one, g)
    return np.asarray(_alone(found, start, other, h))


@compile_loop
def _squares(
    start,
    first,
    second,
    outcome,
    score,
    tie_score,
    weight,
    cross,
    corner,
    leverage,
    inverse,
    terms,
    settled,
):
    g, p = start.size - 1, inverse.shape[0]
    with_ties = tie_score.size > 0
    total, stuck = np.zeros((p, p)), np.zeros(g, dtype=np.bool_)
    there = np.zeros(p, dtype=np.bool_)
    met = np.empty(p, dtype=np.int64)
    # As long as all parameters, and 0 but for those that the cluster met: whole rows are quicker
    # to add than chosen places of them.
    term, sums, step = np.zeros(p), np.zeros(p), np.empty(p)
    for c in range(g):
        size, hold = 0, 0.0
        if with_ties:
            met[0] = p - 1
            size = 1
        for v in range(start[c], start[c + 1]):
            i, j, y = first[v], second[v], outcome[v]
            for item in (i, j):
                if not there[item]:
                    there[item] = True
                    met[size] = item
                    size += 1
            pull = score[y, i, j]
            term[i] += pull
            term[j] -= pull
            hold += leverage[y, i, j]
            if with_ties:
                term[p - 1] += tie_score[y, i, j]
        scale = 0.0
        for a in range(size):
            sums[met[a]] = term[met[a]]
            scale = max(scale, abs(term[met[a]]))
        rest = hold / (1.0 - hold) if hold < SURE else 1.0
        going = terms > 0 and scale > 0
        for _ in range(terms):
            if not going:
                break
            step[:] = 0.0
            for a in range(size):
                row, times = inverse[met[a]], term[met[a]]
                for b in range(p):
                    step[b] += times * row[b]
                term[met[a]] = 0.0
            for v in range(start[c], start[c + 1]):
                i, j, y = first[v], second[v], outcome[v]
                gap = step[i] - step[j]
                pull = weight[y, i, j] * gap
                if with_ties:
                    nu = step[p - 1]
                    pull += cross[y, i, j] * nu
                    term[p - 1] += cross[y, i, j] * gap + corner[y, i, j] * nu
                term[i] += pull
                term[j] -= pull
            largest = 0.0
            for a in range(size):
                sums[met[a]] += term[met[a]]
                largest = max(largest, abs(term[met[a]]))
            going = largest * rest > settled * scale
        stuck[c] = going
        for a in range(size):
            row, times = total[met[a]], 0.0 if going else sums[met[a]]
            for b in range(met[a], p):
                row[b] += times * sums[b]
        for a in range(size):
            term[met[a]] = sums[met[a]] = 0.0
            there[met[a]] = False
    return total, stuck


def squares(
    start: Array,
    first: Array,
    second: Array,
    outcome: Array,
    tables: tuple[Array, Array, Array, Array, Array],
    leverage: Array,
    inverse: Array,
    terms: int,
    settled: float,
) -> tuple[Array, Array]:
    """Return the sum over clusters of S S' (P, P), and which clusters (G,) did not settle.

    S is the cluster's summed score; with `terms` > 0 it is the series S + H_g H^-1 S + ..., whose
    limit solves (1 - H_g H^-1) x = S: the jackknife's score. What has not settled is left out.

    A term is at most h times the one before, in the norm of H^-1, where h = tr(H_g H^-1) is the sum
    of the votes' leverages; so once it is known what is left is known too.

    Parameters
    ----------
    start : (G + 1,) where each cluster's votes begin; the votes are sorted by cluster
    first, second, outcome : (n,)
    tables : (3, K, K) each, by outcome and pair: the score, and the score of the tie parameter;
        the weight, cross and corner of the information; those of ties empty where there is none
    leverage : (3, K, K), by outcome and pair: the trace of a vote's information times `inverse`
    inverse : (P, P)
    settled : how large, relative to the score, the rest of a series may be
    """
    from ratings.scoring.kernels import side_by_side

    halves = _halves(start)

    def part(bounds: tuple[int, int]) -> tuple[Array, Array]:
        top, bottom = bounds
        rows = slice(start[top], start[bottom])
        total, stuck = _squares(
            start[top : bottom + 1] - start[top],
            first[rows], second[rows], outcome[rows],
            *tables, leverage, inverse, terms, settled,
        )  # fmt: skip
        return total, stuck

    # Threads take longer to start than few votes to sweep.
    parts = side_by_side(part, halves) if len(first) > FEW else [part(one) for one in halves]
    total = np.triu(np.sum([one for one, _ in parts], axis=0))
    total += np.triu(total, 1).T
    return total, np.concatenate([stuck for _, stuck in parts])


PARTS = 8  # however many processors there are, so that sums are added in one order


def _halves(start: Array) -> list[tuple[int, int]]:
    """Split the clusters into consecutive parts of about as many votes."""
    g, n = len(start) - 1, int(start[-1])
    bounds = np.searchsorted(start, np.linspace(0, n, PARTS + 1)).clip(0, g)
    bounds[0], bounds[-1] = 0, g
    return [(int(a), int(b)) for a, b in pairwise(bounds) if a < b]


@compile_loop
def _poisson_cells(raw, cell, table, start, lowest, cdf, guide, cells):
    lanes = raw.shape[1]
    counts = np.zeros((cells, lanes), dtype=np.int32)
    for t in range(cell.size):
        one, row = table[t], cell[t]
        last = start[one + 1] - 1
        least = lowest[one] - start[one]
        for lane in range(lanes):
            r = raw[t, lane]
            at = guide[one, r >> np.uint64(56)]
            while at < last and r >= cdf[at]:
                at += 1
            counts[row, lane] += least + at
    return counts


def poisson_cells(
    raw: Array, cell: Array, table: Array, tables: tuple[Array, Array, Array, Array], cells: int
) -> Array:
    """Return (cells, L) Poisson counts: the sum over a cell's terms of draws by inversion.

    `raw` (T, L) uint64 are uniform; term t belongs to `cell[t]` and draws from `table[t]` of
    `tables` (see `ratings.scoring.poisson`).
    """
    return np.asarray(_poisson_cells(raw, cell, table, *tables, cells))


@compile_loop
def _weights(raw, thresholds, guide):
    found = np.empty(raw.size, dtype=np.uint8)
    flat = raw.reshape(raw.size)
    for at in range(flat.size):
        r = flat[at]
        reached = guide[r >> np.uint32(24)]
        while reached < thresholds.size and r >= thresholds[reached]:
            reached += 1
        found[at] = reached
    return found.reshape(raw.shape)


def weights(raw: Array, thresholds: Array) -> Array:
    """Return uint8 weights: how many of the `thresholds` each raw number reaches."""
    first_bytes = np.arange(256, dtype=np.uint32) << np.uint32(24)
    guide = np.searchsorted(thresholds, first_bytes, side="right")
    return np.asarray(_weights(raw, thresholds, guide))


LARGEST = 13  # weights: as many as there are thresholds, see `poisson.unit_thresholds`
IN_A_BYTE = 255 // LARGEST  # weights that a sum of one byte holds for certain
IN_TWO_BYTES = 65535 // LARGEST**2  # products of two weights that one of two bytes does


@compile_loop
def _weighted_cells(start, owner, weight):
    cells, lanes = start.size - 1, weight.shape[1]
    found = np.zeros((cells, lanes), dtype=np.int32)
    few = np.empty(lanes, dtype=np.uint8)
    for c in range(cells):
        row = found[c]
        for begin in range(start[c], start[c + 1], IN_A_BYTE):
            few[:] = 0
            for v in range(begin, min(begin + IN_A_BYTE, start[c + 1])):
                own = weight[owner[v]]
                for lane in range(lanes):
                    few[lane] += own[lane]
            for lane in range(lanes):
                row[lane] += few[lane]
    return found


def weighted_cells(start: Array, owner: Array, weight: Array) -> Array:
    """Return (cells, L): the sum over the votes of each cell of their cluster's weights.

    `owner` (n,) is the cluster of each vote, in the order of cells; `weight` (G, L) uint8.
    """
    return np.asarray(_weighted_cells(start, owner, weight))


@compile_loop
def _twice_weighted_cells(start, owner, weight, other, other_weight):
    cells, lanes = start.size - 1, weight.shape[1]
    found = np.zeros((cells, lanes), dtype=np.int32)
    few = np.empty(lanes, dtype=np.uint16)
    for c in range(cells):
        row = found[c]
        for begin in range(start[c], start[c + 1], IN_TWO_BYTES):
            few[:] = 0
            for v in range(begin, min(begin + IN_TWO_BYTES, start[c + 1])):
                own, own_other = weight[owner[v]], other_weight[other[v]]
                for lane in range(lanes):
                    few[lane] += np.uint16(np.uint16(own[lane]) * np.uint16(own_other[lane]))
            for lane in range(lanes):
                row[lane] += few[lane]
    return found


def twice_weighted_cells(
    start: Array, owner: Array, weight: Array, other: Array, other_weight: Array
) -> Array:
    """Return (cells, L): the sum over the votes of the product of their two weights."""
    return np.asarray(_twice_weighted_cells(start, owner, weight, other, other_weight))


@compile_loop
def _climb(cells, one, other, inverse, begin, k, steps, settled, furthest):
    m, lanes, p = one.size, cells.shape[1], inverse.shape[0]
    points, votes = np.empty((m, lanes)), np.empty((m, lanes))
    tied = np.zeros(lanes)
    for c in range(m):
        for lane in range(lanes):
            lost_, tie_, won_ = cells[3 * c, lane], cells[3 * c + 1, lane], cells[3 * c + 2, lane]
            points[c, lane] = won_ + 0.5 * tie_
            votes[c, lane] = lost_ + tie_ + won_
            tied[lane] += tie_
    at = np.empty((p, lanes))
    for row in range(p):
        at[row] = begin[row]
    root, gradient, step = np.empty((k, lanes)), np.empty((p, lanes)), np.empty((p, lanes))
    lost, size, nu = np.zeros(lanes, dtype=np.bool_), np.empty(lanes), np.zeros(lanes)
    drawn = np.empty(lanes)
    for _ in range(steps):
        for row in range(k):
            for lane in range(lanes):
                root[row, lane] = np.exp(0.5 * at[row, lane])
        gradient[:] = 0.0
        if p > k:
            for lane in range(lanes):
                nu[lane] = np.exp(at[k, lane])
                drawn[lane] = 0.0
            for c in range(m):
                x_, y_ = root[one[c]], root[other[c]]
                up, down = gradient[one[c]], gradient[other[c]]
                for lane in range(lanes):
                    x, y = x_[lane], y_[lane]
                    tie = nu[lane] * x * y
                    share = votes[c, lane] / (x * x + y * y + tie)
                    residual = points[c, lane] - share * (x * x + 0.5 * tie)
                    up[lane] += residual
                    down[lane] -= residual
                    drawn[lane] += share * tie
            for lane in range(lanes):
                gradient[k, lane] = tied[lane] - drawn[lane]
        else:
            for c in range(m):
                x_, y_ = root[one[c]], root[other[c]]
                up, down = gradient[one[c]], gradient[other[c]]
                for lane in range(lanes):
                    x, y = x_[lane], y_[lane]
                    share = votes[c, lane] / (x * x + y * y)
                    residual = points[c, lane] - share * (x * x)
                    up[lane] += residual
                    down[lane] -= residual
        step[:] = 0.0
        for row in range(p):
            sums = step[row]
            for column in range(p):
                factor, slope = inverse[row, column], gradient[column]
                for lane in range(lanes):
                    sums[lane] += factor * slope[lane]
        finished = True
        for lane in range(lanes):
            size[lane] = 0.0
            far = 0.0
            for row in range(p):
                size[lane] = max(size[lane], abs(step[row, lane]))
                if not lost[lane]:
                    at[row, lane] += step[row, lane]
                if not abs(at[row, lane]) <= furthest:
                    far = np.inf
            if far > 0.0:
                lost[lane] = True
            finished = finished and (lost[lane] or size[lane] <= settled)
        if finished:
            break
    arrived = np.empty(lanes, dtype=np.bool_)
    for lane in range(lanes):
        arrived[lane] = not lost[lane] and size[lane] <= settled
    return at, arrived


def climb(
    cells: Array,
    one: Array,
    other: Array,
    inverse: Array,
    begin: Array,
    k: int,
    steps: int,
    settled: float,
    furthest: float,
) -> tuple[Array, Array]:
    """Return (L, P) refits of resampled cells by the chord method, and which (L,) arrived.

    All resamples climb together along one inverse information, in Davidson's model (P = K + 1) or
    that of half-win ties (P = K).

    Parameters
    ----------
    cells : (3 m, L) int32, of each pair: other won, tie, one won
    one, other : (m,) the pairs
    inverse : (P, P); begin : (P,), where all start
    settled : the largest step, in log-odds, at which a resample has arrived
    furthest : log-odds beyond which a resample is given up
    """
    at, arrived = _climb(cells, one, other, inverse, begin, k, steps, settled, furthest)
    return np.ascontiguousarray(at.T), arrived


@compile_loop
def _curvature(strength, points, votes):
    k = strength.size
    value = 0.0
    gradient, weights = np.zeros(k), np.zeros((k, k))
    for i in range(k):
        for j in range(i):
            n = votes[i, j]
            if n == 0.0:
                continue
            gap = strength[i] - strength[j]
            small = np.exp(-abs(gap))
            large = 1.0 / (1.0 + small)
            p = large if gap >= 0 else small * large
            extra = -np.log(large)  # quicker than log1p, and as good for a sum of this size
            value -= points[i, j] * (extra + max(-gap, 0.0))
            value -= points[j, i] * (extra + max(gap, 0.0))
            residual = points[i, j] - n * p
            gradient[i] += residual
            gradient[j] -= residual
            weights[i, j] = weights[j, i] = n * small * large * large
    return value, gradient, weights


def curvature(strength: Array, points: Array, votes: Array) -> tuple[float, Array, Array]:
    """Return log-likelihood, gradient (K,) and curvature weights (K, K) of half-win ties."""
    value, gradient, curved = _curvature(strength, points, votes)
    return float(value), gradient, curved


@compile_loop
def _elo(first, second, outcome, items, k, initial):
    ratings = np.full(items, initial)
    for v in range(first.size):
        i, j = first[v], second[v]
        expected = 1 / (1 + 10.0 ** ((ratings[j] - ratings[i]) / 400))
        change = k * (outcome[v] * 0.5 - expected)
        ratings[i] += change
        ratings[j] -= change
    return ratings


def elo(first: Array, second: Array, outcome: Array, items: int, k: float, initial: float) -> Array:
    """Return (items,) ratings after the votes in their order."""
    return np.asarray(_elo(first, second, outcome, items, float(k), float(initial)))
