"""Clustered covariances: what they must equal, and when the two-way one gives way to a wider one."""

import numpy as np
import pytest

from ratings.scoring import (
    Comparisons,
    Covariance,
    NotEstimable,
    Part,
    Side,
    cluster_influence,
    cluster_sandwich,
    composite,
    difference,
    draw_comparisons,
    fit_bradley_terry,
    fit_davidson,
    intervals,
    leave_out_influence,
    probability_better,
    rank_ranges,
    sandwich,
    two_way_sandwich,
)
from ratings.scoring.clusters import Scored, cells, cluster_side

STRENGTH = np.array([0.9, 0.3, 0.0, -0.4, -0.8])
FITS = pytest.mark.parametrize("fit", [fit_bradley_terry, fit_davidson])


def drawn(seed: int, *, n: int = 1500, raters: int = 30, prompts: int = 25, **more) -> Comparisons:
    return draw_comparisons(
        STRENGTH, n, rng=np.random.default_rng(seed), nu=0.7, raters=raters, prompts=prompts, **more
    )


@FITS
def test_two_way_is_rater_plus_prompt_less_their_cells(fit):
    votes = drawn(1)
    found = fit(votes)
    codes, _ = cells(votes.rater, votes.prompt)
    one, other, both = (
        cluster_sandwich(found, votes, by, correction="CR1").matrix
        for by in (votes.rater, votes.prompt, codes)
    )
    two_way = two_way_sandwich(found, votes, correction="CR1")
    assert two_way.matrix == pytest.approx(one + other - both, rel=1e-9, abs=1e-14)
    assert [(side.by, side.clusters) for side in two_way.sides] == [("rater", 30), ("prompt", 25)]
    assert two_way.degrees == min(side.degrees for side in two_way.sides)


def test_a_prompt_of_its_own_for_each_vote_leaves_the_raters():
    votes = drawn(2)
    fit = fit_davidson(votes)
    alone = cluster_sandwich(fit, votes, votes.rater, correction="CR1")
    two_way = two_way_sandwich(fit, votes, prompt=np.arange(len(votes)), correction="CR1")
    assert two_way.standard_error == pytest.approx(alone.standard_error, rel=1e-9)


@FITS
def test_the_sum_of_squares_is_the_same_for_single_small_and_large_clusters(fit):
    votes = draw_comparisons(
        np.linspace(1, -1, 40), 4000, rng=np.random.default_rng(3), nu=0.7, raters=300, activity=1.2
    )
    found = fit(votes)
    sizes = np.bincount(votes.rater, minlength=300)
    assert {1, 2, 3} < set(sizes)
    assert sizes.max() > 40
    scored = Scored.of(found, votes, votes.rater, 300)
    scores = np.concatenate([block.scores()[0] for block in scored.blocks()])
    assert scored.squares() == pytest.approx(scores.T @ scores, rel=1e-10, abs=1e-10)


@FITS
def test_leaving_a_cluster_out_solves_the_information_of_the_rest(fit):
    votes = drawn(4, raters=9, activity=1.1)
    found = fit(votes)
    changes = leave_out_influence(found, votes, votes.rater, 9)
    scored = Scored.of(found, votes, votes.rater, 9)
    scores = scored.scores()[0]
    for rater in range(9):
        rest = found.information - scored.clusters(rater, rater + 1).information()
        expected = np.linalg.pinv(rest, rcond=1e-10) @ scores[rater]
        assert changes[rater] == pytest.approx(expected[:5], rel=1e-7, abs=1e-10)


@FITS
def test_leaving_a_cluster_out_is_close_to_refitting_without_it(fit):
    votes = drawn(5, n=3000, raters=40)
    found = fit(votes)
    changes = leave_out_influence(found, votes, votes.rater, 40)
    plain = cluster_influence(found, votes, votes.rater, 40)
    wrong, wrong_plain = 0.0, 0.0
    for rater in range(0, 40, 8):
        moved = found.strength - fit(votes.select(votes.rater != rater)).strength
        wrong += np.abs(changes[rater] - moved).sum()
        wrong_plain += np.abs(plain[rater] - moved).sum()
    assert wrong < wrong_plain / 5


def test_the_information_of_the_clusters_adds_up_to_that_of_all_votes():
    votes = drawn(6)
    for fit in (fit_bradley_terry(votes), fit_davidson(votes)):
        scored = Scored.of(fit, votes, votes.rater, 30)
        total = sum(scored.clusters(rater, rater + 1).information() for rater in range(30))
        assert total == pytest.approx(fit.information, rel=1e-9, abs=1e-9)


def test_a_direction_that_one_rater_alone_determines_adds_nothing_and_breaks_nothing():
    # Rater 0 alone judges e; without that rater e has no strength.
    votes = Comparisons.from_labels(
        ["a", "b", "a", "e", "a", "e", "b"] * 4,
        ["b", "a", "b", "a", "e", "a", "a"] * 4,
        ["first", "first", "tie", "first", "first", "tie", "second"] * 4,
        rater=["1", "2", "3", "0", "0", "0", "4"] * 4,
    )
    fit = fit_bradley_terry(votes)
    change = leave_out_influence(fit, votes, votes.rater, 5)
    assert np.isfinite(change).all()
    assert np.abs(change).max() < 10


def test_the_jackknife_is_wider_where_one_rater_gives_most_votes():
    votes = drawn(7, raters=40, activity=1.1, taste=0.6)
    fit = fit_davidson(votes)
    narrow, wide = (
        cluster_side(fit, votes, votes.rater, by="rater", correction=one).matrix
        for one in ("CR1", "CR3")
    )
    assert np.trace(wide) > np.trace(narrow)


def covariance(two_way: float, rater: float, prompt: float) -> Covariance:
    centred = np.eye(3) - 1 / 3
    sides = (Side("rater", rater * centred, 8.0, 9), Side("prompt", prompt * centred, 40.0, 41))
    return Covariance(two_way * centred, "two-way", degrees=8.0, clusters=9, sides=sides)


def test_a_negative_two_way_variance_gives_way_to_the_wider_side_with_its_own_degrees():
    contrast = np.array([1.0, -1.0, 0.0])
    kept = covariance(1.0, 0.5, 0.9).spread(contrast)
    assert (kept.variance, kept.degrees, kept.source) == (pytest.approx(2.0), 8.0, "two-way")
    narrow = covariance(-0.1, 0.5, 0.9)
    gone = narrow.spread(contrast)
    assert (gone.variance, gone.degrees, gone.source) == (pytest.approx(1.8), 40.0, "prompt")
    variances, degrees = narrow.spreads(np.stack([contrast, contrast]))
    assert (variances.tolist(), degrees.tolist()) == ([gone.variance] * 2, [40.0] * 2)


def test_independent_votes_have_an_interval_even_where_the_difference_is_negative():
    negative = 0
    for seed in range(40):
        votes = drawn(seed, n=200, raters=12, prompts=12)
        found = two_way_sandwich(fit_bradley_terry(votes), votes)
        negative += bool((np.diag(found.matrix) <= 0).any())
        assert (found.standard_error > 0.02).all()
    assert negative


def test_each_contrast_falls_back_on_its_own():
    two_way = np.diag([1.0, 1.0, -0.5])
    sides = (Side("rater", np.eye(3), 8.0, 9), Side("prompt", np.eye(3) * 0.5, 40.0, 41))
    mixed = Covariance(two_way, "two-way", degrees=8.0, sides=sides)
    assert mixed.standard_error == pytest.approx(np.ones(3))
    assert mixed.difference_variance()[0, 1] == pytest.approx(2.0)
    assert mixed.difference_variance()[0, 2] == pytest.approx(2.0)
    lower, upper = intervals(np.zeros(3), mixed)
    assert np.isfinite(lower + upper).all()
    best, worst = rank_ranges(np.zeros(3), mixed, rng=np.random.default_rng(0))
    assert (best.tolist(), worst.tolist()) == ([1] * 3, [3] * 3)


def test_the_larger_source_and_the_fragile_sides_are_named():
    found = covariance(1.0, 0.5, 0.9)
    assert found.larger_source == "prompt"
    assert found.fragile == ("rater",)
    assert Covariance(np.eye(3), "sandwich").larger_source is None
    assert Covariance(np.eye(3), "cluster", clusters=9).fragile == ("cluster",)
    assert Covariance(np.eye(3), "cluster", clusters=10).fragile == ()


def test_two_way_needs_to_know_both_and_two_of_each():
    votes = draw_comparisons(STRENGTH, 500, rng=np.random.default_rng(8), raters=20)
    fit = fit_bradley_terry(votes)
    with pytest.raises(NotEstimable, match="who judged, and on what"):
        two_way_sandwich(fit, votes)
    with pytest.raises(NotEstimable, match="at least two clusters"):
        two_way_sandwich(fit, votes, prompt=np.zeros(len(votes), dtype=int))


def test_the_probability_of_being_better_is_the_p_value_of_the_difference():
    votes = drawn(9)
    fit = fit_davidson(votes)
    for spread in (sandwich(fit, votes), two_way_sandwich(fit, votes)):
        sure = probability_better(fit.strength, spread, 1, 2)
        assert probability_better(fit.strength, spread, 2, 1) == pytest.approx(1 - sure)
        level = 2 * sure - 1
        assert difference(fit.strength, spread, 1, 2, level=level).lower == pytest.approx(
            0, abs=1e-9
        )


def test_a_composite_of_one_criterion_is_two_way_as_that_criterion_is():
    votes = drawn(10)
    fit = fit_davidson(votes)
    whole = composite([Part(fit, votes, votes.rater, 2.0, prompt=votes.prompt)])
    alone = two_way_sandwich(fit, votes)
    assert whole.covariance.matrix == pytest.approx(alone.matrix, rel=1e-7, abs=1e-12)
    assert whole.covariance.degrees == alone.degrees
    assert [side.by for side in whole.covariance.sides] == ["rater", "prompt"]


def test_the_two_way_interval_covers_where_one_way_does_not():
    """Raters of their own taste and prompts that suit some models: 95 % must be 95 %."""
    tries, within = 200, {"rater": 0.0, "two-way": 0.0}
    kind = {"raters": 60, "prompts": 40, "taste": 0.5, "prompt_effect": 0.8}
    population = draw_comparisons(
        STRENGTH,
        400_000,
        rng=np.random.default_rng(0),
        **(kind | {"raters": 50_000, "prompts": 50_000}),
    )
    truth = fit_bradley_terry(population).strength
    for seed in range(tries):
        votes = draw_comparisons(STRENGTH, 1500, rng=np.random.default_rng(seed), **kind)
        fit = fit_bradley_terry(votes)
        for name, one in {
            "rater": cluster_sandwich(fit, votes, votes.rater),
            "two-way": two_way_sandwich(fit, votes),
        }.items():
            lower, upper = intervals(fit.strength, one)
            within[name] += ((lower <= truth) & (truth <= upper)).mean()
    assert within["rater"] / tries < 0.90
    assert 0.92 < within["two-way"] / tries < 0.98
