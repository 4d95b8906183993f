"""Other views of a criterion's votes: by how strongly, and as if pairs had been drawn evenly."""

import json
from dataclasses import replace

import numpy as np
import pytest

from ratings.board import build_board
from ratings.board.inputs import NO_GRADE
from tests.ratings.boards import board_input, round_robin


def views(change=lambda ballots: ballots):
    source = board_input({"helpfulness": round_robin(raters=24)})
    ballots = change(source.ballots["helpfulness"])
    board = build_board(replace(source, ballots={"helpfulness": ballots}), seed=0)
    json.dumps(board, allow_nan=False)
    (part,) = board["criteria"]
    return part["views"], {row["model"]: row["rating"] for row in part["rows"]}


def test_votes_without_grades_on_evenly_drawn_pairs_have_no_other_view():
    assert views()[0] == {"even_draw": None, "graded": None}


def graded(ballots):
    """Strong preferences for the second of each pair, weak ones for the first."""
    by_outcome = {0: 3, 1: 0, 2: -1}
    grades = [by_outcome.get(int(one), NO_GRADE) for one in ballots.outcome]
    return replace(ballots, grade=np.array(grades, dtype=np.int8))


def test_grades_say_how_strongly_where_signs_say_how_often():
    found, ratings = views(graded)
    by_strength = {row["model"]: row for row in found["graded"]["rows"]}
    # Earlier models win more often; the later ones, when they win, by far.
    assert ratings["ant"] > ratings["cow"]
    assert by_strength["ant"]["rating"] < by_strength["cow"]["rating"]
    assert found["graded"]["grades"] == 7
    for row in by_strength.values():
        assert row["rating_lower"] < row["rating"] < row["rating_upper"]


def unevenly(ballots):
    """As if the votes on ant and cow had been drawn ten times as often as the others."""
    rare = (ballots.first == 0) & (ballots.second == 2)
    return replace(ballots, drawn=np.where(rare, 10 / 12, 1 / 12))


def test_votes_of_pairs_that_were_drawn_more_often_count_for_less():
    found, ratings = views(unevenly)
    even = {row["model"]: row["rating"] for row in found["even_draw"]["rows"]}
    assert (found["even_draw"]["least_likely"], found["even_draw"]["likeliest"]) == (
        1 / 12,
        10 / 12,
    )
    assert sum(even.values()) == pytest.approx(sum(ratings.values()))
    assert even["ant"] != pytest.approx(ratings["ant"], abs=1)
