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
from numpy.random import SFC64
from numpy.typing import NDArray

from ratings.scoring.kernels.plain import HALF, LANES, LOW_HALF, SURE, TOGETHER

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
    # Of four bytes each and without a sign: the table of a large board then stays close.
    cells, width = np.zeros(3 * k * k, dtype=np.uint32), np.uint32(k)
    for v in range(first.size):
        pair = np.uint32(first[v]) * width + np.uint32(second[v])
        cells[pair * np.uint32(3) + np.uint32(outcome[v])] += np.uint32(1)
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
    return np.asarray(np.sum(parts, axis=0, dtype=np.int64)).reshape(k, k, 3)


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
def _grouped(codes, g, first, second, outcome):
    start = np.zeros(g + 1, dtype=np.int64)
    for v in range(codes.size):
        start[codes[v] + 1] += 1
    for c in range(g):
        start[c + 1] += start[c]
    place = start[:-1].copy()
    one, other, won = np.empty_like(first), np.empty_like(second), np.empty_like(outcome)
    for v in range(codes.size):
        at = place[codes[v]]
        place[codes[v]] += 1
        one[at], other[at], won[at] = first[v], second[v], outcome[v]
    return start, one, other, won


def grouped(
    codes: Array, g: int, first: Array, second: Array, outcome: Array
) -> tuple[Array, Array, Array, Array]:
    """Return (g + 1,) where each code starts, and the three columns (n,) in the order of `codes`."""
    start, one, other, won = _grouped(np.ascontiguousarray(codes), g, first, second, outcome)
    return start, one, other, won


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
def _squares(start, first, second, outcome, rows, with_ties, inverse, terms, settled):
    g, p = start.size - 1, inverse.shape[0]
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
            i, j = np.uint32(first[v]), np.uint32(second[v])
            row = rows[np.uint32(outcome[v]), i, j]
            for item in (i, j):
                if not there[item]:
                    there[item] = True
                    met[size] = item
                    size += 1
            term[i] += row[SCORE]
            term[j] -= row[SCORE]
            hold += row[LEVERAGE]
            if with_ties:
                term[p - 1] += row[TIE_SCORE]
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
                line, times = inverse[met[a]], term[met[a]]
                for b in range(p):
                    step[b] += times * line[b]
                term[met[a]] = 0.0
            for v in range(start[c], start[c + 1]):
                i, j = np.uint32(first[v]), np.uint32(second[v])
                row = rows[np.uint32(outcome[v]), i, j]
                gap = step[i] - step[j]
                pull = row[WEIGHT] * gap
                if with_ties:
                    nu = step[p - 1]
                    pull += row[CROSS] * nu
                    term[p - 1] += row[CROSS] * gap + row[CORNER] * nu
                term[i] += pull
                term[j] -= pull
            largest = 0.0
            for a in range(size):
                sums[met[a]] += term[met[a]]
                largest = max(largest, abs(term[met[a]]))
            going = largest * rest > settled * scale
        stuck[c] = going
        for a in range(size):
            line, times = total[met[a]], 0.0 if going else sums[met[a]]
            for b in range(met[a], p):
                line[b] += times * sums[b]
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

    halves, (rows, with_ties) = _halves(start), _lines(tables, leverage)

    def part(bounds: tuple[int, int]) -> tuple[Array, Array]:
        top, bottom = bounds
        votes = slice(start[top], start[bottom])
        total, stuck = _squares(
            start[top : bottom + 1] - start[top],
            first[votes], second[votes], outcome[votes],
            rows, with_ties, inverse, terms, settled,
        )  # fmt: skip
        return total, stuck

    # Threads take longer to start than few votes to sweep.
    parts = side_by_side(part, halves) if len(first) > FEW else [part(one) for one in halves]
    total = np.triu(np.sum([one for one, _ in parts], axis=0))
    total += np.triu(total, 1).T
    return total, np.concatenate([stuck for _, stuck in parts])


SCORE, WEIGHT, LEVERAGE, TIE_SCORE, CROSS, CORNER = range(6)


def _lines(tables: tuple[Array, Array, Array, Array, Array], leverage: Array) -> tuple[Array, bool]:
    """Return all that is looked up of a vote in one line of the cache: (3, K, K, 4 or 8)."""
    score, tie_score, weight, cross, corner = tables
    columns = [score, weight, leverage]
    with_ties = bool(tie_score.size)
    if with_ties:
        columns += [tie_score, cross, corner]
    rows = np.zeros((*score.shape, 8 if with_ties else 4))
    for at, column in enumerate(columns):
        rows[..., at] = column
    return rows, with_ties


PARTS = 8  # however many processors there are, so that sums are added in one order


def _halves(start: Array) -> list[tuple[int, int]]:
    """Split the clusters into consecutive parts of about as many votes."""
    g, n = len(start) - 1, int(start[-1])
    bounds = np.searchsorted(start, np.linspace(0, n, PARTS + 1)).clip(0, g)
    bounds[0], bounds[-1] = 0, g
    return [(int(a), int(b)) for a, b in pairwise(bounds) if a < b]


# ---- texts ---------------------------------------------------------------------------------------

SLOTS = 1 << 12  # of the table of texts; with more than half as many distinct ones Arrow is asked
MIX = np.uint64(0x9E3779B97F4A7C15)  # 2**64 over the golden ratio (Knuth's multiplicative hashing)


@numba.njit
def _eight(words, at):
    """Return the eight bytes from byte `at`, wherever it lies."""
    word, off = at >> np.uint64(3), (at & np.uint64(7)) << np.uint64(3)
    low = words[word] >> off
    # Shifted twice, since a shift by all 64 bits is none.
    return low | (words[word + np.uint64(1)] << np.uint64(1)) << (np.uint64(63) - off)


@numba.njit
def _kept(length):
    """Return a mask of the first `length` bytes, at most eight."""
    if length >= np.uint64(8):
        return ~np.uint64(0)
    return (np.uint64(1) << (length << np.uint64(3))) - np.uint64(1)


@compile_loop
def _texts(offsets, words, last):
    codes, firsts = np.empty(last, dtype=np.int32), np.empty(SLOTS // 2, dtype=np.int64)
    slots = np.full(SLOTS, -1, dtype=np.int32)
    # Of each text its length, its first eight bytes and its next eight: few are longer.
    known = np.empty((SLOTS // 2, 4), dtype=np.uint64)
    eight, sixteen, distinct = np.uint64(8), np.uint64(16), 0
    end = np.uint64(offsets[0])
    for v in range(last):
        begin = end
        end = np.uint64(offsets[v + 1])
        length = end - begin
        head = _eight(words, begin) & _kept(length)
        tail = np.uint64(0)
        if length > eight:
            tail = _eight(words, begin + eight) & _kept(length - eight)
        mixed = (head ^ (tail * MIX) ^ length) * MIX
        if length > sixteen:
            for at in range(sixteen, length, eight):
                word = _eight(words, begin + at) & _kept(length - at)
                mixed = (mixed ^ (mixed >> np.uint64(29)) ^ word) * MIX
        slot = mixed >> np.uint64(52)
        while True:
            code = slots[slot]
            if code < 0:
                if distinct == firsts.size:
                    return codes[:0], firsts[:0]
                code = distinct
                slots[slot], firsts[code] = code, v
                known[code, 0], known[code, 1], known[code, 2] = head, tail, length
                known[code, 3] = begin
                distinct += 1
                break
            line = known[np.uint32(code)]
            same = line[0] == head and line[1] == tail and line[2] == length
            if same and length > sixteen:
                for at in range(sixteen, length, eight):
                    differs = _eight(words, begin + at) ^ _eight(words, line[3] + at)
                    same = same and not differs & _kept(length - at)
            if same:
                break
            slot = (slot + np.uint64(1)) & np.uint64(SLOTS - 1)
        codes[v] = code
    return codes, firsts[:distinct]


def texts(offsets: Array, data: Array) -> tuple[Array, Array] | None:
    """Return codes of the leading texts, and where each code is met first; None where Arrow does it.

    `offsets` (n + 1,) are where texts begin in `data`, bytes. Codes are in the order in which texts are
    met; those at the very end of the bytes are left to the caller.
    """
    if data.ctypes.data % 8:
        return None
    words = data[: data.size // 8 * 8].view(np.uint64)
    # The last byte of a text may be read together with the fifteen behind it.
    last = int(np.searchsorted(offsets[1:], 8 * words.size - 16, side="right"))
    codes, firsts = _texts(offsets, words, last)
    return (codes, firsts) if len(codes) == last else None


@compile_loop
def _taken(table, codes):
    found = np.empty(codes.size, dtype=table.dtype)
    for v in range(codes.size):
        found[v] = table[codes[v]]
    return found


def taken(table: Array, codes: Array) -> Array:
    """Return (n,): what stands in the table for each code."""
    return np.asarray(_taken(table, codes))


# ---- resamples -----------------------------------------------------------------------------------


def _state(stream: SFC64) -> Array:
    """Return the state (4,) of a generator, to be carried on in a loop with the same numbers."""
    state: Any = stream.state
    return np.asarray(state["state"]["state"])


@numba.njit(inline="always")
def _next_word(a, b, c, counter):
    """SFC64 (Doty-Humphrey): the next 64 bits, and the state after them."""
    word = a + b + counter
    turned = (c << np.uint64(24)) | (c >> np.uint64(40))
    return word, b ^ (b >> np.uint64(11)), c + (c << np.uint64(3)), turned + word


@numba.njit(inline="always")
def _draw(bits, start, shift, lowest, entries):
    place = bits >> shift
    entry = entries[start + place]
    other = entry >> HALF
    # No branch: which of the two it is cannot be predicted.
    own = np.uint64(bits - (place << shift) < (entry & LOW_HALF))
    return other + own * (lowest + place - other)


@compile_loop
def _poisson_cells(state, cell, table, start, shift, lowest, entries, cells):
    a, b, c, counter = state[0], state[1], state[2], state[3]
    one_word = np.uint64(1)
    counts = np.zeros((cells, LANES), dtype=np.int32)
    for t in range(cell.size):
        one, row = table[t], counts[cell[t]]
        at, by, least = np.uint64(start[one]), np.uint64(shift[one]), np.uint64(lowest[one])
        for lane in range(0, LANES, 2):
            word, a, b, c = _next_word(a, b, c, counter)
            counter += one_word
            row[lane] += _draw(word & LOW_HALF, at, by, least, entries)
            row[lane + 1] += _draw(word >> HALF, at, by, least, entries)
    return counts


def poisson_cells(
    stream: SFC64, cell: Array, table: Array, tables: tuple[Array, Array, Array, Array], cells: int
) -> Array:
    """Return (cells, LANES) Poisson counts: the sum over a cell's terms of draws from their tables.

    Term t belongs to `cell[t]` and draws from `table[t]` of `tables` (see `ratings.scoring.poisson`).
    """
    return np.asarray(_poisson_cells(_state(stream), cell, table, *tables, cells))


@compile_loop
def _weights(state, lowest, shift, entries, found):
    a, b, c, counter = state[0], state[1], state[2], state[3]
    one_word, start = np.uint64(1), np.uint64(0)
    by, least = np.uint64(shift), np.uint64(lowest)
    flat = found.reshape(found.size)
    for at in range(0, flat.size, 2):
        word, a, b, c = _next_word(a, b, c, counter)
        counter += one_word
        flat[at] = _draw(word & LOW_HALF, start, by, least, entries)
        flat[at + 1] = _draw(word >> HALF, start, by, least, entries)


def weights(stream: SFC64, tables: tuple[Array, Array, Array, Array], g: int) -> Array:
    """Return uint8 weights (g, TOGETHER) drawn from the only table there is."""
    _, shift, lowest, entries = tables
    # One row, one line of the cache: so rows begin where lines do.
    room = np.empty((g + 1) * TOGETHER, dtype=np.uint8)
    begin = -room.ctypes.data % TOGETHER
    found = room[begin : begin + g * TOGETHER].reshape(g, TOGETHER)
    _weights(_state(stream), lowest[0], shift[0], entries, found)
    return found


@compile_loop
def _in_cells(first, second, outcome, number, start, codes):
    place = start[:-1].copy()
    found = np.empty(codes.size, dtype=np.uint32)
    for v in range(codes.size):
        i, j, y = np.uint32(first[v]), np.uint32(second[v]), outcome[v]
        cell = np.uint32(number[i, j] * 3 + (y if i < j else 2 - y))
        found[place[cell]] = codes[v]
        place[cell] += 1
    return found


def in_cells(
    first: Array, second: Array, outcome: Array, number: Array, start: Array, codes: Array
) -> Array:
    """Return the codes (n,) of the votes in the order of their cells, by pair and outcome.

    `number` (K, K) numbers the pairs; cell 3 p + y holds the votes of pair p in which the later item
    won (y = 0), nobody did, or the earlier one; `start` (cells + 1,) is where each cell begins.
    """
    return np.asarray(_in_cells(first, second, outcome, number, start, codes))


LARGEST = 13  # weights of mean 1 drawn by 32 bits are no larger
IN_A_BYTE = 255 // LARGEST  # weights that a sum of one byte holds for certain
IN_TWO_BYTES = 65535 // LARGEST**2  # products of two weights that one of two bytes does


@compile_loop
def _weighted_cells(start, owner, words):
    cells = start.size - 1
    found = np.zeros((cells, TOGETHER), dtype=np.int32)
    sums = np.empty(TOGETHER // 8, dtype=np.uint64)
    bytes_ = sums.view(np.uint8)
    for c in range(cells):
        row = found[c]
        for begin in range(start[c], start[c + 1], IN_A_BYTE):
            # Eight bytes of a word are added at once, as long as none overflows.
            s0 = s1 = s2 = s3 = s4 = s5 = s6 = s7 = np.uint64(0)
            for v in range(begin, min(begin + IN_A_BYTE, start[c + 1])):
                own = words[owner[v]]
                s0 += own[0]
                s1 += own[1]
                s2 += own[2]
                s3 += own[3]
                s4 += own[4]
                s5 += own[5]
                s6 += own[6]
                s7 += own[7]
            sums[0], sums[1], sums[2], sums[3] = s0, s1, s2, s3
            sums[4], sums[5], sums[6], sums[7] = s4, s5, s6, s7
            for lane in range(TOGETHER):
                row[lane] += bytes_[lane]
    return found


def weighted_cells(start: Array, owner: Array, weight: Array) -> Array:
    """Return (cells, TOGETHER): the sum over the votes of each cell of their cluster's weights.

    `owner` (n,) uint32 is the cluster of each vote, in the order of cells; `weight` (G, TOGETHER).
    """
    return np.asarray(_weighted_cells(start, owner, weight.view(np.uint64)))


@compile_loop
def _twice_weighted_cells(start, owner, weight, other, other_weight):
    cells = start.size - 1
    found = np.zeros((cells, TOGETHER), dtype=np.int32)
    few = np.empty(TOGETHER, dtype=np.uint16)
    for c in range(cells):
        row = found[c]
        for begin in range(start[c], start[c + 1], IN_TWO_BYTES):
            few[:] = 0
            for v in range(begin, min(begin + IN_TWO_BYTES, start[c + 1])):
                own, own_other = weight[owner[v]], other_weight[other[v]]
                for lane in range(TOGETHER):
                    few[lane] += np.uint16(np.uint16(own[lane]) * np.uint16(own_other[lane]))
            for lane in range(TOGETHER):
                row[lane] += few[lane]
    return found


def twice_weighted_cells(
    start: Array, owner: Array, weight: Array, other: Array, other_weight: Array
) -> Array:
    """Return (cells, TOGETHER): the sum over the votes of the product of their two weights."""
    return np.asarray(_twice_weighted_cells(start, owner, weight, other, other_weight))


@compile_loop
def _climb(cells, one, other, inverse, begin, k, steps, settled, furthest):
    m, lanes, p = one.size, cells.shape[1], inverse.shape[0]
    # Twice the points, so that they are whole; of 4 bytes, since their reading takes the time.
    points, votes = np.empty((m, LANES), dtype=np.int32), np.empty((m, LANES), dtype=np.int32)
    tied, drawn = np.empty(LANES), np.empty(LANES)
    at, step = np.empty((p, LANES)), np.empty((p, LANES))
    root, gradient = np.empty((k, LANES)), np.empty((p, LANES))
    before, nu = np.empty(LANES), np.zeros(LANES)
    going = np.empty(LANES, dtype=np.bool_)
    arrived, found = np.zeros(lanes, dtype=np.bool_), np.empty((lanes, p))
    for top in range(0, lanes, LANES):
        tied[:] = 0.0
        for c in range(m):
            lost_, tie_, won_ = cells[3 * c], cells[3 * c + 1], cells[3 * c + 2]
            for lane in range(LANES):
                ties = tie_[top + lane]
                points[c, lane] = 2 * won_[top + lane] + ties
                votes[c, lane] = won_[top + lane] + ties + lost_[top + lane]
                tied[lane] += ties
        for row in range(p):
            at[row] = begin[row]
        before[:] = 0.0
        going[:] = True
        for turn in range(steps):
            for row in range(k):
                for lane in range(LANES):
                    root[row, lane] = np.exp(0.5 * at[row, lane])
            gradient[:] = 0.0
            drawn[:] = 0.0
            if p > k:
                for lane in range(LANES):
                    nu[lane] = np.exp(at[k, lane])
            if turn == 0:
                # All are at one place, where a pair's chances are the same for all.
                for c in range(m):
                    x, y = root[one[c], 0], root[other[c], 0]
                    tie = nu[0] * x * y
                    share = 1.0 / (x * x + y * y + tie)
                    expected, tie_share = share * (x * x + 0.5 * tie), share * tie
                    up, down = gradient[one[c]], gradient[other[c]]
                    for lane in range(LANES):
                        residual = 0.5 * points[c, lane] - votes[c, lane] * expected
                        up[lane] += residual
                        down[lane] -= residual
                        drawn[lane] += votes[c, lane] * tie_share
            elif p > k:
                for c in range(m):
                    x_, y_ = root[one[c]], root[other[c]]
                    up, down = gradient[one[c]], gradient[other[c]]
                    for lane in range(LANES):
                        x, y = x_[lane], y_[lane]
                        tie = nu[lane] * x * y
                        share = votes[c, lane] / (x * x + y * y + tie)
                        residual = 0.5 * points[c, lane] - share * (x * x + 0.5 * tie)
                        up[lane] += residual
                        down[lane] -= residual
                        drawn[lane] += share * tie
            else:
                for c in range(m):
                    x_, y_ = root[one[c]], root[other[c]]
                    up, down = gradient[one[c]], gradient[other[c]]
                    for lane in range(LANES):
                        x, y = x_[lane] * x_[lane], y_[lane] * y_[lane]
                        residual = 0.5 * points[c, lane] - votes[c, lane] * (x / (x + y))
                        up[lane] += residual
                        down[lane] -= residual
            if p > k:
                for lane in range(LANES):
                    gradient[k, lane] = tied[lane] - drawn[lane]
            step[:] = 0.0
            for row in range(p):
                sums = step[row]
                for column in range(p):
                    factor, slope = inverse[row, column], gradient[column]
                    for lane in range(LANES):
                        sums[lane] += factor * slope[lane]
            over = True
            for lane in range(LANES):
                if not going[lane]:
                    continue
                largest, far = 0.0, False
                for row in range(p):
                    at[row, lane] += step[row, lane]
                    largest = max(largest, abs(step[row, lane]))
                    far = far or not abs(at[row, lane]) <= furthest
                last = before[lane]
                near = largest <= settled or (
                    largest < last and largest * largest <= settled * (last - largest)
                )
                if near:
                    arrived[top + lane] = True
                if near or far:
                    going[lane] = False
                before[lane] = largest
                over = over and not going[lane]
            if over:
                break
        for lane in range(LANES):
            for row in range(p):
                found[top + lane, row] = at[row, lane]
    return found, arrived


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

    All resamples climb along one inverse information, in Davidson's model (P = K + 1) or that of
    half-win ties (P = K), LANES of them side by side. Steps shrink by about the same factor each
    time, so that the last two tell how far the end is.

    Parameters
    ----------
    cells : (3 m, L) int32, of each pair: other won, tie, one won; L a multiple of LANES
    one, other : (m,) the pairs
    inverse : (P, P); begin : (P,), where all start
    settled : how far from the end, in log-odds, a resample has arrived
    furthest : log-odds beyond which a resample is given up
    """
    ends = one.astype(np.uint32), other.astype(np.uint32)
    found, arrived = _climb(cells, *ends, inverse, begin, k, steps, settled, furthest)
    return np.asarray(found), arrived


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
