"""Sample sizes: known values, and power that simulations confirm."""

import numpy as np
import pytest

from ratings.scoring import (
    POINTS_PER_LOGIT,
    Comparisons,
    Counts,
    cluster_sandwich,
    compare_two,
    detectable_gap,
    draw_comparisons,
    fit_davidson,
    plan_sample,
    sandwich,
)
from ratings.scoring.power import Clustering

NU = 0.7


@pytest.mark.parametrize(("points", "votes"), [(5, 51_161), (10, 12_789), (20, 3_196), (50, 510)])
def test_votes_to_find_so_many_rating_points(points, votes):
    assert plan_sample(points / POINTS_PER_LOGIT, tie=NU).direct == votes


def test_a_study_of_many_items_needs_n_times_one_less():
    plan = plan_sample(0.3, items=7, tie=NU)
    assert plan.total == pytest.approx(6 * plan.direct, abs=6)


@pytest.mark.parametrize("items", [2, 5])
def test_the_power_is_what_was_planned(items):
    votes = plan_sample(0.35, items=items, tie=NU).total
    rng = np.random.default_rng(items)
    strength = np.zeros(items)
    strength[0] = 0.35
    found = [word(draw_comparisons(strength, votes, rng=rng, nu=NU)) for _ in range(500)]
    assert abs(np.mean([one == "better" for one in found]) - 0.8) < 0.05


def test_the_power_to_show_equivalence_is_what_was_planned():
    votes = plan_sample(0.0, tie=NU, margin=0.05).total
    rng = np.random.default_rng(3)
    found = [
        word(draw_comparisons(np.zeros(2), votes, rng=rng, nu=NU), margin=0.05) for _ in range(500)
    ]
    assert abs(np.mean([one == "equivalent" for one in found]) - 0.8) < 0.05


def word(votes: Comparisons, margin=None) -> str:
    counts = Counts.of(votes)
    fit = fit_davidson(counts)
    return compare_two(fit, sandwich(fit, counts), *fit.items[:2], margin=margin).verdict


@pytest.mark.parametrize("items", [2, 4])
def test_the_design_effect_of_raters_with_tastes_is_the_planned_one(items):
    """Raters whose own strengths vary by tau correlate by 2 (h tau)^2 / Var(y) on the same pair."""
    raters, each, taste, tie = 60, 25, 0.5, 0.2592592
    h, variance = (1 - tie) / 4, (1 - tie) / 4
    correlation = 2 * (h * taste) ** 2 / variance
    rng = np.random.default_rng(items)
    apart = []
    for _ in range(300):
        votes = draw_comparisons(
            np.zeros(items), raters * each, rng=rng, nu=NU, raters=raters, taste=taste
        )
        fit = fit_davidson(votes)
        apart.append(fit.strength[0] - fit.strength[1])
    independent = (items - 1) * variance / h**2 / (raters * each)
    plan = plan_sample(
        0.2, items=items, tie=NU, raters=Clustering(correlation=correlation, votes_each=each)
    )
    assert np.var(apart) / independent == pytest.approx(plan.design_effect, rel=0.2)


def test_the_cluster_interval_finds_what_was_planned_for():
    taste, each = 0.5, 20
    tie = NU / (2 + NU)
    correlation = 2 * (taste * (1 - tie) / 4) ** 2 / ((1 - tie) / 4)
    plan = plan_sample(
        0.5, items=3, tie=NU, raters=Clustering(correlation=correlation, votes_each=each)
    )
    rng = np.random.default_rng(4)
    found = []
    for _ in range(300):
        votes = draw_comparisons(
            np.array([0.5, 0.0, 0.0]), plan.total, rng=rng, nu=NU, raters=plan.raters, taste=taste
        )
        fit = fit_davidson(votes)
        covariance = cluster_sandwich(fit, votes, votes.rater)
        found.append(compare_two(fit, covariance, *fit.items[:2], margin=None).verdict == "better")
    assert 0.72 < np.mean(found) < 0.9


def test_too_few_prompts_cannot_be_made_up_for_by_votes():
    plan = plan_sample(0.2, items=6, tie=NU, prompts=Clustering(correlation=0.2, count=40))
    assert (plan.total, plan.why_not) == (None, "prompts")
    enough = plan_sample(0.2, items=6, tie=NU, prompts=Clustering(correlation=0.2, count=400))
    assert enough.total > plan_sample(0.2, items=6, tie=NU).total


def test_uneven_raters_cost_votes():
    even, uneven = (
        plan_sample(
            0.2,
            tie=NU,
            raters=Clustering(correlation=0.1, votes_each=30, unevenness=unevenness),
        )
        for unevenness in (0.0, 2.0)
    )
    assert uneven.total > even.total
    assert even.raters == pytest.approx(even.total / 30, abs=1)


def test_the_detectable_gap_inverts_the_plan():
    votes = plan_sample(0.3, items=5, tie=NU).total
    assert detectable_gap(votes, items=5, tie=NU) == pytest.approx(0.3, rel=0.001)


@pytest.mark.parametrize(
    "wrong",
    [
        lambda: plan_sample(0.0),
        lambda: plan_sample(1.0, margin=0.05),
        lambda: plan_sample(0.2, items=1),
        lambda: plan_sample(0.2, power=1.0),
        lambda: detectable_gap(0),
        lambda: Clustering(correlation=0.1),
        lambda: Clustering(correlation=0.1, count=3, votes_each=4),
        lambda: Clustering(correlation=1.0, count=3),
        lambda: Clustering(correlation=0.1, count=0),
    ],
)
def test_refuses_what_makes_no_sense(wrong):
    with pytest.raises(ValueError, match=r"\w"):
        wrong()
