"""The audit of a board: each check fires where its defect was planted, and none on a clean board."""

from dataclasses import replace

import numpy as np
import pytest

from ratings.scoring import Comparisons, audit_votes, draw_comparisons, fit_bradley_terry, sandwich
from ratings.scoring.audit import CHECKS, THRESHOLDS
from ratings.scoring.types import Counts

NU = 0.7
STRENGTH = np.linspace(1.0, -1.0, 6)
NAMES = ("ant", "bee", "cow", "dog", "elk", "fox")
FIRST, TIE, SECOND = 2, 1, 0


def votes(strength=STRENGTH, n=6000, seed=1, raters=60, **more) -> Comparisons:
    """A board without defects: even pairs, raters and prompts that do not matter, seen both ways."""
    rng = np.random.default_rng(seed)
    names = NAMES[: len(strength)]
    drawn = draw_comparisons(strength, n, rng=rng, nu=NU, raters=raters, items=names, **more)
    return replace(drawn, prompt=rng.integers(0, 80, n))


def audit(board: Comparisons, seed=1, **more):
    rng = np.random.default_rng(seed)
    known = {
        "shown_first": rng.integers(0, 2, len(board)),
        "both_bad": (board.outcome == TIE) & (rng.random(len(board)) < 0.3),
        "propensity": np.full(len(board), 1 / 15),
    }
    return audit_votes(board, rng=rng, **(known | more))


@pytest.mark.parametrize("seed", range(20))
def test_a_clean_board_raises_no_flag(seed):
    found = audit(votes(seed=seed), seed)
    assert found.flags == ()
    assert [one.check for one in found.findings] == list(CHECKS)
    assert found.skipped == {}


@pytest.mark.parametrize("seed", range(5))
def test_a_clean_board_of_half_win_ties_raises_no_flag(seed):
    board = votes(seed=seed)
    fit = fit_bradley_terry(board)
    assert audit(board, fit=fit, covariance=sandwich(fit, board)).flags == ()


def test_too_few_votes():
    found = audit(votes(STRENGTH / 3, n=400))
    assert found.flags == ("volatility", "separation")
    assert found["volatility"].figure > 2
    assert found["separation"].figure > 0.5


def test_a_model_with_few_votes():
    board = votes()
    rows = np.flatnonzero((board.first == 5) | (board.second == 5))
    found = audit(board.select(np.setdiff1d(np.arange(len(board)), rows[25:])))
    assert "coverage" in found.flags
    assert found["coverage"].names == ("fox",)
    assert found["coverage"].figure == 25


def test_votes_spent_on_the_top():
    strength = np.append(STRENGTH, [-1.4, -1.8])
    rng = np.random.default_rng(1)
    board = draw_comparisons(strength, 60_000, rng=rng, nu=NU)
    share = 0.35 ** np.arange(8)
    kept = rng.random(len(board)) < np.maximum(share[board.first] * share[board.second], 2e-3)
    found = audit_votes(board.select(kept), rng=rng)
    assert "imbalance" in found.flags
    assert found["imbalance"].names == ("item 0",)


def test_two_pools_that_never_met():
    board = votes()
    apart = board.select((board.first < 3) == (board.second < 3))
    found = audit(apart)
    assert found.flags == ("connectivity",)
    assert found["connectivity"].figure == 2
    assert found["connectivity"].names in {("ant, bee, cow",), ("dog, elk, fox",)}
    assert set(found.skipped) == set(CHECKS[3:])


def test_a_model_that_wins_everything():
    board = votes()
    outcome = board.outcome.copy()
    outcome[board.first == 0], outcome[board.second == 0] = FIRST, SECOND
    assert "connectivity" in audit(replace(board, outcome=outcome)).flags


def test_the_side_shown_first_is_favoured():
    board, shown, rng = votes(), None, np.random.default_rng(2)
    shown = rng.integers(0, 2, len(board))
    outcome = board.outcome.copy()
    swayed = rng.random(len(board)) < 0.15
    outcome[swayed] = np.where(shown[swayed] == 1, FIRST, SECOND)
    found = audit(replace(board, outcome=outcome), shown_first=shown)
    assert found.flags == ("position",)
    assert found["position"].figure > 0.2


def test_a_model_that_always_is_shown_first_owes_its_place_to_it():
    strength = np.array([0.6, 0.1, 0.0, -0.3, -0.5, -0.7])
    board, rng = votes(strength, n=12_000), np.random.default_rng(2)
    shown = rng.integers(0, 2, len(board))
    shown[board.first == 2], shown[board.second == 2] = 1, 0
    outcome = board.outcome.copy()
    swayed = rng.random(len(board)) < 0.25
    outcome[swayed] = np.where(shown[swayed] == 1, FIRST, SECOND)
    found = audit(replace(board, outcome=outcome), shown_first=shown)
    assert {"position", "position_order"} <= set(found.flags)
    assert "cow, bee" in found["position_order"].names


def test_a_model_that_draws_instead_of_losing():
    board, rng = votes(n=12_000), np.random.default_rng(3)
    outcome = board.outcome.copy()
    # Of the weakest most votes are ties, won or lost: half a win each lifts it over the next.
    rows = ((board.first == 5) | (board.second == 5)) & (rng.random(len(board)) < 0.8)
    outcome[rows] = TIE
    found = audit(replace(board, outcome=outcome), both_bad=None)
    assert "tie_convention" in found.flags
    assert any("fox" in pair for pair in found["tie_convention"].names)


def test_a_model_whose_answers_are_both_bad_instead_of_lost():
    board, rng = votes(n=12_000), np.random.default_rng(4)
    outcome = board.outcome.copy()
    bad = np.zeros(len(board), dtype=bool)
    for side, lost in ((board.first, SECOND), (board.second, FIRST)):
        bad |= (side == 2) & (outcome != lost) & (rng.random(len(board)) < 0.6)
    outcome[bad] = TIE
    found = audit(replace(board, outcome=outcome), both_bad=bad)
    assert "both_bad" in found.flags
    assert any("cow" in pair for pair in found["both_bad"].names)


def test_rock_paper_scissors():
    board = votes(np.array([0.8, 0.0, 0.0, 0.0, -0.4, -0.8]), n=9000)
    outcome = board.outcome.copy()
    rng = np.random.default_rng(5)
    for winner, loser in ((1, 2), (2, 3), (3, 1)):
        for one, other, result in ((winner, loser, FIRST), (loser, winner, SECOND)):
            rows = (board.first == one) & (board.second == other) & (rng.random(len(board)) < 0.6)
            outcome[rows] = result
    found = audit(replace(board, outcome=outcome))
    assert "intransitivity" in found.flags
    worst = {frozenset(pair.split(", ")) for pair in found["intransitivity"].names}
    assert worst == {frozenset(p) for p in (("bee", "cow"), ("cow", "dog"), ("bee", "dog"))}


def test_a_few_power_voters():
    board, rng = votes(raters=400), np.random.default_rng(6)
    rater = board.rater.copy()
    busy = rng.random(len(board)) < 0.8
    rater[busy] = rng.integers(0, 6, busy.sum())
    found = audit(replace(board, rater=rater))
    assert found.flags == ("concentration",)
    assert 6 < found["concentration"].figure < 10


def test_raters_with_tastes_of_their_own():
    found = audit(votes(raters=50, taste=0.8))
    assert "clustering" in found.flags
    assert found["clustering"].figure > 1.25


@pytest.mark.parametrize("unit", ["rater", "prompt"])
def test_one_loud_rater_or_prompt(unit):
    strength = np.array([1.0, 0.5, 0.0, 0.0, -0.5, -1.0])
    board = votes(strength, seed=7)
    codes = getattr(board, unit).copy()
    pair = np.isin(board.first, [2, 3]) & np.isin(board.second, [2, 3])
    loud = pair & (np.random.default_rng(7).random(len(board)) < 0.35)
    codes[loud] = 17
    outcome = board.outcome.copy()
    outcome[loud] = np.where(board.first[loud] == 2, FIRST, SECOND)
    found = audit(replace(board, outcome=outcome, **{unit: codes}))
    assert f"{unit}_influence" in found.flags
    assert found[f"{unit}_influence"].names[0] == "17"


# ---- what the audit cannot see, it says


def test_what_is_not_known_is_skipped_with_the_reason():
    board = replace(votes(), rater=None, prompt=None)
    found = audit_votes(board, rng=np.random.default_rng(1))
    assert set(found.skipped) == {
        "position", "position_order", "both_bad", "concentration", "clustering",
        "rater_influence", "prompt_influence", "draw",
    }  # fmt: skip
    assert all(found.skipped.values())


def test_two_models_cannot_contradict_each_other():
    found = audit(votes(np.array([0.3, -0.3])))
    assert "in one way only" in found.skipped["intransitivity"]


def test_without_the_one_who_carries_it_the_order_falls_apart():
    board = votes(np.array([0.5, 0.0, -0.5]), n=300, raters=5)
    extra = Comparisons.from_labels(
        ["ant", "bee"], ["zoe", "zoe"], ["first", "second"], items=("ant", "bee", "cow", "zoe")
    )
    joined = Comparisons(
        items=extra.items,
        first=np.append(board.first, extra.first),
        second=np.append(board.second, extra.second),
        outcome=np.append(board.outcome, extra.outcome),
        rater=np.append(board.rater, [77, 77]),
    )
    found = audit_votes(joined, rng=np.random.default_rng(1))["rater_influence"]
    assert (found.figure, found.flagged) == (np.inf, True)
    assert found.names[0] == "77"


def test_a_model_that_is_always_shown_first_is_not_told_from_the_position():
    board = votes(strength=np.array([0.2, -0.2]), n=300)
    found = audit(board, shown_first=board.first == 0)
    assert found.skipped["position"] == "the votes do not tell the position from the models"


def test_the_same_seed_gives_the_same_audit():
    one, other = audit(votes(n=400)), audit(votes(n=400))
    assert one.findings == other.findings


def test_every_check_has_its_threshold():
    assert set(THRESHOLDS) == set(CHECKS)
    assert Counts.of(votes()).n == 6000


def unevenly_drawn(board: Comparisons, rng) -> tuple[Comparisons, np.ndarray]:
    """Return votes of which those between the first and the last were ten times as likely."""
    rare = {(0, 5), (5, 0)}
    often = np.array([pair in rare for pair in zip(board.first, board.second, strict=True)])
    kept = often | (rng.random(len(board)) < 0.1)
    chance = np.where(often, 10.0, 1.0)[kept]
    return board.select(kept), chance / 24


def test_a_pair_that_is_unlike_the_rest_and_was_drawn_more_often():
    rng = np.random.default_rng(5)
    board = votes(n=30_000)
    between = np.isin(board.first, (0, 5)) & np.isin(board.second, (0, 5))
    # Against the best the worst does well: the strengths then depend on how often the two met.
    odd = np.where(rng.random(len(board)) < 0.7, board.first == 5, board.first == 0) * FIRST
    strange = replace(board, outcome=np.where(between, odd, board.outcome).astype(np.int8))
    drawn, propensity = unevenly_drawn(strange, rng)
    found = audit(drawn, propensity=propensity)
    assert "draw" in found.flags
    assert found["draw"].names[0] in {"ant", "fox"}


@pytest.mark.parametrize("seed", range(5))
def test_where_the_model_is_right_an_uneven_draw_is_no_defect(seed):
    drawn, propensity = unevenly_drawn(votes(n=30_000, seed=seed), np.random.default_rng(seed))
    assert not audit(drawn, propensity=propensity)["draw"].flagged
