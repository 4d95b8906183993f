"""Words that pure modules say: marked here, translated by whoever shows them (pure)."""

from collections.abc import Sequence


def gettext_noop(text: str) -> str:
    """Return the text as it is; by the function's name it is found for translation."""
    return text


def listed(names: Sequence[str]) -> str:
    """Return names as a sentence lists them: "A", "A and B", "A, B and C"."""
    *others, last = names
    return f"{', '.join(others)} and {last}" if others else last


def quoted(text: str, most: int = 80) -> str:
    """Return a text of somebody else's between quotes, cut off after `most` characters with "…"."""
    return f"“{text if len(text) <= most else text[: most - 1] + '…'}”"
