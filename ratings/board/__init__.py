"""From votes as arrays to ranked boards: the numbers a study publishes, and what they mean (pure)."""

from ratings.board.build import build_board
from ratings.board.compare import compare
from ratings.board.fragile import fragility
from ratings.board.inputs import Ballots, BoardInput, Criterion, Ranked, RaterFacts

__all__ = [
    "Ballots",
    "BoardInput",
    "Criterion",
    "Ranked",
    "RaterFacts",
    "build_board",
    "compare",
    "fragility",
]
