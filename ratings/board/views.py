"""Other ways to look at a criterion's votes, beside its board and never in its place (pure)."""

from typing import Any

import numpy as np

from ratings.board.fits import Clustering, Estimate, choose_cluster, estimate
from ratings.board.inputs import FITTED, NO_GRADE, TIE
from ratings.scoring import (
    NotConverged,
    NotEstimable,
    evenly_drawn,
    fit_davidson,
    fit_graded,
    graded_covariance,
    intervals,
    to_rating,
)

MIDDLE = 3  # grades on either side of the middle
EVEN = 1e-9


def other_views(
    found: Estimate,
    labels: tuple[str, ...],
    cluster: Clustering,
    *,
    level: float,
    cohorts: tuple[str, ...] = (),
) -> dict[str, Any]:
    """Return `even_draw`, `graded` and, where the study has any, `cohorts`; None where it has none.

    The first two have rows in the order of `ranked`; each cohort's models stand by its own votes.
    """
    if found.fit is None:
        return {"even_draw": None, "graded": None}
    by_cohort = [_cohort(found, labels, at, name, level=level) for at, name in enumerate(cohorts)]
    return {
        "even_draw": _even_draw(found, labels),
        "graded": _graded(found, labels, cluster, level),
        **({"cohorts": by_cohort} if cohorts else {}),
    }


def _cohort(
    found: Estimate, labels: tuple[str, ...], at: int, name: str, *, level: float
) -> dict[str, Any]:
    """Return the ratings by the votes of one cohort; forfeits are nobody's, and left out here."""
    votes = found.ballots.select(found.ballots.cohort == at)
    told = {
        "cohort": name,
        "votes": len(votes.outcome),
        "raters": int(np.unique(votes.rater).size),
        "rows": [],
    }
    cluster = choose_cluster([votes])
    own = estimate(votes, labels, cluster=cluster)
    if own.fit is None or own.covariance is None:
        return told
    lower, upper = (
        to_rating(bound) for bound in intervals(own.fit.strength, own.covariance, level=level)
    )
    ratings = to_rating(own.fit.strength)
    order = np.argsort(-ratings, kind="stable")
    rows = [
        {
            "model": own.fit.items[one],
            "rating": float(ratings[one]),
            "rating_lower": float(lower[one]),
            "rating_upper": float(upper[one]),
        }
        for one in order
    ]
    return told | {"rows": rows}


def _even_draw(found: Estimate, labels: tuple[str, ...]) -> dict[str, Any] | None:
    """Return the ratings as if every pair had been drawn equally often; None where pairs were."""
    drawn = found.ballots.drawn[np.isfinite(found.ballots.drawn)]
    if not drawn.size or np.ptp(drawn) <= EVEN:
        return None
    comparisons = found.ballots.comparisons(labels, found.members)
    try:
        even = evenly_drawn(comparisons, found.ballots.drawn, fit_davidson)
    except (NotEstimable, NotConverged):
        return None
    return {
        "least_likely": float(drawn.min()),
        "likeliest": float(drawn.max()),
        "rows": [
            {"model": item, "rating": rating}
            for item, rating in zip(even.items, to_rating(even.strength).tolist(), strict=True)
        ],
    }


def _graded(
    found: Estimate, labels: tuple[str, ...], cluster: Clustering, level: float
) -> dict[str, Any] | None:
    """Return the ratings by how strongly a side was preferred; None on scales without grades.

    Forfeits have no grade, and are left out here; so are rows changed behind the ledger's back, whose
    grade is not of their outcome: verifying a board finds them, and must not stumble over them.
    """
    ballots = found.ballots
    of_outcome = np.sign(ballots.grade) == TIE - FITTED[ballots.outcome]
    graded = ballots.select((ballots.grade != NO_GRADE) & of_outcome)
    if not graded.outcome.size or not cluster.by:
        return None
    try:
        fit = fit_graded(graded.comparisons(labels, found.members), MIDDLE - graded.grade)
        covariance = graded_covariance(
            fit,
            graded.rater if cluster.by in {"two-way", "rater"} else None,
            graded.prompt if cluster.by in {"two-way", "prompt"} else None,
        )
    except (NotEstimable, NotConverged):
        return None
    lower, upper = (to_rating(bound) for bound in intervals(fit.strength, covariance, level=level))
    columns = zip(fit.items, to_rating(fit.strength), lower, upper, strict=True)
    return {
        "votes": len(graded.outcome),
        "grades": fit.grades,
        "rows": [
            {
                "model": item,
                "rating": float(at),
                "rating_lower": float(low),
                "rating_upper": float(up),
            }
            for item, at, low, up in columns
        ],
    }
