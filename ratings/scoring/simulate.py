"""Draw comparisons from known strengths, with raters of their own taste: for tests and planning.

>>> import numpy as np
>>> from ratings.scoring import draw_comparisons, fit_davidson
>>> truth = np.array([1.0, 0.0, -1.0])
>>> votes = draw_comparisons(truth, 100_000, rng=np.random.default_rng(1), nu=0.7)
>>> bool(abs(fit_davidson(votes).strength - truth).max() < 0.03)
True

References
----------
Davidson, R. R. (1970). On extending the Bradley-Terry model to accommodate ties in paired comparison
experiments. Journal of the American Statistical Association 65.
"""

from collections.abc import Sequence

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

from ratings.scoring.ties import davidson_odds
from ratings.scoring.types import FIRST_WON, SECOND_WON, TIE, Comparisons, Floats


def draw_comparisons(
    strength: Floats,
    n: int,
    *,
    rng: Generator,
    nu: float = 0.0,
    raters: int = 0,
    taste: float = 0.0,
    activity: float = 0.0,
    prompts: int = 0,
    prompt_effect: float = 0.0,
    items: Sequence[str] | None = None,
) -> Comparisons:
    """Draw `n` votes on uniformly drawn pairs from Davidson's model.

    Parameters
    ----------
    strength : (K,) log-odds
    nu : tie parameter; 0 draws no ties
    raters : how many raters; 0 leaves raters out
    taste : standard deviation, in log-odds, of each rater's own deviation from each strength
    activity : 0 for raters of equal activity; else the exponent of a Pareto distribution of votes
        per rater (1.5 is as heavy-tailed as crowds are)
    prompts : how many prompts, drawn uniformly; 0 leaves prompts out
    prompt_effect : standard deviation, in log-odds, of what each prompt adds to each strength
    """
    k = len(strength)
    first = rng.integers(k, size=n)
    second = (first + rng.integers(1, k, size=n)) % k
    rater = _draw_raters(n, raters, activity, rng) if raters else None
    gap = strength[first] - strength[second]
    if rater is not None and taste:
        own = rng.normal(0.0, taste, size=(raters, k))
        gap = gap + own[rater, first] - own[rater, second]
    prompt = rng.integers(prompts, size=n) if prompts else None
    if prompt is not None and prompt_effect:
        own = rng.normal(0.0, prompt_effect, size=(prompts, k))
        gap = gap + own[prompt, first] - own[prompt, second]
    return Comparisons(
        items=tuple(items) if items else tuple(f"item {i}" for i in range(k)),
        first=first.astype(np.int32),
        second=second.astype(np.int32),
        outcome=_draw_outcomes(gap, nu, rng),
        rater=rater,
        prompt=None if prompt is None else prompt.astype(np.int32),
    )


def _draw_raters(n: int, raters: int, activity: float, rng: Generator) -> NDArray[np.int32]:
    share = 1 + rng.pareto(activity, size=raters) if activity else np.ones(raters)
    return rng.choice(raters, size=n, p=share / share.sum()).astype(np.int32)


def _draw_outcomes(gap: Floats, nu: float, rng: Generator) -> NDArray[np.int8]:
    with np.errstate(divide="ignore"):
        odds = davidson_odds(gap, np.log(np.float64(nu)))
    draw = rng.random(gap.size)
    wins = odds.expected - odds.tie / 2
    outcome = np.where(draw < wins, FIRST_WON, np.where(draw < wins + odds.tie, TIE, SECOND_WON))
    return np.asarray(outcome.astype(np.int8))
