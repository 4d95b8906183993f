"""What one vote of each outcome and pair adds to the gradient and to the information: lookup tables."""

from typing import NamedTuple

import numpy as np

from ratings.scoring.types import FIRST_WON, SECOND_WON, TIE, Fit, Floats

EMPTY = np.zeros((0, 0, 0))


class Tables(NamedTuple):
    """(3, K, K) each, indexed by outcome, first, second.

    The score of a vote is `score` times (e_first - e_second), and `tie_score` for the tie parameter.
    Its information is `weight` (e_first - e_second)(e_first - e_second)', `cross` (e_first -
    e_second) in the row of the tie parameter, and `corner` on its diagonal. Without a tie parameter
    the last two and `tie_score` are empty.
    """

    score: Floats
    tie_score: Floats
    weight: Floats
    cross: Floats
    corner: Floats


def tables_of(fit: Fit) -> Tables:
    """Return the tables of a fitted model."""
    if fit.scores is not None:
        return Tables(*fit.scores)
    points = np.array([0.0, 0.5, 1.0])[:, None, None]
    score = points - fit.expected
    if fit.tie_probability is None:
        weight = np.broadcast_to(fit.expected * (1 - fit.expected), score.shape)
        return Tables(score, EMPTY, np.ascontiguousarray(weight), EMPTY, EMPTY)
    lead, tie = 2 * fit.expected - 1, fit.tie_probability
    tied = np.zeros(3)
    tied[TIE] = 1.0
    same = (
        np.ascontiguousarray(np.broadcast_to(one, score.shape))
        for one in ((1 - tie - lead**2) / 4, -tie * lead / 2, tie * (1 - tie))
    )
    return Tables(score, tied[:, None, None] - tie, *same)


def leverages(tables: Tables, inverse: Floats) -> Floats:
    """Return (3, K, K): the trace of a vote's information times `inverse`, by outcome and pair."""
    k = tables.weight.shape[1]
    own = np.diag(inverse)[:k]
    found = tables.weight * (own[:, None] + own - 2 * inverse[:k, :k])
    if tables.corner.size:
        along = inverse[:k, -1]
        found += 2 * tables.cross * (along[:, None] - along) + tables.corner * inverse[-1, -1]
    return np.asarray(found)


def counted(wins: Floats, ties: Floats) -> Floats:
    """Return (3, K, K) counts by outcome in which each vote stands once, from wins and ties."""
    votes = np.zeros((3, *wins.shape))
    votes[FIRST_WON] = np.triu(wins)
    votes[SECOND_WON] = np.triu(wins.T)
    votes[TIE] = np.triu(ties)
    return votes
