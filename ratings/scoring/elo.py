"""Elo ratings: online, in the order of the votes, and averaged over orders.

Online Elo depends on the order of the votes; it is a running display, not an estimate with an
interval. Averaging over random orders removes that dependence, not the sampling error.

References
----------
Elo, A. E. (1978). The rating of chessplayers, past and present.
"""

import numpy as np
from numpy.random import Generator

from ratings.scoring.kernels import engine
from ratings.scoring.types import BASE_RATING, POINTS_PER_LOGIT, Comparisons, Floats

K_FACTOR = 4.0


def online_elo(
    comparisons: Comparisons, *, k: float = K_FACTOR, initial: float = BASE_RATING
) -> Floats:
    """Return (K,) Elo points after playing the votes in their order, a tie scoring one half.

    Base 10, scale 400: an advantage of 400 points is expected to score 10 to 1.
    """
    loops = engine(saves=len(comparisons) * 8e-7)
    votes = (comparisons.first, comparisons.second, comparisons.outcome)
    return np.asarray(loops.elo(*votes, len(comparisons.items), k, initial))


def averaged_elo(
    comparisons: Comparisons,
    *,
    rng: Generator,
    k: float = K_FACTOR,
    initial: float = BASE_RATING,
    orders: int = 100,
) -> Floats:
    """Return (K,) Elo points, the mean over `orders` random orders of the votes.

    All orders are played side by side, one vote of each at a time.
    """
    deck = np.stack([rng.permutation(len(comparisons)) for _ in range(orders)], axis=1)
    ratings = np.full(orders * len(comparisons.items), float(initial))
    own = np.arange(orders) * len(comparisons.items)
    points = comparisons.outcome * 0.5
    for votes in deck:
        first, second = own + comparisons.first[votes], own + comparisons.second[votes]
        lead = ratings[first] - ratings[second]
        change = k * (points[votes] - (0.5 + 0.5 * np.tanh(lead / (2 * POINTS_PER_LOGIT))))
        ratings[first] += change
        ratings[second] -= change
    return np.asarray(ratings.reshape(orders, -1).mean(axis=0))
