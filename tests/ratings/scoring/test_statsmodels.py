"""Fits and covariances against statsmodels, which knows nothing of pairs: a logistic regression by vote."""

import numpy as np
import pytest

from ratings.scoring import (
    Comparisons,
    cluster_sandwich,
    covariate_covariance,
    draw_comparisons,
    fit_bradley_terry,
    fit_covariates,
    sandwich,
    two_way_sandwich,
)

pytest.importorskip(
    "statsmodels", reason="statsmodels is not installed, so there is no oracle for covariances"
)
STRENGTH = np.array([0.8, 0.3, 0.0, -0.4, -0.7])


@pytest.fixture(scope="module")
def votes() -> Comparisons:
    return draw_comparisons(
        STRENGTH, 1500, rng=np.random.default_rng(11), nu=0.7, raters=40, prompts=30,
        activity=1.3, taste=0.5, prompt_effect=0.5,
    )  # fmt: skip


def logistic(votes: Comparisons, *covariates, **options):
    """Fit points of the first on +1, -1; the last item is the reference."""
    from statsmodels.genmod.families import Binomial
    from statsmodels.genmod.generalized_linear_model import GLM

    design = np.zeros((len(votes), len(votes.items)))
    rows = np.arange(len(votes))
    design[rows, votes.first], design[rows, votes.second] = 1.0, -1.0
    design = np.column_stack([design[:, :-1], *covariates])
    return GLM(votes.outcome / 2, design, family=Binomial()).fit(
        tol=1e-14, tol_criterion="params", **options
    )


def against_the_last(matrix: np.ndarray) -> np.ndarray:
    """Return the covariance of the strengths less the last one's."""
    k = len(STRENGTH)
    contrasts = np.eye(len(matrix))
    contrasts[:k, k - 1] -= 1.0
    found = contrasts @ matrix @ contrasts.T
    kept = [at for at in range(len(matrix)) if at != k - 1]
    return found[np.ix_(kept, kept)]


def test_strengths_and_their_information(votes):
    fit, other = fit_bradley_terry(votes), logistic(votes)
    assert fit.strength[:-1] - fit.strength[-1] == pytest.approx(other.params, abs=1e-10)
    assert against_the_last(fit.inverse) == pytest.approx(other.cov_params(), rel=1e-8)


@pytest.mark.parametrize("by", ["nothing", "rater", "prompt", "rater and prompt"])
def test_robust_covariances(votes, by):
    fit = fit_bradley_terry(votes)
    sizes = {one: np.unique(getattr(votes, one)).size for one in ("rater", "prompt")}
    if by == "nothing":
        own, options = sandwich(fit, votes).matrix, {"cov_type": "HC0"}
    elif by in sizes:
        codes, g = getattr(votes, by), sizes[by]
        own = cluster_sandwich(fit, votes, codes, correction="CR1").matrix * (g - 1) / g
        options = clustered(codes)
    else:
        # With its own correction: each of the three by its own number of clusters, and no other.
        own = two_way_sandwich(fit, votes, correction="CR1").matrix
        one, other = (logistic(votes, **clustered(getattr(votes, by))) for by in sizes)
        cell = np.unique(votes.rater * 1000 + votes.prompt, return_inverse=True)[1]
        parts = [(one, sizes["rater"]), (other, sizes["prompt"])]
        expected = sum(part.cov_params() * g / (g - 1) for part, g in parts)
        g = cell.max() + 1
        expected -= logistic(votes, **clustered(cell)).cov_params() * g / (g - 1)
        assert against_the_last(own) == pytest.approx(expected, rel=1e-7, abs=1e-12)
        return
    expected = logistic(votes, **options).cov_params()
    assert against_the_last(own) == pytest.approx(expected, rel=1e-7, abs=1e-12)


def clustered(codes: np.ndarray) -> dict:
    return {"cov_type": "cluster", "cov_kwds": {"groups": codes, "use_correction": False}}


def test_effects_of_position_and_of_a_covariate(votes):
    rng = np.random.default_rng(3)
    position, length = rng.choice([-1.0, 1.0], len(votes)), rng.normal(size=len(votes))
    fit = fit_covariates(votes, length[:, None], position=position)
    other = logistic(votes, position, length, **clustered(votes.rater))
    assert fit.effect == pytest.approx(other.params[-2:], abs=1e-9)
    own = covariate_covariance(fit, votes.rater, correction="CR1").matrix
    g = np.unique(votes.rater).size
    assert against_the_last(own * (g - 1) / g) == pytest.approx(
        other.cov_params(), rel=1e-7, abs=1e-12
    )
