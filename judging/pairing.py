"""How many comparisons one rater can get, and which pair of models is drawn next (pure)."""

from bisect import bisect_right
from collections import deque
from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache
from itertools import accumulate
from typing import NamedTuple

# Of what was issued to a rater a fifth may be skipped, whatever the cap: long work meets more of
# what somebody cannot judge.
SKIPS_OF_ISSUED = 5

Edge = tuple[int, int]


class Drawn(NamedTuple):
    """A pair of models drawn by weight, and how probable that was."""

    pair_id: int
    probability: float


def draw_pair(weights: Mapping[int, float], *, u: float) -> Drawn:
    """Draw one pair id with probability weight / sum; `u` in [0, 1) decides. Weights are positive."""
    ids = sorted(weights)
    upto = list(accumulate(weights[pair_id] for pair_id in ids))
    # Rounding may bring u x total up to the last sum: then it is the last pair's.
    at = min(bisect_right(upto, u * upto[-1]), len(ids) - 1)
    return Drawn(ids[at], weights[ids[at]] / upto[-1])


def skips_allowed(cap: int | None, *, issued: int) -> float:
    """Return how many skips a rater may have before no more is issued."""
    return float("inf") if cap is None else max(cap, issued // SKIPS_OF_ISSUED)


def judgeable(edges: Iterable[Edge], *, views: int | None) -> int:
    """Return how many of a prompt's comparisons one rater can judge, seeing each answer once.

    `edges` are the pairs of models that meet on the prompt: the most that share no model, that is a
    maximum matching, and never more than `views`.
    """
    most = _matching(tuple(sorted(set(edges))))
    return most if views is None else min(most, views)


@lru_cache(maxsize=4_096)
def _matching(edges: tuple[Edge, ...]) -> int:
    """Return the size of a maximum matching (Edmonds 1965: paths, trees and flowers)."""
    nodes = sorted({node for edge in edges for node in edge})
    at = {node: position for position, node in enumerate(nodes)}
    beside: list[list[int]] = [[] for _ in nodes]
    for one, other in edges:
        beside[at[one]].append(at[other])
        beside[at[other]].append(at[one])
    mate = [-1] * len(nodes)
    for one, other in ((at[a], at[b]) for a, b in edges):
        if mate[one] < 0 and mate[other] < 0:
            mate[one], mate[other] = other, one
    for root in range(len(nodes)):
        if mate[root] < 0:
            _Search(beside, mate).augment(root)
    return sum(one >= 0 for one in mate) // 2


class _Search:
    """One breadth-first search for an augmenting path, contracting odd cycles on the way."""

    def __init__(self, beside: Sequence[Sequence[int]], mate: list[int]) -> None:
        self.beside, self.mate = beside, mate
        self.parent = [-1] * len(mate)
        self.base = list(range(len(mate)))
        self.reached = [False] * len(mate)
        self.queue: deque[int] = deque()

    def augment(self, root: int) -> None:
        end = self._free_end(root)
        while end >= 0:
            before = self.parent[end]
            following = self.mate[before]
            self.mate[end], self.mate[before] = before, end
            end = following

    def _free_end(self, root: int) -> int:
        self.reached[root] = True
        self.queue.append(root)
        while self.queue:
            one = self.queue.popleft()
            for other in self.beside[one]:
                if self.base[one] == self.base[other] or self.mate[one] == other:
                    continue
                if other == root or (self.mate[other] >= 0 and self.parent[self.mate[other]] >= 0):
                    self._contract(one, other)
                elif self.parent[other] < 0:
                    self.parent[other] = one
                    if self.mate[other] < 0:
                        return other
                    self._reach(self.mate[other])
        return -1

    def _reach(self, node: int) -> None:
        if not self.reached[node]:
            self.reached[node] = True
            self.queue.append(node)

    def _contract(self, one: int, other: int) -> None:
        top = self._common_base(one, other)
        blossom: set[int] = set()
        self._mark(one, top, other, blossom)
        self._mark(other, top, one, blossom)
        for node in range(len(self.mate)):
            if self.base[node] in blossom:
                self.base[node] = top
                self._reach(node)

    def _common_base(self, one: int, other: int) -> int:
        met = set()
        while True:
            one = self.base[one]
            met.add(one)
            if self.mate[one] < 0:
                break
            one = self.parent[self.mate[one]]
        while self.base[other] not in met:
            other = self.parent[self.mate[self.base[other]]]
        return self.base[other]

    def _mark(self, node: int, top: int, child: int, blossom: set[int]) -> None:
        while self.base[node] != top:
            mate = self.mate[node]
            blossom |= {self.base[node], self.base[mate]}
            self.parent[node] = child
            child, node = mate, self.parent[mate]
