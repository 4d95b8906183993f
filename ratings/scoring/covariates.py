"""Strengths beside what else sways a vote: the position an answer is shown in, its length, its style.

log-odds that `first` wins = strength_first - strength_second + gamma position + z' beta, a tie being
half a win. Nothing is penalised: a penalty on beta leaves part of the style in the strengths.

The strengths are then those of answers of equal style in neither position. They answer another
question than the plain board's: what a model earns by writing at length is taken away from it, also
where the length is part of the quality.

Covariates are differences, first minus second, so that exchanging the sides changes their sign.
Inside they are divided by their root mean square, not centred: a shift would be a position effect.

References
----------
Davidson, R. R. and Beaver, R. J. (1977). On extending the Bradley-Terry model to incorporate
within-pair order effects. Biometrics 33, 693-702.
Agresti, A. (2002). Categorical data analysis, 2nd edition, section 10.6: home advantage.
Li, T., Angelopoulos, A. and Chiang, W.-L. (2024). Does style matter? Disentangling style and
substance in Chatbot Arena: the covariates.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from ratings.scoring.bradley_terry import win_probability
from ratings.scoring.clusters import Codes, Correction
from ratings.scoring.diagnostics import require_estimable
from ratings.scoring.newton import Curvature, Optimum, maximise
from ratings.scoring.types import (
    SECOND_WON,
    TIE,
    Comparisons,
    Counts,
    Covariance,
    Floats,
    Interval,
    NotConverged,
)
from ratings.scoring.votewise import (
    VoteScores,
    assembled,
    contrasts,
    require_bounded,
    require_determined,
    robust_covariance,
)

POSITION = "position"
SUSPECT = 12.0  # fitted log-odds beyond which separation is looked for
STYLE = ("length", "headings", "lists", "bold")


@dataclass(frozen=True, eq=False)
class CovariateFit:
    """Strengths and the effects of covariates, with what their covariance is made of.

    Attributes
    ----------
    strength : (K,) log-odds, centred at 0, of answers alike in every covariate
    names : the Q effects; "position" first where it was given
    effect : (Q,) log-odds per unit of the covariate as it was given
    standardised : (Q,) log-odds per root mean square of the covariate
    scale : (Q,) the root mean squares: `standardised` = `effect` * `scale`
    parameters : (K + Q,) strengths, then `effect`
    information, inverse : (P, P) of `parameters`
    log_likelihood, gradient_per_vote, iterations : as in `Fit`
    votes : the scores of the votes, for `covariate_covariance`
    """

    items: tuple[str, ...]
    strength: Floats
    names: tuple[str, ...]
    effect: Floats
    standardised: Floats
    scale: Floats
    information: Floats
    inverse: Floats
    log_likelihood: float
    gradient_per_vote: float
    iterations: int
    votes: VoteScores

    @property
    def parameters(self) -> Floats:
        return np.concatenate([self.strength, self.effect])


def fit_covariates(
    comparisons: Comparisons,
    covariates: Floats | None = None,
    *,
    names: Sequence[str] = (),
    position: Floats | None = None,
) -> CovariateFit:
    """Fit strengths and unpenalised effects by maximum likelihood, ties being half a win each.

    Parameters
    ----------
    covariates : (n, q) differences, first minus second, such as `style_matrix` returns
    names : of the columns; "covariate 1" and so on where left out
    position : (n,) 1 where `first` was shown first (left, at home), -1 where `second` was, 0 where
        neither; its effect is the log-odds that being shown first is worth

    Raises
    ------
    NotEstimable
        When the strengths are not (see `fit_bradley_terry`), when covariates repeat each other or the
        strengths, and when a covariate tells every vote's outcome.
    NotConverged
        When the gradient per vote stays above 1e-12.
    ValueError
        For arrays that do not fit together, or that are not finite.
    """
    require_estimable(Counts.of(comparisons))
    design, labels = _design(comparisons, covariates, names, position)
    scale = np.sqrt((design**2).mean(axis=0))
    standard = design / np.where(scale > 0, scale, 1.0)
    k = len(comparisons.items)
    start = np.zeros(k + len(labels))
    require_determined(
        covariate_curvature(start, comparisons, standard).information,
        k,
        f"the votes do not tell the effects of {', '.join(labels)} from each other and from the items",
    )
    best = _climb(comparisons, standard, start, labels)
    unit = np.concatenate([np.ones(k), scale])
    inverse = best.inverse / np.outer(unit, unit)
    return CovariateFit(
        items=comparisons.items,
        strength=best.parameters[:k],
        names=labels,
        effect=best.parameters[k:] / scale,
        standardised=best.parameters[k:],
        scale=scale,
        information=best.information * np.outer(unit, unit),
        inverse=inverse,
        log_likelihood=best.value,
        gradient_per_vote=best.gradient_per_vote,
        iterations=best.iterations,
        votes=_scores(best.parameters, comparisons, standard, design, inverse),
    )


def covariate_curvature(parameters: Floats, comparisons: Comparisons, design: Floats) -> Curvature:
    """Return log-likelihood, gradient and information at (strength, effect) for a design (n, Q)."""
    k = len(comparisons.items)
    odds = _log_odds(parameters, comparisons, design)
    points, chance = comparisons.outcome * 0.5, win_probability(odds)
    value = float((points * odds - np.logaddexp(0.0, odds)).sum())
    residual, weight = points - chance, chance * (1 - chance)
    won = np.bincount(comparisons.first, residual, k)
    gradient = np.concatenate(
        [won - np.bincount(comparisons.second, residual, k), residual @ design]
    )
    cross = weight[:, None] * design
    sides = (comparisons.first, comparisons.second)
    information = assembled(k, sides, weight, cross, cross.T @ design)
    return Curvature(value, gradient, information)


def covariate_covariance(
    fit: CovariateFit,
    rater: Codes | None = None,
    prompt: Codes | None = None,
    *,
    correction: Correction = "CR3",
) -> Covariance:
    """Return the covariance (P, P) of `fit.parameters`, robust to the model being wrong.

    Two-way where `rater` and `prompt` (n,) are given, clustered by the one that is, else for
    independent votes. `covariance.leading(K)` is that of the strengths, for ranks and verdicts.

    Raises
    ------
    NotEstimable
        With fewer than two clusters on a side.
    """
    return robust_covariance(fit.votes, rater, prompt, correction=correction)


def effect_interval(
    fit: CovariateFit, covariance: Covariance, name: str, *, level: float = 0.95
) -> Interval:
    """Return the interval of one effect, in log-odds per unit of the covariate as it was given.

    `covariance` is that of `covariate_covariance`, over strengths and effects (P, P).

    Raises
    ------
    ValueError
        For a name that is not one of `fit.names`.
    """
    from ratings.scoring.intervals import quantile

    at = len(fit.items) + fit.names.index(name)
    spread = covariance.spread(np.eye(len(fit.parameters))[at])
    half = quantile(0.5 + level / 2, spread.degrees) * spread.standard_error
    centre = float(fit.parameters[at])
    return Interval(centre - half, centre + half, level)


# ---- style ---------------------------------------------------------------------------------------

_FENCE = re.compile(r"^(```|~~~).*?(?:^\1|\Z)", re.MULTILINE | re.DOTALL)
_HEADING = re.compile(r"^ {0,3}#{1,6}[ \t]+\S", re.MULTILINE)
_LIST = re.compile(r"^[ \t]*(?:[-*+]|\d{1,9}[.)])[ \t]+\S", re.MULTILINE)
_BOLD = re.compile(r"\*\*(?=[^\s*])[^*\n]+\*\*|__(?=[^\s_])[^_\n]+__")


def style_counts(text: str) -> tuple[int, int, int, int]:
    """Return length in characters, and how many Markdown headings, list entries and bold runs.

    Fenced code counts for the length alone: a `#` there is a comment.
    """
    prose = _FENCE.sub("", text)
    found = (len(pattern.findall(prose)) for pattern in (_HEADING, _LIST, _BOLD))
    headings, lists, bold = found
    return len(text), headings, lists, bold


def style_contrast(first: Floats, second: Floats) -> Floats:
    """Return the differences of style of n pairs of answers, (n, 4), each within ±1.

    From their `style_counts` (n, 4): for the length (a - b) / (a + b), 0 where both are empty; for
    the counts (a - b) / (a + b + 1), so that one heading against none is less than ten against
    none. Exchanging the answers changes the signs.
    """
    total = first + second + np.array([0.0, 1.0, 1.0, 1.0])
    return np.asarray((first - second) / np.maximum(total, 1.0))


def style_features(first: str, second: str) -> Floats:
    r"""Return `style_contrast` of two texts, (4,) in the order of `STYLE`.

    >>> from ratings.scoring import style_features
    >>> style_features("# Long\n- one\n- two", "short").round(2).tolist()
    [0.57, 0.5, 0.67, 0.0]
    """
    one, other = (np.array(style_counts(text), float) for text in (first, second))
    return style_contrast(one, other)


def style_matrix(first: Sequence[str], second: Sequence[str]) -> Floats:
    """Return `style_features` of each pair of texts, (n, 4)."""
    rows = [style_features(one, other) for one, other in zip(first, second, strict=True)]
    return np.array(rows).reshape(-1, len(STYLE))


# ---- parts ---------------------------------------------------------------------------------------


def _design(
    comparisons: Comparisons,
    covariates: Floats | None,
    names: Sequence[str],
    position: Floats | None,
) -> tuple[Floats, tuple[str, ...]]:
    """Return the design (n, Q) and the names of its columns, checked."""
    n = len(comparisons)
    given = np.zeros((n, 0)) if covariates is None else np.asarray(covariates, dtype=np.float64)
    if given.shape != (n, *given.shape[1:2]) or not given.shape[1:]:
        raise ValueError(f"covariates must be a table of {n} rows, one for each vote")
    labels = tuple(names) or tuple(f"covariate {at + 1}" for at in range(given.shape[1]))
    if len(labels) != given.shape[1]:
        raise ValueError(f"{len(labels)} names do not fit {given.shape[1]} covariates")
    if position is not None:
        side = np.asarray(position, dtype=np.float64)
        if side.shape != (n,) or not np.isin(side, (-1.0, 0.0, 1.0)).all():
            raise ValueError(f"position must hold {n} numbers, each -1, 0 or 1")
        given, labels = np.column_stack([side, given]), (POSITION, *labels)
    if len(set(labels)) != len(labels):
        raise ValueError("names must be distinct")
    if not np.isfinite(given).all():
        raise ValueError("covariates must be finite numbers")
    return given, labels


def _log_odds(parameters: Floats, comparisons: Comparisons, design: Floats) -> Floats:
    k = len(comparisons.items)
    strength = parameters[:k]
    gap = strength[comparisons.first] - strength[comparisons.second]
    return np.asarray(gap + design @ parameters[k:])


def _climb(
    comparisons: Comparisons, design: Floats, start: Floats, labels: tuple[str, ...]
) -> Optimum:
    """Maximise, and tell a likelihood that has no maximum from one that was climbed to its end."""
    trouble = (
        f"{', '.join(labels)} and the items tell some outcomes without fail: no finite estimate"
    )
    k = len(comparisons.items)
    try:
        best = maximise(
            lambda at: covariate_curvature(at, comparisons, design),
            start,
            k=k,
            n=float(len(comparisons)),
        )
    except (NotConverged, np.linalg.LinAlgError) as error:
        require_bounded(_steps(comparisons, design), trouble)
        raise NotConverged(str(error)) from error
    if np.abs(_log_odds(best.parameters, comparisons, design)).max() > SUSPECT:
        require_bounded(_steps(comparisons, design), trouble)
    return best


def _steps(comparisons: Comparisons, design: Floats) -> Any:
    """Return what each vote's log-odds must not lose, (m, P): for a tie, either way."""
    sign = np.where(comparisons.outcome == SECOND_WON, -1.0, 1.0)
    tied = np.flatnonzero(comparisons.outcome == TIE)
    rows = np.concatenate([np.arange(len(comparisons)), tied])
    sign = np.concatenate([sign, np.full(len(tied), -1.0)])
    sides = (comparisons.first[rows], comparisons.second[rows])
    return contrasts(len(comparisons.items), sides, sign, sign[:, None] * design[rows])


def _scores(
    parameters: Floats, comparisons: Comparisons, standard: Floats, design: Floats, inverse: Floats
) -> VoteScores:
    chance = win_probability(_log_odds(parameters, comparisons, standard))
    residual, weight = comparisons.outcome * 0.5 - chance, chance * (1 - chance)
    return VoteScores(
        k=len(comparisons.items),
        first=comparisons.first,
        second=comparisons.second,
        residual=residual,
        extra=residual[:, None] * design,
        weight=weight,
        cross=weight[:, None] * design,
        corner=weight[:, None, None] * design[:, :, None] * design[:, None, :],
        inverse=inverse,
    )
