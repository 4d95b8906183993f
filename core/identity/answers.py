"""Whether an answer tells which model or vendor wrote it (pure)."""

import re
from collections.abc import Iterator, Sequence
from functools import lru_cache

from core.identity.clauses import tells_of_itself
from core.identity.folding import SENTENCE, fold
from core.identity.names import (
    COMMON_PHRASES,
    FOREIGN_NAMES,
    HINT_WORDS,
    LATIN,
    NOT_LETTERS,
    NUMBERED,
)
from core.identity.speaking import (
    CJK,
    CJK_I_AM,
    FILLER,
    FIRST,
    GAP,
    I_AM,
    MADE,
    MADE_BY_MAKER,
    MADE_ELSEWHERE,
    SELF_NAMED,
    STEMS,
)

SHORTEST_NAME = 3
_SEAM = "\x1f"
_WRAPPED = re.compile(r"(?<=[^\s.!?:。！？])\n(?=[^\W\d_])")


def names_maker(text: str, own_names: Sequence[str] = ()) -> bool:
    """Say whether an answer tells which model or vendor wrote it.

    `own_names` are names the general list cannot know: those of this study's models and publishers.
    """
    folded = fold(text)
    return _names_known_maker(folded) or (bool(own_names) and _names_own(folded, tuple(own_names)))


def _names_known_maker(folded: str) -> bool:
    ascii_only = folded.isascii()
    read = folded.translate(NOT_LETTERS).split() if ascii_only else LATIN.findall(folded)
    words = {*read}
    hints = [*(HINT_WORDS & words), *[one for one in NUMBERED if one in folded]]
    if not ascii_only:
        hints += [name for name in FOREIGN_NAMES if name in folded]
    phrases = [phrase for phrase, each in COMMON_PHRASES.items() if each <= words]
    if phrases and any(phrase in " ".join(read) for phrase in phrases):
        hints.append("")  # stands in every sentence
    return bool(hints) and any(
        (
            FIRST.search(sentence)
            and any(one.search(sentence) for one in (SELF_NAMED, MADE_BY_MAKER, MADE_ELSEWHERE))
        )
        or tells_of_itself(sentence)
        for sentence in _sentences(folded)
        if any(hint in sentence for hint in hints)
    )


def _sentences(folded: str) -> Iterator[str]:
    """Yield the sentences line by line, then those that a wrapped line divides, joined."""
    yield from SENTENCE.split(folded)
    joined = _WRAPPED.sub(_SEAM, folded)
    for sentence in SENTENCE.split(joined) if _SEAM in joined else ():
        if _SEAM in sentence:
            yield sentence.replace(_SEAM, " ")


def _names_own(folded: str, own_names: tuple[str, ...]) -> bool:
    names = [name for name in map(fold, own_names) if len(name) >= SHORTEST_NAME]
    if not any(name in folded for name in names):
        return False
    pattern = _own_pattern(tuple(names))
    return any(
        pattern.search(sentence)
        for sentence in _sentences(folded)
        if FIRST.search(sentence) or CJK.search(sentence)
    )


@lru_cache(maxsize=256)
def _own_pattern(names: tuple[str, ...]) -> re.Pattern[str]:
    """Return what matches "I am NAME", "as NAME," and "made by NAME"."""
    any_name = rf"(?<![a-z0-9])(?:{'|'.join(map(re.escape, names))})(?![a-z0-9])"
    return re.compile(
        rf"(?<!\w)(?:{I_AM}|as(?: i,)?)\s*[,:—–-]?\s*(?:{FILLER}\s+){{0,4}}?{any_name}"
        rf"|(?:{CJK_I_AM}){GAP}{{0,12}}?{any_name}"
        rf"|(?<!\w){MADE}(?: and {MADE})? (?:by|at)\b{GAP}{{0,30}}?{any_name}"
        rf"|{any_name}{GAP}{{0,25}}?{MADE} me\b"
        rf"|(?:{STEMS}){GAP}{{0,40}}?{any_name}"
    )
