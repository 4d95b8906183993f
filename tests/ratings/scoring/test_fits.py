"""Both models of preference: gradients, symmetries, independent oracles, recovery."""

import choix
import evalica
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ratings.scoring import (
    Comparisons,
    NotConverged,
    draw_comparisons,
    fit_bradley_terry,
    fit_davidson,
    newton,
    ties,
)
from ratings.scoring import bradley_terry as half
from ratings.scoring.types import Counts
from tests.ratings.scoring.votes import repeated, wins

STRENGTH = np.array([0.9, 0.3, 0.0, -0.4, -0.8])
FITS = pytest.mark.parametrize("fit", [fit_bradley_terry, fit_davidson])


def drawn(seed: int, n: int = 2000, nu: float = 0.7, **more) -> Comparisons:
    return draw_comparisons(STRENGTH, n, rng=np.random.default_rng(seed), nu=nu, **more)


@given(st.integers(0, 2**32 - 1))
@settings(max_examples=20, deadline=None)
def test_the_gradients_and_informations_are_those_of_finite_differences(seed):
    rng = np.random.default_rng(seed)
    counts = Counts.of(drawn(seed, n=200))
    points = counts.wins + counts.ties / 2
    objectives = (
        lambda at: half.curvature(at, points, counts.votes),
        lambda at: ties.curvature(at, counts),
    )
    for objective, size in zip(objectives, (5, 6), strict=True):
        at = rng.normal(size=size)
        found, step = objective(at), 1e-5
        for i, nudge in enumerate(np.eye(size) * step):
            up, down = objective(at + nudge), objective(at - nudge)
            assert found.gradient[i] == pytest.approx(
                (up.value - down.value) / (2 * step), abs=1e-4
            )
            slope = (down.gradient - up.gradient) / (2 * step)
            assert found.information[i] == pytest.approx(slope, abs=1e-4)


@FITS
def test_the_gradient_per_vote_is_below_the_tolerance(fit):
    found = fit(drawn(1))
    assert found.gradient_per_vote <= 1e-12
    assert found.strength.sum() == pytest.approx(0, abs=1e-12)


@FITS
@given(seed=st.integers(0, 2**32 - 1), order=st.permutations(range(5)))
@settings(max_examples=20, deadline=None)
def test_relabelling_the_items_relabels_the_strengths(fit, seed, order):
    votes = drawn(seed, n=300)
    place = np.array(order, dtype=np.int32)
    relabelled = Comparisons(votes.items, place[votes.first], place[votes.second], votes.outcome)
    assert fit(relabelled).strength[place] == pytest.approx(fit(votes).strength, abs=1e-10)


@FITS
@given(st.integers(0, 2**32 - 1))
@settings(max_examples=20, deadline=None)
def test_swapping_sides_and_the_order_of_votes_change_nothing(fit, seed):
    votes = drawn(seed, n=300)
    shuffled = votes.select(np.random.default_rng(seed).permutation(len(votes)))
    for same in (votes.swapped(), shuffled):
        assert np.array_equal(fit(same).strength, fit(votes).strength)


@FITS
def test_exchanging_winners_and_losers_turns_the_strengths_around(fit):
    votes = drawn(2)
    turned = Comparisons(votes.items, votes.second, votes.first, votes.outcome)
    assert fit(turned).strength == pytest.approx(-fit(votes).strength, abs=1e-10)


@FITS
def test_doubling_the_votes_keeps_the_strengths_and_halves_the_inverse(fit):
    votes = drawn(3)
    once, twice = fit(votes), fit(repeated(votes, 2))
    assert twice.strength == pytest.approx(once.strength, abs=1e-12)
    assert twice.inverse == pytest.approx(once.inverse / 2, rel=1e-9, abs=1e-15)


def test_a_warm_start_ends_at_the_same_numbers_in_fewer_steps():
    votes = drawn(4)
    before = fit_bradley_terry(votes.select(np.arange(len(votes) - 1)))
    cold, warm = fit_bradley_terry(votes), fit_bradley_terry(votes, start=before.strength)
    assert warm.strength == pytest.approx(cold.strength, abs=1e-13)
    assert warm.iterations < cold.iterations
    earlier = fit_davidson(votes.select(np.arange(len(votes) - 1)))
    assert fit_davidson(votes, start=earlier).strength == pytest.approx(
        fit_davidson(votes).strength, abs=1e-13
    )


def test_without_ties_both_models_agree_and_nu_is_zero():
    votes = drawn(5, nu=0.0)
    assert np.array_equal(fit_davidson(votes).strength, fit_bradley_terry(votes).strength)
    assert fit_davidson(votes).tie == 0.0


def test_davidson_recovers_the_truth_where_half_wins_shrink_it():
    truth, nu = STRENGTH - STRENGTH.mean(), 0.7
    votes = drawn(6, n=400_000, nu=nu)
    davidson, halves = fit_davidson(votes), fit_bradley_terry(votes)
    assert davidson.strength == pytest.approx(truth, abs=0.02)
    assert davidson.tie == pytest.approx(nu, abs=0.02)
    assert 0.6 < halves.strength[0] / truth[0] < 0.85


@pytest.mark.parametrize("seed", range(5))
def test_half_win_ties_agree_with_two_independent_programs(seed):
    votes = drawn(seed, n=500)
    found = fit_bradley_terry(votes).strength
    names = [[votes.items[i] for i in side] for side in (votes.first, votes.second)]
    winners = [(evalica.Winner.Y, evalica.Winner.Draw, evalica.Winner.X)[o] for o in votes.outcome]
    scores = evalica.bradley_terry(*names, winners, tolerance=1e-13, limit=100_000).scores
    other = np.log(np.array([scores[item] for item in votes.items]))
    assert found == pytest.approx(other - other.mean(), abs=1e-10)
    counts = Counts.of(votes)
    dense = choix.ilsr_pairwise_dense(counts.wins + counts.ties / 2, tol=1e-12)
    assert found == pytest.approx(dense - dense.mean(), abs=1e-9)


@pytest.mark.parametrize("seed", range(5))
def test_davidson_agrees_with_newmans_iteration(seed):
    votes = drawn(seed, n=500)
    names = [[votes.items[i] for i in side] for side in (votes.first, votes.second)]
    winners = [(evalica.Winner.Y, evalica.Winner.Draw, evalica.Winner.X)[o] for o in votes.outcome]
    scores = evalica.newman(*names, winners, tolerance=1e-13, limit=100_000).scores
    other = np.log(np.array([scores[item] for item in votes.items]))
    assert fit_davidson(votes).strength == pytest.approx(other - other.mean(), abs=1e-8)


def test_the_probabilities_do_not_overflow():
    odds = ties.davidson_odds(np.array([-2000.0, 0.0, 2000.0]), 3.0)
    assert odds.expected.tolist() == [0.0, 0.5, 1.0]
    assert odds.tie[1] == pytest.approx(np.exp(3) / (np.exp(3) + 2))
    assert half.win_probability(np.array([-2000.0, 2000.0])).tolist() == [0.0, 1.0]


def test_an_optimiser_that_cannot_arrive_says_so():
    def runaway(at):
        return newton.Curvature(float(at[0]), np.array([1.0, -1.0]), np.eye(2))

    with pytest.raises(NotConverged, match="gradient per vote"):
        newton.maximise(runaway, np.zeros(2), k=2, n=1.0)


def test_a_hundred_to_one_is_found_as_well_as_one_to_one():
    votes = wins("ab", *["ab"] * 10_000, "ba")
    gap = np.subtract(*fit_bradley_terry(votes).strength)
    assert gap == pytest.approx(np.log(10_000), abs=1e-9)
