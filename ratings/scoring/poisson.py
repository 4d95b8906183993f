"""Poisson numbers from uniform bits: the same whether NumPy or compiled loops look them up.

A resample gives each vote (or each cluster of votes) a weight that is Poisson with mean 1, so that a
cell of c votes has a count that is Poisson with mean c. Weights add up to about the number of votes
rather than to it exactly, which no estimate here depends on (Hanley and MacGibbon 2006).

Each draw takes 32 uniform bits to a table of aliases: as good as inverting the distribution function
rounded to 32 bits, with one look and no search.

References
----------
Walker, A. J. (1977). An efficient method for generating discrete random variables with general
distributions. ACM Transactions on Mathematical Software 3.
Vose, M. D. (1991). A linear algorithm for generating random numbers with a given distribution.
IEEE Transactions on Software Engineering 17.
"""

from collections.abc import Sequence
from functools import cache
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from ratings.scoring.types import Floats

SMALL = 128  # means below have a table each; above, powers of two add up
FURTHEST = 10.0  # standard deviations looked at, beyond which there is less than 1e-22
WORD = 2**32


class Tables(NamedTuple):
    """Tables of aliases end to end: table t is `entries[start[t] : start[t] + 2 ** (32 - shift[t])]`.

    The bits r choose the entry `r >> shift[t]`. Its low half is what the bits left, `r` without
    those, must stay below for the draw to be `lowest[t]` plus the place of the entry; else the draw is
    the high half.
    """

    start: NDArray[np.int64]
    shift: NDArray[np.uint32]
    lowest: NDArray[np.int64]
    entries: NDArray[np.uint64]


class Plan(NamedTuple):
    """How to draw the counts of many cells: term t adds a draw of `table[t]` to `cell[t]`."""

    cell: NDArray[np.int64]
    table: NDArray[np.int64]
    tables: Tables


def plan(means: Floats) -> Plan:
    """Return how to draw cells whose means (m,) are whole numbers."""
    whole = np.rint(means).astype(np.int64)
    low, high = whole % SMALL, whole // SMALL
    bits = int(high.max()).bit_length() if whole.size else 0
    cells, terms = [np.flatnonzero(low)], [low[low > 0]]
    for bit in range(bits):
        having = np.flatnonzero(high >> bit & 1)
        cells.append(having)
        terms.append(np.full(having.size, SMALL << bit))
    cell, term = np.concatenate(cells), np.concatenate(terms)
    # By table: neighbouring draws then look into the same few cache lines.
    ordered = np.argsort(term, kind="stable")
    needed, table = np.unique(term[ordered], return_inverse=True)
    return Plan(cell[ordered], table, alias_tables(needed.tolist()))


def alias_tables(means: Sequence[int]) -> Tables:
    """Return a table for each of the means."""
    each = [_aliases(mean) for mean in means]
    sizes = np.array([len(entries) for _, entries in each], dtype=np.int64)
    return Tables(
        start=np.cumsum(sizes) - sizes,
        shift=np.array([33 - int(size).bit_length() for size in sizes], dtype=np.uint32),
        lowest=np.array([lowest for lowest, _ in each], dtype=np.int64),
        entries=np.concatenate([np.zeros(0, dtype=np.uint64), *(entries for _, entries in each)]),
    )


@cache
def _aliases(mean: int) -> tuple[int, NDArray[np.uint64]]:
    """Return the lowest value that is drawn, and the entries: as many as a power of two."""
    lowest, shares = _shares(mean)
    size = 1 << (len(shares) - 1).bit_length()
    room = WORD // size  # of 32 bits, the values that fall on one entry
    cut = shares + [0] * (size - len(shares))
    other = list(range(size))
    short = [at for at in range(size) if cut[at] < room]
    long = [at for at in range(size) if cut[at] > room]
    while short and long:
        one, giver = short.pop(), long[-1]
        other[one] = giver
        cut[giver] -= room - cut[one]
        if cut[giver] <= room:
            long.pop()
            if cut[giver] < room:
                short.append(giver)
    entries = [(lowest + of) << 32 | below for of, below in zip(other, cut, strict=True)]
    return lowest, np.array(entries, dtype=np.uint64)


def _shares(mean: int) -> tuple[int, list[int]]:
    """Return the lowest value, and how many of the 2**32 values of 32 bits are for each from there."""
    from scipy.special import pdtr

    reach = FURTHEST * np.sqrt(mean) + 12
    values = np.arange(max(0, int(mean - reach)), int(mean + reach) + 1)
    ends = np.rint(pdtr(values, float(mean)) * WORD).astype(np.int64)
    shares = np.diff(ends, prepend=0)
    drawn = np.flatnonzero(shares)
    return int(values[drawn[0]]), shares[drawn[0] : drawn[-1] + 1].tolist()
