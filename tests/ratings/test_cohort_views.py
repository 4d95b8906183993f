"""Boards show the votes of each cohort beside those of all, and files say whose a vote is."""

from dataclasses import replace

import numpy as np
import pytest

from judging.models import Assignment
from judging.services.cohorts import set_cohort
from judging.services.studies import publish_version
from ratings.board import build_board
from ratings.board.codes import coded_board
from ratings.dataset.ballots import read_board_input
from ratings.dataset.judgments import judgment_rows
from tests.judging.test_cohorts import LAWYERS, STUDENTS, draft, judge_all
from tests.ratings.boards import board_input, round_robin
from tests.scenarios import make_rater


def in_cohorts(source):
    """Put every other rater into a cohort, and turn what it says around."""
    votes = source.ballots["quality"]
    cohort = (votes.rater % 2 - 1).astype(np.int32)  # 0: one cohort; -1: none
    turned = np.where(cohort == 0, np.array([2, 1, 0, 3, 4])[votes.outcome], votes.outcome)
    votes = replace(votes, cohort=cohort, outcome=turned.astype(np.int8))
    return replace(source, ballots={"quality": votes}, cohorts=("Lawyers", "Students"))


def test_a_cohort_is_ranked_by_its_own_votes():
    source = in_cohorts(board_input({"quality": round_robin(raters=24)}))
    views = build_board(source, seed=0)["criteria"][0]["views"]
    lawyers, students = views["cohorts"]
    votes = source.ballots["quality"]
    alone = replace(source, ballots={"quality": votes.select(votes.cohort == 0)}, cohorts=())
    board = build_board(alone, seed=0)["criteria"][0]["rows"]
    assert [(row["model"], row["rating"]) for row in lawyers["rows"]] == [
        (row["model"], pytest.approx(row["rating"])) for row in board
    ]
    assert lawyers["rows"][0]["model"] == "cow"
    judged = votes.select(votes.cohort == 0).judged()
    assert (lawyers["raters"], lawyers["votes"]) == (12, len(judged.outcome))
    assert all(row["rating_lower"] < row["rating"] < row["rating_upper"] for row in lawyers["rows"])
    assert students == {"cohort": "Students", "votes": 0, "raters": 0, "rows": []}


def test_a_study_without_cohorts_has_no_such_view():
    source = board_input({"quality": round_robin()})
    assert "cohorts" not in build_board(source, seed=0)["criteria"][0]["views"]


def test_codes_stand_for_models_in_it_too():
    board = build_board(in_cohorts(board_input({"quality": round_robin(raters=24)})), seed=0)
    coded = coded_board(board, {"ant": "model-2", "bee": "model-3", "cow": "model-1"})
    rows = coded["criteria"][0]["views"]["cohorts"][0]["rows"]
    assert rows[0]["model"] == "model-1"
    assert {row["model"] for row in rows} == {"model-1", "model-2", "model-3"}


@pytest.mark.django_db
def test_a_vote_keeps_the_cohort_it_was_issued_in(now):
    study = draft(prompts=4, cohorts=[LAWYERS, STUDENTS])
    version = publish_version(study=study, now=now)
    bob = make_rater("bob")
    plain = read_board_input(version, up_to=10**9).digest
    set_cohort(study=study, raters=[bob.pseudonym], cohort="students", by=None, now=now)
    judge_all(bob, now)
    set_cohort(study=study, raters=[bob.pseudonym], cohort="lawyers", by=None, now=now)
    assert {row.cohort for row in judgment_rows(version=version)} == {"students"}
    source = read_board_input(version, up_to=10**9)
    assert source.cohorts == ("Lawyers", "Students")
    assert set(source.ballots["quality"].cohort) == {1}
    Assignment.objects.update(cohort="lawyers")
    assert len({plain, source.digest, read_board_input(version, up_to=10**9).digest}) == 3
