"""Graded preferences: identities with the plain models, derivatives, known truths, symmetries."""

import numpy as np
import pytest

from ratings.scoring import (
    Comparisons,
    NotEstimable,
    cluster_sandwich,
    draw_comparisons,
    fit_bradley_terry,
    fit_davidson,
    fit_graded,
    graded_covariance,
    intervals,
    rank_ranges,
    sandwich,
    two_way_sandwich,
)
from ratings.scoring.graded import _counted, _scale, graded_curvature
from tests.ratings.scoring.votes import counted, references, repeated, wins

STRENGTH = np.array([3.0, 1.0, 0.0, -1.5, -2.5])
LEVEL = np.array([0.0, 0.8, 1.1, 0.9, 1.1, 0.8, 0.0])


def graded(n: int, seed: int = 0, taste: float = 0.0) -> tuple[Comparisons, np.ndarray]:
    """Votes from the model itself on seven grades, by raters of their own taste."""
    rng = np.random.default_rng(seed)
    first = rng.integers(5, size=n)
    second = (first + rng.integers(1, 5, size=n)) % 5
    rater, prompt = rng.integers(30, size=n), rng.integers(25, size=n)
    own = STRENGTH + taste * rng.normal(size=(30, 5))
    gap = own[rater, first] - own[rater, second]
    odds = np.exp(np.linspace(-0.5, 0.5, 7) * gap[:, None] + LEVEL)
    bound = (odds / odds.sum(axis=1, keepdims=True)).cumsum(axis=1)
    grade = np.minimum((rng.random(n)[:, None] > bound).sum(axis=1), 6)
    outcome = np.sign(grade - 3) + 1
    return Comparisons(tuple("abcde"), first, second, outcome, rater, prompt), grade


def plain(nu: float) -> Comparisons:
    return draw_comparisons(
        STRENGTH / 3, 900, rng=np.random.default_rng(5), nu=nu, raters=15, taste=0.5, prompts=12
    )


def agree(ours, theirs):
    assert ours.kind == theirs.kind
    assert ours.matrix == pytest.approx(theirs.matrix, abs=1e-9)
    assert ours.standard_error == pytest.approx(theirs.standard_error, abs=1e-9)


def test_two_grades_are_bradley_and_terrys_model_with_its_covariances():
    votes = plain(0.0)
    fit, same = fit_graded(votes, votes.outcome // 2, grades=2), fit_bradley_terry(votes)
    assert fit.strength == pytest.approx(same.strength, abs=1e-11)
    assert fit.log_likelihood == pytest.approx(same.log_likelihood, abs=1e-9)
    assert fit.inverse == pytest.approx(same.inverse, abs=1e-9)
    assert fit.expected == pytest.approx(same.expected, abs=1e-11)
    agree(graded_covariance(fit), sandwich(same, votes))
    agree(graded_covariance(fit, votes.rater), cluster_sandwich(same, votes, votes.rater))
    agree(graded_covariance(fit, votes.rater, votes.prompt), two_way_sandwich(same, votes))


def test_three_grades_are_davidsons_model_with_its_covariances():
    votes = plain(0.6)
    fit, same = fit_graded(votes, votes.outcome, grades=3), fit_davidson(votes)
    assert fit.strength == pytest.approx(same.strength, abs=1e-11)
    assert np.exp(fit.level[1]) == pytest.approx(same.tie, abs=1e-11)
    assert fit.log_likelihood == pytest.approx(same.log_likelihood, abs=1e-9)
    assert fit.inverse == pytest.approx(same.inverse, abs=1e-9)
    assert fit.probability[1] == pytest.approx(same.tie_probability, abs=1e-11)
    agree(graded_covariance(fit), sandwich(same, votes))
    agree(graded_covariance(fit, votes.rater), cluster_sandwich(same, votes, votes.rater))
    agree(graded_covariance(fit, votes.rater, votes.prompt), two_way_sandwich(same, votes))


def test_davidsons_puddings_are_reproduced_on_three_grades():
    case = references()["davidson1970_pudding"]
    rows = [(i - 1, j - 1, won, lost, tied) for i, j, _, won, lost, tied in case["data"]["rows"]]
    votes = counted(tuple("abcdef"), rows)
    fit = fit_graded(votes, votes.outcome, grades=3)
    worth = np.exp(fit.strength)
    assert worth / worth.sum() == pytest.approx(case["expected"]["converged_gamma_sum1"], abs=1e-10)
    assert np.exp(fit.level[1]) == pytest.approx(case["expected"]["converged_tie_theta"], abs=1e-10)


def test_the_gradient_and_the_information_are_those_of_the_likelihood():
    votes, grade = graded(500)
    cells = _counted(votes, grade, 7)
    scale = _scale(cells)
    at = np.array([1.5, 0.2, 0.1, -0.8, -1.0, 0.3, 0.5, -0.4])
    here = graded_curvature(at, cells, scale)
    moves = 1e-6 * np.eye(8)
    ahead = [graded_curvature(at + one, cells, scale) for one in moves]
    behind = [graded_curvature(at - one, cells, scale) for one in moves]
    pairs = list(zip(ahead, behind, strict=True))
    slopes = np.array([(one.value - other.value) / 2e-6 for one, other in pairs])
    bends = np.array([(one.gradient - other.gradient) / 2e-6 for one, other in pairs])
    assert here.gradient == pytest.approx(slopes, abs=1e-5)
    assert here.information == pytest.approx(-bends, abs=1e-5)


def test_the_truth_is_recovered_and_the_thresholds_are_antisymmetric():
    votes, grade = graded(100_000)
    fit = fit_graded(votes, grade)
    assert fit.gradient_per_vote <= 1e-12
    assert fit.strength == pytest.approx(STRENGTH - STRENGTH.mean(), abs=0.07)
    assert fit.level == pytest.approx(LEVEL, abs=0.04)
    assert fit.thresholds == pytest.approx(-fit.thresholds[::-1], abs=1e-12)
    assert fit.probability.sum(axis=0) == pytest.approx(np.ones((5, 5)))
    assert fit.expected + fit.expected.T == pytest.approx(np.ones((5, 5)))
    fisher = np.sqrt(np.diag(fit.inverse))[:5]
    assert graded_covariance(fit).standard_error == pytest.approx(fisher, rel=0.05)


def test_grades_tell_more_than_their_signs():
    votes, grade = graded(3000)
    fit, signs = fit_graded(votes, grade), fit_davidson(votes)
    ours = fit.strength[0] / graded_covariance(fit).standard_error[0]
    assert ours > 1.02 * signs.strength[0] / sandwich(signs, votes).standard_error[0]


def test_intervals_by_rater_cover_where_independent_ones_do_not():
    truth = STRENGTH - STRENGTH.mean()
    inside = {"rater": [], "alone": []}
    long = fit_graded(*graded(200_000, seed=999, taste=0.0)).strength
    assert long == pytest.approx(truth, abs=0.06)
    for seed in range(150):
        votes, grade = graded(1500, seed=seed, taste=1.0)
        fit = fit_graded(votes, grade)
        for name, cluster in (("rater", votes.rater), ("alone", None)):
            lower, upper = intervals(fit.strength, graded_covariance(fit, cluster))
            # Taste pulls the population's strengths together a little: the middle item tells.
            inside[name].append((lower <= truth)[2] and (truth <= upper)[2])
    assert np.mean(inside["rater"]) > 0.89
    assert np.mean(inside["alone"]) < np.mean(inside["rater"]) - 0.1


def test_swapping_sides_relabelling_and_doubling_do_what_they_must():
    votes, grade = graded(800)
    fit = fit_graded(votes, grade)
    turned = fit_graded(votes.swapped(), 6 - grade)
    assert turned.strength == pytest.approx(fit.strength, abs=1e-11)
    assert turned.level == pytest.approx(fit.level, abs=1e-11)
    order = np.array([3, 1, 4, 0, 2])
    renamed = Comparisons(votes.items, order[votes.first], order[votes.second], votes.outcome)
    assert fit_graded(renamed, grade).strength[order] == pytest.approx(fit.strength, abs=1e-11)
    twice = fit_graded(repeated(votes, 2), np.tile(grade, 2))
    assert graded_covariance(twice).matrix * 2 == pytest.approx(graded_covariance(fit).matrix)
    best, worst = rank_ranges(fit.strength, graded_covariance(fit), rng=np.random.default_rng(0))
    assert best[0] == worst[0] == 1


def test_a_grade_that_nobody_gave_has_no_probability_and_breaks_nothing():
    votes, grade = graded(2000)
    kept = np.flatnonzero((grade != 0) & (grade != 6) & (grade != 3))
    fit = fit_graded(votes.select(kept), grade[kept])
    assert np.all(fit.probability[[0, 3, 6]] == 0)
    assert np.array_equal(np.isneginf(fit.level), [True, False, False, True, False, False, True])
    assert fit.gradient_per_vote <= 1e-12


def test_what_the_votes_do_not_determine_is_not_estimable():
    chain = wins("abc", "ab", "bc", "ac", "ab")
    with pytest.raises(NotEstimable, match="without end"):
        fit_graded(chain, np.full(4, 6))
    with pytest.raises(NotEstimable, match="without end"):
        fit_graded(chain, np.full(4, 4))
    with pytest.raises(NotEstimable, match="link"):
        fit_graded(wins("abcd", "ab", "ba", "cd", "dc"), np.full(4, 5))
    with pytest.raises(NotEstimable, match="tie"):
        fit_graded(wins("abc", "a=b", "b=c"), np.full(2, 3))
    with pytest.raises(NotEstimable, match="no votes"):
        fit_graded(chain.select(np.zeros(4, dtype=bool)), np.zeros(0, dtype=int))


def test_sparse_votes_are_fitted_to_the_end_or_not_estimable():
    fitted = refused = 0
    for seed in range(120):
        rng = np.random.default_rng(seed)
        k = int(rng.integers(2, 8))
        n = int(rng.integers(k, 4 * k))
        first = rng.integers(k, size=n)
        second = (first + rng.integers(1, k, size=n)) % k
        outcome = np.where(first < second, 2, 0) if seed % 4 == 0 else rng.integers(3, size=n)
        votes = Comparisons(tuple("abcdefgh"[:k]), first, second, outcome)
        try:
            fit = fit_graded(votes, outcome, grades=3)
        except NotEstimable:
            refused += 1
        else:
            fitted += 1
            assert fit.gradient_per_vote <= 1e-12
            assert np.abs(fit.strength).max() < 20
    assert fitted > 20
    assert refused > 30


@pytest.mark.parametrize(
    ("grade", "grades", "message"),
    [
        ([6, 6, 6], 7, "4 grades"),
        ([7, 6, 6, 6], 7, "from 0 to 6"),
        ([-1, 6, 6, 6], 7, "from 0 to 6"),
        ([5.5, 6, 6, 6], 7, "from 0 to 6"),
        ([6, 2, 6, 6], 7, "grade 2 of comparison 1"),
        ([3, 6, 6, 6], 7, "grade 3 of comparison 0"),
        ([0, 0, 0, 0], 1, "at least two"),
    ],
)
def test_grades_that_do_not_fit_are_refused(grade, grades, message):
    with pytest.raises(ValueError, match=message):
        fit_graded(wins("abc", "ab", "ba", "bc", "cb"), np.array(grade), grades=grades)
