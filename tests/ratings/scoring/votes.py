"""Votes for tests: published counts as comparisons, and the shared references."""

import json
from functools import cache
from pathlib import Path

import numpy as np

from ratings.scoring import Comparisons
from tests.data import shared_data

GOLDEN = Path(__file__).parent / "golden"
OUTCOMES = ("first", "second", "tie")


def golden(name: str) -> dict:
    return json.loads((GOLDEN / name).read_text(encoding="utf-8"))


@cache
def references() -> dict[str, dict]:
    text = shared_data("references.json").read_text(encoding="utf-8")
    return {entry["id"]: entry for entry in json.loads(text)}


def counted(items, rows) -> Comparisons:
    """Votes from rows of positions and counts: i, j, i won, j won, and perhaps tied."""
    labels = [
        (items[i], items[j], outcome)
        for i, j, *counts in rows
        for outcome, count in zip(OUTCOMES, counts, strict=False)
        for _ in range(int(count))
    ]
    first, second, outcome = zip(*labels, strict=True)
    return Comparisons.from_labels(first, second, outcome, items=items)


def wins(items, *pairs: str) -> Comparisons:
    """Votes from "ab" for a beat b, "a=b" for a tie."""
    first = [pair[0] for pair in pairs]
    second = [pair[-1] for pair in pairs]
    outcome = ["tie" if "=" in pair else "first" for pair in pairs]
    return Comparisons.from_labels(first, second, outcome, items=tuple(items))


def repeated(votes: Comparisons, times: int) -> Comparisons:
    return votes.select(np.tile(np.arange(len(votes)), times))
