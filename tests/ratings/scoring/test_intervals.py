"""Intervals: the algebra they must obey, and how often they cover the truth."""

import numpy as np
import pytest

from ratings.scoring import (
    Comparisons,
    Covariance,
    NotEstimable,
    Part,
    bootstrap,
    bootstrap_rates,
    cluster_influence,
    cluster_sandwich,
    composite,
    difference,
    draw_comparisons,
    fit_bradley_terry,
    fit_davidson,
    intervals,
    pooled_win_rate,
    rank_ranges,
    sandwich,
    tiers,
    two_way_sandwich,
)
from tests.ratings.scoring.votes import repeated, wins

STRENGTH = np.array([0.9, 0.3, 0.0, -0.4, -0.8])
FITS = pytest.mark.parametrize("fit", [fit_bradley_terry, fit_davidson])


def drawn(seed: int, n: int = 2000, nu: float = 0.7, **more) -> Comparisons:
    return draw_comparisons(STRENGTH, n, rng=np.random.default_rng(seed), nu=nu, **more)


@FITS
def test_influences_sum_to_zero_and_their_squares_to_the_sandwich(fit):
    votes = drawn(1)
    found = fit(votes)
    contrast = np.array([1.0, -1.0, 0.0, 0.0, 0.0])
    influence = found.contrast_influence(votes, contrast)
    variance = contrast @ sandwich(found, votes).matrix @ contrast
    assert influence.sum() == pytest.approx(0, abs=1e-12)
    assert (influence**2).sum() == pytest.approx(variance, rel=1e-10)


@FITS
def test_the_influence_of_a_vote_is_what_leaving_it_out_changes(fit):
    votes = drawn(2)
    found = fit(votes)
    influence = cluster_influence(found, votes, np.arange(len(votes)), len(votes))
    for row in (0, 700, 1999):
        without = fit(votes.select(np.arange(len(votes)) != row))
        assert influence[row] == pytest.approx(
            found.strength - without.strength, rel=0.02, abs=1e-6
        )


@FITS
def test_doubling_the_votes_narrows_the_interval_by_the_root_of_two(fit):
    votes = drawn(3)
    twice = repeated(votes, 2)
    wide, narrow = sandwich(fit(votes), votes), sandwich(fit(twice), twice)
    assert wide.standard_error / narrow.standard_error == pytest.approx(np.full(5, np.sqrt(2)))


@FITS
def test_every_vote_its_own_cluster_is_the_sandwich(fit):
    votes = drawn(4)
    found, n = fit(votes), len(votes)
    clustered = cluster_sandwich(found, votes, np.arange(n), correction="CR1")
    assert clustered.matrix == pytest.approx(sandwich(found, votes).matrix * n / (n - 1), rel=1e-9)
    assert clustered.degrees == pytest.approx(n - 1)


@FITS
def test_repeating_every_raters_votes_adds_nothing_by_rater(fit):
    votes = drawn(5, raters=60)
    twice = repeated(votes, 2)
    once = cluster_sandwich(fit(votes), votes, votes.rater)
    again = cluster_sandwich(fit(twice), twice, twice.rater)
    assert again.matrix == pytest.approx(once.matrix, rel=1e-9, abs=1e-15)
    assert (once.clusters, once.degrees) == (60, pytest.approx(again.degrees))


def test_cluster_codes_may_have_gaps_but_one_cluster_is_refused():
    votes = drawn(6, raters=30)
    fit = fit_bradley_terry(votes)
    plain, gaps = (
        cluster_sandwich(fit, votes, code) for code in (votes.rater, votes.rater * 7 + 3)
    )
    assert np.array_equal(plain.matrix, gaps.matrix)
    with pytest.raises(NotEstimable, match="at least two clusters"):
        cluster_sandwich(fit, votes, np.zeros(len(votes), dtype=int))


@FITS
def test_the_bootstrap_agrees_with_the_sandwich_on_plenty_of_votes(fit):
    votes = drawn(7, n=5000)
    found = fit(votes)
    errors = bootstrap(found, votes, rng=np.random.default_rng(1), draws=1500).standard_error
    assert errors / sandwich(found, votes).standard_error == pytest.approx(np.ones(5), abs=0.08)


@FITS
def test_every_bootstrap_draw_is_a_refit_to_its_resample(fit):
    votes = drawn(8, n=120)
    found = fit(votes)
    draws = bootstrap(found, votes, rng=np.random.default_rng(3), draws=50).draws
    again = bootstrap(found, votes, rng=np.random.default_rng(3), draws=50).draws
    assert np.array_equal(draws, again, equal_nan=True)
    assert not np.array_equal(
        draws, bootstrap(found, votes, rng=np.random.default_rng(4), draws=50).draws
    )
    assert np.nansum(draws, axis=1) == pytest.approx(np.zeros(50), abs=1e-9)
    # A resample draws a Poisson count for each pair and outcome: made anew, fitted by Newton's method.
    for row, cells, pairs in resamples(votes, seed=3, rows=(0, 7, 14)):
        expected = fit(pairs.counts(cells)).strength
        assert draws[row] == pytest.approx(expected, abs=1e-11)


def resamples(votes, *, seed, rows):
    """The cells of some of the first 16 resamples that a seed gives."""
    from numpy.random import SFC64

    from ratings.scoring.bootstrap import LANES, Pairs
    from ratings.scoring.kernels import plain
    from ratings.scoring.poisson import plan
    from ratings.scoring.types import Counts

    pairs = Pairs.of(Counts.of(votes))
    cell, table, tables = plan(pairs.cells.ravel())
    blocks = -(-50 // LANES)
    stream = SFC64(int(np.random.default_rng(seed).integers(1 << 62, size=blocks)[0]))
    drawn = plain.poisson_cells(stream, cell, table, tables, pairs.cells.size)
    for row in rows:
        yield row, drawn[:, row].reshape(-1, 3).astype(float), pairs


def test_too_few_votes_to_bootstrap_are_refused():
    votes = wins("abc", "ab", "bc", "ca")
    with pytest.raises(NotEstimable, match="resamples have no finite estimate"):
        bootstrap(fit_bradley_terry(votes), votes, rng=np.random.default_rng(0), draws=200)


def test_votes_that_never_vary_have_no_interval_rather_than_one_of_no_width():
    votes = wins("ab", "a=b", "a=b")
    with pytest.raises(NotEstimable, match="do not vary"):
        sandwich(fit_bradley_terry(votes), votes)


def test_intervals_widen_with_the_level_and_with_fewer_clusters():
    covariance = Covariance(np.eye(2), "cluster", degrees=4.0)
    lower, upper = intervals(np.zeros(2), covariance)
    assert upper == pytest.approx(np.full(2, 2.7764451), abs=1e-6)
    assert lower == pytest.approx(-upper)
    assert intervals(np.zeros(2), covariance, level=0.9)[1][0] < upper[0]
    assert intervals(np.zeros(2), Covariance(np.eye(2), "sandwich"))[1][0] == pytest.approx(
        1.959964
    )


def test_a_difference_uses_the_covariance():
    covariance = Covariance(np.array([[1.0, 0.9], [0.9, 1.0]]), "sandwich")
    found = difference(np.array([1.0, 0.0]), covariance, 0, 1)
    assert (found.lower + found.upper) / 2 == pytest.approx(1.0)
    assert found.upper - 1 == pytest.approx(1.959964 * np.sqrt(0.2))


def test_ranks_are_certain_when_far_apart_and_open_when_not():
    strength = np.array([3.0, 0.01, 0.0, -3.0])
    tight = Covariance(np.eye(4) * 1e-2, "sandwich")
    best, worst = rank_ranges(strength, tight, rng=np.random.default_rng(0))
    assert best.tolist() == [1, 2, 2, 4]
    assert worst.tolist() == [1, 3, 3, 4]
    loose = Covariance(np.eye(4) * 100, "sandwich")
    best, worst = rank_ranges(strength, loose, rng=np.random.default_rng(0))
    assert (best.tolist(), worst.tolist()) == ([1] * 4, [4] * 4)


def test_items_whose_difference_does_not_vary_are_not_told_apart():
    together = np.array([[1.0, 1.0, -2.0], [1.0, 1.0, -2.0], [-2.0, -2.0, 4.0]]) / 100
    strength = np.array([0.5, 0.5 + 1e-9, -1.0])
    covariance = Covariance(together, "cluster", degrees=9.0)
    best, worst = rank_ranges(strength, covariance, rng=np.random.default_rng(0))
    assert (best.tolist(), worst.tolist()) == ([1, 1, 3], [2, 2, 3])


def test_ranks_of_very_many_items_are_ranged_too():
    k = 400
    strength = np.linspace(0, 400, k)
    best, worst = rank_ranges(
        strength, Covariance(np.eye(k) * 1e-4, "sandwich"), rng=np.random.default_rng(0)
    )
    assert np.array_equal(best, np.arange(k, 0, -1))
    assert np.array_equal(best, worst)


def test_rank_ranges_hold_together_for_all_items():
    truth, held, tries = STRENGTH, 0, 200
    right = np.arange(1, 6)
    for seed in range(tries):
        votes = drawn(seed, n=600)
        fit = fit_davidson(votes)
        best, worst = rank_ranges(
            fit.strength, sandwich(fit, votes), rng=np.random.default_rng(seed), draws=500
        )
        held += bool(((best <= right) & (right <= worst)).all())
    assert truth.tolist() == sorted(truth, reverse=True)
    assert held / tries >= 0.93


@pytest.mark.parametrize(("k", "n"), [(5, 600), (16, 1500)])
def test_rank_ranges_of_equals_hold_together_with_a_dozen_raters_too(k, n):
    together = 0
    for seed in range(200):
        rng = np.random.default_rng(seed)
        votes = draw_comparisons(np.zeros(k), n, rng=rng, raters=12, prompts=60, taste=0.6)
        fit = fit_bradley_terry(votes)
        covariance = two_way_sandwich(fit, votes)
        best, worst = rank_ranges(fit.strength, covariance, rng=rng, draws=500)
        together += bool((best == 1).all() and (worst == k).all())
    assert together / 200 > 0.9


def test_the_cluster_interval_covers_where_the_iid_one_does_not():
    """Raters of their own taste and of heavy-tailed activity: 95 % must be 95 %."""
    tries, within = 400, {"iid": 0, "cluster": 0}
    truth = STRENGTH - STRENGTH.mean()
    for seed in range(tries):
        votes = drawn(seed, n=2000, nu=0.0, raters=100, taste=0.6, activity=1.5)
        fit = fit_bradley_terry(votes)
        centred = truth[[0, -1]] * _shrinkage()
        for name, covariance in {
            "iid": sandwich(fit, votes),
            "cluster": cluster_sandwich(fit, votes, votes.rater),
        }.items():
            lower, upper = intervals(fit.strength, covariance)
            inside = (lower[[0, -1]] <= centred) & (centred <= upper[[0, -1]])
            within[name] += inside.mean()
    assert within["iid"] / tries < 0.85
    assert 0.92 < within["cluster"] / tries < 0.99


_SHRUNK: list[float] = []


def _shrinkage() -> float:
    """The population value under taste: a logit averaged over raters is smaller than theirs."""
    if not _SHRUNK:
        votes = drawn(99, n=1_000_000, nu=0.0, raters=200_000, taste=0.6)
        truth = STRENGTH - STRENGTH.mean()
        _SHRUNK.append(float(fit_bradley_terry(votes).strength @ truth / (truth @ truth)))
    return _SHRUNK[0]


# ---- composites ----------------------------------------------------------------------------------


def parts(seed: int, *, n: int = 1500, weights=(1.0, 1.0)) -> list[Part]:
    found = []
    for criterion, weight in enumerate(weights):
        votes = drawn(seed + criterion, n=n, raters=40)
        found.append(Part(fit_davidson(votes), votes, votes.rater, weight))
    return found


def test_a_composite_of_one_criterion_is_that_criterion():
    (part,) = parts(1, weights=(3.0,))
    alone = composite([part])
    assert np.array_equal(alone.strength, part.fit.strength)
    direct = cluster_sandwich(part.fit, part.comparisons, part.cluster)
    assert alone.covariance.matrix == pytest.approx(direct.matrix, rel=1e-9, abs=1e-15)


def test_a_criterion_repeated_three_times_is_not_three_criteria():
    (part,) = parts(2, weights=(1.0,))
    thrice = composite([part, part, part])
    assert thrice.covariance.matrix == pytest.approx(
        composite([part]).covariance.matrix, rel=1e-9, abs=1e-15
    )


def test_independent_criteria_narrow_the_composite():
    one, two = parts(3)
    apart = Part(two.fit, two.comparisons, two.cluster + 40)
    both = composite([one, apart]).covariance.matrix
    separate = [composite([part]).covariance.matrix for part in (one, two)]
    assert np.diag(both) == pytest.approx(
        (np.diag(separate[0]) + np.diag(separate[1])) / 4, rel=0.05
    )


def test_the_weights_of_a_composite_are_relative():
    one, two = parts(4, weights=(1.0, 3.0))
    expected = 0.25 * one.fit.strength + 0.75 * two.fit.strength
    assert composite([one, two]).strength == pytest.approx(expected)


@pytest.mark.parametrize("weights", [(0.0, 0.0), (1.0, -1.0), (1.0, float("nan"))])
def test_weights_that_make_no_mean_are_refused(weights):
    with pytest.raises(ValueError, match="weights"):
        composite(parts(5, weights=weights))


def test_a_composite_over_different_items_is_refused():
    one = parts(6)[0]
    votes = draw_comparisons(np.zeros(4), 500, rng=np.random.default_rng(0), raters=9)
    with pytest.raises(ValueError, match="same items"):
        composite([one, Part(fit_bradley_terry(votes), votes, votes.rater)])


# ---- win rates -----------------------------------------------------------------------------------


def test_win_rate_intervals_cover_and_have_width_at_the_edges():
    certain = pooled_win_rate(wins("ab", *["ab"] * 10))
    assert certain.rate.tolist() == [1.0, 0.0]
    assert 0.5 < certain.lower[0] < 1.0
    assert 0.0 < certain.upper[1] < 0.5
    even = pooled_win_rate(wins("ab", *["a=b"] * 10))
    assert even.lower[0] < 0.5 < even.upper[0]


def test_win_rate_intervals_cover_the_truth():
    tries, inside = 500, 0
    rng = np.random.default_rng(5)
    for _ in range(tries):
        votes = draw_comparisons(np.array([0.5, -0.5]), 60, rng=rng, nu=0.7)
        rates = pooled_win_rate(votes)
        odds = np.exp(0.5), np.exp(-0.5), 0.7
        truth = (odds[0] + odds[2] / 2) / sum(odds)
        inside += bool(rates.lower[0] <= truth <= rates.upper[0])
    assert 0.92 < inside / tries < 0.99


def test_bootstrapped_win_rates_agree_with_wilsons():
    votes = drawn(9, n=4000)
    wilson = pooled_win_rate(votes)
    lower, upper = bootstrap_rates(pooled_win_rate, votes, rng=np.random.default_rng(0), draws=800)
    assert upper - lower == pytest.approx(wilson.upper - wilson.lower, rel=0.1)


def test_tiers_are_as_many_as_ranges_are_apart_and_no_more():
    best, worst = np.array([1, 1, 3, 3, 2, 6]), np.array([2, 3, 5, 5, 4, 6])
    # The fifth overlaps the first two and the middle ones; only the last is behind all.
    assert tiers(best, worst).tolist() == [1, 1, 2, 2, 1, 3]
    assert tiers(np.array([2, 1]), np.array([2, 1])).tolist() == [2, 1]
