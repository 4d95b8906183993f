"""How values spread, as bars that a template draws (pure)."""

import statistics
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

BARS = 20
HIGHEST = 100


@dataclass(frozen=True, slots=True)
class Spread:
    """One histogram: its bars as (place, height), heights from 0 to 100, and the middle value."""

    middle: float
    bars: tuple[tuple[int, int], ...]


def spreads(values: Mapping[str, Sequence[float]]) -> dict[str, Spread]:
    """Return a histogram of each series over one common axis, so that they can be compared.

    The axis goes from 0 to the 95th percentile of all values; what is longer stands in the last bar.
    """
    everything = sorted(value for series in values.values() for value in series)
    if not everything:
        return {}
    top = everything[min(len(everything) - 1, int(0.95 * len(everything)))] or 1
    return {name: _spread(series, top) for name, series in values.items() if series}


def _spread(series: Sequence[float], top: float) -> Spread:
    counts = [0] * BARS
    for value in series:
        counts[min(BARS - 1, int(value / top * BARS))] += 1
    most = max(counts)
    bars = ((at, round(HIGHEST * count / most)) for at, count in enumerate(counts) if count)
    return Spread(statistics.median(series), tuple(bars))
