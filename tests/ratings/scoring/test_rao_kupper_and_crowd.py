"""Rao and Kupper's ties, and raters of unequal reliability: derivatives, known truths, symmetries."""

import numpy as np
import pytest

from ratings.scoring import (
    Comparisons,
    NotEstimable,
    draw_comparisons,
    fit_bradley_terry,
    fit_crowd,
    fit_davidson,
    fit_rao_kupper,
    sandwich,
    two_way_sandwich,
)
from ratings.scoring.ties import _rao_kupper_curvature
from ratings.scoring.types import Counts
from tests.ratings.scoring.votes import repeated, wins

STRENGTH = np.array([0.9, 0.3, 0.0, -0.4, -0.8])


def by_threshold(n: int, log_theta: float, seed: int = 0) -> Comparisons:
    """Votes from the model itself: tied where difference plus logistic noise is within the threshold."""
    rng = np.random.default_rng(seed)
    first = rng.integers(5, size=n)
    second = (first + rng.integers(1, 5, size=n)) % 5
    gap = STRENGTH[first] - STRENGTH[second] + rng.logistic(size=n)
    outcome = np.where(gap > log_theta, 2, np.where(gap < -log_theta, 0, 1))
    return Comparisons(
        tuple("abcde"), first, second, outcome, rng.integers(40, size=n), rng.integers(30, size=n)
    )


def test_the_gradient_and_the_information_are_those_of_the_likelihood():
    counts = Counts.of(by_threshold(2000, 0.6))
    at, step = np.array([0.5, 0.2, 0.1, -0.3, -0.5, 0.6]), 1e-6 * np.eye(6)
    here = _rao_kupper_curvature(at, counts)
    ahead = [_rao_kupper_curvature(at + one, counts) for one in step]
    behind = [_rao_kupper_curvature(at - one, counts) for one in step]
    pairs = list(zip(ahead, behind, strict=True))
    slopes = np.array([(one.value - other.value) / 2e-6 for one, other in pairs])
    bends = np.array([(one.gradient - other.gradient) / 2e-6 for one, other in pairs])
    assert here.gradient == pytest.approx(slopes, abs=1e-4)
    assert here.information == pytest.approx(-bends, abs=1e-4)


def test_the_truth_is_recovered():
    votes = by_threshold(200_000, 0.6)
    fit = fit_rao_kupper(votes)
    assert fit.gradient_per_vote <= 1e-12
    assert fit.strength == pytest.approx(STRENGTH - STRENGTH.mean(), abs=0.03)
    assert np.log(fit.tie) == pytest.approx(0.6, abs=0.01)
    assert fit.tie_probability[0, 1] == pytest.approx((votes.outcome == 1).mean(), abs=0.03)


def test_where_the_model_holds_the_sandwich_is_the_fisher_covariance():
    votes = by_threshold(50_000, 0.6)
    fit = fit_rao_kupper(votes)
    fisher = np.sqrt(np.diag(fit.inverse))[:5]
    assert sandwich(fit, votes).standard_error == pytest.approx(fisher, rel=0.03)
    assert two_way_sandwich(fit, votes).standard_error == pytest.approx(fisher, rel=0.4)


def test_swapping_sides_changes_nothing_and_doubling_the_votes_halves_the_variance():
    votes = by_threshold(3000, 0.6)
    fit = fit_rao_kupper(votes)
    assert fit_rao_kupper(votes.swapped()).strength == pytest.approx(fit.strength, abs=1e-12)
    twice = repeated(votes, 2)
    ratio = sandwich(fit, votes).matrix / sandwich(fit_rao_kupper(twice), twice).matrix
    assert ratio == pytest.approx(np.full((5, 5), 2.0), rel=1e-6)


def test_without_ties_it_is_bradley_and_terrys_model():
    votes = draw_comparisons(STRENGTH, 2000, rng=np.random.default_rng(1))
    fit = fit_rao_kupper(votes)
    assert fit.tie == 1.0
    assert np.array_equal(fit.strength, fit_bradley_terry(votes).strength)
    with pytest.raises(NotEstimable):
        fit_rao_kupper(wins("ab", "ab", "a=b"))


def test_the_order_is_davidsons():
    votes = by_threshold(20_000, 0.6)
    assert np.array_equal(
        np.argsort(fit_rao_kupper(votes).strength), np.argsort(fit_davidson(votes).strength)
    )


def test_raters_who_toss_coins_are_found_and_no_longer_shrink_the_strengths():
    rng = np.random.default_rng(2)
    votes = draw_comparisons(STRENGTH, 8000, rng=rng, raters=80)
    clicking = votes.rater < 30
    outcome = np.where(clicking, 2 * rng.integers(2, size=len(votes)), votes.outcome)
    mixed = Comparisons(votes.items, votes.first, votes.second, outcome, votes.rater)
    found = fit_crowd(mixed)
    truth = STRENGTH - STRENGTH.mean()
    assert found.reliability[:30].mean() < found.reliability[30:].mean() - 0.3
    plain = fit_bradley_terry(mixed).strength
    assert np.abs(found.strength - truth).mean() < np.abs(plain - truth).mean() / 2


def test_crowd_bt_needs_to_know_who_judged():
    with pytest.raises(NotEstimable, match="who judged"):
        fit_crowd(draw_comparisons(STRENGTH, 500, rng=np.random.default_rng(0)))


@pytest.mark.parametrize("against", [1, 2])
def test_where_all_that_runs_against_a_side_passes_for_tosses_there_is_no_estimate(against):
    votes = Comparisons.from_labels(
        ["a"] * 50 + ["b"] * against,
        ["b"] * 50 + ["a"] * against,
        ["first"] * (50 + against),
        rater=["for"] * 50 + ["against"] * against,
    )
    assert np.isfinite(fit_bradley_terry(votes).strength).all()
    with pytest.raises(NotEstimable, match="pass for tosses"):
        fit_crowd(votes)
