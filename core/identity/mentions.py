"""The names of models in what is not an answer, such as a study's name (pure)."""

import re
from collections.abc import Iterable

from core.identity.folding import fold
from core.identity.names import MODEL

SHORTEST_NAME = 3
_BETWEEN_WORDS = re.compile(r"[\s_-]+")


def models_mentioned(text: str, own_names: Iterable[str] = ()) -> list[str]:
    """Return the names of models in `text` as they read there, folded, each once.

    Of the names everybody knows only those that nobody bears but a model; `own_names` are those of
    a study's models. Spaces and hyphens are alike: a slug is found where a name is written.
    """
    folded = fold(text)
    own = {_pattern(name) for name in map(fold, own_names) if len(name) >= SHORTEST_NAME} - {""}
    any_name = "|".join([*sorted(own, key=len, reverse=True), MODEL])
    found = re.finditer(rf"(?<![a-z0-9])(?:{any_name})(?![a-z0-9])", folded)
    return list(dict.fromkeys(one[0] for one in found))


def _pattern(name: str) -> str:
    words = [re.escape(one) for one in _BETWEEN_WORDS.split(name) if one]
    return r"[\s_-]+".join(words)
