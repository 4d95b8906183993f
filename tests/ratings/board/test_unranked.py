"""Why a model is not ranked, in one word each."""

from ratings.board import build_board
from ratings.board.unranked import why_unranked
from tests.ratings.boards import board_input, round_robin

RATERS = [f"r{at:02}" for at in range(12)]


def reasons(*more):
    source = board_input({"helpfulness": [*round_robin(), *more]})
    return why_unranked(build_board(source, seed=0)["criteria"][0])


def test_ranked_models_have_no_reason():
    assert reasons() == {}


def test_a_model_that_lost_every_vote_lost_all():
    assert reasons(*(("ant", "dud", "first", who, "p1") for who in RATERS)) == {"dud": "lost_all"}


def test_a_model_that_won_every_vote_won_all_from_either_side():
    assert reasons(*(("ant", "top", "second", who, "p1") for who in RATERS)) == {"top": "won_all"}
    assert reasons(*(("zed", "ant", "first", who, "p1") for who in RATERS)) == {"zed": "won_all"}


def test_a_model_that_nobody_could_judge_was_never_compared():
    assert reasons(("ant", "new", "cannot_judge", "r00", "p1")) == {"new": "never_compared"}


def test_models_that_met_only_each_other_are_apart():
    assert reasons(("xen", "yak", "tie", "r00", "p1")) == {"xen": "apart", "yak": "apart"}


def test_where_nothing_is_ranked_all_are_apart():
    votes = [("ant", "bee", "first", who, "p1") for who in RATERS]
    board = build_board(board_input({"helpfulness": votes}), seed=0)
    assert why_unranked(board["criteria"][0]) == {"ant": "apart", "bee": "apart"}
