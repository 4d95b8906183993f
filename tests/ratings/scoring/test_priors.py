"""Priors make separated votes finite, say so, and do nothing else: known values, limits, symmetries."""

import numpy as np
import pytest

from ratings.scoring import (
    Comparisons,
    Counts,
    NotEstimable,
    bradley_terry,
    cluster_sandwich,
    draw_comparisons,
    fit_bradley_terry,
    fit_davidson,
    fit_firth,
    fit_pseudo_votes,
    fit_ridge,
    intervals,
    posterior,
    sandwich,
    ties,
)
from ratings.scoring.priors import _penalised, firth_curvature
from tests.ratings.scoring.votes import references, repeated, wins

STRENGTH = np.array([0.9, 0.3, 0.0, -0.4, -0.8])
WITH_PRIOR = [
    fit_pseudo_votes,
    fit_ridge,
    lambda votes: fit_ridge(votes, ties="davidson"),
    fit_firth,
]
each_prior = pytest.mark.parametrize(
    "fit", WITH_PRIOR, ids=["pseudo", "ridge", "davidson", "firth"]
)


def drawn(n: int = 400, seed: int = 0, **more: float) -> Comparisons:
    return draw_comparisons(
        STRENGTH, n, rng=np.random.default_rng(seed), **{"nu": 0.5, "raters": 20, **more}
    )


def numeric(function, at, step=1e-6):
    moves = step * np.eye(len(at))
    return np.array([(function(at + one) - function(at - one)) / (2 * step) for one in moves])


def test_the_ridge_gives_the_published_map_estimate():
    case = references()["choix_8_random_reg"]
    first, second = np.array(case["data"]["winner_loser"]).T
    votes = Comparisons(tuple("abcdefgh"), first, second, np.full(len(first), 2))
    found = fit_ridge(votes, alpha=0.5).strength
    assert found == pytest.approx(case["expected"]["map_est"], abs=5e-5)


def test_two_items_have_the_closed_forms():
    """With w and l wins: Firth adds a half to each, and v pseudo-votes add v / 2 to each."""
    votes = wins("ab", *["ab"] * 7, *["ba"] * 2)
    gap = fit_firth(votes).strength
    assert gap[0] - gap[1] == pytest.approx(np.log(7.5 / 2.5), abs=1e-12)
    gap = fit_pseudo_votes(votes, 3.0).strength
    assert gap[0] - gap[1] == pytest.approx(np.log(8.5 / 3.5), abs=1e-12)


@each_prior
def test_an_item_that_won_every_vote_has_a_finite_strength_and_the_fit_says_why(fit):
    votes = wins("abc", "ab", "ab", "ac", "ac", "bc", "cb", "bc", "ab")
    with pytest.raises(NotEstimable):
        fit_bradley_terry(votes)
    found = fit(votes)
    assert found.gradient_per_vote <= 1e-12
    assert found.prior
    assert np.argmax(found.strength) == 0
    assert found.strength[0] < 5
    lower, upper = intervals(found.strength, posterior(found))
    assert np.all(upper - lower > 0.5)


@each_prior
def test_what_no_vote_links_stays_not_estimable(fit):
    with pytest.raises(NotEstimable) as caught:
        fit(wins("abcd", "ab", "ba", "cd", "dc"))
    assert sorted(map(sorted, caught.value.components)) == [["a", "b"], ["c", "d"]]


def test_the_gradients_are_those_of_the_penalised_likelihoods():
    counts = Counts.of(drawn())
    points, votes = counts.wins + counts.ties / 2, counts.votes
    at = np.array([0.5, 0.2, 0.1, -0.3, -0.5])

    def ridge(x):
        return _penalised(bradley_terry.curvature(x, points, votes), x, 0.7)

    def davidson(x):
        return _penalised(ties.curvature(x, counts), x[:5], 0.7)

    def firth(x):
        return firth_curvature(x, points, votes)

    for one, here in ((ridge, at), (davidson, np.append(at, -0.4)), (firth, at)):
        assert one(here).gradient == pytest.approx(
            numeric(lambda x, one=one: one(x).value, here), abs=1e-5
        )
    for one, here in ((ridge, at), (davidson, np.append(at, -0.4))):
        bend = numeric(lambda x, one=one: one(x).gradient, here)
        assert one(here).information == pytest.approx(-bend, abs=1e-4)


@each_prior
def test_swapping_sides_changes_nothing_and_relabelling_relabels(fit):
    votes = drawn()
    strength = fit(votes).strength
    assert fit(votes.swapped()).strength == pytest.approx(strength, abs=1e-12)
    order = np.array([3, 1, 4, 0, 2])
    renamed = Comparisons(votes.items, order[votes.first], order[votes.second], votes.outcome)
    assert fit(renamed).strength[order] == pytest.approx(strength, abs=1e-12)


@each_prior
def test_the_pull_vanishes_as_votes_come_in(fit):
    votes = drawn()
    exact = fit_davidson if fit(votes).method == "davidson" else fit_bradley_terry
    few = np.abs(fit(votes).strength - exact(votes).strength).max()
    many = np.abs(fit(repeated(votes, 100)).strength - exact(votes).strength).max()
    assert 0 < many < few / 50


def test_firth_takes_away_most_of_the_bias():
    truth = np.array([1.0, 0.0, -1.0])
    errors = []
    for seed in range(300):
        votes = draw_comparisons(truth, 60, rng=np.random.default_rng(seed))
        try:
            plain = fit_bradley_terry(votes).strength
        except NotEstimable:
            continue
        errors.append((plain - truth, fit_firth(votes).strength - truth))
    plain_bias, firth_bias = np.abs(np.mean(errors, axis=0))
    assert len(errors) > 290
    assert firth_bias[0] < plain_bias[0] / 2
    assert firth_bias[2] < plain_bias[2] / 2


@each_prior
def test_the_covariances_of_the_package_apply(fit):
    votes = drawn(4000)
    found = fit(votes)
    error = posterior(found).standard_error
    assert cluster_sandwich(found, votes, votes.rater).standard_error == pytest.approx(
        error, rel=0.6
    )
    assert sandwich(found, votes).standard_error == pytest.approx(error, rel=0.25)


def test_without_a_prior_there_is_no_posterior():
    found = fit_bradley_terry(drawn())
    assert found.prior is None
    with pytest.raises(ValueError, match="no prior"):
        posterior(found)


@pytest.mark.parametrize("bad", [0.0, -1.0, float("nan"), float("inf")])
def test_a_prior_must_be_positive(bad):
    with pytest.raises(ValueError, match="greater than 0"):
        fit_ridge(drawn(), bad)
    with pytest.raises(ValueError, match="greater than 0"):
        fit_pseudo_votes(drawn(), bad)
    with pytest.raises(ValueError, match="neither"):
        fit_ridge(drawn(), ties="rao-kupper")


def test_davidson_with_a_prior_needs_more_than_ties_and_without_ties_has_none():
    with pytest.raises(NotEstimable, match="every vote is a tie"):
        fit_ridge(wins("abc", "a=b", "b=c"), ties="davidson")
    assert fit_ridge(wins("abc", "ab", "ac", "bc"), ties="davidson").tie == 0.0
