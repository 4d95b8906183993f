"""What changed between two boards of one study: models, ranks, ratings, votes (pure)."""

from collections.abc import Iterator, Mapping
from typing import Any

SHOWN = ("rank", "rank_lower", "rank_upper", "rating", "battles")


def changes(old: Mapping[str, Any], new: Mapping[str, Any]) -> dict[str, Any]:
    """Return who came and went, and each criterion's rows before and after, in the new order.

    A row is `{"model", "rank", "rank_lower", "rank_upper", "rating", "battles"}`, each but the first
    `(before, after)`, None where the model or the criterion was not there, or the number could not be had. Ratings are
    centred over the ranked models: when other models are ranked all of them move.
    """
    before, after = _models(old), _models(new)
    return {
        "names": before | after,
        "came": [name for key, name in after.items() if key not in before],
        "went": [name for key, name in before.items() if key not in after],
        "criteria": list(_criteria(old, new)),
    }


def _models(board: Mapping[str, Any]) -> dict[str, str]:
    return {one["model"]: one["name"] for one in board["models"]}


def _criteria(old: Mapping[str, Any], new: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    before, after = _parts(old), _parts(new)
    for key in [*after, *(key for key in before if key not in after)]:
        one, other = before.get(key), after.get(key)
        present = other or one or {}
        yield {
            "key": key,
            "label": present.get("label", ""),
            "votes": (_votes(one), _votes(other)),
            "same_models": _ranked(one) == _ranked(other),
            "rows": _rows(one, other),
        }


def _rows(old: Mapping[str, Any] | None, new: Mapping[str, Any] | None) -> list[dict[str, Any]]:
    before = {row["model"]: row for row in old["rows"]} if old else {}
    after = {row["model"]: row for row in new["rows"]} if new else {}
    return [
        {"model": model}
        | {
            name: (before.get(model, {}).get(name), after.get(model, {}).get(name))
            for name in SHOWN
        }
        for model in [*after, *(model for model in before if model not in after)]
    ]


def _parts(board: Mapping[str, Any]) -> dict[str, Mapping[str, Any]]:
    parts = {one["key"]: one for one in board["criteria"]}
    return parts | ({"composite": board["composite"]} if board["composite"] else {})


def _votes(part: Mapping[str, Any] | None) -> int | None:
    return part.get("votes") if part else None


def _ranked(part: Mapping[str, Any] | None) -> frozenset[str]:
    return frozenset(part["ranked"]) if part else frozenset()
