"""An answer without the sentences that tell who wrote it (pure)."""

import re
from collections.abc import Sequence

from core.identity.answers import names_maker

MASK = "[hidden]"
# As `folding.SENTENCE` divides, with what stands between kept.
_BETWEEN = re.compile(r"((?<=[.!?。！？])\s+|\n)")
_MARKS = re.compile(r"\s*(?:(?:[-*+>]|#{1,6}|\d{1,3}[.)])\s+)*")


def mask_maker(text: str, own_names: Sequence[str] = ()) -> str:
    """Return `text` with each sentence that names its maker replaced by `MASK`.

    What is returned names no maker: where no sentence alone does, but all of them together, the
    lines are masked two by two, and at last the whole text.
    """
    if not names_maker(text, own_names):
        return text
    parts = _BETWEEN.split(text)
    for width in (1, 3):
        for at in range(0, len(parts) - width + 1, 2):
            if names_maker("".join(parts[at : at + width]), own_names):
                hidden = _MARKS.match(parts[at])
                parts[at] = (hidden[0] if hidden else "") + MASK
                parts[at + 1 : at + width] = [""] * (width - 1)
        masked = "".join(parts)
        if not names_maker(masked, own_names):
            return masked
    return MASK
