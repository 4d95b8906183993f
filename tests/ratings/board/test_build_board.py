"""The pure board: fits, counts, composite, and what it says when it cannot say a number."""

import json
import math
from dataclasses import replace

import numpy as np
import pytest

from ratings.board import build_board
from ratings.board.build import RANKING
from ratings.scoring import Comparisons, fit_davidson, intervals, online_elo, two_way_sandwich
from tests.ratings.boards import board_input, round_robin

POINTS = 400 / math.log(10)


def rows_of(board, at=0):
    return {row["model"]: row for row in board["criteria"][at]["rows"]}


def test_strengths_and_intervals_are_those_of_davidsons_model_on_the_judged_votes():
    votes = round_robin()
    judged = [vote for vote in votes if vote[2] != "cannot_judge"]
    comparisons = Comparisons.from_labels(
        [vote[0] for vote in judged],
        [vote[1] for vote in judged],
        ["tie" if vote[2] == "both_bad" else vote[2] for vote in judged],
    )
    raters = sorted({vote[3] for vote in judged})
    prompts = sorted({vote[4] for vote in judged})
    rater = np.array([raters.index(vote[3]) for vote in judged])
    prompt = np.array([prompts.index(vote[4]) for vote in judged])
    fit = fit_davidson(comparisons)
    lower, upper = intervals(fit.strength, two_way_sandwich(fit, comparisons, rater, prompt))

    board = build_board(board_input({"helpfulness": votes}), seed=0)

    rows = rows_of(board)
    for at, name in enumerate(comparisons.items):
        assert rows[name]["strength"] == pytest.approx(fit.strength[at], abs=1e-10)
        assert rows[name]["rating"] == pytest.approx(POINTS * fit.strength[at] + 1000, abs=1e-8)
        assert rows[name]["strength_lower"] == pytest.approx(lower[at], abs=1e-10)
        assert rows[name]["rating_upper"] == pytest.approx(POINTS * upper[at] + 1000, abs=1e-8)
    assert board["cluster"]["by"] == "two-way"
    assert "More of the uncertainty comes from the " in board["cluster"]["note"]
    assert [side["clusters"] for side in board["criteria"][0]["sides"]] == [12, 20]


def test_counts_keep_both_bad_apart_and_cannot_judge_out():
    votes = [
        ("ant", "bee", "first", "r1", "p1"),
        ("ant", "bee", "second", "r1", "p2"),
        ("ant", "bee", "tie", "r2", "p1"),
        ("ant", "bee", "both_bad", "r2", "p2"),
        ("ant", "bee", "cannot_judge", "r3", "p1"),
    ]
    board = build_board(board_input({"helpfulness": votes}), seed=0)
    row = rows_of(board)["ant"]
    counted = (
        "battles",
        "wins",
        "losses",
        "ties",
        "both_bad",
        "cannot_judge",
        "judgments",
        "raters",
    )
    assert [row[name] for name in counted] == [4, 1, 1, 2, 1, 1, 5, 3]
    assert row["win_rate"] == 0.5
    assert row["both_bad_rate"] == 0.25
    assert row["cannot_judge_rate"] == 0.2
    assert board["criteria"][0]["votes"] == 4
    assert board["criteria"][0]["cannot_judge"] == 1


def test_both_bad_is_a_tie_for_the_fit():
    votes = round_robin()
    tied = [(*vote[:2], "tie" if vote[2] == "both_bad" else vote[2], *vote[3:]) for vote in votes]
    one = rows_of(build_board(board_input({"helpfulness": votes}), seed=0))
    other = rows_of(build_board(board_input({"helpfulness": tied}), seed=0))
    assert [row["strength"] for row in one.values()] == [row["strength"] for row in other.values()]
    assert one["ant"]["both_bad"] > 0
    assert other["ant"]["both_bad"] == 0


def test_online_elo_plays_the_votes_in_their_order_and_has_no_interval():
    votes = [vote for vote in round_robin() if vote[2] in {"first", "tie", "second"}]
    board = build_board(board_input({"helpfulness": votes}), seed=0)
    expected = online_elo(
        Comparisons.from_labels(*zip(*[vote[:3] for vote in votes], strict=True)), k=4, initial=1000
    )
    rows = rows_of(board)
    assert [rows[name]["online_elo"] for name in ("ant", "bee", "cow")] == expected.tolist()
    assert not [name for name in rows["ant"] if name.startswith("online_elo_")]


def test_swapping_the_sides_of_every_vote_changes_no_number():
    swap = {"first": "second", "second": "first"}
    votes = round_robin()
    swapped = [(b, a, swap.get(out, out), *rest) for a, b, out, *rest in votes]
    one = build_board(board_input({"helpfulness": votes}), seed=3)
    other = build_board(board_input({"helpfulness": swapped}), seed=3)
    assert one["criteria"][0]["head_to_head"] == other["criteria"][0]["head_to_head"]
    for name, row in rows_of(one).items():
        for column, value in row.items():
            assert rows_of(other)[name][column] == pytest.approx(value, abs=1e-9), column


def test_head_to_head_counts_a_pair_from_the_side_of_a():
    votes = [
        ("bee", "ant", "first", "r1", "p1"),
        ("ant", "bee", "first", "r1", "p2"),
        ("ant", "bee", "first", "r1", "p3"),
        ("bee", "ant", "both_bad", "r1", "p4"),
    ]
    board = build_board(board_input({"helpfulness": votes}), seed=0)
    assert board["criteria"][0]["head_to_head"] == [
        {
            "a": "ant",
            "b": "bee",
            "wins": 2,
            "ties": 1,
            "losses": 1,
            "both_bad": 1,
            "cannot_judge": 0,
        }
    ]


def test_few_raters_are_fragile_and_still_clustered_both_ways():
    board = build_board(board_input({"helpfulness": round_robin(raters=3)}), seed=0)
    assert board["cluster"]["by"] == "two-way"
    assert "Fragile: 3 raters, fewer than 10" in board["cluster"]["note"]
    assert board["criteria"][0]["degrees"] < 3
    assert rows_of(board)["ant"]["strength_lower"] is not None


def test_few_raters_and_prompts_are_both_named():
    board = build_board(board_input({"helpfulness": round_robin(raters=3, prompts=2)}), seed=0)
    assert "Fragile: 3 raters and 2 prompts" in board["cluster"]["note"]


def test_one_rater_leaves_the_prompts_to_cluster_by_and_says_so():
    votes = [(*vote[:3], "r0", f"p{at % 25}") for at, vote in enumerate(round_robin())]
    board = build_board(board_input({"helpfulness": votes}), seed=0)
    assert board["cluster"]["by"] == "prompt"
    assert "for this rater only" in board["cluster"]["note"]
    assert board["criteria"][0]["clusters"] == 25


def test_one_rater_on_one_prompt_has_no_interval():
    votes = [(*vote[:3], "r0", "p0") for vote in round_robin()]
    row = rows_of(build_board(board_input({"helpfulness": votes}), seed=0))["ant"]
    assert row["strength"] is not None
    assert row["strength_lower"] is None
    assert row["win_rate_standard_error"] is None


def test_a_criterion_without_votes_takes_nothing_from_the_intervals_of_the_others():
    votes = round_robin(raters=30)
    alone = build_board(board_input({"helpfulness": votes}), seed=0)
    thin = build_board(board_input({"helpfulness": votes, "style": votes[:0]}), seed=0)
    assert thin["criteria"][0]["cluster"]["by"] == "two-way"
    assert thin["criteria"][0]["covariance"] == alone["criteria"][0]["covariance"]
    assert thin["cluster"]["by"] == "two-way"


def test_before_anybody_judged_the_note_says_so():
    source = board_input({"help": [("ant", "bee", "first", "ann", "p0")]})
    nothing = source.ballots["help"].select(np.array([False]))
    board = build_board(replace(source, ballots={"help": nothing}), seed=0)
    assert board["cluster"] == {"by": "", "note": "Nobody has judged yet: there is no interval."}


def test_a_forfeit_counts_as_an_outcome_and_as_no_judgment_or_rater():
    votes = [
        *round_robin(),
        ("ant", "bee", "second", "-", "p1"),
        ("ant", "bee", "second", "-", "p2"),
    ]
    board = build_board(board_input({"helpfulness": votes}), seed=0)
    plain = build_board(board_input({"helpfulness": round_robin()}), seed=0)
    row, before = rows_of(board)["ant"], rows_of(plain)["ant"]
    assert row["forfeits"] == 2
    assert row["losses"] == before["losses"] + 2
    assert row["judgments"] == before["judgments"]
    assert row["raters"] == 12
    assert board["criteria"][0]["clusters"] == 12
    assert row["strength"] < before["strength"]


def test_a_model_that_lost_every_vote_is_named_and_the_others_are_ranked_by_their_own_votes():
    votes = round_robin()
    lost = [("ant", "dud", "first", f"r{at:02}", "p1") for at in range(12)]
    board = build_board(board_input({"helpfulness": [*votes, *lost]}), seed=0)
    plain = build_board(board_input({"helpfulness": votes}), seed=0)
    criterion = board["criteria"][0]
    assert criterion["ranked"] == ["ant", "bee", "cow"]
    assert criterion["groups"] == [["ant", "bee", "cow"], ["dud"]]
    rows = rows_of(board)
    assert rows["dud"]["strength"] is None
    assert rows["dud"]["rank"] is None
    assert rows["dud"]["losses"] == 12
    assert rows["dud"]["win_rate"] == 0
    assert rows["ant"]["strength"] == pytest.approx(rows_of(plain)["ant"]["strength"], abs=1e-10)
    assert criterion["rows"][-1]["model"] == "dud"


def test_votes_that_rank_nothing_give_nulls_and_a_reason():
    votes = [("ant", "bee", "first", "r1", "p1"), ("ant", "bee", "first", "r2", "p2")]
    board = build_board(board_input({"helpfulness": votes}), seed=0)
    criterion = board["criteria"][0]
    assert [row["strength"] for row in criterion["rows"]] == [None, None]
    assert criterion["reasons"] == ["The votes do not rank any two models."]
    assert criterion["groups"] == [["ant"], ["bee"]]
    assert criterion["rows"][0]["model"] == "ant"


def test_no_votes_at_all_still_make_a_board():
    source = board_input({"helpfulness": [("ant", "bee", "cannot_judge", "r1", "p1")]})
    board = build_board(source, seed=0)
    assert rows_of(board)["ant"]["win_rate"] is None
    assert rows_of(board)["ant"]["cannot_judge_rate"] == 1
    assert rows_of(board)["ant"]["online_elo"] is None


def test_the_composite_is_the_weighted_mean_with_an_interval_of_its_own():
    votes = {"helpfulness": round_robin(1), "truthfulness": round_robin(2)}
    board = build_board(board_input(votes, weights={"helpfulness": 3, "truthfulness": 1}), seed=0)
    composite = {row["model"]: row for row in board["composite"]["rows"]}
    for name, row in composite.items():
        mean = (3 * rows_of(board, 0)[name]["strength"] + rows_of(board, 1)[name]["strength"]) / 4
        assert row["strength"] == pytest.approx(mean, abs=1e-12)
        assert row["strength_lower"] < row["strength"] < row["strength_upper"]
        assert row["rank_lower"] <= row["rank"] <= row["rank_upper"]


def test_the_same_votes_on_two_criteria_narrow_no_composite():
    votes = round_robin()
    board = build_board(board_input({"helpfulness": votes, "truthfulness": votes}), seed=0)
    alone = rows_of(board)["ant"]
    both = next(row for row in board["composite"]["rows"] if row["model"] == "ant")
    assert both["strength_lower"] == pytest.approx(alone["strength_lower"], abs=1e-9)


def test_one_criterion_or_one_weight_has_no_composite():
    assert build_board(board_input({"helpfulness": round_robin()}), seed=0)["composite"] is None
    votes = {"helpfulness": round_robin(1), "truthfulness": round_robin(2)}
    weighted = board_input(votes, weights={"truthfulness": 0.0})
    assert build_board(weighted, seed=0)["composite"] is None


@pytest.fixture
def dud():
    """On helpfulness the dud lost every vote; on truthfulness it won one."""
    votes = round_robin()
    lost = [("ant", "dud", "first", f"r{at:02}", "p1") for at in range(12)]
    found = [*lost[:11], ("ant", "dud", "second", "r11", "p1")]
    return {"helpfulness": [*votes, *lost], "truthfulness": [*votes, *found]}


def test_a_composite_is_over_the_models_that_every_criterion_ranks_and_names_the_others(dud):
    composite = build_board(board_input(dud), seed=0)["composite"]
    assert composite["ranked"] == ["ant", "bee", "cow"]
    assert composite["left_out"] == [{"model": "dud", "criteria": ["helpfulness"]}]
    assert composite["reasons"] == []
    assert composite["rows"][-1] == {"model": "dud"} | dict.fromkeys(RANKING)


def test_what_is_left_out_of_the_composite_does_not_move_the_others(dud):
    votes = {"helpfulness": round_robin(), "truthfulness": round_robin()}
    plain = build_board(board_input(votes), seed=0)["composite"]
    composite = build_board(board_input(dud), seed=0)["composite"]
    for one, other in zip(composite["rows"], plain["rows"], strict=False):
        assert one["model"] == other["model"]
        assert one["strength"] == pytest.approx(other["strength"], abs=1e-8)
        assert one["strength_upper"] == pytest.approx(other["strength_upper"], abs=1e-8)


def test_criteria_with_no_two_models_in_common_have_no_composite_and_say_so():
    apart = {
        "helpfulness": round_robin(models=("ant", "bee", "cow")),
        "truthfulness": round_robin(models=("cow", "dog", "elk")),
    }
    composite = build_board(board_input(apart), seed=0)["composite"]
    assert composite["reasons"] == [
        "There is no composite: no two models are ranked on every criterion."
    ]
    assert all(row["strength"] is None for row in composite["rows"])


def test_a_criterion_that_ranks_nothing_is_named_as_the_reason():
    won = [("ant", "bee", "first", f"r{at:02}", "p1") for at in range(12)]
    source = board_input({"helpfulness": round_robin(), "truthfulness": won})
    composite = build_board(source, seed=0)["composite"]
    assert composite["reasons"] == ["There is no composite: Truthfulness cannot be estimated."]


def test_criteria_that_rank_nothing_are_listed_as_a_sentence_lists_them():
    won = [("ant", "bee", "first", f"r{at:02}", "p1") for at in range(12)]
    source = board_input(dict.fromkeys(("helpfulness", "harmlessness", "truthfulness"), won))
    composite = build_board(source, seed=0)["composite"]
    named = "Helpfulness, Harmlessness and Truthfulness"
    assert composite["reasons"] == [f"There is no composite: {named} cannot be estimated."]


def test_the_kinds_of_raters_are_told_with_their_counts():
    board = build_board(board_input({"helpfulness": round_robin()}, kinds="simulated"), seed=0)
    assert board["raters"] == [
        {"kind": "simulated", "label": "Simulated", "raters": 12, "judgments": 180}
    ]


def test_the_same_input_and_seed_give_the_same_board_and_it_is_json():
    source = board_input({"helpfulness": round_robin(), "truthfulness": round_robin(2)})
    one, other = build_board(source, seed=5), build_board(source, seed=5)
    assert json.dumps(one, allow_nan=False) == json.dumps(other, allow_nan=False)


def test_models_that_nothing_tells_apart_share_a_rank():
    votes = [
        (one, other, outcome, f"r{rater}", f"p{rater}")
        for rater in range(12)
        for one, other in (("ant", "bee"), ("bee", "cow"), ("ant", "cow"))
        for outcome in ("first", "second", "tie")
    ]
    board = build_board(board_input({"helpfulness": votes}), seed=0)
    assert {row["rank"] for row in board["criteria"][0]["rows"]} == {1}


def test_a_lower_level_of_the_protocol_narrows_the_intervals():
    source = board_input({"helpfulness": round_robin()})
    wide, narrow = build_board(source, seed=0), build_board(replace(source, level=0.5), seed=0)
    assert rows_of(narrow)["ant"]["strength_upper"] < rows_of(wide)["ant"]["strength_upper"]
    assert narrow["level"] == 0.5
