"""Two models of one board."""

import numpy as np
import pytest

from ratings.board import build_board, compare
from ratings.scoring import margin_in_log_odds
from ratings.scoring.ties import davidson_odds
from tests.ratings.boards import board_input, round_robin


@pytest.fixture(scope="module")
def board():
    votes = {"helpfulness": round_robin(1), "truthfulness": round_robin(2)}
    return build_board(board_input(votes, margin=0.05), seed=0)


def test_the_difference_is_that_of_the_strengths_with_an_interval_of_its_own(board):
    found = compare(board, "ant", "cow")["criteria"][0]
    rows = {row["model"]: row for row in board["criteria"][0]["rows"]}
    difference = found["difference"]
    assert difference["strength"] == rows["ant"]["strength"] - rows["cow"]["strength"]
    assert difference["strength_lower"] < difference["strength"] < difference["strength_upper"]
    matrix = np.array(board["criteria"][0]["covariance"])
    error = np.sqrt(matrix[0, 0] + matrix[2, 2] - 2 * matrix[0, 2])
    half = (difference["strength_upper"] - difference["strength_lower"]) / 2
    assert 1.96 < half / error < 2.3


def test_the_other_way_round_is_the_mirror_image(board):
    one, other = compare(board, "ant", "bee"), compare(board, "bee", "ant")
    for here, there in zip(one["criteria"], other["criteria"], strict=True):
        difference, mirrored = here["difference"], there["difference"]
        assert mirrored["rating"] == pytest.approx(-difference["rating"])
        assert mirrored["rating_lower"] == pytest.approx(-difference["rating_upper"])
        if here["met"]:
            assert (here["met"]["wins"], here["met"]["losses"]) == (
                there["met"]["losses"],
                there["met"]["wins"],
            )


def test_the_composite_is_compared_too_but_has_no_votes_of_its_own(board):
    last = compare(board, "ant", "bee")["criteria"][-1]
    assert last["criterion"] == "composite"
    assert last["met"] is None
    assert last["difference"]["strength_lower"] is not None


def test_equivalence_asks_whether_the_90_percent_interval_lies_within_the_margin(board):
    narrow = compare(board | {"margin": 0.01}, "ant", "cow")["criteria"][0]["equivalence"]
    assert narrow["equivalent"] is False
    assert narrow["level"] == 0.9
    wide = compare(board | {"margin": 0.45}, "ant", "cow")["criteria"][0]["equivalence"]
    assert wide["equivalent"] is True
    assert wide["strength_margin"] > max(-wide["strength_lower"], wide["strength_upper"])
    assert (wide["strength_lower"], wide["strength_upper"]) == (
        narrow["strength_lower"],
        narrow["strength_upper"],
    )
    ninety_five = compare(board, "ant", "cow")["criteria"][0]["difference"]
    assert wide["strength_upper"] < ninety_five["strength_upper"]


def test_a_composite_has_no_margin_of_win_rates(board):
    assert compare(board, "ant", "cow")["criteria"][-1]["equivalence"] is None


@pytest.mark.parametrize("tie", [0.0, 0.3, 2.0])
@pytest.mark.parametrize("margin", [0.0, 0.05, 0.3])
def test_the_margin_in_log_odds_gives_back_the_win_rate(margin, tie):
    gap = margin_in_log_odds(margin, tie)
    assert davidson_odds(np.array(gap), np.log(tie or 1e-300)).expected == pytest.approx(
        0.5 + margin
    )


def test_a_margin_of_one_half_allows_every_difference():
    assert margin_in_log_odds(0.5, 0.3) == float("inf")


def test_a_model_without_strength_has_no_difference():
    votes = [*round_robin(), *[("ant", "dud", "first", f"r{at:02}", "p1") for at in range(12)]]
    found = compare(build_board(board_input({"helpfulness": votes}), seed=0), "dud", "ant")
    assert found["criteria"][0]["difference"] is None
    assert found["criteria"][0]["met"]["losses"] == 12


@pytest.mark.parametrize(("a", "b"), [("ant", "nobody"), ("nobody", "ant"), ("ant", "ant")])
def test_refuses_models_that_are_not_there_or_the_same(board, a, b):
    with pytest.raises(KeyError):
        compare(board, a, b)


def test_an_unclear_verdict_says_how_many_votes_are_missing(board):
    found = compare(board | {"margin": 0.01}, "ant", "bee")["criteria"][0]
    settled = compare(board | {"margin": 0.45}, "ant", "cow")["criteria"][0]
    assert settled["verdict"] == "equivalent"
    assert settled["more_votes"] is None
    assert found["verdict"] == "unclear"
    assert found["more_votes"] > 0


def test_models_that_rose_and_fell_together_have_no_interval(board):
    part = board["criteria"][0]
    together = part | {"covariance": np.ones((3, 3)).tolist(), "sides": []}
    found = compare(board | {"criteria": [together]}, "ant", "bee")["criteria"][0]
    assert found["difference"]["strength_lower"] is None
    assert found["verdict"] == "unclear"


def test_the_interval_for_many_looks_is_wider_and_planned_by_the_protocol_alone(board):
    found = compare(board, "ant", "cow")["criteria"][0]
    ordinary, often = found["difference"], found["anytime"]
    assert often["strength_lower"] < ordinary["strength_lower"]
    assert often["strength_upper"] > ordinary["strength_upper"]
    width = often["strength_upper"] - often["strength_lower"]
    assert width < 3 * (ordinary["strength_upper"] - ordinary["strength_lower"])
    mirrored = compare(board, "cow", "ant")["criteria"][0]["anytime"]
    assert mirrored["strength_lower"] == pytest.approx(-often["strength_upper"])


def test_a_difference_beyond_doubt_is_one_however_often_one_looks():
    votes = round_robin(4, raters=60)
    won = [
        (*vote[:2], "first", *vote[3:]) if at % 3 and "cow" in vote[:2] else vote
        for at, vote in enumerate(votes)
    ]
    found = compare(build_board(board_input({"helpfulness": won}), seed=0), "ant", "cow")
    assert found["criteria"][0]["anytime"]["verdict"] == "better"
