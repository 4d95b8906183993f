"""JSON and JSONL, entry by entry, so that every error names its row (pure)."""

import json
import math
import re
from collections.abc import Iterator
from typing import Any

from core.errors import InputError, Invalid
from core.words import gettext as _

Row = tuple[int, Any]
_SPACE = re.compile(r"[ \t\r\n]*")
_LONGEST_INTEGER = 300
_SUSPECT = re.compile(r"\\u(?:0000|[dD][89a-fA-F])")


class Unusable:
    """Stands in a parsed value where something is that JSON or databases do not have."""

    def __init__(self, problem: str) -> None:
        self.problem = problem


class _Parser:
    """Parses one file; values are searched for trouble only where there can be any."""

    def __init__(self, text: str) -> None:
        # An escape is the only way in for NUL and for halves of surrogate pairs.
        self.escapes = _SUSPECT.search(text) is not None
        self.troubled = False
        self.decode = json.JSONDecoder(
            object_pairs_hook=self._object,
            parse_constant=lambda name: self._unusable(_("%(name)s is not JSON") % {"name": name}),
            parse_float=self._float,
            parse_int=self._int,
        ).raw_decode

    def checked(self, row: int, value: Any) -> Any:
        """Return a parsed value, or the error in it."""
        if not (self.troubled or self.escapes):
            return value
        # A text on its own is checked, and named, as the prompt it is.
        problem = "" if type(value) is str else _trouble(value)
        return InputError("not_json", _sentence(problem), row=row) if problem else value

    def _unusable(self, problem: str) -> Unusable:
        self.troubled = True
        return Unusable(problem)

    def _object(self, pairs: list[tuple[str, Any]]) -> Any:
        result = dict(pairs)
        if len(result) != len(pairs):
            keys = [key for key, _ in pairs]
            twice = next(key for key in keys if keys.count(key) > 1)
            return self._unusable(_("the key %(key)r stands there twice") % {"key": twice[:40]})
        return result

    def _float(self, digits: str) -> Any:
        number = float(digits)
        if math.isfinite(number):
            return number
        return self._unusable(_("%(digits)s is too large a number") % {"digits": digits[:20]})

    def _int(self, digits: str) -> Any:
        if len(digits) > _LONGEST_INTEGER:
            return self._unusable(
                _("a number has %(number)s digits") % {"number": f"{len(digits):,}"}
            )
        return int(digits)


def read_lines(text: str) -> Iterator[Row]:
    """Return the values of the lines of JSONL; blank lines are no rows but count as lines."""
    # Only line feeds end a line: U+2028 and its like may stand inside a text.
    parser = _Parser(text)
    for row, line in enumerate(text.split("\n"), start=1):
        if stripped := line.strip(" \t\r"):
            yield row, _line(parser, row, stripped)


def _line(parser: _Parser, row: int, line: str) -> Any:
    try:
        value, end = parser.decode(line)
    except (ValueError, RecursionError) as error:
        return InputError("not_json", _problem(error), row=row)
    if end < len(line):
        message = _("Something follows the JSON value at character %(number)s.") % {
            "number": f"{end + 1:,}"
        }
        return InputError("not_json", message, row=row)
    return parser.checked(row, value)


def read_document(text: str) -> Iterator[Row]:
    """Return the entries of a JSON list, or of the one list in a JSON object.

    A broken entry ends the file with `Invalid`: where the next one begins cannot be known.
    """
    parser, start = _Parser(text), _skip(text, 0)
    if text[start] == "[":
        yield from _entries(parser, text, _skip(text, start + 1))
    else:
        for row, value in enumerate(_only_list(parser, text, start), start=1):
            yield row, parser.checked(row, value)


def _entries(parser: _Parser, text: str, position: int) -> Iterator[Row]:
    row = 0
    while text[position : position + 1] != "]":
        row += 1
        value, position = _decode(parser, text, position, row)
        yield row, parser.checked(row, value)
        position = _skip(text, position)
        separator = text[position : position + 1]
        if separator == ",":
            position = _skip(text, position + 1)
            if text[position : position + 1] == "]":
                raise _broken(text, position, row, _("A comma stands before the closing bracket."))
        elif separator != "]":
            raise _broken(text, position, row, _("A comma or the closing bracket is missing."))
    end = _skip(text, position + 1)
    if end < len(text):
        raise _broken(text, end, None, _("Something follows the JSON document."))


def _only_list(parser: _Parser, text: str, start: int) -> list[Any]:
    value, end = _decode(parser, text, start, None)
    if _skip(text, end) < len(text):
        raise _broken(text, _skip(text, end), None, _("Something follows the JSON document."))
    if isinstance(value, Unusable):
        raise Invalid(
            _("The file is not JSON: %(problem)s.") % {"problem": value.problem}, code="not_json"
        )
    lists = [one for one in value.values() if isinstance(one, list)] if type(value) is dict else []
    if len(lists) != 1:
        raise Invalid(
            _("The file holds no list of prompts."),
            code="no_list",
            hint=_("A list of objects or of texts is expected."),
        )
    return lists[0]


def _trouble(value: Any) -> str:
    if isinstance(value, Unusable):
        return value.problem
    if isinstance(value, str):
        return _unstorable(value)
    if isinstance(value, dict):
        inner = [*value, *value.values()]
    else:
        inner = value if isinstance(value, list) else []
    return next(filter(None, map(_trouble, inner)), "")


def _unstorable(text: str) -> str:
    if "\x00" in text:
        return _("a text contains the NUL character")
    try:
        text.encode()
    except UnicodeEncodeError:
        return _("a text contains half of a surrogate pair")
    return ""


def _decode(parser: _Parser, text: str, position: int, row: int | None) -> tuple[Any, int]:
    try:
        return parser.decode(text, position)
    except json.JSONDecodeError as error:
        raise _broken(text, error.pos, row, f"{error.msg}.") from error
    except (ValueError, RecursionError) as error:
        raise _broken(text, position, row, _problem(error)) from error


def _broken(text: str, position: int, row: int | None, problem: str) -> Invalid:
    line = text.count("\n", 0, position) + 1
    column = position - text.rfind("\n", 0, position)
    where = _("line %(line)s, character %(column)s") % {
        "line": f"{line:,}",
        "column": f"{column:,}",
    }
    return Invalid(
        _("The file is not JSON at %(where)s: %(problem)s") % {"where": where, "problem": problem},
        code="not_json",
        errors=[
            InputError(
                "not_json", problem, row=row, hint=_("Look at %(where)s.") % {"where": where}
            )
        ],
    )


def _problem(error: Exception) -> str:
    if isinstance(error, RecursionError):
        return _("It is nested too deeply.")
    if isinstance(error, json.JSONDecodeError):
        return _("%(problem)s at character %(number)s.") % {
            "problem": error.msg,
            "number": f"{error.pos + 1:,}",
        }
    return _sentence(str(error))


def _sentence(problem: str) -> str:
    return f"{problem[:1].upper()}{problem[1:]}."


def _skip(text: str, position: int) -> int:
    match = _SPACE.match(text, position)
    return match.end() if match else position
