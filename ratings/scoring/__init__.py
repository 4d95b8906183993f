"""Statistics of paired comparisons: arrays in, frozen records out, nothing of the web application.

>>> from ratings.scoring import Comparisons, fit_davidson, intervals, sandwich
>>> votes = Comparisons.from_labels(
...     ["a", "b", "a", "a"], ["b", "a", "b", "b"], ["first", "first", "tie", "first"]
... )
>>> fit = fit_davidson(votes)
>>> lower, upper = intervals(fit.strength, sandwich(fit, votes))
"""

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
from ratings.scoring.diagnostics import (
    connected_components,
    require_estimable,
    separated_components,
)
from ratings.scoring.elo import averaged_elo, online_elo
from ratings.scoring.intervals import (
    difference,
    intervals,
    probability_better,
    rank_ranges,
    sandwich,
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
    "BoardRow",
    "Comparisons",
    "Composite",
    "Counts",
    "Covariance",
    "Fit",
    "Interval",
    "NotConverged",
    "NotEstimable",
    "Part",
    "Rates",
    "ScoringError",
    "Side",
    "Spread",
    "UnknownOutcome",
    "average_win_rate",
    "averaged_elo",
    "bootstrap",
    "bootstrap_rates",
    "cluster_bootstrap",
    "cluster_influence",
    "cluster_sandwich",
    "cluster_side",
    "composite",
    "connected_components",
    "difference",
    "draw_comparisons",
    "fit_bradley_terry",
    "fit_davidson",
    "fit_rao_kupper",
    "intervals",
    "leave_out_influence",
    "online_elo",
    "pooled_win_rate",
    "probability_better",
    "rank_ranges",
    "require_estimable",
    "sandwich",
    "separated_components",
    "to_rating",
    "two_way_bootstrap",
    "two_way_sandwich",
    "win_probability",
]
