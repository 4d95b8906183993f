"""A score is passed as often as its normal says, by honest raters: for skewed, discrete and few values."""

from itertools import product

import numpy as np
import pytest

from ratings.quality.detectors import third_moment
from ratings.quality.scores import (
    Tried,
    among_raters,
    bound_of_many,
    of_shortfall,
    of_skewed_sum,
    of_sums,
    of_ties,
    score_of,
)

LEVEL = 0.0025
BOUND = bound_of_many(LEVEL, 1)


def share_beyond(study, *, raters: int, studies: int, bound: float = BOUND) -> float:
    """How many of all raters of many honest studies have a score beyond the bound."""
    rng = np.random.default_rng(8)
    beyond = [
        sum(one > bound for one in study(rng, raters).values()) / raters for _ in range(studies)
    ]
    return float(np.mean(beyond))


def normal(rng, raters):
    values = 3 + 0.2 * rng.standard_normal(raters)
    return among_raters(dict(enumerate(values)), set(range(raters)))


def ties(rng, raters, *, spread=0.0):
    angles = np.arcsin(np.sqrt(0.15)) + spread * rng.standard_normal(raters)
    counts = rng.binomial(60, np.sin(np.clip(angles, 0, np.pi / 2)) ** 2)
    return of_ties({at: Tried(int(one), 60) for at, one in enumerate(counts)}, set(range(raters)))


@pytest.mark.parametrize("raters", [12, 50, 200])
def test_an_estimated_scale_flags_no_more_honest_raters_than_it_says(raters):
    assert 0 < share_beyond(normal, raters=raters, studies=24_000 // raters) <= 1.2 * LEVEL


def test_the_negative_control_flags_many_times_more():
    assert share_beyond(quartiles_for_the_truth, raters=12, studies=1_500) > 4 * LEVEL


def quartiles_for_the_truth(rng, raters):
    """The negative control: the estimated centre and spread taken for the true ones."""
    values = rng.standard_normal(raters)
    low, centre, high = np.quantile(values, [0.25, 0.5, 0.75])
    return dict(enumerate((values - centre) / (high - low) * 1.349))


@pytest.mark.parametrize("raters", [6, 12])
def test_a_spread_known_by_chance_holds_the_level_and_finds_among_few(raters):
    def study(rng, raters):
        values = rng.standard_normal(raters)
        return of_sums(
            dict(enumerate(values)), dict.fromkeys(range(raters), 60), set(range(raters))
        )

    assert share_beyond(study, raters=raters, studies=24_000 // raters) <= 1.2 * LEVEL
    few = dict(enumerate([0.3, -0.8, 0.1, 1.2, -0.4, 6.0]))
    assert of_sums(few, dict.fromkeys(few, 60), set(few))[5] > bound_of_many(0.0005, 2)
    assert among_raters(few, set(few))[5] < BOUND


def uneven(rng, raters):
    """Sums of raters of very unequal numbers of votes, who differ lastingly by 0.1 a vote."""
    votes = np.exp(rng.normal(4, 1, size=raters)).astype(int) + 15
    return votes, np.sqrt(votes) * 0.1 * rng.standard_normal(raters) + rng.standard_normal(raters)


def test_who_votes_most_is_not_found_for_that():
    def study(rng, raters):
        votes, values = uneven(rng, raters)
        return of_sums(dict(enumerate(values)), dict(enumerate(votes.tolist())), set(range(raters)))

    def one_spread_for_all(rng, raters):
        return among_raters(dict(enumerate(uneven(rng, raters)[1])), set(range(raters)))

    assert 0 < share_beyond(study, raters=200, studies=150) <= 1.3 * LEVEL
    assert share_beyond(one_spread_for_all, raters=200, studies=150) > 2 * LEVEL


@pytest.mark.parametrize("spread", [0.0, 0.1])
def test_habits_of_ties_are_found_no_more_often_than_the_level_says(spread):
    def study(rng, raters):
        return ties(rng, raters, spread=spread)

    found = share_beyond(study, raters=200, studies=40, bound=bound_of_many(LEVEL, 2))
    assert found <= 1.2 * LEVEL


def test_who_always_or_never_says_tie_is_found_beside_others_like_them():
    counts = [9, 8, 10, 11, 7, 9, 12, 6] * 20 + [60, 0]
    tried = {at: Tried(one, 60) for at, one in enumerate(counts)}
    scores = of_ties(tried, set(tried))
    assert scores[160] > 5
    assert scores[161] > bound_of_many(LEVEL, 2)
    assert max(scores[at] for at in range(160)) < 2


def test_a_skewed_sum_has_the_chance_that_all_its_outcomes_add_up_to():
    expected, tied = np.array([0.8, 0.7, 0.75, 0.6, 0.85, 0.7, 0.65, 0.9]), np.full(8, 0.1)
    lean = 2 * expected - 1
    wins, losses = expected - tied / 2, 1 - expected - tied / 2
    outcomes = np.array(list(product((0, 1, 2), repeat=8)))
    chances = np.prod(np.choose(outcomes, [losses, tied, wins]), axis=1)
    sums = -((outcomes / 2 - expected) * lean).sum(axis=1)
    variance = float(chances @ sums**2)
    third = float(chances @ sums**3)
    assert variance == pytest.approx(
        float(((expected * (1 - expected) - tied / 4) * lean**2).sum())
    )
    assert third == pytest.approx(float(-(third_moment(expected, tied) * lean**3).sum()))
    scores = np.array([of_skewed_sum(one, variance, third) for one in sums])
    for level in (0.01, LEVEL):
        bound = bound_of_many(level, 1)
        assert 0.5 * level < chances[scores > bound].sum() <= 1.1 * level
        assert chances[sums / variance**0.5 > bound].sum() > 1.9 * level  # taken for a normal


def test_moments_of_either_sign_are_mirrored_and_none_is_a_normal():
    assert of_skewed_sum(-2.0, 1.0, -0.5) == pytest.approx(-of_skewed_sum(2.0, 1.0, 0.5))
    assert of_skewed_sum(2.0, 1.0, 0.0) == 2.0
    assert of_skewed_sum(2.0, 1.0, 0.002) == pytest.approx(2.0, abs=0.01)


def test_a_shortfall_is_the_binomials_own():
    assert of_shortfall(None, 0.9) == of_shortfall(Tried(0, 0), 0.9) == 0
    assert of_shortfall(Tried(0, 1), 0.9) == pytest.approx(float(score_of(0.1)))
    assert of_shortfall(Tried(5, 5), 0.9) < 0
