"""One pattern for many literal texts (pure)."""

import re
from collections import defaultdict
from collections.abc import Iterable


def any_of(texts: Iterable[str]) -> str:
    """Return the source of a pattern that matches the beginning of a place where any of `texts` stands.

    What several begin with is written once: an alternation of them all is tried from its first to its
    last at every place.
    """
    after = defaultdict(set)
    for text in texts:
        after[text[:1]].add(text[1:])
    if "" in after:  # a shorter one ends here, and is enough
        return ""
    branches = [re.escape(first) + any_of(rest) for first, rest in sorted(after.items())]
    return branches[0] if len(branches) == 1 else f"(?:{'|'.join(branches)})"
