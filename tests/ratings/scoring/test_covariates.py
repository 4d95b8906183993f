"""Position and style beside the strengths: published values, derivatives, known truths, symmetries."""

import numpy as np
import pytest

from ratings.scoring import (
    STYLE,
    Comparisons,
    NotEstimable,
    cluster_sandwich,
    covariate_covariance,
    draw_comparisons,
    effect_interval,
    fit_bradley_terry,
    fit_covariates,
    intervals,
    rank_ranges,
    sandwich,
    style_counts,
    style_features,
    style_matrix,
    two_way_sandwich,
)
from ratings.scoring.bradley_terry import win_probability
from ratings.scoring.covariates import covariate_curvature
from tests.ratings.scoring.votes import counted, references, repeated, wins

STRENGTH = np.array([0.9, 0.3, 0.0, -0.4, -0.8])
EFFECT = np.array([0.4, 1.5])
HOME = 0.25


def swayed(n: int, seed: int = 0) -> tuple[Comparisons, np.ndarray, np.ndarray]:
    """Votes by strength, by position, and by two covariates of which one goes with the strength."""
    rng = np.random.default_rng(seed)
    first = rng.integers(5, size=n)
    second = (first + rng.integers(1, 5, size=n)) % 5
    gap = STRENGTH[first] - STRENGTH[second]
    style = np.column_stack([rng.normal(size=n) + gap, rng.uniform(-0.2, 0.3, size=n)])
    position = rng.choice([-1.0, 1.0], size=n)
    won = rng.random(n) < win_probability(gap + style @ EFFECT + HOME * position)
    rater, prompt = rng.integers(40, size=n), rng.integers(30, size=n)
    return Comparisons(tuple("abcde"), first, second, 2 * won, rater, prompt), style, position


def baseball() -> tuple[Comparisons, np.ndarray]:
    rows = references()["baseball1987"]["data"]["rows"]
    teams = sorted({row[0] for row in rows})
    votes = counted(teams, [(teams.index(h), teams.index(a), w, lost) for h, a, w, lost in rows])
    return votes, np.array([(w, w + lost) for _, _, w, lost in rows])


def deviance(log_likelihood: float, cells: np.ndarray) -> float:
    """Against the model with a chance of its own for each of the 42 pairings, home and away."""
    won, played = cells.T
    parts = [
        part * np.log(part / of)
        for part, of in (
            (*one,) for one in np.concatenate([cells, np.array([played - won, played]).T])
        )
        if part
    ]
    return 2 * (sum(parts) - log_likelihood)


def test_the_home_advantage_of_the_baseball_season_is_the_published_one():
    votes, cells = baseball()
    case = references()["baseball1987"]["expected"]["high_precision_recomputed"]
    fit = fit_covariates(votes, position=np.ones(len(votes)))
    assert fit.names == ("position",)
    assert fit.effect[0] == pytest.approx(case["model2_home"], abs=1e-8)
    assert np.sqrt(fit.inverse[-1, -1]) == pytest.approx(case["model2_home_se"], abs=1e-8)
    assert deviance(fit.log_likelihood, cells) == pytest.approx(case["model2_deviance"], abs=1e-8)
    plain = fit_covariates(votes)
    assert deviance(plain.log_likelihood, cells) == pytest.approx(case["model1_deviance"], abs=1e-8)
    for one, expected in ((fit, case["model2"]), (plain, case["model1"])):
        last = one.strength[votes.items.index("Baltimore")]
        found = {team: one.strength[votes.items.index(team)] - last for team in expected}
        assert found == pytest.approx(expected, abs=1e-8)


def test_the_gradient_and_the_information_are_those_of_the_likelihood():
    votes, style, position = swayed(300)
    design = np.column_stack([position, style])
    at = np.array([0.5, 0.2, 0.1, -0.3, -0.5, 0.3, -0.2, 0.7])
    here = covariate_curvature(at, votes, design)
    moves = 1e-6 * np.eye(8)
    ahead = [covariate_curvature(at + one, votes, design) for one in moves]
    behind = [covariate_curvature(at - one, votes, design) for one in moves]
    pairs = list(zip(ahead, behind, strict=True))
    slopes = np.array([(one.value - other.value) / 2e-6 for one, other in pairs])
    bends = np.array([(one.gradient - other.gradient) / 2e-6 for one, other in pairs])
    assert here.gradient == pytest.approx(slopes, abs=1e-5)
    assert here.information == pytest.approx(-bends, abs=1e-5)


def test_the_truth_is_recovered_where_style_goes_with_strength():
    votes, style, position = swayed(60_000)
    fit = fit_covariates(votes, style, names=["length", "lists"], position=position)
    assert fit.gradient_per_vote <= 1e-12
    assert fit.names == ("position", "length", "lists")
    assert fit.effect == pytest.approx([HOME, *EFFECT], abs=0.12)
    assert fit.strength == pytest.approx(STRENGTH - STRENGTH.mean(), abs=0.05)
    assert np.abs(fit_bradley_terry(votes).strength - STRENGTH + STRENGTH.mean()).max() > 0.2


def test_intervals_of_the_effects_cover():
    inside = []
    for seed in range(200):
        votes, style, position = swayed(600, seed=seed)
        fit = fit_covariates(votes, style, position=position)
        covariance = covariate_covariance(fit, votes.rater)
        bounds = [effect_interval(fit, covariance, name) for name in fit.names]
        truth = (HOME, *EFFECT)
        inside.append([b.lower <= t <= b.upper for b, t in zip(bounds, truth, strict=True)])
    assert np.all(np.mean(inside, axis=0) > 0.90)


def test_without_covariates_it_is_bradley_and_terrys_model_with_its_covariances():
    votes = draw_comparisons(
        STRENGTH, 900, rng=np.random.default_rng(3), nu=0.6, raters=15, taste=0.5, prompts=12
    )
    fit, plain = fit_covariates(votes), fit_bradley_terry(votes)
    assert fit.strength == pytest.approx(plain.strength, abs=1e-12)
    assert fit.log_likelihood == pytest.approx(plain.log_likelihood, abs=1e-9)
    r, p = votes.rater, votes.prompt
    for ours, theirs in (
        (covariate_covariance(fit), sandwich(plain, votes)),
        (covariate_covariance(fit, r), cluster_sandwich(plain, votes, r)),
        (
            covariate_covariance(fit, r, correction="CR1"),
            cluster_sandwich(plain, votes, r, correction="CR1"),
        ),
        (covariate_covariance(fit, r, p), two_way_sandwich(plain, votes)),
    ):
        assert ours.kind == theirs.kind
        assert ours.degrees == pytest.approx(theirs.degrees)
        assert ours.matrix == pytest.approx(theirs.matrix, abs=1e-9)
        bounds = intervals(fit.parameters, ours), intervals(plain.strength, theirs)
        assert np.array(bounds[0]) == pytest.approx(np.array(bounds[1]), abs=1e-7)


def test_the_jackknife_is_what_a_cluster_s_absence_does_even_where_one_dominates():
    votes, style, _ = swayed(500)
    rater = np.where(np.arange(500) < 400, 0, votes.rater)
    fit = fit_covariates(votes, style)
    codes = np.unique(rater, return_inverse=True)[1]
    moved = fit.votes.left_out(codes, codes.max() + 1)
    for cluster in (0, 3):
        own = codes == cluster
        part = fit.votes.select(np.flatnonzero(own))
        kept = fit.information - part.information()
        exact = np.linalg.pinv(kept) @ part.summed(np.zeros(own.sum(), dtype=int), 1)[0]
        assert moved[cluster] == pytest.approx(exact, abs=1e-7)


def test_the_strengths_part_of_a_covariance_ranks_the_items():
    votes, style, position = swayed(20_000)
    fit = fit_covariates(votes, style, position=position)
    whole = covariate_covariance(fit, votes.rater, votes.prompt)
    own = whole.leading(5)
    assert own.standard_error == pytest.approx(whole.standard_error[:5])
    assert [side.matrix.shape for side in own.sides] == [(5, 5)] * 2
    best, worst = rank_ranges(fit.strength, own, rng=np.random.default_rng(0))
    assert best[0] == worst[0] == 1


def test_where_the_model_holds_the_sandwich_is_the_fisher_covariance():
    votes, style, position = swayed(20_000)
    fit = fit_covariates(votes, style, position=position)
    fisher = np.sqrt(np.diag(fit.inverse))
    assert covariate_covariance(fit).standard_error == pytest.approx(fisher, rel=0.05)


def test_swapping_sides_relabelling_and_doubling_do_what_they_must():
    votes, style, position = swayed(800)
    fit = fit_covariates(votes, style, position=position)
    turned = fit_covariates(votes.swapped(), -style, position=-position)
    assert turned.parameters == pytest.approx(fit.parameters, abs=1e-12)
    order = np.array([3, 1, 4, 0, 2])
    renamed = Comparisons(votes.items, order[votes.first], order[votes.second], votes.outcome)
    relabelled = fit_covariates(renamed, style, position=position)
    assert relabelled.strength[order] == pytest.approx(fit.strength, abs=1e-12)
    assert relabelled.effect == pytest.approx(fit.effect, abs=1e-12)
    twice = fit_covariates(
        repeated(votes, 2), np.tile(style, (2, 1)), position=np.tile(position, 2)
    )
    assert covariate_covariance(twice).matrix * 2 == pytest.approx(covariate_covariance(fit).matrix)


def test_the_unit_of_a_covariate_is_the_caller_s():
    votes, style, _ = swayed(800)
    fit, scaled = fit_covariates(votes, style), fit_covariates(votes, style * [1000.0, 1.0])
    assert scaled.effect * [1000.0, 1.0] == pytest.approx(fit.effect, abs=1e-11)
    assert scaled.standardised == pytest.approx(fit.standardised, abs=1e-11)
    assert fit.standardised == pytest.approx(fit.effect * fit.scale)
    wide = effect_interval(fit, covariate_covariance(fit), "covariate 1")
    narrow = effect_interval(scaled, covariate_covariance(scaled), "covariate 1")
    assert narrow.lower * 1000 == pytest.approx(wide.lower, rel=1e-6)


def test_what_the_votes_cannot_tell_apart_is_not_estimable():
    votes, style, position = swayed(300)
    gap = STRENGTH[votes.first] - STRENGTH[votes.second]
    for covariates in (style[:, [0, 0]], gap[:, None], np.zeros((300, 1)), position[:, None]):
        with pytest.raises(NotEstimable, match="do not tell"):
            fit_covariates(votes, covariates, position=position)
    sure = (votes.outcome - 1.0)[:, None]
    with pytest.raises(NotEstimable, match="without fail"):
        fit_covariates(votes, sure)
    with pytest.raises(NotEstimable):
        fit_covariates(wins("abc", "ab", "ac", "bc"))


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"covariates": np.zeros((3, 1))}, "300 rows"),
        ({"covariates": np.zeros(300)}, "300 rows"),
        ({"covariates": np.full((300, 1), np.nan)}, "finite"),
        ({"covariates": np.ones((300, 1)), "names": ["a", "b"]}, "do not fit"),
        ({"covariates": np.ones((300, 2)), "names": ["a", "a"]}, "distinct"),
        ({"position": np.full(300, 0.5)}, "-1, 0 or 1"),
        ({"position": np.ones(7)}, "-1, 0 or 1"),
    ],
)
def test_arrays_that_do_not_fit_are_refused(given, message):
    with pytest.raises(ValueError, match=message):
        fit_covariates(swayed(300)[0], **given)


def test_style_counts_markdown_and_leaves_code_alone():
    text = "# Title\n\n- one\n- two\n1. three\n\n**bold** and __strong__\n```\n# comment\n- no\n```\n## End"
    assert style_counts(text) == (len(text), 2, 3, 2)
    assert style_counts("a # b, 2 * 3 * 4, **not closed") == (30, 0, 0, 0)
    assert style_counts("```\n# never closed") == (18, 0, 0, 0)


def test_style_features_are_differences_within_one():
    long, short = "# A\n- x\n- y\n" + "word " * 50, "word"
    found = style_features(long, short)
    assert found == pytest.approx(-style_features(short, long))
    assert found[0] == pytest.approx((len(long) - 4) / (len(long) + 4))
    assert found[1:] == pytest.approx([1 / 2, 2 / 3, 0.0])
    assert style_features("", "") == pytest.approx(np.zeros(len(STYLE)))
    assert style_matrix([long, ""], [short, ""]).shape == (2, 4)
    assert style_matrix([], []).shape == (0, 4)
