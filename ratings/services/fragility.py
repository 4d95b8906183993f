"""How little an order of two models of a board hangs on, from the votes that the board counted."""

from typing import Any

from django.utils.translation import gettext as _

from core.errors import Invalid, Missing
from ratings.board import fragility
from ratings.dataset.ballots import read_board_input
from ratings.models import LeaderboardSnapshot
from ratings.services.identities import labels_by_code

MOST_VOTES = 30_000  # of all criteria: more take longer to read and refit than a page may


def fragility_of(
    *, snapshot: LeaderboardSnapshot, a: str, b: str, coded: bool
) -> list[dict[str, Any]] | None:
    """Return `ratings.board.fragility` of two models; None with too many votes for it.

    They are named by their labels, or where `coded` by their codes. Raises `Invalid` for one model
    twice, and `Missing` for models that the board does not have.
    """
    if a == b:
        raise Invalid(_("Choose two different models."), code="same_model")
    board = snapshot.result
    labels = (
        labels_by_code(snapshot)
        if coded
        else {one["model"]: one["model"] for one in board["models"]}
    )
    if not {a, b} <= labels.keys():
        raise Missing(_("This board has no such model."))
    if sum(part["votes"] for part in board["criteria"]) > MOST_VOTES:
        return None
    source = read_board_input(snapshot.study_version, up_to=snapshot.last_judgment_id)
    return fragility(source, board, labels[a], labels[b])
