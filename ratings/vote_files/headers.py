"""A table's header: its columns, found by the spelling given or by any other."""

from collections.abc import Sequence
from difflib import get_close_matches

from core.errors import Invalid
from ratings.vote_files.tables import ascii_safe
from ratings.vote_files.words import folded

SHOWN = 10  # columns named in a message


class Header:
    """The names of a table's columns, found by the spelling given or by any other."""

    def __init__(self, names: Sequence[str]) -> None:
        self.names = tuple(names)
        self.spellings: dict[str, str] = {}
        for name in reversed(self.names):
            self.spellings[folded(name)] = name

    def find(self, name: str) -> str | None:
        """Return the column of this name as the file spells it, its very spelling first."""
        if name in self.names:
            return name
        return self.spellings.get(folded(name))

    def find_all(self, names: Sequence[str]) -> tuple[str, ...] | None:
        """Return all columns as the file spells them, or None unless all are there and differ."""
        found = tuple(self.find(name) for name in names)
        spelt = tuple(name for name in found if name is not None)
        return spelt if len(set(spelt)) == len(names) else None

    def first_of(self, names: Sequence[str], but: Sequence[str] = ()) -> str | None:
        """Return the first of these columns that is there, leaving out those in `but`."""
        found = (self.find(name) for name in names)
        return next((name for name in found if name is not None and name not in but), None)

    def require(self, column: str) -> None:
        """Raise `Invalid` with the code "columns" unless `column` stands once in the header."""
        if column not in self.names:
            near = get_close_matches(column, self.names, n=1)
            hint = f"did you mean {near[0]!r}?" if near else f"there are: {some(self.names)}."
            raise Invalid(f"The file has no column {column!r}; {hint}", code="columns")
        if self.names.count(column) > 1:
            raise Invalid(f"The header names {column!r} twice.", code="duplicate_header")


def some(header: Sequence[str]) -> str:
    shown = ", ".join(name[:40] for name in header[:SHOWN]) or "(none)"
    return ascii_safe(shown) + (" …" if len(header) > SHOWN else "")
