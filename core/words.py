"""What pure modules say: marked here, in the words of whoever runs them (pure).

In a function `gettext` translates at once. What is made when a module is imported, or kept where no
language is known (a frozen board, say), is marked by `gettext_noop` and translated when it is shown.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass


@dataclass(slots=True)
class _Translations:
    """English, until `core.apps` sets the framework's functions at the start of a process."""

    one: Callable[[str], str] = str
    many: Callable[[str, str, int], str] = lambda one, many, number: one if number == 1 else many
    language: Callable[[], str | None] = lambda: "en"


_in_use = _Translations()


def translate_by(
    one: Callable[[str], str],
    many: Callable[[str, str, int], str],
    language: Callable[[], str | None],
) -> None:
    """Set what translates a text, and a text that depends on a number, and names their language."""
    _in_use.one, _in_use.many, _in_use.language = one, many, language


def language() -> str | None:
    """Return the code of the language in use, to keep by it what was translated (None: as marked)."""
    return _in_use.language()


def gettext(text: str) -> str:
    """Return the text in the language in use."""
    return _in_use.one(text)


def ngettext(one: str, many: str, number: int) -> str:
    """Return the text for a number of things, in the language in use."""
    return _in_use.many(one, many, number)


def gettext_noop(text: str) -> str:
    """Return the text as it is; by the function's name it is found for translation."""
    return text


_ = gettext


def listed(names: Sequence[str]) -> str:
    """Return names as a sentence lists them: "A", "A and B", "A, B and C"."""
    *others, last = names
    return (
        _("%(others)s and %(last)s") % {"others": ", ".join(others), "last": last}
        if others
        else last
    )


def quoted(text: str, most: int = 80) -> str:
    """Return a text of somebody else's between quotes, cut off after `most` characters with "…"."""
    return _("“%(text)s”") % {"text": text if len(text) <= most else text[: most - 1] + "…"}
