"""Reads named fields from JSON strictly, and collects everything that is wrong before it complains."""

import math
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from core.errors import InputError, Invalid
from core.words import gettext as _

LONGEST_TEXT = 20_000


@dataclass
class Problems:
    """What is wrong with an input, each with the path of its field, such as `design.baseline`."""

    errors: list[InputError] = field(default_factory=list)

    def add(self, path: str, code: str, message: str) -> None:
        self.errors.append(InputError(code=code, message=message, column=path or None))

    def raise_any(self, message: str) -> None:
        if self.errors:
            raise Invalid(message, errors=self.errors)


class Fields:
    """The fields of one object; anything but `known` is an error, and no type is converted.

    A field that is wrong is noted and read as its default, so that reading goes on.
    """

    def __init__(self, raw: Any, path: str, problems: Problems, *, known: Sequence[str]) -> None:
        self.path = path
        self.problems = problems
        self.data: Mapping[str, Any] = raw if isinstance(raw, Mapping) else {}
        if not isinstance(raw, Mapping):
            problems.add(path, "type", _("Write an object with named fields."))
        for key in self.data:
            if key not in known:
                self.add(
                    str(key),
                    "unknown",
                    _("Unknown field; known are %(known)s.") % {"known": ", ".join(known)},
                )

    def add(self, name: str, code: str, message: str) -> None:
        self.problems.add(self.where(name), code, message)

    def where(self, name: str) -> str:
        return f"{self.path}.{name}" if self.path else name

    def inner(self, name: str, *, known: Sequence[str]) -> "Fields":
        """Return the fields of the object in this field; absent is empty."""
        return Fields(self.data.get(name, {}), self.where(name), self.problems, known=known)

    def items(self, name: str, *, most: int) -> list[Any]:
        """Read a list; absent is empty."""
        value = self.data.get(name, [])
        if not isinstance(value, list):
            self.add(name, "type", _("Write a list."))
            return []
        if len(value) > most:
            self.add(name, "too_many", _("At most %(most)s of them.") % {"most": most})
        return value[:most]

    def text(self, name: str, default: str | None = None, *, longest: int = LONGEST_TEXT) -> str:
        """Read a text; without a default it must be there, and not be blank."""
        value = self._value(name, default, str, _("Write a text."))
        if value is None:
            return default or ""
        if default is None and not value.strip():
            self.add(name, "blank", _("This may not be blank."))
        if len(value) > longest:
            self.add(name, "too_long", _("At most %(most)s characters.") % {"most": longest})
        if any(map(_unprintable, value)):
            self.add(name, "characters", _("Control characters are not allowed."))
        return str(value)

    def choice(self, name: str, default: str, choices: Sequence[str]) -> str:
        value = self.data.get(name, default)
        if isinstance(value, str) and value in choices:
            return value
        self.add(name, "value", _("Choose one of %(choices)s.") % {"choices": ", ".join(choices)})
        return default

    def flag(self, name: str, *, default: bool) -> bool:
        value = self.data.get(name, default)
        if not isinstance(value, bool):
            self.add(name, "type", _("Write true or false."))
        return value is True

    def whole(self, name: str, default: int | None, *, least: int, most: int) -> int:
        """Read a whole number; without a default it must be there."""
        message = _("Write a whole number from %(least)s to %(most)s.") % {
            "least": least,
            "most": most,
        }
        value = self._value(name, default, int, message)
        if value is not None and not least <= value <= most:
            self.add(name, "range", message)
            value = None
        return int(value if value is not None else least)

    def whole_or_none(self, name: str, *, least: int, most: int) -> int | None:
        if self.data.get(name) is None:
            return None
        return self.whole(name, None, least=least, most=most)

    def number(self, name: str, default: float, *, least: float, most: float) -> float:
        message = _("Write a number from %(least)s to %(most)s.") % {"least": least, "most": most}
        value = self._value(name, default, (int, float), message)
        if value is None:
            return float(default)
        # Compared before it is converted: a whole number of 400 digits has no float.
        if not least <= value <= most or not math.isfinite(value):
            self.add(name, "range", message)
            return float(default)
        return float(value)

    def _value(self, name: str, default: Any, kind: type | tuple[type, ...], message: str) -> Any:
        if name not in self.data:
            if default is None:
                self.add(name, "missing", message)
            return default
        value = self.data[name]
        # bool is an int in Python, and never one here.
        if isinstance(value, kind) and not isinstance(value, bool):
            return value
        self.add(name, "type", message)
        return None


def texts(value: Any) -> list[str] | None:
    """Return a list of texts as it is, and None for anything else."""
    if isinstance(value, list) and all(isinstance(one, str) for one in value):
        return list(value)
    return None


def _unprintable(character: str) -> bool:
    return character not in "\n\r\t" and unicodedata.category(character) in {"Cc", "Cs"}
