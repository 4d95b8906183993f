"""Two models of one board, criterion by criterion: counts, and the difference with its interval (pure)."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from ratings.board.build import stored_covariance
from ratings.scoring import POINTS_PER_LOGIT, difference

VERDICTS = ("better", "worse", "equivalent", "unclear", "not_estimable")
EQUIVALENCE_LEVEL = 0.90  # two one-sided tests at 5 % (Schuirmann 1987)


def compare(board: Mapping[str, Any], a: str, b: str) -> dict[str, Any]:
    """Return a's wins, ties and losses against b, and a minus b, for each criterion.

    Raises
    ------
    KeyError
        For a model that the board does not have, or the same model twice.
    """
    known = {model["model"] for model in board["models"]}
    for label in (a, b):
        if label not in known:
            raise KeyError(label)
    if a == b:
        raise KeyError(b)
    parts = [*board["criteria"], *([board["composite"]] if board["composite"] else [])]
    return {
        "a": a,
        "b": b,
        "criteria": [
            _compared(part, a, b, level=board["level"], margin=board["margin"]) for part in parts
        ],
    }


def verdict(
    difference: Mapping[str, float | None] | None, equivalence: Mapping[str, Any] | None
) -> str:
    """Return what the votes say of a against b, one word of `VERDICTS`.

    `equivalent` goes before `better` and `worse`: a difference that is beyond chance and within
    the margin is one that the protocol called too small to matter. `unclear` is neither: too few
    votes to say.
    """
    if difference is None:
        return "not_estimable"
    if equivalence is not None and equivalence["equivalent"]:
        return "equivalent"
    lower, upper = difference["strength_lower"], difference["strength_upper"]
    if lower is not None and lower > 0:
        return "better"
    if upper is not None and upper < 0:
        return "worse"
    return "unclear"


def _compared(
    part: Mapping[str, Any], a: str, b: str, *, level: float, margin: float
) -> dict[str, Any]:
    difference = _difference(part, a, b, level)
    equivalence = _equivalence(part, a, b, margin)
    return {
        "criterion": part.get("key", "composite"),
        "met": _met(part.get("head_to_head", []), a, b),
        "difference": difference,
        "equivalence": equivalence,
        "verdict": verdict(difference, equivalence),
    }


def _met(entries: list[Mapping[str, Any]], a: str, b: str) -> dict[str, int] | None:
    """Return the counts of the pair from a's side; None where the two never met."""
    for entry in entries:
        if {entry["a"], entry["b"]} == {a, b}:
            wins, losses = entry["wins"], entry["losses"]
            return {
                "wins": wins if entry["a"] == a else losses,
                "ties": entry["ties"],
                "losses": losses if entry["a"] == a else wins,
                "both_bad": entry["both_bad"],
                "cannot_judge": entry["cannot_judge"],
            }
    return None


def _difference(
    part: Mapping[str, Any], a: str, b: str, level: float
) -> dict[str, float | None] | None:
    """Return strength of a minus strength of b; None where one of them has no strength."""
    bounds = _bounds(part, a, b, level)
    if bounds is None:
        return None
    estimate, lower, upper = bounds
    return {
        "strength": estimate,
        "strength_lower": lower,
        "strength_upper": upper,
        "rating": POINTS_PER_LOGIT * estimate,
        "rating_lower": None if lower is None else POINTS_PER_LOGIT * lower,
        "rating_upper": None if upper is None else POINTS_PER_LOGIT * upper,
    }


def _equivalence(part: Mapping[str, Any], a: str, b: str, margin: float) -> dict[str, Any] | None:
    """Return whether the 90 % interval of the difference lies within the protocol's margin.

    The margin is one of expected win rates; a composite has none, so it is not asked there.
    """
    bounds = _bounds(part, a, b, EQUIVALENCE_LEVEL)
    tie = part.get("tie_parameter")
    if tie is None or bounds is None or bounds[1] is None or bounds[2] is None:
        return None
    lower, upper = bounds[1], bounds[2]
    widest = margin_in_log_odds(margin, tie)
    return {
        "margin": margin,
        "strength_margin": widest if np.isfinite(widest) else None,
        "level": EQUIVALENCE_LEVEL,
        "strength_lower": lower,
        "strength_upper": upper,
        "equivalent": bool(-widest < lower and upper < widest),
    }


def margin_in_log_odds(margin: float, tie: float) -> float:
    """Return the difference of strengths at which the expected win rate is 1/2 + `margin`.

    In Davidson's model, with u = exp(d / 2) and nu = `tie`, the expected win rate minus 1/2 is
    (u - 1/u) / (2 (u + 1/u + nu)); the d at which it is `margin`, a quadratic in u. Infinite at
    1/2.
    """
    lead = 2 * margin
    if lead >= 1:
        return float("inf")
    u = (lead * tie + float(np.sqrt((lead * tie) ** 2 + 4 * (1 - lead**2)))) / (2 * (1 - lead))
    return 2 * float(np.log(u))


def _bounds(
    part: Mapping[str, Any], a: str, b: str, level: float
) -> tuple[float, float | None, float | None] | None:
    ranked = part["ranked"]
    if a not in ranked or b not in ranked:
        return None
    by_model = {row["model"]: row["strength"] for row in part["rows"]}
    strength = np.array([by_model[label] for label in ranked])
    i, j = ranked.index(a), ranked.index(b)
    covariance = stored_covariance(part)
    if covariance is None:
        return float(strength[i] - strength[j]), None, None
    interval = difference(strength, covariance, i, j, level=level)
    return float(strength[i] - strength[j]), interval.lower, interval.upper
