"""The audit and the agreement of a criterion, as a board stores them."""

import json

import numpy as np
import pytest

from ratings.board import build_board
from ratings.board.meaning import CHECKS
from ratings.scoring.audit import CHECKS as ALL
from tests.ratings.boards import board_input, round_robin


def criterion(votes):
    return build_board(board_input({"helpfulness": votes}), seed=0)["criteria"][0]


@pytest.fixture(scope="module")
def part():
    return criterion(round_robin(raters=24))


def test_every_check_is_made_or_says_why_not(part):
    made = [one["check"] for one in part["audit"]["findings"]]
    assert sorted([*made, *part["audit"]["skipped"]]) == sorted(ALL)
    assert set(CHECKS) == set(ALL)


def test_the_audit_is_part_of_a_board_that_can_be_recomputed(part):
    json.dumps(part, allow_nan=False)
    assert criterion(round_robin(raters=24)) == part


def test_a_model_that_was_never_compared_with_the_rest_is_flagged():
    votes = [*round_robin(), *[("dud", "fox", "first", f"r{at:02}", "p1") for at in range(12)]]
    linked = criterion(votes)["audit"]["findings"][0]
    assert (linked["check"], linked["flagged"]) == ("connectivity", True)
    assert set(linked["names"]) == {"dud, fox"}


def test_neither_raters_nor_prompts_are_named(part):
    named = {one["check"]: one["names"] for one in part["audit"]["findings"]}
    assert named["concentration"] == []
    for check in ("rater_influence", "prompt_influence"):
        assert set(named[check]) <= {"ant", "bee", "cow"}


def test_nothing_ranked_is_nothing_audited():
    audit = criterion([("ant", "bee", "first", "r1", "p1")])["audit"]
    assert audit["findings"] == []
    assert audit["skipped"]


def test_who_was_shown_first_is_checked():
    rng = np.random.default_rng(1)
    # In these inputs every second vote was seen with the first side first: half of the time it wins.
    votes = [
        (one, other, ("second", "first")[at % 2] if rng.random() < 0.5 else outcome, rater, prompt)
        for at, (one, other, outcome, rater, prompt) in enumerate(round_robin(raters=40))
    ]
    audit = criterion(votes)["audit"]
    found = next(one for one in audit["findings"] if one["check"] == "position")
    assert found["flagged"]
    assert found["figure"] > 0.5


def agreeing(share, seed=1, both="both_bad"):
    """Votes of 12 raters on 40 comparisons, who with this chance give the comparison's own outcome."""
    rng = np.random.default_rng(seed)
    words = ["first", "second", "tie", both]
    return [
        (
            "ant",
            "bee",
            words[at % 3] if rng.random() < share else str(rng.choice(words)),
            f"r{r:02}",
            f"p{at}",
        )
        for at in range(40)
        for r in range(12)
    ]


def test_agreement_is_that_of_raters_on_the_same_comparison():
    low, high = criterion(agreeing(0.2))["agreement"], criterion(agreeing(0.9))["agreement"]
    assert (high["comparisons"], high["raters"]) == (40, 12)
    for name in ("percent", "alpha", "ac1"):
        assert low[name]["upper"] < high[name]["lower"]
        assert low[name]["lower"] <= low[name]["value"] <= low[name]["upper"]


def test_forfeits_and_cannot_judge_do_not_agree_with_anybody():
    votes = agreeing(0.5)
    extra = [("ant", "bee", "first", "-", f"p{at}") for at in range(40)]
    silent = [("ant", "bee", "cannot_judge", f"x{at}", f"p{at}") for at in range(40)]
    plain, more = criterion(votes)["agreement"], criterion([*votes, *extra, *silent])["agreement"]
    assert more == plain


def test_one_rater_each_has_no_agreement():
    votes = [
        ("ant", "bee", "first" if at % 3 else "second", f"r{at}", f"p{at}") for at in range(30)
    ]
    assert criterion(votes)["agreement"] is None
