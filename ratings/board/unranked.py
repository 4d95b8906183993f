"""Why a model has no place on a criterion, read from who met whom and with what outcome (pure)."""

from collections.abc import Mapping
from typing import Any

# The words of `why_unranked`; the pages say them in sentences.
REASONS = ("never_compared", "won_all", "lost_all", "apart")


def why_unranked(part: Mapping[str, Any]) -> dict[str, str]:
    """Return for each model of a criterion that is not ranked one of `REASONS`.

    `never_compared`: nobody judged it. `won_all`, `lost_all`: it won, or lost, every vote against
    the ranked models, so the votes put it above or below them and do not say by how much. `apart`:
    no vote compares it with the ranked models, or none are ranked.
    """
    ranked = set(part["ranked"])
    missing = [row["model"] for row in part["rows"] if row["model"] not in ranked]
    return {label: _why(label, ranked, part.get("head_to_head", ())) for label in missing}


def _why(label: str, ranked: set[str], met: Any) -> str:
    own = [_from_side(one, label) for one in met if label in {one["a"], one["b"]}]
    if not any(sum(counts) for _, counts in own):
        return "never_compared"
    against = [counts for other, counts in own if other in ranked]
    wins, ties, losses = (sum(one[at] for one in against) for at in range(3))
    if wins and not ties and not losses:
        return "won_all"
    if losses and not ties and not wins:
        return "lost_all"
    return "apart"


def _from_side(one: Mapping[str, Any], label: str) -> tuple[str, tuple[int, int, int]]:
    """Return the other model, and wins, ties, losses as `label` had them."""
    if one["a"] == label:
        return one["b"], (one["wins"], one["ties"], one["losses"])
    return one["a"], (one["losses"], one["ties"], one["wins"])
