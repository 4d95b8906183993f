"""Two models of one board, criterion by criterion: counts, and the difference with its interval (pure)."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from ratings.board.build import stored_covariance
from ratings.scoring import (
    POINTS_PER_LOGIT,
    Verdict,
    anytime_interval,
    decide,
    margin_in_log_odds,
)
from ratings.scoring.decisions import EQUIVALENCE_LEVEL, difference_of

USUAL_TIE = 2 / 3  # Davidson's nu at a quarter of ties between equals


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


def _compared(
    part: Mapping[str, Any], a: str, b: str, *, level: float, margin: float
) -> dict[str, Any]:
    estimate = _estimate(part, a, b)
    found = _verdict(part, a, b, level=level, margin=margin)
    return {
        "criterion": part.get("key", "composite"),
        "met": _met(part.get("head_to_head", []), a, b),
        "difference": None if estimate is None else _difference(estimate, found),
        "equivalence": None if found is None else _equivalence(found, margin),
        "verdict": _word(estimate, found),
        "more_votes": None if found is None else found.more_votes,
        "anytime": None
        if found is None
        else _anytime(part, a, b, found, margin=margin, level=level),
    }


def _anytime(
    part: Mapping[str, Any], a: str, b: str, found: Verdict, *, margin: float, level: float
) -> dict[str, Any]:
    """Return the interval that holds at all looks together, for boards that are looked at often.

    What it is tuned for must be the same at every look, so it comes from the protocol: the error
    at which equals would be shown to be equivalent.
    """
    planned = margin_in_log_odds(min(max(margin, 0.01), 0.4), USUAL_TIE) / 3
    covariance = stored_covariance(part)
    assert covariance is not None
    ranked = part["ranked"]
    contrast = difference_of(len(ranked), ranked.index(a), ranked.index(b))
    interval = anytime_interval(
        found.difference,
        found.standard_error,
        planned_error=planned,
        degrees=covariance.spread(contrast).degrees,
        level=level,
    )
    word = "better" if interval.lower > 0 else "worse" if interval.upper < 0 else "unclear"
    bounded = np.isfinite(interval.upper)  # with very few clusters it bounds nothing yet
    return {
        "level": level,
        "strength_lower": interval.lower if bounded else None,
        "strength_upper": interval.upper if bounded else None,
        "verdict": word,
    }


def _word(estimate: float | None, found: Verdict | None) -> str:
    """Return one word of `decisions.VERDICTS`; without an interval nothing is shown."""
    if estimate is None:
        return "not_estimable"
    return "unclear" if found is None else found.verdict


def _verdict(
    part: Mapping[str, Any], a: str, b: str, *, level: float, margin: float
) -> Verdict | None:
    """Return the verdict; None without an interval.

    The margin is one of expected win rates; a composite has none, so equivalence is not asked there,
    nor are its votes those of one criterion.
    """
    estimate, covariance = _estimate(part, a, b), stored_covariance(part)
    if estimate is None or covariance is None:
        return None
    k, ranked = len(part["ranked"]), part["ranked"]
    spread = covariance.spread(difference_of(k, ranked.index(a), ranked.index(b)))
    if spread.variance <= 0:  # the two rose and fell together in every cluster: no certainty
        return None
    tie = part.get("tie_parameter")
    return decide(
        estimate,
        spread.standard_error,
        margin=None if tie is None else margin,
        degrees=spread.degrees,
        level=level,
        tie=tie or 0.0,
        votes=part.get("votes"),
    )


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


def _difference(estimate: float, found: Verdict | None) -> dict[str, float | None]:
    """Return strength of a minus strength of b, with its interval where there is one."""
    lower, upper = (None, None) if found is None else (found.interval.lower, found.interval.upper)
    return {
        "strength": estimate,
        "strength_lower": lower,
        "strength_upper": upper,
        "rating": POINTS_PER_LOGIT * estimate,
        "rating_lower": None if lower is None else POINTS_PER_LOGIT * lower,
        "rating_upper": None if upper is None else POINTS_PER_LOGIT * upper,
    }


def _equivalence(found: Verdict, margin: float) -> dict[str, Any] | None:
    """Return whether the 90 % interval of the difference lies within the protocol's margin."""
    if found.equivalence is None or found.margin is None:
        return None
    return {
        "margin": margin,
        "strength_margin": found.margin if np.isfinite(found.margin) else None,
        "level": EQUIVALENCE_LEVEL,
        "strength_lower": found.equivalence.lower,
        "strength_upper": found.equivalence.upper,
        "equivalent": found.verdict == "equivalent",
    }


def _estimate(part: Mapping[str, Any], a: str, b: str) -> float | None:
    """Return strength of a minus strength of b; None where one of them has no strength."""
    if a not in part["ranked"] or b not in part["ranked"]:
        return None
    strength = {row["model"]: row["strength"] for row in part["rows"]}
    return float(strength[a] - strength[b])
