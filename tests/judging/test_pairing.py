"""How many comparisons one rater can get, and pairs drawn by weight."""

import random
from itertools import combinations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from judging.pairing import draw_pair, judgeable, skips_allowed

NODES = 7
EDGES = st.sets(st.sampled_from(list(combinations(range(NODES), 2))), max_size=12)


def brute(edges) -> int:
    """The size of a maximum matching by trying all."""
    edges = list(edges)
    if not edges:
        return 0
    (one, other), *rest = edges
    without = [edge for edge in rest if not {one, other} & set(edge)]
    return max(brute(rest), 1 + brute(without))


@settings(max_examples=300, deadline=None)
@given(EDGES)
def test_one_rater_can_judge_as_many_as_share_no_model(edges):
    assert judgeable(edges, views=None) == brute(edges)


def test_an_odd_cycle_with_tails_is_matched_through():
    edges = [(0, 1), (1, 2), (2, 3), (3, 4), (4, 0), (2, 5), (4, 6), (6, 7)]
    assert judgeable(edges, views=None) == brute(edges) == 4


@pytest.mark.parametrize(("models", "most"), [(2, 1), (3, 1), (4, 2), (9, 4), (10, 5), (40, 20)])
def test_all_pairs_of_models_give_half_as_many(models, most):
    assert judgeable(combinations(range(models), 2), views=None) == most


def test_a_baseline_meets_a_rater_once_and_views_are_a_cap():
    assert judgeable([(0, other) for other in range(1, 9)], views=None) == 1
    assert judgeable(combinations(range(8), 2), views=3) == 3
    assert judgeable([], views=None) == 0


def test_pairs_are_drawn_as_often_as_their_weights_say():
    rng, weights = random.Random(3), {4: 1.0, 7: 2.0, 9: 5.0}
    drawn = [draw_pair(weights, u=rng.random()) for _ in range(20_000)]
    for pair, weight in weights.items():
        share = sum(one.pair_id == pair for one in drawn) / len(drawn)
        assert share == pytest.approx(weight / 8, abs=0.012)
    assert {one.probability for one in drawn} == {1 / 8, 2 / 8, 5 / 8}


def test_the_last_pair_is_drawn_at_the_very_end_of_the_line():
    assert draw_pair({1: 0.1, 2: 0.2, 3: 0.7}, u=1 - 2**-53).pair_id == 3


def test_a_fifth_of_what_was_issued_may_be_skipped():
    assert skips_allowed(30, issued=10) == 30
    assert skips_allowed(30, issued=1_000) == 200
    assert skips_allowed(None, issued=0) == float("inf")
