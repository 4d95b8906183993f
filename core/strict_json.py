"""JSON without its traps, for bodies and files from outside (pure)."""

import json
import math
from typing import Any

from core.words import gettext as _


class UnstorableText(ValueError):
    """JSON that is well formed, with a text in it that databases cannot hold."""


def strict_json(raw: bytes | str) -> Any:
    """Parse JSON and refuse what databases or readers would disagree on.

    Raises
    ------
    ValueError
        With the reason: not UTF-8, not JSON, a duplicate key, a number that is not finite,
        or nesting that is too deep; `UnstorableText` for NUL and half of a surrogate pair.
    """
    try:
        text = raw.decode("utf-8-sig") if isinstance(raw, bytes) else raw
    except UnicodeDecodeError as error:
        raise ValueError(_("byte %(number)s is not UTF-8") % {"number": error.start + 1}) from error
    try:
        value = _DECODER.decode(text)
    except RecursionError as error:
        raise ValueError(_("it is nested too deeply")) from error
    if "\\u" in text or "\x00" in text:
        _refuse_unstorable(value)
    return value


def _unique_keys(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    result = dict(pairs)
    if len(result) != len(pairs):
        seen: set[str] = set()
        for key, _value in pairs:
            if key in seen:
                raise ValueError(_("the key %(key)r stands there twice") % {"key": key})
            seen.add(key)
    return result


def _refuse_constant(name: str) -> Any:
    raise ValueError(_("%(name)s is not JSON") % {"name": name})


def _finite(digits: str) -> float:
    number = float(digits)
    if not math.isfinite(number):
        raise ValueError(_("%(digits)s is too large a number") % {"digits": digits})
    return number


# Made once: making one takes as long as reading a short answer.
_DECODER = json.JSONDecoder(
    object_pairs_hook=_unique_keys, parse_constant=_refuse_constant, parse_float=_finite
)


def _refuse_unstorable(value: Any) -> None:
    if isinstance(value, str):
        if "\x00" in value:
            raise UnstorableText(_("a text contains the NUL character"))
        try:
            value.encode("utf-8")
        except UnicodeEncodeError as error:
            raise UnstorableText(_("a text contains half of a surrogate pair")) from error
    elif isinstance(value, dict):
        for key, item in value.items():
            _refuse_unstorable(key)
            _refuse_unstorable(item)
    elif isinstance(value, list):
        for item in value:
            _refuse_unstorable(item)
