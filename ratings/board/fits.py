"""One criterion fitted: which models can be ranked, their strengths, intervals and rank ranges (pure)."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Any

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
    "judgment": (
        f"Fewer than {LEAST_CLUSTERS} raters and prompts: every submission is taken to be"
        " independent, so the interval holds for these raters and prompts only, and is too narrow"
        " for any other."
    ),
}


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


def choose_cluster(every: Iterable[Ballots], *, raters: int) -> str:
    """Return what is taken to be independent: "rater" where there are enough, else "prompt".

    One choice for all criteria of a board: their intervals and the composite's mean the same. The
    word is the name of the field of `Ballots` that holds the codes.
    """
    ballots = list(every)
    if all(_distinct(one.rater[one.rater < raters]) >= LEAST_CLUSTERS for one in ballots):
        return "rater"
    if all(_distinct(one.prompt) >= LEAST_CLUSTERS for one in ballots):
        return "prompt"
    return "judgment"


def estimate(ballots: Ballots, labels: tuple[str, ...], *, cluster: str) -> Estimate:
    """Fit the judged votes among the models that they can rank together.

    Models that won or lost every vote against the rest, or never met it, have no finite strength.
    Their votes then say nothing about differences within the rest (the supremum of the likelihood
    is reached as they move away), so the rest is fitted by its own votes, exactly.
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
    try:
        covariance = cluster_sandwich(fit, comparisons, getattr(among, cluster))
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
