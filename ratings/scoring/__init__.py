"""Statistics of paired comparisons: arrays in, frozen records out, nothing of the web application.

>>> from ratings.scoring import Comparisons, fit_davidson, intervals, sandwich
>>> votes = Comparisons.from_labels(
...     ["a", "b", "a", "a"], ["b", "a", "b", "b"], ["first", "first", "tie", "first"]
... )
>>> fit = fit_davidson(votes)
>>> lower, upper = intervals(fit.strength, sandwich(fit, votes))
"""

from ratings.scoring.agreement import (
    Agreement,
    Grades,
    bootstrap_agreement,
    cohen_kappa,
    fleiss_kappa,
    gwet_ac,
    krippendorff_alpha,
    percent_agreement,
    pooled_kappa,
)
from ratings.scoring.allocation import (
    Allocation,
    boundary_allocation,
    coverage_allocation,
    evenly_drawn,
    inverse_propensity_weights,
    uniform_allocation,
    variance_allocation,
    weighted_counts,
)
from ratings.scoring.audit import Audit, Finding, audit_votes
from ratings.scoring.bootstrap import (
    bootstrap,
    bootstrap_rates,
    cluster_bootstrap,
    two_way_bootstrap,
)
from ratings.scoring.bradley_terry import fit_bradley_terry, win_probability
from ratings.scoring.clusters import (
    cluster_influence,
    cluster_sandwich,
    cluster_side,
    leave_out_influence,
    two_way_sandwich,
)
from ratings.scoring.composite import Composite, Part, composite
from ratings.scoring.covariates import (
    STYLE,
    CovariateFit,
    covariate_covariance,
    effect_interval,
    fit_covariates,
    style_contrast,
    style_counts,
    style_features,
    style_matrix,
)
from ratings.scoring.crowd import CrowdFit, fit_crowd
from ratings.scoring.decisions import (
    Verdict,
    about,
    compare_two,
    decide,
    expected_win_rate,
    margin_in_log_odds,
)
from ratings.scoring.diagnostics import (
    connected_components,
    require_estimable,
    separated_components,
)
from ratings.scoring.elo import averaged_elo, online_elo
from ratings.scoring.fragility import Fragility, fewest_to_flip
from ratings.scoring.graded import GradedFit, fit_graded, graded_covariance
from ratings.scoring.intervals import (
    difference,
    intervals,
    probability_better,
    rank_ranges,
    sandwich,
    tiers,
)
from ratings.scoring.power import Clustering, Sample, detectable_gap, plan_sample
from ratings.scoring.priors import fit_firth, fit_pseudo_votes, fit_ridge, posterior
from ratings.scoring.sequences import (
    Sequence,
    anytime_interval,
    critical_value,
    mean_sequence,
)
from ratings.scoring.simulate import draw_comparisons
from ratings.scoring.ties import fit_davidson, fit_rao_kupper
from ratings.scoring.types import (
    BASE_RATING,
    OUTCOMES,
    POINTS_PER_LOGIT,
    BoardRow,
    Comparisons,
    Counts,
    Covariance,
    Fit,
    Interval,
    NotConverged,
    NotEstimable,
    ScoringError,
    Side,
    Spread,
    UnknownOutcome,
    to_rating,
)
from ratings.scoring.win_rate import Rates, average_win_rate, pooled_win_rate

__all__ = [
    "BASE_RATING",
    "OUTCOMES",
    "POINTS_PER_LOGIT",
    "STYLE",
    "Agreement",
    "Allocation",
    "Audit",
    "BoardRow",
    "Clustering",
    "Comparisons",
    "Composite",
    "Counts",
    "Covariance",
    "CovariateFit",
    "CrowdFit",
    "Finding",
    "Fit",
    "Fragility",
    "GradedFit",
    "Grades",
    "Interval",
    "NotConverged",
    "NotEstimable",
    "Part",
    "Rates",
    "Sample",
    "ScoringError",
    "Sequence",
    "Side",
    "Spread",
    "UnknownOutcome",
    "Verdict",
    "about",
    "anytime_interval",
    "audit_votes",
    "average_win_rate",
    "averaged_elo",
    "bootstrap",
    "bootstrap_agreement",
    "bootstrap_rates",
    "boundary_allocation",
    "cluster_bootstrap",
    "cluster_influence",
    "cluster_sandwich",
    "cluster_side",
    "cohen_kappa",
    "compare_two",
    "composite",
    "connected_components",
    "covariate_covariance",
    "coverage_allocation",
    "critical_value",
    "decide",
    "detectable_gap",
    "difference",
    "draw_comparisons",
    "effect_interval",
    "evenly_drawn",
    "expected_win_rate",
    "fewest_to_flip",
    "fit_bradley_terry",
    "fit_covariates",
    "fit_crowd",
    "fit_davidson",
    "fit_firth",
    "fit_graded",
    "fit_pseudo_votes",
    "fit_rao_kupper",
    "fit_ridge",
    "fleiss_kappa",
    "graded_covariance",
    "gwet_ac",
    "intervals",
    "inverse_propensity_weights",
    "krippendorff_alpha",
    "leave_out_influence",
    "margin_in_log_odds",
    "mean_sequence",
    "online_elo",
    "percent_agreement",
    "plan_sample",
    "pooled_kappa",
    "pooled_win_rate",
    "posterior",
    "probability_better",
    "rank_ranges",
    "require_estimable",
    "sandwich",
    "separated_components",
    "style_contrast",
    "style_counts",
    "style_features",
    "style_matrix",
    "tiers",
    "to_rating",
    "two_way_bootstrap",
    "two_way_sandwich",
    "uniform_allocation",
    "variance_allocation",
    "weighted_counts",
    "win_probability",
]
