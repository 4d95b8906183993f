"""The tier of each model of a board, read from the rank ranges it stores (pure)."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from ratings.scoring import tiers


def tiers_by_model(rows: Sequence[Mapping[str, Any]]) -> dict[str, int]:
    """Return the tier, from 1, of each model whose rank range is known."""
    ranged = [row for row in rows if row["rank_lower"] is not None]
    best, worst = (
        np.array([row[key] for row in ranged], dtype=np.int64)
        for key in ("rank_lower", "rank_upper")
    )
    found = tiers(best, worst).tolist()
    return {row["model"]: tier for row, tier in zip(ranged, found, strict=True)}
