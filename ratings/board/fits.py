"""One criterion fitted: which models can be ranked, their strengths, intervals and rank ranges (pure)."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Any, NamedTuple

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

from ratings.board.inputs import Ballots, Ints
from ratings.scoring import (
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
)

LEAST_CLUSTERS = 10
PAIR = 2
SAME = 1e-9  # log-odds
Floats = NDArray[np.float64]

NOTES = {
    "rater": "Clustered by rater: the interval holds for other raters and other votes like these.",
    "prompt": (
        f"Fewer than {LEAST_CLUSTERS} raters: clustered by prompt, so the interval holds for these"
        " raters only."
    ),
}
FRAGILE = (
    f" Fragile: there are fewer than {LEAST_CLUSTERS} raters and fewer than {LEAST_CLUSTERS} prompts,"
    " too few for the interval to be relied on."
)


class Clustering(NamedTuple):
    """What is taken to be independent: the field of `Ballots` with its codes, and what that means."""

    by: str
    note: str


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
    """Return what is taken to be independent in all of `every`: raters where there are enough.

    Else prompts; and where neither are enough, whichever there are more of, marked as fragile: votes
    are never taken to be independent. What has no votes has no say.
    """
    ballots = [one for one in every if len(one.outcome)]
    counted = {
        "rater": min((_distinct(one.rater[one.given]) for one in ballots), default=0),
        "prompt": min((_distinct(one.prompt) for one in ballots), default=0),
    }
    for by, count in counted.items():
        if count >= LEAST_CLUSTERS:
            return Clustering(by, NOTES[by])
    by = max(counted, key=lambda one: counted[one])
    return Clustering(by, NOTES[by].split(": ", 1)[-1].capitalize() + FRAGILE)


def clustered(ballots: Ballots, by: str) -> Ballots:
    """Return the votes whose spread an interval by `by` adds up.

    By rater without the forfeits: the protocol decided them, so they are there whoever judges. They
    move the fit, and are neither clusters nor degrees of freedom.
    """
    return ballots.select(ballots.given) if by == "rater" else ballots


def estimate(ballots: Ballots, labels: tuple[str, ...], *, cluster: str) -> Estimate:
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
        return replace(found, reasons=("The votes do not rank any two models.",))
    comparisons = among.comparisons(labels, members)
    try:
        fit = fit_davidson(comparisons)
    except (NotEstimable, NotConverged) as error:
        return replace(found, reasons=(_sentence(error),))
    counted = clustered(among, cluster)
    try:
        covariance = cluster_sandwich(
            fit, counted.comparisons(labels, members), getattr(counted, cluster)
        )
    except NotEstimable as error:
        return replace(found, fit=fit, reasons=(f"There is no interval: {error}.",))
    return replace(found, fit=fit, covariance=covariance)


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
