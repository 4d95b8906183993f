"""Confidence sequences: their algebra, and that looking often does not make them wrong."""

import numpy as np
import pytest

from ratings.scoring import (
    Comparisons,
    anytime_interval,
    cluster_sandwich,
    critical_value,
    draw_comparisons,
    fit_bradley_terry,
    mean_sequence,
)

ALLOWED = 0.05


def votes(rng, *, n=3000, raters=60, taste=0.15, activity=0.0, tied=0.25):
    """Points of one of two equals, a vote each, by raters with leanings of their own."""
    share = 1 + rng.pareto(activity, raters) if activity else np.ones(raters)
    rater = rng.choice(raters, n, p=share / share.sum())
    wins = rng.random(n) < 0.5 + np.clip(rng.normal(0, taste, raters), -0.4, 0.4)[rater]
    return np.where(rng.random(n) < tied, 0.5, wins), rater


@pytest.mark.parametrize(
    "crowd",
    [{"taste": 0.0}, {}, {"activity": 1.5}, {"raters": 20, "activity": 1.5}],
    ids=["independent", "tastes", "heavy tails", "few raters"],
)
def test_hourly_looks_rule_out_the_truth_at_most_one_time_in_twenty(crowd):
    rng = np.random.default_rng(1)
    looks = np.arange(50, 3001, 50)
    ever = [
        mean_sequence(*votes(rng, **crowd), planned=2000, looks=looks).excludes(0.5)[-1]
        for _ in range(600)
    ]
    assert np.mean(ever) <= ALLOWED
    # The same looks with ordinary intervals are wrong for a third of the pairs.
    assert np.mean(list(naive(rng, looks))) > 0.25


def naive(rng, looks):
    for _ in range(100):
        found = mean_sequence(*votes(rng), planned=2000, looks=looks)
        seen = np.isfinite(found.upper)
        yield (np.abs(found.estimate - 0.5) > 1.96 * found.standard_error)[seen].any()


def test_a_board_may_be_looked_at_after_every_batch():
    rng = np.random.default_rng(2)
    ever = 0
    for _ in range(150):
        every = draw_comparisons(
            np.zeros(4), 1500, rng=rng, nu=0.7, raters=60, taste=0.5, activity=1.5
        )
        ever += any(excludes(every.select(np.arange(n))) for n in range(150, 1501, 90))
    assert ever / 150 <= ALLOWED + 2 * np.sqrt(0.05 * 0.95 / 150)


def excludes(seen: Comparisons) -> bool:
    fit = fit_bradley_terry(seen)
    covariance = cluster_sandwich(fit, seen, seen.rater)
    contrast = np.array([1.0, -1.0, 0.0, 0.0])
    error = float(np.sqrt(contrast @ covariance.matrix @ contrast))
    found = anytime_interval(
        float(fit.strength[0] - fit.strength[1]),
        error,
        planned_error=0.2,
        degrees=covariance.degrees,
    )
    return not found.lower <= 0 <= found.upper


def test_a_real_difference_is_found_soon():
    rng = np.random.default_rng(3)
    first = []
    for _ in range(100):
        values = rng.choice([0, 0.5, 1], 3000, p=[0.275, 0.25, 0.475])
        found = mean_sequence(values, np.arange(3000), planned=500).excludes(0.5)
        first.append(int(np.argmax(found)) if found[-1] else 3000)
    assert np.median(first) < 300


def test_running_numbers_are_those_of_each_look_alone():
    rng = np.random.default_rng(4)
    values, rater = votes(rng, n=400, raters=25)
    found = mean_sequence(values, rater, planned=300, looks=np.array([120, 399]))
    for at, n in enumerate((120, 399)):
        mean = values[:n].mean()
        totals = np.bincount(rater[:n], weights=values[:n] - mean)
        g = np.unique(rater[:n]).size
        assert found.estimate[at] == pytest.approx(mean)
        assert found.standard_error[at] == pytest.approx(
            np.sqrt(g / (g - 1) * (totals**2).sum()) / n
        )
        assert found.clusters[at] == g


def test_nothing_is_shown_before_ten_clusters():
    values, cluster = np.tile([1.0, 1.0, 0.0], 30), np.repeat(np.arange(9), 10)
    found = mean_sequence(values, cluster, planned=100)
    assert np.isinf(found.upper).all()
    assert not found.excludes(0.0).any()


def test_what_was_ruled_out_once_stays_ruled_out():
    values = np.concatenate([np.ones(100), np.zeros(400)])
    found = mean_sequence(values, np.arange(500), planned=100).excludes(0.2)
    assert found[-1] == found.any()


def test_the_bound_is_tightest_where_it_was_planned():
    at = critical_value(np.array([0.01, 0.1, 1.0, 10.0, 100.0]))
    assert at[2] == pytest.approx(3.035, abs=1e-3)
    halves = at / np.sqrt([0.01, 0.1, 1.0, 10.0, 100.0])
    assert (np.diff(halves) < 0).all()
    assert (critical_value(1.0, level=0.99) > at[2]).all()


def test_few_degrees_of_freedom_widen_the_bound():
    wide = anytime_interval(0.0, 0.1, planned_error=0.1, degrees=8)
    normal = anytime_interval(0.0, 0.1, planned_error=0.1)
    assert normal.upper == pytest.approx(0.3035, abs=1e-3)
    assert wide.upper > 1.3 * normal.upper


@pytest.mark.parametrize("degrees", [1.0, 1.3, 5.0, 30.0])
@pytest.mark.parametrize("error", [0.7, 0.9, 2.0, 8.0])
def test_far_from_the_plan_a_few_clusters_rule_out_nothing(error, degrees):
    """Where the rare tail is next to 0, no digits are lost and no bound turns over."""
    found = anytime_interval(-1.6, error, planned_error=0.09, degrees=degrees)
    nearer = anytime_interval(-1.6, error / 2, planned_error=0.09, degrees=degrees)
    assert found.lower <= nearer.lower < -1.6 < nearer.upper <= found.upper


@pytest.mark.parametrize(
    "wrong",
    [
        lambda: critical_value(0.0),
        lambda: critical_value(1.0, level=1.0),
        lambda: anytime_interval(0.0, 0.0, planned_error=0.1),
        lambda: mean_sequence(np.ones(3), np.zeros(2), planned=10),
        lambda: mean_sequence(np.ones(3), np.zeros(3, int), planned=0),
        lambda: mean_sequence(np.ones(3), np.zeros(3, int), planned=5, looks=np.array([4])),
    ],
)
def test_refuses_what_makes_no_sense(wrong):
    with pytest.raises(ValueError, match=r"\w"):
        wrong()
