"""Graded preferences, such as the seven points from "much worse" to "much better", in one model.

With d = strength_first - strength_second and C grades at s = -1/2 ... 1/2 in equal steps,

    P(grade c) proportional to exp(s_c d + m_c),    m the same for a grade and its mirror image:

every pair of neighbouring grades has the log-odds d / (C - 1) plus a threshold, and the thresholds are
antisymmetric, so that exchanging the sides reverses the grades. d is the log-odds of the strongest
preference one way against the strongest the other way. With two grades this is Bradley and Terry's
model, with three Davidson's (log nu = m of the middle).

The thresholds are estimated, so that nothing is assumed of how far apart raters see the grades; what
is assumed is that one difference d moves all neighbouring pairs alike. It uses how strongly a
preference was felt, which the sign of the grade throws away, and is a view beside it.

References
----------
Agresti, A. (1992). Analysis of ordinal paired comparison data. Applied Statistics 41, 287-297:
the adjacent-categories model.
"""

from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from ratings.scoring.clusters import Codes, Correction
from ratings.scoring.newton import Curvature, Optimum, laplacian, maximise
from ratings.scoring.types import (
    FIRST_WON,
    SECOND_WON,
    TIE,
    Comparisons,
    Covariance,
    Floats,
    NotConverged,
    NotEstimable,
)
from ratings.scoring.votewise import (
    VoteScores,
    contrasts,
    require_bounded,
    require_determined,
    robust_covariance,
)

POINTS = 7
FEWEST = 2
SUSPECT = 8.0  # parameters beyond which a likelihood without a maximum is looked for
Cells = NDArray[np.float64]  # (C, K, K): how often `first` was given each grade against `second`


@dataclass(frozen=True, eq=False)
class GradedFit:
    """Strengths from graded preferences, and what their covariance is made of.

    Attributes
    ----------
    strength : (K,) centred at 0; a difference is the log-odds of the highest grade against the lowest
    grades : C
    thresholds : (C - 1,)
        m_(c+1) - m_c, in log-odds: the next grade is as likely as grade c at a difference of
        -(C - 1) times it. Antisymmetric; not finite beside a grade that was never given.
    level : (C,) the m, 0 for the outermost grades given; minus infinity for one never given
    probability : (C, K, K) of each grade for i against j
    expected : (K, K) mean grade of i against j, from 0 (the lowest) to 1
    information, inverse : (P, P) of the strengths, then the free entries of `level`
    log_likelihood, gradient_per_vote, iterations : as in `Fit`
    votes : the scores of the votes, for `graded_covariance`
    """

    items: tuple[str, ...]
    strength: Floats
    grades: int
    thresholds: Floats
    level: Floats
    probability: Floats
    expected: Floats
    information: Floats
    inverse: Floats
    log_likelihood: float
    gradient_per_vote: float
    iterations: int
    votes: VoteScores


class Scale(NamedTuple):
    """The grades: their place (C,) from -1/2 to 1/2, which occur, and whose level is whose.

    `design` (C, Q): 1 where a grade has the free level of its column. The outermost grades that
    occur have none: their level is 0.
    """

    place: Floats
    given: NDArray[np.bool_]
    design: Floats


def fit_graded(comparisons: Comparisons, grade: NDArray[Any], *, grades: int = POINTS) -> GradedFit:
    """Fit strengths and thresholds by maximum likelihood.

    Parameters
    ----------
    grade : (n,) integers from 0, `second` preferred most strongly, to `grades` - 1, `first` so;
        above the middle where the outcome is that first won, at it for a tie, else below
    grades : how many there are, at least 2

    Raises
    ------
    NotEstimable
        When the votes do not link the items, and when no finite maximum exists, as when grades
        never run against an order of the items.
    NotConverged
        When the gradient per vote stays above 1e-12.
    ValueError
        For grades that do not fit the comparisons, the scale, or each other.
    """
    codes = _checked(comparisons, grade, grades)
    cells = _counted(comparisons, codes, grades)
    scale = _scale(cells)
    k, n = len(comparisons.items), float(len(comparisons))
    start = np.concatenate([np.zeros(k), _first_levels(cells, scale)])
    flat = "the votes do not link all items, or every vote is the same tie"
    require_determined(graded_curvature(start, cells, scale).information, k, flat)
    best = _climb(start, cells, scale, k=k, n=n)
    strength, level = best.parameters[:k], _levels(best.parameters[k:], scale)
    probability = _probability(strength, level, scale)
    with np.errstate(invalid="ignore"):
        thresholds = np.diff(level)
    return GradedFit(
        items=comparisons.items,
        strength=strength,
        grades=grades,
        thresholds=thresholds,
        level=level,
        probability=probability,
        expected=0.5 + np.tensordot(scale.place, probability, axes=1),
        information=best.information,
        inverse=best.inverse,
        log_likelihood=best.value,
        gradient_per_vote=best.gradient_per_vote,
        iterations=best.iterations,
        votes=_scores(comparisons, codes, probability, scale, best.inverse),
    )


def graded_covariance(
    fit: GradedFit,
    rater: Codes | None = None,
    prompt: Codes | None = None,
    *,
    correction: Correction = "CR3",
) -> Covariance:
    """Return the covariance (K, K) of the strengths, robust to the model being wrong.

    Two-way where `rater` and `prompt` (n,) are given, clustered by the one that is, else for
    independent votes.

    Raises
    ------
    NotEstimable
        With fewer than two clusters on a side, and where the votes do not vary.
    """
    whole = robust_covariance(fit.votes, rater, prompt, correction=correction)
    return whole.leading(len(fit.items))


def graded_curvature(parameters: Floats, cells: Cells, scale: Scale) -> Curvature:
    """Return log-likelihood, gradient and information at (strength, free levels), (P,).

    `cells` (C, K, K) holds each vote once.
    """
    k = cells.shape[1]
    strength, level = parameters[:k], _levels(parameters[k:], scale)
    probability = _probability(strength, level, scale)
    votes = cells.sum(axis=0)
    mean, chance = _moments(probability, scale)
    given = scale.given
    with np.errstate(divide="ignore"):
        logs = np.log(probability[given])
    value = float((cells[given] * np.where(cells[given] > 0, logs, 0.0)).sum())
    slope = np.tensordot(scale.place, cells, axes=1) - votes * mean
    levels = scale.design.T @ cells.sum(axis=(1, 2)) - (votes * chance).sum(axis=(1, 2))
    gradient = np.concatenate([slope.sum(axis=1) - slope.sum(axis=0), levels])
    weight, cross, corner = _second_moments(probability, scale)
    return Curvature(value, gradient, _information(votes, weight, cross, corner))


# ---- the model -----------------------------------------------------------------------------------


def _levels(free: Floats, scale: Scale) -> Floats:
    return np.asarray(np.where(scale.given, scale.design @ free, -np.inf))


def _probability(strength: Floats, level: Floats, scale: Scale) -> Floats:
    """(C, K, K): of each grade for i against j."""
    gap = strength[:, None] - strength
    odds = scale.place[:, None, None] * gap + level[:, None, None]
    odds = np.exp(odds - odds.max(axis=0))
    return np.asarray(odds / odds.sum(axis=0))


def _moments(probability: Floats, scale: Scale) -> tuple[Floats, Floats]:
    """Return the mean place (K, K) and the chance of each free level (Q, K, K)."""
    mean = np.tensordot(scale.place, probability, axes=1)
    return mean, np.tensordot(scale.design.T, probability, axes=1)


def _second_moments(probability: Floats, scale: Scale) -> tuple[Floats, Floats, Floats]:
    """Return the variances of place (K, K), place with levels (Q, K, K), and levels (Q, Q, K, K)."""
    mean, chance = _moments(probability, scale)
    place, design = scale.place, scale.design
    weight = np.tensordot(place**2, probability, axes=1) - mean**2
    cross = np.tensordot((place[:, None] * design).T, probability, axes=1) - mean * chance
    q = design.shape[1]
    corner = np.eye(q)[:, :, None, None] * chance - chance[:, None] * chance
    return weight, cross, corner


def _information(votes: Floats, weight: Floats, cross: Floats, corner: Floats) -> Floats:
    k, q = len(votes), len(cross)
    found = np.empty((k + q, k + q))
    one_way = votes * weight
    found[:k, :k] = laplacian(one_way + one_way.T)
    both = votes * cross
    found[k:, :k] = both.sum(axis=2) - both.sum(axis=1)
    found[:k, k:] = found[k:, :k].T
    found[k:, k:] = (votes * corner).sum(axis=(2, 3))
    return found


def _scores(
    comparisons: Comparisons, codes: Codes, probability: Floats, scale: Scale, inverse: Floats
) -> VoteScores:
    first, second = comparisons.first, comparisons.second
    mean, chance = _moments(probability, scale)
    weight, cross, corner = _second_moments(probability, scale)
    return VoteScores(
        k=len(comparisons.items),
        first=first,
        second=second,
        residual=scale.place[codes] - mean[first, second],
        extra=scale.design[codes] - chance[:, first, second].T,
        weight=weight[first, second],
        cross=cross[:, first, second].T,
        corner=np.moveaxis(corner[:, :, first, second], -1, 0),
        inverse=inverse,
    )


# ---- votes ---------------------------------------------------------------------------------------


def _checked(comparisons: Comparisons, grade: NDArray[Any], grades: int) -> NDArray[np.int64]:
    """Return the grades (n,), refusing what is off the scale or against the outcome."""
    if grades < FEWEST:
        raise ValueError("a scale has at least two grades")
    given = np.asarray(grade)
    if given.shape != (len(comparisons),):
        raise ValueError(f"there must be {len(comparisons)} grades, one for each vote")
    if not given.size:
        raise NotEstimable("there are no votes")
    codes = given.astype(np.int64)
    if not np.array_equal(codes, given) or codes.min() < 0 or codes.max() >= grades:
        raise ValueError(f"grades must be whole numbers from 0 to {grades - 1}")
    outcome = np.choose(np.sign(2 * codes - (grades - 1)) + 1, (SECOND_WON, TIE, FIRST_WON))
    against = np.flatnonzero(outcome != comparisons.outcome)
    if against.size:
        at = int(against[0])
        raise ValueError(f"grade {codes[at]} of comparison {at} is not of its outcome")
    return codes


def _counted(comparisons: Comparisons, codes: NDArray[np.int64], grades: int) -> Cells:
    k = len(comparisons.items)
    where = (codes * k + comparisons.first) * k + comparisons.second
    return np.bincount(where, minlength=grades * k * k).reshape(grades, k, k).astype(np.float64)


def _scale(cells: Cells) -> Scale:
    """Return the grades; a grade that neither way was ever given has probability 0."""
    grades = len(cells)
    totals = cells.sum(axis=(1, 2))
    given = (totals + totals[::-1]) > 0
    # A grade and its mirror image share a level, told by the lower of the two.
    lower = np.minimum(np.arange(grades), np.arange(grades)[::-1])
    free = np.unique(lower[given])[1:]
    return Scale(np.linspace(-0.5, 0.5, grades), given, (lower[:, None] == free).astype(np.float64))


def _first_levels(cells: Cells, scale: Scale) -> Floats:
    """Return the levels that equal strengths would have: the shares of the grades."""
    totals = cells.sum(axis=(1, 2))
    share = (totals + totals[::-1])[scale.given]
    own = scale.design[scale.given]
    return np.asarray(np.log((own.T @ share) / own.sum(axis=0) / share[0]))


def _climb(start: Floats, cells: Cells, scale: Scale, *, k: int, n: float) -> Optimum:
    """Maximise, and tell a likelihood that has no maximum from one that was climbed to its end."""
    trouble = (
        "the likelihood rises without end: grades never run against an order of the items "
        "(fewer grades, or their signs, may be estimable)"
    )
    try:
        best = maximise(lambda at: graded_curvature(at, cells, scale), start, k=k, n=n)
    except (NotConverged, np.linalg.LinAlgError) as error:
        require_bounded(_steps(cells, scale), trouble)
        raise NotConverged(str(error)) from error
    if (
        np.ptp(best.parameters[:k]) > SUSPECT
        or np.abs(best.parameters[k:]).max(initial=0) > SUSPECT
    ):
        require_bounded(_steps(cells, scale), trouble)
    return best


def _steps(cells: Cells, scale: Scale) -> Any:
    """Return, for each vote and other grade, what the log-odds of its grade must not lose: (m, P)."""
    grade, first, second = np.nonzero(cells)
    other = np.flatnonzero(scale.given)
    ahead = (scale.place[grade][:, None] - scale.place[other]).ravel()
    level = (scale.design[grade][:, None] - scale.design[other]).reshape(
        len(ahead), len(scale.design.T)
    )
    pairs = (np.repeat(first, len(other)), np.repeat(second, len(other)))
    kept = np.flatnonzero(ahead)
    return contrasts(cells.shape[1], (pairs[0][kept], pairs[1][kept]), ahead[kept], level[kept])
