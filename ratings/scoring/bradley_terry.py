"""Bradley and Terry's model with half-win ties, by maximum likelihood.

The estimand is that of arena-type leaderboards: a tie counts as half a win for each side, so that
the strengths answer "how often is i preferred, a tie being a coin". With ties this shrinks the
scale against Davidson's model (`ties.py`), which models the tie; the two are not comparable.

References
----------
Bradley, R. A. and Terry, M. E. (1952). Rank analysis of incomplete block designs. Biometrika 39.
Hunter, D. R. (2004). MM algorithms for generalized Bradley-Terry models. Annals of Statistics 32:
the conditions under which the maximum exists (Assumption 1) are those of `diagnostics`.
"""

import numpy as np

from ratings.scoring.diagnostics import require_estimable
from ratings.scoring.kernels import engine
from ratings.scoring.newton import Curvature, laplacian, maximise
from ratings.scoring.types import Comparisons, Counts, Fit, Floats, counts_of


def win_probability(difference: Floats) -> Floats:
    """Return the chance of a win, 0 to 1, at differences of strengths in log-odds, of any shape."""
    return np.asarray(0.5 + 0.5 * np.tanh(0.5 * difference))


def curvature(strength: Floats, points: Floats, votes: Floats) -> Curvature:
    """Return log-likelihood, gradient and information at `strength` (K,).

    `points` (K, K): wins of i over j plus half their ties; `votes` (K, K), symmetric.
    """
    value, gradient, weights = engine().curvature(strength, points, votes)
    return Curvature(value, gradient, laplacian(weights))


def fit_bradley_terry(data: Comparisons | Counts, start: Floats | None = None) -> Fit:
    """Fit strengths (log-odds, centred at 0) with ties as half a win each.

    Parameters
    ----------
    data : comparisons, or their counts
    start : (K,) strengths to start from, such as those before the last votes came in

    Raises
    ------
    NotEstimable
        When the items fall into groups that are never compared, or compared with one side always
        winning: no finite maximum exists.
    NotConverged
        When the gradient per vote stays above 1e-12.
    """
    counts = counts_of(data)
    require_estimable(counts)
    votes = counts.votes
    points = counts.wins + counts.ties / 2
    k = len(counts.items)
    if start is None:
        # The log-odds of each item's points: two steps of Newton's nearer than all being equal.
        won, met = points.sum(axis=1), votes.sum(axis=1)
        start = np.log((won + 0.5) / (met - won + 0.5))
    first_guess = start - start.mean()
    best = maximise(lambda at: curvature(at, points, votes), first_guess, k=k, n=counts.n)
    return Fit(
        items=counts.items,
        method="bradley-terry",
        strength=best.parameters,
        tie=None,
        expected=win_probability(best.parameters[:, None] - best.parameters),
        tie_probability=None,
        information=best.information,
        inverse=best.inverse,
        log_likelihood=best.value,
        gradient_per_vote=best.gradient_per_vote,
        iterations=best.iterations,
    )
