"""What a whole answer is, given what its turns were (pure)."""

from collections.abc import Iterable, Sequence

from models_registry.providers.base import ANSWERED, CUT_OFF, EMPTY, FILTERED, REFUSED

# The less is left to judge, the worse.
WORST_FIRST = (FILTERED, EMPTY, REFUSED, CUT_OFF, ANSWERED)


def worst_outcome(outcomes: Iterable[str]) -> str:
    """Return the outcome of an answer with these outcomes of its turns; without one it is empty."""
    return min(outcomes, key=WORST_FIRST.index, default=EMPTY)


def written_outcomes(turns: Sequence[str]) -> list[str]:
    """Return the outcomes of replies of which only the texts are known."""
    return [ANSWERED if turn.strip() else EMPTY for turn in turns]
