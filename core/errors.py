"""The errors services raise, and the one tree callers catch branches of.

DomainError
├── NotAllowed    the caller may not do this
├── Missing       there is no such thing (for this caller)
├── Conflict      the thing is in a state that forbids it
├── Gone          it was there, and is over
└── Invalid       the input is wrong; `errors` says where
    ├── TooLarge      past a limit
    └── Unsupported   a kind of file or content that is not taken
"""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class InputError:
    """One thing wrong with an input: where it is, what it is, and what to do.

    `row` counts from 1 as a person would in the file; `column` is a column or field name.
    """

    code: str
    message: str
    row: int | None = None
    column: str | None = None
    hint: str | None = None

    def as_dict(self) -> dict[str, Any]:
        return {key: value for key, value in asdict(self).items() if value is not None}


class DomainError(Exception):
    """A rule was broken; `code` is for machines, the message for people."""

    default_code = "error"

    def __init__(self, message: str, *, code: str = "", **details: Any) -> None:
        super().__init__(message)
        self.message = message
        self.code = code or self.default_code
        self.details = details


class NotAllowed(DomainError):
    default_code = "not_allowed"


class Missing(DomainError):
    default_code = "not_found"


class Conflict(DomainError):
    default_code = "conflict"


class Gone(DomainError):
    default_code = "gone"


class Invalid(DomainError):
    """The input is wrong. `errors` lists at most `SHOWN` of `total` things."""

    default_code = "invalid"
    SHOWN = 100

    def __init__(
        self,
        message: str,
        *,
        code: str = "",
        errors: Sequence[InputError] = (),
        total: int | None = None,
        **details: Any,
    ) -> None:
        super().__init__(message, code=code, **details)
        self.errors = list(errors[: self.SHOWN])
        self.total = len(errors) if total is None else total


class TooLarge(Invalid):
    default_code = "too_large"


class Unsupported(Invalid):
    default_code = "unsupported"
