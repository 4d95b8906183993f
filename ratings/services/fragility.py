"""How little an order of two models of a board hangs on, from the votes that the board counted."""

from typing import Any

from ratings.board import fragility
from ratings.dataset.ballots import read_board_input
from ratings.models import LeaderboardSnapshot

MOST_VOTES = 30_000  # of all criteria: more take longer to read and refit than a page may


def fragility_of(*, snapshot: LeaderboardSnapshot, a: str, b: str) -> list[dict[str, Any]] | None:
    """Return `ratings.board.fragility` of two models, by their labels; None with too many votes for it.

    Raises `KeyError` for models that the board does not have.
    """
    board = snapshot.result
    known = {one["model"] for one in board["models"]}
    for label in (a, b):
        if label not in known:
            raise KeyError(label)
    if sum(part["votes"] for part in board["criteria"]) > MOST_VOTES:
        return None
    source = read_board_input(snapshot.study_version, up_to=snapshot.last_judgment_id)
    return fragility(source, board, a, b)
