"""The loops in NumPy; `compiled` holds the same functions, and says what each does in full."""

from typing import Any

import numpy as np
from numpy.random import SFC64
from numpy.typing import NDArray

Array = NDArray[Any]
LANES = 16  # resamples refitted side by side
TOGETHER = 64  # resamples of clusters drawn side by side: weights of one byte fill a cache line
HALF, LOW_HALF = np.uint64(32), np.uint64(0xFFFFFFFF)
BLOCK = 1 << 20  # numbers held at once while sweeping clusters: 8 MiB
SHORT = 1 << 16  # codes that fit two bytes
SURE = 0.5  # a cluster's leverage below which it bounds what is left of a series


def count(first: Array, second: Array, outcome: Array, k: int) -> Array:
    """Return (k, k, 3): votes of each ordered pair and outcome."""
    cell = first * np.int64(k)
    cell += second
    cell *= 3
    cell += outcome
    return np.bincount(cell, minlength=3 * k * k).reshape(k, k, 3)


def texts(offsets: Array, data: Array) -> tuple[Array, Array] | None:
    """Return None: Arrow is quicker than NumPy at telling texts apart."""
    return None


def taken(table: Array, codes: Array) -> Array:
    """Return (n,): what stands in the table for each code."""
    return np.asarray(table.take(codes))


def order(codes: Array, g: int) -> tuple[Array, Array]:
    """Return the order (n,) that sorts `codes` stably, and (g + 1,) where each code starts."""
    n = len(codes)
    start = np.zeros(g + 1, dtype=np.int64)
    np.cumsum(np.bincount(codes, minlength=g), out=start[1:])
    if not n or (codes[1:] >= codes[:-1]).all():
        return np.arange(n, dtype=np.int32), start
    if g <= SHORT:  # NumPy sorts these by counting, too
        return np.argsort(codes.astype(np.uint16), kind="stable").astype(np.int32), start
    from scipy.sparse import csr_array

    # The transpose of a matrix with one entry a row is a counting sort: linear in n.
    one_a_row: Any = csr_array((np.ones(n, dtype=np.int8), codes, np.arange(n + 1)), shape=(n, g))
    return one_a_row.tocsc().indices.astype(np.int32), start


def grouped(
    codes: Array, g: int, first: Array, second: Array, outcome: Array
) -> tuple[Array, Array, Array, Array]:
    """Return (g + 1,) where each code starts, and the three columns (n,) in the order of `codes`."""
    found, start = order(codes, g)
    return start, first[found], second[found], outcome[found]


def alone(one: Array, other: Array, g: int, h: int) -> Array:
    """Return which votes (n,) have codes `one` < g and `other` < h that no other vote has."""
    cell = one * np.int64(h) + other
    _, code, votes = np.unique(cell, return_inverse=True, return_counts=True)
    return np.asarray(votes[code] == 1)


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
    """Return the sum over clusters of their squared (P, P) scores, and which did not settle."""
    p, g = len(inverse), len(start) - 1
    total, stuck = np.zeros((p, p)), np.zeros(g, dtype=bool)
    height = max(1, BLOCK // p)
    for top in range(0, g, height):
        bottom = min(g, top + height)
        rows = slice(start[top], start[bottom])
        block = (start[top : bottom + 1] - start[top], first[rows], second[rows], outcome[rows])
        scores, held = series(*block, tables, leverage, inverse, terms, settled)
        stuck[top:bottom] = held
        scores[held] = 0
        total += scores.T @ scores
    return total, stuck


def series(
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
    """Return (G, P): S + H_g H^-1 S + ... of each cluster, and which (G,) did not settle."""
    score, tie_score, weight, cross, corner = tables
    p, g = len(inverse), len(start) - 1
    owner = np.repeat(np.arange(g), np.diff(start))
    at = (outcome, first, second)
    term = _spread(owner, first, second, score[at], tie_score[at] if tie_score.size else None, g, p)
    hold = np.bincount(owner, weights=leverage[at], minlength=g)
    rest = np.where(hold < SURE, hold / np.maximum(1 - hold, SURE), 1.0)
    total, scale = term.copy(), settled * np.abs(term).max(axis=1)
    going = np.flatnonzero(scale > 0)
    if not terms:
        return total, np.zeros(g, dtype=bool)
    w = weight[at]
    c, d = (cross[at], corner[at]) if tie_score.size else (None, None)
    for _ in range(terms):
        if not going.size:
            break
        kept = np.isin(owner, going) if going.size < g else slice(None)
        own, i, j = owner[kept], first[kept], second[kept]
        step = term @ inverse
        gap = step[own, i] - step[own, j]
        pull = w[kept] * gap
        tie = None
        if c is not None and d is not None:
            nu = step[own, -1]
            pull += c[kept] * nu
            tie = c[kept] * gap + d[kept] * nu
        term = _spread(own, i, j, pull, tie, g, p)
        total[going] += term[going]
        going = going[np.abs(term[going]).max(axis=1) * rest[going] > scale[going]]
    held = np.zeros(g, dtype=bool)
    held[going] = True
    return total, held


def _spread(
    owner: Array, first: Array, second: Array, pull: Array, tie: Array | None, g: int, p: int
) -> Array:
    where = owner * p
    sums = np.bincount(where + first, weights=pull, minlength=g * p).astype(np.float64)
    sums -= np.bincount(where + second, weights=pull, minlength=g * p)
    spread = sums.reshape(g, p)
    if tie is not None:
        spread[:, -1] = np.bincount(owner, weights=tie, minlength=g)
    return spread


def poisson_cells(
    stream: SFC64, cell: Array, table: Array, tables: tuple[Array, Array, Array, Array], cells: int
) -> Array:
    """Return (cells, LANES) Poisson counts: the sum over a cell's terms of draws from their tables."""
    drawn = _drawn(stream, len(cell), LANES, tables, table)
    counts = np.zeros((cells, LANES), dtype=np.int32)
    np.add.at(counts, cell, drawn)
    return counts


def weights(stream: SFC64, tables: tuple[Array, Array, Array, Array], g: int) -> Array:
    """Return uint8 weights (g, TOGETHER) drawn from the only table there is."""
    return _drawn(stream, g, TOGETHER, tables, np.zeros(g, dtype=np.int64)).astype(np.uint8)


def _drawn(
    stream: SFC64,
    rows: int,
    lanes: int,
    tables: tuple[Array, Array, Array, Array],
    table: Array,
) -> Array:
    starts, shifts, lowest, entries = tables
    raw = stream.random_raw(rows * lanes // 2).view(np.uint32).reshape(rows, lanes)
    start, shift, least = (one[table][:, None] for one in (starts, shifts, lowest))
    place = (raw >> shift).astype(np.int64)
    entry = entries[start + place]
    rest = raw & ((np.uint32(1) << shift) - np.uint32(1))
    within = rest < (entry & LOW_HALF)
    return np.asarray(np.where(within, least + place, (entry >> HALF).astype(np.int64)))


def in_cells(
    first: Array, second: Array, outcome: Array, number: Array, start: Array, codes: Array
) -> Array:
    """Return the codes (n,) of the votes in the order of their cells, by pair and outcome."""
    flipped = first > second
    seen = np.where(flipped, 2 - outcome, outcome)
    found, _ = order(number[first, second] * np.int32(3) + seen, len(start) - 1)
    return np.asarray(codes[found].astype(np.uint32))


def weighted_cells(start: Array, owner: Array, weight: Array) -> Array:
    """Return (cells, L): the sum over the votes of each cell of their cluster's weights."""
    return np.asarray(_sums(start, owner, len(weight)) @ weight.astype(np.int32))


def twice_weighted_cells(
    start: Array, owner: Array, weight: Array, other: Array, other_weight: Array
) -> Array:
    """Return (cells, L): the sum over the votes of the product of their two weights."""
    n, lanes = len(owner), weight.shape[1]
    found = np.empty((len(start) - 1, lanes), dtype=np.int32)
    every = _sums(start, np.arange(n, dtype=np.int32), n)
    for lane in range(lanes):
        product = weight[owner, lane].astype(np.int32) * other_weight[other, lane]
        found[:, lane] = every @ product
    return found


def _sums(start: Array, owner: Array, g: int) -> Any:
    from scipy.sparse import csr_array

    ones = np.ones(len(owner), dtype=np.int32)
    return csr_array((ones, owner.astype(np.int32), start), shape=(len(start) - 1, g))


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
    """Return (L, P) refits of resampled cells by the chord method, and which (L,) arrived."""
    from scipy.sparse import csr_array

    m, lanes, p = len(one), cells.shape[1], len(inverse)
    counted = cells.reshape(m, 3, lanes).astype(np.float64)
    points, votes = counted[:, 2] + counted[:, 1] / 2, counted.sum(axis=1)
    tied = counted[:, 1].sum(axis=0)
    ends = np.stack([one, other], axis=1).ravel()
    signs = np.tile([1.0, -1.0], m)
    design: Any = csr_array((signs, ends, np.arange(0, 2 * m + 1, 2)), shape=(m, k)).T.tocsr()
    at = np.repeat(begin[:, None], lanes, axis=1)
    going, arrived = np.ones(lanes, dtype=bool), np.zeros(lanes, dtype=bool)
    before = np.zeros(lanes)
    gradient = np.zeros((p, lanes))
    for _ in range(steps):
        root = np.exp(at[:k] / 2)
        x, y = root[one], root[other]
        nu = np.exp(at[k]) if p > k else 0.0
        tie = nu * x * y
        share = votes / (x * x + y * y + tie)
        gradient[:k] = design @ (points - share * (x * x + tie / 2))
        if p > k:
            gradient[k] = tied - (share * tie).sum(axis=0)
        step = np.where(going, inverse @ gradient, 0.0)
        at += step
        size = np.abs(step).max(axis=0)
        near = (size <= settled) | ((size < before) & (size * size <= settled * (before - size)))
        arrived |= going & near
        going &= ~near & (np.abs(at).max(axis=0) <= furthest)
        before = size
        if not going.any():
            break
    return at.T, arrived


def curvature(strength: Array, points: Array, votes: Array) -> tuple[float, Array, Array]:
    """Return log-likelihood, gradient (K,) and curvature weights (K, K) of half-win ties."""
    difference = strength[:, None] - strength
    probability = 0.5 + 0.5 * np.tanh(0.5 * difference)
    value = -float((points * np.logaddexp(0.0, -difference)).sum())
    gradient = (points - votes * probability).sum(axis=1)
    return value, gradient, votes * probability * probability.T


def elo(first: Array, second: Array, outcome: Array, items: int, k: float, initial: float) -> Array:
    """Return (items,) ratings after the votes in their order."""
    ratings = [initial] * items
    for i, j, points in zip(first.tolist(), second.tolist(), (outcome * 0.5).tolist(), strict=True):
        expected = 1 / (1 + 10 ** ((ratings[j] - ratings[i]) / 400))
        change = k * (points - expected)
        ratings[i] += change
        ratings[j] -= change
    return np.array(ratings)
