"""What differs between two protocols, field by field."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Change:
    """One field that differs; None where it was not there, or is no longer."""

    path: str
    before: Any
    after: Any


def protocol_changes(before: Mapping[str, Any], after: Mapping[str, Any]) -> list[Change]:
    """Return what differs between two protocols as `Protocol.as_dict` gives them.

    Criteria are told apart by their keys, and models and pairs by their names, so that one that
    moved or was put in is not told as a change of all that follow.
    """
    old, new = _named(before), _named(after)
    return [
        Change(path, old.get(path), new.get(path))
        for path in {**old, **new}
        if old.get(path) != new.get(path)
    ]


def _named(protocol: Mapping[str, Any]) -> dict[str, Any]:
    """Return the leaves of a protocol by path; the position of a criterion is a leaf too."""
    plain = {name: value for name, value in protocol.items() if name != "criteria"}
    plain["models"] = {name: name for name in protocol["models"]}
    pairs = {" – ".join(pair): " – ".join(pair) for pair in protocol["design"]["pairs"]}
    plain["design"] = {**protocol["design"], "pairs": pairs}
    plain["criteria"] = {
        one["key"]: {**one, "position": position}
        for position, one in enumerate(protocol["criteria"], start=1)
    }
    return dict(_leaves(plain, ""))


def _leaves(value: Any, path: str) -> list[tuple[str, Any]]:
    if not isinstance(value, Mapping):
        return [(path, value)]
    return [
        leaf
        for name, inner in value.items()
        for leaf in _leaves(inner, f"{path}.{name}" if path else name)
    ]
