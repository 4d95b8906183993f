"""How little an order of two models hangs on: the fewest votes, raters or prompts that turn it (pure)."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from ratings.board.inputs import BoardInput, Criterion
from ratings.scoring import Comparisons, NotConverged, NotEstimable, fewest_to_flip, fit_davidson
from ratings.scoring.fragility import UNITS


def fragility(source: BoardInput, board: Mapping[str, Any], a: str, b: str) -> list[dict[str, Any]]:
    """Return for each criterion that ranks both, by unit, the fewest whose removal turns the two around.

    `fewest` is None where none that was tried does, or what is left ranks them no more; `of` is how
    many of the unit there are. Forfeits, which nobody gave, are raters of their own here.
    """
    found = []
    for criterion, part in zip(source.criteria, board["criteria"], strict=True):
        if {a, b} <= set(part["ranked"]):
            votes = _ranked_votes(source, criterion, part)
            units = [_fewest(votes, a, b, unit) for unit in UNITS]
            found.append({"criterion": criterion.key, "label": criterion.label, "units": units})
    return found


def _ranked_votes(source: BoardInput, criterion: Criterion, part: Mapping[str, Any]) -> Comparisons:
    """Return the votes that the criterion's strengths were fitted to."""
    ranked = set(part["ranked"])
    members = np.array([at for at, label in enumerate(source.labels) if label in ranked])
    judged = source.ballots[criterion.key].judged()
    among = np.isin(judged.first, members) & np.isin(judged.second, members)
    return judged.select(among).comparisons(source.labels, members.astype(np.int32))


def _fewest(votes: Comparisons, a: str, b: str, unit: str) -> dict[str, Any]:
    codes = np.arange(len(votes)) if unit == "vote" else getattr(votes, unit)
    nothing = {"unit": unit, "fewest": None, "of": int(np.unique(codes).size), "votes": None}
    try:
        found = fewest_to_flip(fit_davidson(votes), votes, a, b, refit=fit_davidson, unit=unit)
    except (NotEstimable, NotConverged):
        return nothing
    return nothing | {"fewest": found.fewest, "votes": found.votes}
