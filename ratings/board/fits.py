"""One criterion fitted: which models can be ranked, their strengths, intervals and rank ranges (pure)."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Any, NamedTuple

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

from ratings.board.inputs import Ballots, Ints
from ratings.board.sentences import (
    FEW,
    NO_INTERVAL,
    NOBODY_JUDGED,
    NONE_RANKED,
    NOTES,
    SOURCES,
    TOO_FEW_WAYS,
)
from ratings.scoring import (
    Comparisons,
    Counts,
    Covariance,
    Fit,
    NotConverged,
    NotEstimable,
    cluster_sandwich,
    connected_components,
    fit_davidson,
    intervals,
    rank_ranges,
    separated_components,
    to_rating,
    two_way_sandwich,
)
from ratings.scoring.types import FEW_CLUSTERS

PAIR = 2
SAME = 1e-9  # log-odds
Floats = NDArray[np.float64]


class Clustering(NamedTuple):
    """What is taken to be independent, in words; `by` is two-way, rater, prompt, or empty."""

    by: str
    note: str

    def counted(self, ballots: Ballots) -> Ballots:
        """Return the votes whose spread the interval adds up.

        Where raters are clusters, without the forfeits: the protocol decided them, so they are there
        whoever judges. They move the fit, and are neither clusters nor degrees of freedom.
        """
        return ballots if self.by == "prompt" else ballots.select(ballots.given)

    def codes(self, ballots: Ballots) -> tuple[Ints, ...]:
        """Return the codes (n,) of each way of clustering."""
        ways = ("rater", "prompt") if self.by == "two-way" else (self.by,) if self.by else ()
        return tuple(getattr(ballots, way) for way in ways)

    def explained(self, covariance: Covariance | None) -> "Clustering":
        """Return this with the larger source of uncertainty named."""
        source = covariance.larger_source if covariance else None
        return self._replace(note=f"{self.note} {SOURCES[source]}") if source else self


@dataclass(frozen=True, eq=False)
class Estimate:
    """Strengths with their uncertainty; what cannot be had is None, and `reasons` say why.

    `members` (M,) are the positions of the models that are ranked, in the order of the arrays;
    `ballots` are the votes among them. `components` name the groups where there are several.
    """

    members: Ints
    ballots: Ballots
    components: tuple[tuple[str, ...], ...] = ()
    fit: Fit | None = None
    covariance: Covariance | None = None
    reasons: tuple[str, ...] = ()


def choose_cluster(every: Iterable[Ballots]) -> Clustering:
    """Return what is taken to be independent in all of `every`: raters and prompts, where there are two.

    Votes are never taken to be independent. Fewer than 10 clusters on a side are marked as fragile.
    What has no votes has no say; forfeits are no raters.
    """
    ballots = [one for one in every if len(one.outcome)]
    if not ballots:
        return Clustering("", NOBODY_JUDGED)
    counted = {
        "rater": min((_distinct(one.rater[one.given]) for one in ballots), default=0),
        "prompt": min((_distinct(one.prompt) for one in ballots), default=0),
    }
    ways = [way for way, count in counted.items() if count > 1]
    by = "two-way" if len(ways) > 1 else "".join(ways)
    few = [way for way in ways if counted[way] < FEW_CLUSTERS]
    fragile = f" {FEW[' '.join(few)]}" % {**counted, "least": FEW_CLUSTERS} if few else ""
    return Clustering(by, NOTES[by] + fragile)


def estimate(ballots: Ballots, labels: tuple[str, ...], *, cluster: Clustering) -> Estimate:
    """Fit the judged votes among the models that they can rank together.

    Models that won or lost every vote against the rest, or never met it, have no finite strength.
    As they move away their votes say nothing more about differences within the rest, so the rest
    is fitted by its own votes. The whole likelihood would also share one tie parameter among all
    groups; here the ties of the others do not count.
    """
    judged = ballots.judged()
    everyone = np.arange(len(labels), dtype=np.int32)
    members, components = _rankable(Counts.of(judged.comparisons(labels, everyone)), labels)
    among = judged.select(np.isin(judged.first, members) & np.isin(judged.second, members))
    found = Estimate(members, among, components)
    if len(members) < PAIR:
        return replace(found, reasons=(NONE_RANKED,))
    comparisons = among.comparisons(labels, members)
    try:
        fit = fit_davidson(comparisons)
    except (NotEstimable, NotConverged) as error:
        return replace(found, reasons=(_sentence(error),))
    try:
        counted = cluster.counted(among)
        covariance = _covariance(fit, counted.comparisons(labels, members), cluster.codes(counted))
    except NotEstimable as error:
        return replace(found, fit=fit, reasons=(NO_INTERVAL % {"reason": error},))
    return replace(found, fit=fit, covariance=covariance)


def _covariance(fit: Fit, comparisons: Comparisons, ways: tuple[Ints, ...]) -> Covariance:
    """Return the covariance clustered in each of the `ways` that has two clusters left."""
    # The votes among the ranked models may have fewer raters or prompts than all votes had.
    left = [codes for codes in ways if _distinct(codes) > 1]
    if not left:
        raise NotEstimable(TOO_FEW_WAYS)
    if len(left) > 1:
        return two_way_sandwich(fit, comparisons, *left)
    return cluster_sandwich(fit, comparisons, left[0])


def ranking_columns(
    strength: Floats, covariance: Covariance | None, *, level: float, rng: Generator
) -> list[dict[str, Any]]:
    """Return for each strength (M,) its rating and rank, and with a covariance their intervals."""
    columns: dict[str, Any] = {
        # Equal up to rounding is equal: models that nothing tells apart share a rank.
        "rank": 1 + (strength > strength[:, None] + SAME).sum(axis=1),
        "strength": strength,
        "rating": to_rating(strength),
    }
    if covariance is not None:
        lower, upper = intervals(strength, covariance, level=level)
        best, worst = rank_ranges(strength, covariance, rng=rng, level=level)
        columns |= {
            "strength_lower": lower,
            "strength_upper": upper,
            "rating_lower": to_rating(lower),
            "rating_upper": to_rating(upper),
            "rank_lower": best,
            "rank_upper": worst,
        }
    lists = {name: column.tolist() for name, column in columns.items()}
    return [{name: column[at] for name, column in lists.items()} for at in range(len(strength))]


def _rankable(counts: Counts, labels: tuple[str, ...]) -> tuple[Ints, tuple[tuple[str, ...], ...]]:
    """Return the largest group that the votes rank, and all groups where there are several."""
    met = {group for group in connected_components(counts) if len(group) > 1}
    groups = separated_components(counts) if met else []
    if not groups:
        return np.array([], dtype=np.int32), tuple((label,) for label in labels)
    position = {label: at for at, label in enumerate(labels)}
    largest = max(groups, key=len)
    members = np.array(sorted(position[label] for label in largest), dtype=np.int32)
    return members, tuple(groups) if len(groups) > 1 else ()


def _distinct(codes: Ints) -> int:
    return int(np.unique(codes).size)


def _sentence(error: Exception) -> str:
    text = str(error)
    return text[:1].upper() + text[1:] + "."
