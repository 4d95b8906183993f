"""Boards with codes in the place of models: for whoever may not know yet which is which (pure)."""

import hashlib
import hmac
import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

Codes = Mapping[str, str]
# The fields of a board that hold labels of models, and those whose sentences may name some.
LABELS = frozenset({"model", "a", "b", "ranked", "groups"})
SENTENCES = frozenset({"reasons", "names", "skipped"})
SIDES = {"a": "b", "b": "a", "wins": "losses", "losses": "wins"}


def codes_for(models: Iterable[str], *, secret: str) -> dict[str, str]:
    """Return a code for each model, model-1 and so on, in an order that only `secret` tells.

    The same models and secret give the same codes; a model that is added later may move them.
    """
    shuffled = sorted(set(models), key=lambda one: _drawn(one, secret))
    return {one: f"model-{at}" for at, one in enumerate(shuffled, start=1)}


def coded_board(board: Mapping[str, Any], codes: Codes) -> dict[str, Any]:
    """Return the board with every label, name and id of a model replaced, and nothing in its order.

    Lists that stood in the order of the labels stand in that of the codes, `covariance` with them.
    """
    models = [
        one
        | {
            "model": codes[one["model"]],
            "name": codes[one["model"]],
            "version_id": None,
            # The length of its answers can be had elsewhere, and would tell.
            "average_length": None,
        }
        for one in board["models"]
    ]
    composite = board["composite"]
    return dict(board) | {
        "models": sorted(models, key=lambda one: _number(one["model"])),
        "criteria": [_coded_part(one, codes) for one in board["criteria"]],
        "composite": _coded_part(composite, codes) if composite else composite,
    }


def _drawn(model: str, secret: str) -> bytes:
    return hmac.digest(secret.encode(), model.encode(), hashlib.sha256)


def _number(code: str) -> int:
    return int(code.rsplit("-", 1)[1])


def _coded_part(part: Mapping[str, Any], codes: Codes) -> dict[str, Any]:
    ranked = part["ranked"]
    order = sorted(range(len(ranked)), key=lambda at: _number(codes[ranked[at]]))
    coded = dict(_replaced(part, codes)) | {
        "ranked": [codes[ranked[at]] for at in order],
        "covariance": _permuted(part["covariance"], order),
    }
    for side in coded.get("sides", ()):
        side["covariance"] = _permuted(side["covariance"], order)
    if "head_to_head" in part:
        turned = [_turned(one) for one in coded["head_to_head"]]
        coded["head_to_head"] = sorted(
            turned, key=lambda one: (_number(one["a"]), _number(one["b"]))
        )
    if "groups" in part:
        coded["groups"] = [sorted(group, key=_number) for group in coded["groups"]]
    return coded


def _turned(met: dict[str, Any]) -> dict[str, Any]:
    """Return a pair with the lower code as `a`."""
    if _number(met["a"]) < _number(met["b"]):
        return met
    return met | {name: met[other] for name, other in SIDES.items()}


def _permuted(
    matrix: Sequence[Sequence[float]] | None, order: Sequence[int]
) -> list[list[float]] | None:
    if matrix is None:
        return None
    return [[matrix[at][to] for to in order] for at in order]


def _replaced(value: Any, codes: Codes, *, called: str = "") -> Any:
    """Return `value` with every label in it replaced, wherever labels stand, and nothing else.

    A model may be called what a field or a check is called: only `LABELS` and `SENTENCES` are read.
    """
    if isinstance(value, str):
        if called in LABELS:
            return codes.get(value, value)
        return _without_names(value, codes) if called in SENTENCES else value
    if isinstance(value, Mapping):
        # What a check was skipped for stands under the check's name.
        return {
            key: _replaced(inner, codes, called=called if called in SENTENCES else key)
            for key, inner in value.items()
        }
    if isinstance(value, Sequence):
        return [_replaced(one, codes, called=called) for one in value]
    return value


def _without_names(sentence: str, codes: Codes) -> str:
    """Replace whole labels, all at once: a model may be called what another's code is."""
    longest_first = sorted(codes, key=len, reverse=True)
    labels = "|".join(re.escape(label) for label in longest_first)
    return re.sub(rf"(?<![\w-])(?:{labels})(?![\w-])", lambda found: codes[found[0]], sentence)
