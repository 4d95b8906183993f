"""Boards as the templates show them: numbers as text, pictures as places, terms with their words."""

import math
from collections.abc import Mapping
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from judging.scales import BOTH_BAD, scale_of
from judging.services.history import REASONS
from ratings.board import compare
from ratings.board.meaning import CHECKS
from ratings.board.meaning import MEANING as WORDS
from ratings.board.sentences import in_words
from ratings.board.tiers import tiers_by_model
from ratings.board.unranked import why_unranked
from ratings.pictures import forest, gap, matrix, pieces
from ratings.scoring import POINTS_PER_LOGIT, about
from ratings.scoring.audit import BELOW

NOTHING = "–"
# Checks whose figure is a count.
WHOLE = {"connectivity", "coverage", "volatility", "position_order", "tie_convention", "both_bad"}
SHARES = ("win_rate", "both_bad_rate", "cannot_judge_rate")
# The terms that a page explains beside their numbers, in the order of the columns.
BOARD_TERMS = {
    "rank": gettext_noop("Rank range"),
    "tier": gettext_noop("Tier"),
    "rating": gettext_noop("Rating"),
    "interval": gettext_noop("Interval"),
    "judgments": gettext_noop("Judgments"),
    "raters": gettext_noop("Raters"),
    "battles": gettext_noop("Battles"),
    "ties": gettext_noop("Ties"),
    "both_bad_rate": gettext_noop("Both bad"),
    "cannot_judge_rate": gettext_noop("Cannot judge"),
    "forfeits": gettext_noop("Forfeits"),
    "exclusions": gettext_noop("Left out"),
    "win_rate": gettext_noop("Win rate"),
    "online_elo": gettext_noop("Online Elo"),
    "average_length": gettext_noop("Length"),
    "composite": gettext_noop("Composite"),
    "not_estimable": gettext_noop("Not ranked"),
    "agreement": gettext_noop("Agreement"),
    "audit": gettext_noop("Audit"),
    "views": gettext_noop("Other views"),
}
FRAGILITY_TERMS = {"fragility": gettext_noop("Fragility")}
PAIR_TERMS = {
    "difference": gettext_noop("Difference"),
    "equivalent": gettext_noop("Equivalent"),
    "anytime": gettext_noop("Any number of looks"),
    **FRAGILITY_TERMS,
}


def meaning(terms: Mapping[str, str]) -> list[dict[str, str]]:
    """Return the words for each of a page's terms."""
    return [{"key": key, "term": _(term), "words": _(WORDS[key])} for key, term in terms.items()]


def drawing(board: Mapping[str, Any]) -> dict[str, Any]:
    """Return all that a board's pictures and tables show."""
    shown = parts(board)
    return {
        "parts": shown,
        "glance": glance(shown),
        "meaning": meaning(BOARD_TERMS),
        **left_out(board),
    }


def parts(board: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Return each criterion, and the composite last, with pictures and rows ready to be read."""
    models = {one["model"]: one for one in board["models"]}
    return [_part(one, models, board["primary"]) for one in _every(board)]


def head_to_head(board: Mapping[str, Any], key: str) -> dict[str, Any]:
    """Return a criterion's matrix and its pairs. Raises `KeyError` for one the board has not."""
    (part,) = [one for one in board["criteria"] if one["key"] == key] or [None]
    if part is None:
        raise KeyError(key)
    models = {one["model"]: one for one in board["models"]}
    rows = [{"model": row["model"], "name": models[row["model"]]["name"]} for row in part["rows"]]
    return {
        "key": key,
        "label": part["label"],
        "matrix": matrix(rows, part["head_to_head"]),
        "met": [_met(one, models) for one in part["head_to_head"]],
        "asks_both_bad": _asks_both_bad(part),
    }


def glance(shown: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return one row a model with its place on each of `parts`, in the order of the primary one."""
    places = [{row["model"]: row for row in part["rows"]} for part in shown]
    return [
        {"name": row["name"], "model": row["model"], "cells": [one[row["model"]] for one in places]}
        for part in shown
        if part["primary"]
        for row in part["rows"]
    ]


def left_out(board: Mapping[str, Any]) -> dict[str, Any]:
    """Return the reasons for which answers were left out, and each model's count of each."""
    counts = [
        (one["name"], {each["reason"]: each["answers"] for each in one["exclusions"]})
        for one in board["models"]
    ]
    reasons = sorted({reason for _name, found in counts for reason in found})
    return {
        "left_out_reasons": [REASONS.get(reason, reason.replace("_", " ")) for reason in reasons],
        "left_out": [
            {"name": name, "counts": [found.get(reason, 0) for reason in reasons]}
            for name, found in counts
        ],
    }


def _every(board: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """Return the criteria, and the composite last, which names them by their labels."""
    composite = board["composite"]
    if not composite:
        return [*board["criteria"]]
    labels = {one["key"]: one["label"] for one in board["criteria"]}
    weights = [(labels[key], weight) for key, weight in composite["weights"].items()]
    left_out = [
        dict(one) | {"criteria": [labels[key] for key in one["criteria"]]}
        for one in composite["left_out"]
    ]
    return [*board["criteria"], dict(composite) | {"weights": weights, "left_out": left_out}]


def _part(
    part: Mapping[str, Any], models: Mapping[str, Mapping[str, Any]], primary: str
) -> dict[str, Any]:
    left_out = {one["model"]: one["criteria"] for one in part.get("left_out", ())}
    unranked = dict.fromkeys(left_out, "left_out") if "key" not in part else why_unranked(part)
    tier = tiers_by_model(part["rows"])
    rows = [
        _row(row, models[row["model"]])
        | {"unranked": unranked.get(row["model"], ""), "tier": tier.get(row["model"], NOTHING)}
        for row in part["rows"]
    ]
    key = part.get("key", "composite")
    return dict(part) | {
        "key": key,
        "label": part.get("label") or _("Composite"),
        "primary": key == primary,
        "note": in_words(part["cluster"]["note"]) if part.get("cluster") else "",
        "reasons": [in_words(one) for one in part["reasons"]],
        "composite": "key" not in part,
        "rows": rows,
        "unranked": [row for row in rows if row["unranked"]] if part["ranked"] else [],
        "left_out": [
            {"name": models[label]["name"], "criteria": keys} for label, keys in left_out.items()
        ],
        "forest": forest(rows),
        "met": bool(part.get("head_to_head")),
        "asks_both_bad": _asks_both_bad(part),
        "both_bad": sum(one["both_bad"] for one in part.get("head_to_head", [])),
        "audit": _audit(part.get("audit"), models),
        "agreement": _agreement(part.get("agreement")),
        "views": _views(part, models),
        "cohorts": (part.get("views") or {}).get("cohorts") or [],
    }


def _views(
    part: Mapping[str, Any], models: Mapping[str, Mapping[str, Any]]
) -> list[dict[str, Any]]:
    """Return one row a ranked model with its rating on the board and in the other views; [] without any."""
    views = part.get("views") or {}
    cohorts = views.get("cohorts") or []
    found = {
        name: {row["model"]: row for row in view["rows"]}
        for name, view in views.items()
        if view and name != "cohorts"
    }
    by_cohort = [{row["model"]: row for row in one["rows"]} for one in cohorts]
    if not found and not by_cohort:
        return []
    return [
        {
            "name": models[row["model"]]["name"],
            "rating": row["rating"],
            "even_draw": found.get("even_draw", {}).get(row["model"]),
            "graded": found.get("graded", {}).get(row["model"]),
            "cohorts": [one.get(row["model"]) for one in by_cohort],
        }
        for row in part["rows"]
        if row["rating"] is not None
    ]


def _audit(
    audit: Mapping[str, Any] | None, models: Mapping[str, Mapping[str, Any]]
) -> dict[str, Any] | None:
    """Return the findings in words and text, flagged ones first; None on boards without an audit."""
    if not audit or not audit["findings"]:
        return None
    findings = [_finding(one, models) for one in audit["findings"]]
    return {
        "findings": sorted(findings, key=lambda one: not one["flagged"]),
        "flags": sum(one["flagged"] for one in findings),
        "skipped": [
            {"name": _(CHECKS[check][0]), "reason": in_words(reason)}
            for check, reason in audit["skipped"].items()
        ],
    }


def _finding(one: Mapping[str, Any], models: Mapping[str, Mapping[str, Any]]) -> dict[str, Any]:
    name, words = CHECKS[one["check"]]
    whole = one["check"] in WHOLE
    digits = 0 if whole else 2
    return {
        "flagged": one["flagged"],
        "name": _(name),
        "words": _(words),
        "figure": "∞" if one["figure"] is None else f"{one['figure']:.{digits}f}".replace("-", "−"),
        "threshold": f"{one['threshold']:g}",
        "below": one["check"] in BELOW,
        "names": [_named(label, models) for label in one["names"]] if one["flagged"] else [],
    }


def _named(labels: str, models: Mapping[str, Mapping[str, Any]]) -> str:
    """Return models that a check names by label, parted by commas, under their names."""
    return ", ".join(
        models[label]["name"] if label in models else label for label in labels.split(", ")
    )


def _agreement(found: Mapping[str, Any] | None) -> dict[str, Any] | None:
    if not found:
        return None
    return {
        "comparisons": found["comparisons"],
        "percent": percent(found["percent"]["value"]),
        "alpha": _coefficient(found["alpha"]),
        "ac1": _coefficient(found["ac1"]),
    }


def _coefficient(found: Mapping[str, float | None]) -> dict[str, str]:
    return {
        name: NOTHING if (value := found[name]) is None else f"{value:.2f}".replace("-", "−")
        for name in ("value", "lower", "upper")
    }


def _row(row: Mapping[str, Any], model: Mapping[str, Any]) -> dict[str, Any]:
    length = model["average_length"]
    return (
        dict(row)
        | {key: percent(row[key]) for key in SHARES if key in row}
        | {
            "name": model["name"],
            "ranks": _ranks(row),
            "average_length": NOTHING if length is None else f"{length:.0f}",
            "left_out": sum(one["answers"] for one in model["exclusions"]),
            "exclusions": model["exclusions"],
        }
    )


def _ranks(row: Mapping[str, Any]) -> str:
    best, worst, rank = row["rank_lower"], row["rank_upper"], row["rank"]
    if best is None:
        return NOTHING if rank is None else str(rank)
    return str(best) if best == worst else f"{best}–{worst}"


def _asks_both_bad(part: Mapping[str, Any]) -> bool:
    return "scale" in part and scale_of(part["scale"]).has(BOTH_BAD)


def _met(one: Mapping[str, Any], models: Mapping[str, Mapping[str, Any]]) -> dict[str, Any]:
    return dict(one) | {"a_name": models[one["a"]]["name"], "b_name": models[one["b"]]["name"]}


def percent(share: float | None) -> str:
    if share is None:
        return NOTHING
    return f"{100 * share:.1f} %"


# ---- what changed -------------------------------------------------------------------------------


def changed(found: dict[str, Any]) -> dict[str, Any]:
    """Return what `ratings.board.changes` found with differences as signed text."""
    names = found["names"]
    return found | {
        "criteria": [
            one
            | {
                "label": one["label"] or _("Composite"),
                "composite": one["key"] == "composite" and not one["label"],
                "rows": [_changed_row(row, names) for row in one["rows"]],
                "more": _signed(one["votes"]),
            }
            for one in found["criteria"]
        ]
    }


def _changed_row(row: Mapping[str, Any], names: Mapping[str, str]) -> dict[str, Any]:
    before, after = (
        {name: row[name][at] for name in ("rank", "rank_lower", "rank_upper")} for at in (0, 1)
    )
    return {
        "name": names[row["model"]],
        "ranks": (_ranks(before), _ranks(after)),
        "moved": _moved(before, after),
        "rating": row["rating"],
        "battles": row["battles"],
        "points": _signed(row["rating"]),
        "more": _signed(row["battles"]),
    }


def _moved(before: Mapping[str, Any], after: Mapping[str, Any]) -> str:
    """Say where a model went: up or down only where the ranks that the votes support are apart."""
    if before["rank_lower"] is None or after["rank_lower"] is None:
        return ""
    if after["rank_upper"] < before["rank_lower"]:
        return "up"
    if after["rank_lower"] > before["rank_upper"]:
        return "down"
    same = all(before[name] == after[name] for name in ("rank_lower", "rank_upper"))
    return "same" if same else "overlap"


def _signed(pair: tuple[float | None, float | None]) -> str:
    before, after = pair
    if before is None or after is None:
        return NOTHING
    # Differences of what is shown, so that the columns add up.
    difference = round(after) - round(before)
    return f"{difference:+d}".replace("-", "−") if difference else "0"


# ---- two models ---------------------------------------------------------------------------------


def two_models(board: Mapping[str, Any], a: str, b: str) -> dict[str, Any]:
    """Return the two models and each criterion's votes, difference and verdict, for the page.

    Raises
    ------
    KeyError
        For a model that the board does not have, or the same model twice.
    """
    found = compare(board, a, b)
    models = {one["model"]: one for one in board["models"]}
    labels = {one["key"]: one["label"] for one in board["criteria"]}
    return {
        "a": models[a],
        "b": models[b],
        "margin": percent(board["margin"]),
        "win_from": percent(0.5 - board["margin"]),
        "win_to": percent(0.5 + board["margin"]),
        "criteria": [_compared(one, labels, board["primary"]) for one in found["criteria"]],
    }


def _compared(one: Mapping[str, Any], labels: Mapping[str, str], primary: str) -> dict[str, Any]:
    difference, equivalence, met = one["difference"], one["equivalence"], one["met"]
    return dict(one) | {
        "label": labels.get(one["criterion"]) or _("Composite"),
        "composite": one["criterion"] not in labels,
        "primary": one["criterion"] == primary,
        "pieces": pieces(met) if met else (),
        "votes": met["wins"] + met["ties"] + met["losses"] if met else 0,
        "gap": difference
        and gap(
            difference,
            points=POINTS_PER_LOGIT,
            margin=equivalence["strength_margin"] if equivalence else None,
        ),
        "points": difference and _points(difference),
        "hundred": difference and _of_hundred(difference),
        "leaning": _leaning(difference),
        "missing": one["more_votes"] and about(one["more_votes"]),
    }


def _points(difference: Mapping[str, float | None]) -> dict[str, str]:
    """Return the difference of ratings and its bounds, signed and rounded."""
    named = {"at": "rating", "lower": "rating_lower", "upper": "rating_upper"}
    return {
        name: NOTHING if (value := difference[key]) is None else _plain(value)
        for name, key in named.items()
    }


def _plain(value: float) -> str:
    return f"{round(value):+d}".replace("-", "−") if round(value) else "0"


def _of_hundred(difference: Mapping[str, float | None]) -> dict[str, Any]:
    """Return who is ahead, and of 100 votes that prefer one of the two how many prefer that one."""
    ahead, sign = ("a", 1) if (difference["strength"] or 0.0) >= 0 else ("b", -1)
    at, lower, upper = (
        None if (value := difference[key]) is None else round(100 / (1 + math.exp(-sign * value)))
        for key in ("strength", "strength_lower", "strength_upper")
    )
    lower, upper = (lower, upper) if sign == 1 else (upper, lower)
    return {"ahead": ahead, "at": at, "lower": lower, "upper": upper}


def _leaning(difference: Mapping[str, float | None] | None) -> str:
    """Say who is ahead beyond chance: a, b or nobody."""
    if difference is None or difference["strength_lower"] is None:
        return ""
    if difference["strength_lower"] > 0:
        return "a"
    return "b" if (difference["strength_upper"] or 0.0) < 0 else ""
