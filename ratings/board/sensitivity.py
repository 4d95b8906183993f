"""What a board would say without some raters: a check of how much hangs on them, never a board (pure)."""

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ratings.board.fits import Estimate, choose_cluster, estimate, ranking_columns
from ratings.board.inputs import Ballots, BoardInput
from ratings.scoring import POINTS_PER_LOGIT
from ratings.scoring.clusters import leave_out_influence

SHOWN = ("rank", "rating", "rating_lower", "rating_upper")


def with_and_without(
    source: BoardInput, fewer: Mapping[str, Ballots], *, seed: int = 0
) -> list[dict[str, Any]]:
    """Return each criterion's ranking by all votes of `source`, and by the `fewer` of them.

    Rows stand in the order of rank by all; `change` is in Elo points, None where either has no
    rating.
    """
    return [
        {
            "key": one.key,
            "label": one.label,
            "votes": len(source.ballots[one.key].judged().outcome),
            "votes_without": len(fewer[one.key].judged().outcome),
            "rows": _rows(
                _standing(source.ballots[one.key], source, seed),
                _standing(fewer[one.key], source, seed),
                source.labels,
            ),
        }
        for one in source.criteria
    ]


def without_raters(source: BoardInput, raters: set[int]) -> dict[str, Ballots]:
    """Return the votes by criterion of all but these raters (positions in `source.raters`)."""
    return {
        key: ballots.select(~np.isin(ballots.rater, sorted(raters)))
        for key, ballots in source.ballots.items()
    }


def largest_influences(
    ballots: Ballots, labels: tuple[str, ...]
) -> dict[int, tuple[float, str] | None]:
    """Return by rater how far their votes move the rating of the model they move most, and which.

    In Elo points, with sign: with their votes less without. One Newton step of the refit without
    them. None for raters none of whose votes are fitted.
    """
    given = ballots.select(ballots.given)
    found = estimate(ballots, labels, cluster=choose_cluster([ballots.judged()]))
    raters = [int(one) for one in np.unique(given.rater)]
    moved: dict[int, tuple[float, str] | None] = dict.fromkeys(raters)
    if found.fit is None:
        return moved
    moves = _moves(found, labels)
    for rater, row in moves.items():
        at = int(np.abs(row).argmax())
        moved[rater] = (float(row[at]) * POINTS_PER_LOGIT, found.fit.items[at])
    return moved


def _moves(found: Estimate, labels: tuple[str, ...]) -> dict[int, NDArray[np.float64]]:
    among = found.ballots.select(found.ballots.given)
    occurring, compact = np.unique(among.rater, return_inverse=True)
    assert found.fit is not None
    rows = leave_out_influence(
        found.fit,
        among.comparisons(labels, found.members),
        compact.astype(np.int64),
        len(occurring),
    )
    return {int(one): row for one, row in zip(occurring, rows, strict=True)}


def _standing(ballots: Ballots, source: BoardInput, seed: int) -> dict[str, dict[str, Any]]:
    found = estimate(ballots, source.labels, cluster=choose_cluster([ballots.judged()]))
    if found.fit is None:
        return {}
    columns = ranking_columns(
        found.fit.strength, found.covariance, level=source.level, rng=np.random.default_rng(seed)
    )
    return dict(zip(found.fit.items, columns, strict=True))


def _rows(
    whole: Mapping[str, Mapping[str, Any]],
    fewer: Mapping[str, Mapping[str, Any]],
    labels: tuple[str, ...],
) -> list[dict[str, Any]]:
    rows = []
    for label in labels:
        one, other = whole.get(label, {}), fewer.get(label, {})
        both = "rating" in one and "rating" in other
        rows.append(
            {
                "model": label,
                **{name: one.get(name) for name in SHOWN},
                **{f"{name}_without": other.get(name) for name in SHOWN},
                "change": other["rating"] - one["rating"] if both else None,
            }
        )
    return sorted(rows, key=lambda row: (row["rank"] is None, row["rank"] or 0, row["model"]))
