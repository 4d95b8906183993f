"""Poisson numbers by inversion of uniform bits: the same whether NumPy or compiled loops look them up.

A resample gives each vote (or each cluster of votes) a weight that is Poisson with mean 1, so that a
cell of c votes has a count that is Poisson with mean c. Weights add up to about the number of votes
rather than to it exactly, which no estimate here depends on (Hanley and MacGibbon 2006).
"""

from functools import cache
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from ratings.scoring.types import Floats

SMALL = 128  # means below have a table each; above, powers of two add up
GUIDES = 256  # entries that the first byte of a draw chooses from
FURTHEST = 10.0  # standard deviations kept, beyond which there is less than 1e-22
WORD = 2.0**64


class Tables(NamedTuple):
    """Cumulative distributions end to end: table t is `cdf[start[t] : start[t + 1]]`.

    `cdf` is scaled to 64 bits; the draw of bits r is `lowest[t]` plus the number of entries that r
    reaches. `guide[t, b]` is where to begin to look when the first byte of r is b.
    """

    start: NDArray[np.int64]
    lowest: NDArray[np.int64]
    cdf: NDArray[np.uint64]
    guide: NDArray[np.int64]


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
    cells, tables = [np.flatnonzero(low)], [low[low > 0]]
    for bit in range(bits):
        having = np.flatnonzero(high >> bit & 1)
        cells.append(having)
        tables.append(np.full(having.size, SMALL + bit))
    cell, table = np.concatenate(cells), np.concatenate(tables)
    # By table: neighbouring draws then look into the same few cache lines.
    ordered = np.argsort(table, kind="stable")
    return Plan(cell[ordered], table[ordered], _tables(bits))


@cache
def _tables(bits: int) -> Tables:
    """Return the tables of means 0 to 127, then 128, 256, ... for each of the bits."""
    means = np.concatenate([np.arange(SMALL), SMALL * 2.0 ** np.arange(bits)])
    parts, lowest = [], []
    for mean in means:
        reach = FURTHEST * np.sqrt(mean) + 12
        values = np.arange(max(0, int(mean - reach)), int(mean + reach) + 1)
        lowest.append(int(values[0]))
        parts.append(_scaled(values, float(mean)))
    start = np.concatenate([[0], np.cumsum([len(one) for one in parts])])
    bytes_ = np.arange(GUIDES, dtype=np.uint64) << np.uint64(56)
    guide = np.stack(
        [
            begin + np.minimum(np.searchsorted(one, bytes_, side="right"), len(one) - 1)
            for begin, one in zip(start[:-1], parts, strict=True)
        ]
    )
    return Tables(start, np.array(lowest), np.concatenate(parts), guide)


def _scaled(values: NDArray[np.int64], mean: float) -> NDArray[np.uint64]:
    from scipy.special import pdtr

    shares = np.minimum(pdtr(values, mean) * WORD, np.nextafter(WORD, 0.0))
    return np.asarray(shares.astype(np.uint64))


@cache
def unit_thresholds() -> NDArray[np.uint32]:
    """Return what 32 uniform bits must reach for a Poisson number of mean 1 to exceed 0, 1, 2, ..."""
    from scipy.special import pdtr

    reached = np.rint(pdtr(np.arange(13), 1.0) * 2.0**32)
    return np.asarray(reached[reached < 2**32].astype(np.uint32))
