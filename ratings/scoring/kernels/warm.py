"""Compile every loop for the types that it is called with, so that later processes only load them.

python -m ratings.scoring.kernels.warm
"""

import os

import numpy as np

from ratings.scoring import kernels
from ratings.scoring.bootstrap import bootstrap, cluster_bootstrap, two_way_bootstrap
from ratings.scoring.bradley_terry import fit_bradley_terry
from ratings.scoring.clusters import two_way_sandwich
from ratings.scoring.elo import online_elo
from ratings.scoring.simulate import draw_comparisons
from ratings.scoring.ties import fit_davidson


def warm() -> None:
    """Call everything that has a compiled loop on a few votes, in both models."""
    os.environ[kernels.VARIABLE] = "numba"
    rng = np.random.default_rng(0)
    strength = np.array([0.4, 0.1, -0.5])
    votes = draw_comparisons(strength, 400, rng=rng, nu=0.5, raters=20, prompts=15)
    online_elo(votes)
    for fit in (fit_bradley_terry(votes), fit_davidson(votes)):
        two_way_sandwich(fit, votes)
        bootstrap(fit, votes, rng=rng, draws=20)
        cluster_bootstrap(fit, votes, rng=rng, draws=20)
        two_way_bootstrap(fit, votes, rng=rng, draws=20)


if __name__ == "__main__":
    warm()
