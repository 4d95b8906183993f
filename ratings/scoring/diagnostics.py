"""Whether the votes determine the strengths at all: connection, separation, and the tie parameter.

A program that is not asked prints numbers here too: huge ones with intervals of width zero.

References
----------
Ford, L. R. (1957). Solution of a ranking problem from binary comparisons. American Mathematical
Monthly 64: the maximum exists if and only if the graph "i scored against j" is strongly connected.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ratings.scoring.types import Counts, Floats, NotEstimable

SHOWN = 6


def connected_components(counts: Counts) -> list[tuple[str, ...]]:
    """Return the groups of items linked by votes, largest first; one group when all is well."""
    return _groups(counts, _labels(counts.votes > 0, strong=False))


def separated_components(counts: Counts) -> list[tuple[str, ...]]:
    """Return the groups within which every item can be reached by "scored against".

    Between two groups the score went one way only, or there was no vote. A tie scores both ways.
    One group is what a finite estimate needs. Those that only win come first.
    """
    scored = (counts.wins + counts.ties) > 0
    labels = _labels(scored, strong=True)
    groups = _groups(counts, labels)
    return sorted(groups, key=lambda group: -_share(counts, group))


def require_estimable(counts: Counts) -> None:
    """Raise `NotEstimable`, naming the groups, unless the strengths have a finite maximum."""
    if not counts.n:
        raise NotEstimable("there are no votes")
    scored = (counts.wins + counts.ties) > 0
    if _reaches_all(scored) and _reaches_all(scored.T):
        return
    apart = connected_components(counts)
    if len(apart) > 1:
        raise NotEstimable(
            f"the votes fall into {len(apart)} groups that are never compared: {_listing(apart)}",
            apart,
        )
    raise NotEstimable(
        "between these groups one side won every vote, so their distance has no finite estimate: "
        + _listing(one_way := separated_components(counts)),
        one_way,
    )


def _reaches_all(edges: NDArray[np.bool_]) -> bool:
    """Say whether every item can be reached from the first: fast, and without loading SciPy."""
    reached = np.zeros(len(edges), dtype=bool)
    reached[0] = True
    frontier = reached.copy()
    while frontier.any():
        frontier = edges[frontier].any(axis=0) & ~reached
        reached |= frontier
    return bool(reached.all())


def require_tie_parameter(counts: Counts) -> None:
    """Raise `NotEstimable` unless Davidson's nu, with the strengths, has a finite maximum.

    Beyond `require_estimable`: the likelihood still rises without end when the strengths can be
    spread so that each win spans at least 2 units and each tie at most 2 (then nu can grow with
    them). Those are difference constraints, feasible exactly when no cycle of votes has more wins
    than ties, which Bellman and Ford's relaxation decides.
    """
    if not counts.wins.any():
        raise NotEstimable(
            "every vote is a tie: the tie parameter has no finite estimate", [counts.items]
        )
    step = np.where(counts.ties > 0, 2.0, np.inf)
    step = np.where(counts.wins > 0, -2.0, step)
    height = np.zeros(len(counts.items))
    for _ in range(len(counts.items) + 1):
        lower = np.minimum(height, (height[:, None] + step).min(axis=0))
        if np.array_equal(lower, height):
            tiers = _tiers(counts, height)
            raise NotEstimable(
                "wins never run against the order of these tiers, so the tie parameter grows without "
                f"end (half-win ties can be fitted): {_listing(tiers)}",
                tiers,
            )
        height = lower


def _tiers(counts: Counts, height: Floats) -> list[tuple[str, ...]]:
    levels = np.unique(height)[::-1]
    return [
        tuple(item for item, at in zip(counts.items, height, strict=True) if at == level)
        for level in levels
    ]


def _labels(edges: NDArray[np.bool_], *, strong: bool) -> NDArray[np.int32]:
    from scipy.sparse import csr_array
    from scipy.sparse.csgraph import connected_components as components

    graph: Any = csr_array(edges)
    _, labels = components(graph, connection="strong" if strong else "weak")
    return np.asarray(labels)


def _groups(counts: Counts, labels: NDArray[np.int32]) -> list[tuple[str, ...]]:
    groups: dict[int, list[str]] = {}
    for item, label in zip(counts.items, labels, strict=True):
        groups.setdefault(int(label), []).append(item)
    return sorted((tuple(group) for group in groups.values()), key=len, reverse=True)


def _share(counts: Counts, group: Sequence[str]) -> float:
    """Return the share of the points that `group` took from all others."""
    inside = np.isin(np.array(counts.items, dtype=object), np.array(group, dtype=object))
    points = counts.wins + counts.ties / 2
    won, lost = points[np.ix_(inside, ~inside)].sum(), points[np.ix_(~inside, inside)].sum()
    return float(won / (won + lost)) if won + lost else 0.5


def _listing(groups: Sequence[Sequence[str]]) -> str:
    return " | ".join(_some(group) for group in groups[:SHOWN]) + _more(len(groups), "groups")


def _some(group: Sequence[str]) -> str:
    return ", ".join(group[:SHOWN]) + _more(len(group), "items")


def _more(count: int, noun: str) -> str:
    return f" and {count - SHOWN} more {noun}" if count > SHOWN else ""
