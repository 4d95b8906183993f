"""What is wrong with a board before anybody believes its order: one figure and one flag a check.

A flag is raised only where the figure is beyond a threshold that is stated with it. A board without
defects raises none; each check is tested on a board in which just that defect was planted.

============================  ================================================================
check                         figure; flagged where it is
============================  ================================================================
connectivity                  groups that the votes do not link both ways; more than 1
coverage                      votes of the model with the fewest; fewer than 30
imbalance                     Gini coefficient of the votes per model; above 0.5
volatility                    median width of the models' 95 % rank intervals; above 2 ranks
separation                    share of neighbours that cannot be told apart; above 0.25
position                      log-odds of being shown first; surely outside -0.05 to 0.05
position order                pairs told apart that turn around without the position effect; any
tie convention                pairs told apart that another way to count ties turns around; any
both bad                      pairs told apart that turn around without votes of both bad; any
intransitivity                spread (log-odds) of pairs around the strengths; beyond chance, above 0.2
concentration                 raters, as if all voted equally often; fewer than 10
clustering                    standard errors by cluster over those of independent votes; above 1.25
rater influence               largest move of a strength without one rater; above 1 standard error
prompt influence              the same without one prompt
draw                          largest move of a strength, in standard errors, when votes count as if
                              pairs had been drawn evenly; beyond chance, above 1
============================  ================================================================

References
----------
arenakit 0.1 (Mohammadi 2026, a Python package) audits boards in this manner; the list contains all
of its probes, with tests of our own.
Holm, S. (1979). A simple sequentially rejective multiple test procedure. Scandinavian Journal of
Statistics 6: how neighbours are told apart, all together at 5 %.
Hausman, J. A. (1978). Specification tests in econometrics. Econometrica 46: the draw.
Pearson's X^2 over pairs against the fitted model, for intransitivity; Kish (1965) for its design
effect and for the effective number of raters.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

from ratings.scoring.allocation import inverse_propensity_weights, weighted_counts
from ratings.scoring.bradley_terry import fit_bradley_terry, win_probability
from ratings.scoring.clusters import (
    cluster_influence,
    cluster_sandwich,
    cluster_sizes,
    effective_clusters,
    two_way_sandwich,
)
from ratings.scoring.diagnostics import connected_components, separated_components
from ratings.scoring.intervals import STILL, independent_meat, quantile, sandwich
from ratings.scoring.newton import Curvature, laplacian, maximise
from ratings.scoring.ties import fit_davidson
from ratings.scoring.types import (
    Comparisons,
    Counts,
    Covariance,
    Fit,
    Floats,
    NotConverged,
    NotEstimable,
)

CHECKS = (
    "connectivity",
    "coverage",
    "imbalance",
    "volatility",
    "separation",
    "position",
    "position_order",
    "tie_convention",
    "both_bad",
    "intransitivity",
    "concentration",
    "clustering",
    "rater_influence",
    "prompt_influence",
    "draw",
)
THRESHOLDS: Mapping[str, float] = MappingProxyType(
    {
        "connectivity": 1.0,
        "coverage": 30.0,
        "imbalance": 0.5,
        "volatility": 2.0,
        "separation": 0.25,
        "position": 0.05,
        "position_order": 0.0,
        "tie_convention": 0.0,
        "both_bad": 0.0,
        "intransitivity": 0.2,
        "concentration": 10.0,
        "clustering": 1.25,
        "rater_influence": 1.0,
        "prompt_influence": 1.0,
        "draw": 1.0,
    }
)
BELOW = ("coverage", "concentration")  # flagged below their threshold, all others above
BEYOND = 3.0  # standard errors beyond which a move is no chance
CHANCE = 0.001  # a misfit is beyond chance where its probability is smaller
DRAWS = 1000
REFITS: Mapping[str, Callable[[Comparisons | Counts], Fit]] = MappingProxyType(
    {"bradley-terry": fit_bradley_terry, "davidson": fit_davidson}
)


@dataclass(frozen=True)
class Finding:
    """One check: its figure in the unit of the table above, and whether it is flagged.

    `names` say where: models, pairs as "a, b", or codes of raters and prompts, the worst first.
    """

    check: str
    figure: float
    threshold: float
    flagged: bool
    names: tuple[str, ...] = ()


@dataclass(frozen=True)
class Audit:
    """The findings in the order of `CHECKS`, and the checks that could not be made, with the reason."""

    findings: tuple[Finding, ...]
    skipped: Mapping[str, str]

    @property
    def flags(self) -> tuple[str, ...]:
        """The names of the checks that are flagged."""
        return tuple(one.check for one in self.findings if one.flagged)

    def __getitem__(self, check: str) -> Finding:
        return next(one for one in self.findings if one.check == check)


def audit_votes(
    comparisons: Comparisons,
    *,
    rng: Generator,
    fit: Fit | None = None,
    covariance: Covariance | None = None,
    shown_first: NDArray[Any] | None = None,
    both_bad: NDArray[Any] | None = None,
    propensity: Floats | None = None,
) -> Audit:
    """Return the findings on a board.

    Parameters
    ----------
    fit, covariance : what the board shows; Davidson's model, clustered by rater and prompt where they are known
    shown_first : (n,) 1 where `first` was shown first, 0 where `second` was, -1 where nothing was shown
    both_bad : (n,) bool; which of the ties were votes for "both bad"
    propensity : (n,) the probability with which each vote's pair was drawn; NaN where none was
    """
    counts = Counts.of(comparisons)
    findings = [check_connectivity(counts), _coverage(counts), _imbalance(counts)]
    try:
        if fit is None:
            fit = fit_davidson(counts)
        if covariance is None:
            covariance = _covariance(fit, comparisons, counts)
    except (NotEstimable, NotConverged) as error:
        rest = CHECKS[len(findings) :]
        return Audit(tuple(findings), dict.fromkeys(rest, str(error)))
    board = _Board(comparisons, counts, fit, covariance, rng)
    skipped: dict[str, str] = {}
    for check, found in _checks(board, shown_first, both_bad, propensity):
        if isinstance(found, str):
            skipped[check] = found
        else:
            findings.append(found)
    return Audit(tuple(findings), skipped)


def _covariance(fit: Fit, comparisons: Comparisons, counts: Counts) -> Covariance:
    """Return the covariance by all the clusters that are known."""
    known = [
        codes
        for codes in (comparisons.rater, comparisons.prompt)
        if codes is not None and np.unique(codes).size > 1
    ]
    if len(known) > 1:
        return two_way_sandwich(fit, comparisons, *known)
    return cluster_sandwich(fit, comparisons, known[0]) if known else sandwich(fit, counts)


def _checks(
    board: "_Board",
    shown_first: NDArray[Any] | None,
    both_bad: NDArray[Any] | None,
    propensity: Floats | None,
) -> Iterator[tuple[str, Finding | str]]:
    yield "volatility", _volatility(board)
    yield "separation", _separation(board)
    if shown_first is None or not (np.asarray(shown_first) >= 0).any():
        for check in ("position", "position_order"):
            yield check, "it is not known which side was shown first"
    else:
        yield from _position(board, np.asarray(shown_first))
    yield "tie_convention", _tie_convention(board)
    if both_bad is None:
        yield "both_bad", "both bad is not told from a tie"
    else:
        yield "both_bad", _both_bad(board, np.asarray(both_bad, dtype=bool))
    yield "intransitivity", _intransitivity(board)
    yield from _raters(board)
    for check in ("rater_influence", "prompt_influence"):
        yield check, _influence(board, check)
    if propensity is None or not np.isfinite(propensity).any():
        yield "draw", "it is not known how likely each pair was to be drawn"
    else:
        yield "draw", _draw(board, propensity)


class _Board:
    """One fit with what several checks need of it."""

    def __init__(
        self,
        comparisons: Comparisons,
        counts: Counts,
        fit: Fit,
        covariance: Covariance,
        rng: Generator,
    ) -> None:
        self.comparisons, self.counts = comparisons, counts
        self.fit, self.covariance, self.rng = fit, covariance, rng
        self.alone = sandwich(fit, counts).standard_error
        variance = covariance.difference_variance()
        gap = fit.strength[:, None] - fit.strength
        with np.errstate(divide="ignore", invalid="ignore"):
            # z (K, K): by how many standard errors one is ahead of the other.
            # A difference that does not vary tells no two apart.
            varies = variance > STILL * variance.max()
            self.z = np.where(varies, gap / np.sqrt(np.maximum(variance, 0)), 0.0)

    @property
    def refit(self) -> Callable[[Comparisons | Counts], Fit]:
        return REFITS.get(self.fit.method, fit_davidson)

    def turned(self, other: Floats) -> tuple[tuple[str, str], ...]:
        """Return the pairs that this board tells apart and `other` strengths (K,) turn around."""
        apart = self.z > quantile(0.975, self.covariance.degrees)
        ahead, behind = np.nonzero(apart & (other[:, None] < other))
        items = self.fit.items
        return tuple((items[i], items[j]) for i, j in zip(ahead, behind, strict=True))


def _finding(
    check: str, figure: float, names: tuple[str, ...] = (), *, sure: bool = True
) -> Finding:
    threshold = THRESHOLDS[check]
    beyond = figure < threshold if check in BELOW else figure > threshold
    return Finding(check, float(figure), threshold, bool(beyond and sure), names)


# ---- the design ----------------------------------------------------------------------------------


def check_connectivity(counts: Counts) -> Finding:
    """Return how many groups of models the votes do not link both ways, and who is in the smaller."""
    apart = connected_components(counts)
    groups = apart if len(apart) > 1 else separated_components(counts)
    return _finding("connectivity", len(groups), tuple(", ".join(group) for group in groups[1:]))


def _coverage(counts: Counts) -> Finding:
    fewest = int(np.argmin(counts.per_item))
    return _finding("coverage", counts.per_item[fewest], (counts.items[fewest],))


def _imbalance(counts: Counts) -> Finding:
    votes = np.sort(counts.per_item)
    k, total = votes.size, votes.sum()
    gini = 2 * (np.arange(1, k + 1) * votes).sum() / (k * total) - (k + 1) / k if total else 0.0
    return _finding("imbalance", gini, (counts.items[int(np.argmax(counts.per_item))],))


# ---- the order -----------------------------------------------------------------------------------


def _volatility(board: _Board) -> Finding:
    values, vectors = np.linalg.eigh(board.covariance.matrix)
    k = values.size
    noise = board.rng.standard_normal((DRAWS, k)) * np.sqrt(np.maximum(values, 0)) @ vectors.T
    degrees = board.covariance.degrees
    if np.isfinite(degrees):
        noise /= np.sqrt(board.rng.chisquare(degrees, size=(DRAWS, 1)) / degrees)
    ranks = np.argsort(np.argsort(-(board.fit.strength + noise), axis=1), axis=1)
    lower, upper = np.quantile(ranks, [0.025, 0.975], axis=0, method="nearest")
    width = upper - lower
    return _finding("volatility", np.median(width), (board.fit.items[int(np.argmax(width))],))


def _separation(board: _Board) -> Finding:
    order = np.argsort(-board.fit.strength, kind="stable")
    z = board.z[order[:-1], order[1:]]
    told = np.zeros(z.size, dtype=bool)
    for rank, at in enumerate(np.argsort(-z, kind="stable")):
        if z[at] <= quantile(1 - 0.025 / (z.size - rank), board.covariance.degrees):
            break
        told[at] = True
    items = board.fit.items
    unsure = tuple(f"{items[order[at]]}, {items[order[at + 1]]}" for at in np.flatnonzero(~told))
    return _finding("separation", (~told).mean(), unsure)


def _draw(board: _Board, propensity: Floats) -> Finding | str:
    """Compare with the fit in which a vote counts by how unlikely its pair was to be drawn."""
    weights = inverse_propensity_weights(propensity)
    try:
        even = board.refit(weighted_counts(board.comparisons, weights))
    except (NotEstimable, NotConverged) as error:
        return str(error)
    moved, shown = np.abs(even.strength - board.fit.strength), board.covariance.standard_error
    # Weights make the same strengths less precise: that much of a move is chance (Hausman 1978).
    meat = independent_meat(even, weighted_counts(board.comparisons, weights**2))
    k = len(moved)
    variance = np.diag(even.inverse @ meat @ even.inverse)[:k]
    clustered = np.maximum(shown / board.alone, 1.0)
    chance = np.sqrt(np.maximum(variance - board.alone**2, 0.0)) * clustered
    most = int(np.argmax(moved / shown))
    sure = bool(moved[most] > BEYOND * chance[most])
    return _finding("draw", moved[most] / shown[most], (board.fit.items[most],), sure=sure)


# ---- conventions ---------------------------------------------------------------------------------


def _tie_convention(board: _Board) -> Finding:
    counts = board.counts
    decided = Counts(counts.items, counts.wins, np.zeros_like(counts.ties))
    turned: set[tuple[str, str]] = set()
    for fit, votes in (
        (fit_bradley_terry, counts),
        (fit_davidson, counts),
        (fit_bradley_terry, decided),
    ):
        turned |= set(_turned_by(board, fit, votes))
    return _finding("tie_convention", len(turned), _pairs(turned))


def _both_bad(board: _Board, both_bad: NDArray[np.bool_]) -> Finding:
    kept = board.comparisons.select(~both_bad)
    turned = _turned_by(board, board.refit, Counts.of(kept))
    return _finding("both_bad", len(turned), _pairs(set(turned)))


def _turned_by(
    board: _Board, fit: Callable[[Comparisons | Counts], Fit], votes: Counts
) -> tuple[tuple[str, str], ...]:
    try:
        return board.turned(fit(votes).strength)
    except (NotEstimable, NotConverged):
        return ()


def _pairs(turned: set[tuple[str, str]]) -> tuple[str, ...]:
    return tuple(", ".join(pair) for pair in sorted(turned))


# ---- position ------------------------------------------------------------------------------------


def _position(board: _Board, shown_first: NDArray[Any]) -> Iterator[tuple[str, Finding | str]]:
    comparisons = board.comparisons.select(shown_first >= 0)
    left = shown_first[shown_first >= 0].astype(bool)
    k = len(comparisons.items)
    one = np.where(left, comparisons.first, comparisons.second)
    other = np.where(left, comparisons.second, comparisons.first)
    points = np.where(left, comparisons.outcome, 2 - comparisons.outcome) / 2
    cell = one.astype(np.int64) * k + other
    n = np.bincount(cell, minlength=k * k).reshape(k, k).astype(float)
    won = np.bincount(cell, points, minlength=k * k).reshape(k, k).astype(float)
    try:
        best = maximise(lambda at: _shown(at, won, n), np.zeros(k + 1), k=k, n=float(n.sum()))
    except (NotConverged, np.linalg.LinAlgError):
        why = "the votes do not tell the position from the models"
        yield from ((check, why) for check in ("position", "position_order"))
        return
    strength, effect = best.parameters[:-1], float(best.parameters[-1])
    expected = win_probability(strength[one] - strength[other] + effect)
    pull = best.inverse[-1, one] - best.inverse[-1, other] + best.inverse[-1, -1]
    deviation, degrees = _clustered(pull * (points - expected), comparisons.rater)
    half = quantile(0.975, degrees) * deviation
    sure = abs(effect) - half > THRESHOLDS["position"]
    yield "position", Finding("position", effect, THRESHOLDS["position"], bool(sure))
    yield "position_order", _finding("position_order", *_count(board.turned(strength)))


def _count(turned: tuple[tuple[str, str], ...]) -> tuple[int, tuple[str, ...]]:
    return len(turned), _pairs(set(turned))


def _shown(parameters: Floats, won: Floats, n: Floats) -> Curvature:
    """Half-win ties with an advantage (last) of the row's item, which was shown first."""
    strength, effect = parameters[:-1], parameters[-1]
    logit = strength[:, None] - strength + effect
    p = win_probability(logit)
    value = float((won * logit - n * np.logaddexp(0.0, logit)).sum())
    rest = won - n * p
    weight = n * p * (1 - p)
    k = len(strength)
    information = np.empty((k + 1, k + 1))
    information[:k, :k] = laplacian(weight + weight.T)
    information[:k, k] = information[k, :k] = weight.sum(axis=1) - weight.sum(axis=0)
    information[k, k] = weight.sum()
    return Curvature(value, np.append(rest.sum(axis=1) - rest.sum(axis=0), rest.sum()), information)


def _clustered(influence: Floats, cluster: NDArray[Any] | None) -> tuple[float, float]:
    """Return the standard error of a sum of influences, and its degrees of freedom."""
    if cluster is None or np.unique(cluster).size < 2:  # noqa: PLR2004
        return float(np.sqrt((influence**2).sum())), np.inf
    sizes, codes = cluster_sizes(cluster)
    g = sizes.size
    totals = np.bincount(codes, influence, minlength=g)
    return float(np.sqrt(g / (g - 1) * (totals**2).sum())), effective_clusters(sizes) - 1


# ---- the model -----------------------------------------------------------------------------------


def _intransitivity(board: _Board) -> Finding | str:
    from scipy.special import chdtrc

    counts, fit = board.counts, board.fit
    one, other = np.nonzero(np.triu(counts.votes))
    degrees = one.size - (len(fit.items) - 1)
    if degrees < 1:
        return "the votes link the models in one way only, so nothing can contradict it"
    n = counts.votes[one, other]
    p = fit.expected[one, other]
    points = counts.wins[one, other] + counts.ties[one, other] / 2
    if fit.tie_probability is None:
        tied = counts.ties[one, other] / n
        slope = n * p * (1 - p)
    else:
        tied = fit.tie_probability[one, other]
        slope = n * (1 - tied - (2 * p - 1) ** 2) / 4
    design = float(np.median((board.covariance.standard_error / board.alone) ** 2))
    variance = n * np.maximum(p * (1 - p) - tied / 4, 1e-12) * max(design, 1.0)
    rest = points - n * p
    beyond = float(chdtrc(degrees, (rest**2 / variance).sum())) < CHANCE
    # The spread of the pairs' own log-odds around the fit that is left beyond the noise.
    spread = np.sqrt(max(float((rest**2 - variance).sum() / (slope**2).sum()), 0.0))
    worst = np.argsort(-np.abs(rest) / np.sqrt(variance))[:3]
    names = tuple(f"{fit.items[one[at]]}, {fit.items[other[at]]}" for at in worst)
    return _finding("intransitivity", spread, names, sure=beyond)


# ---- raters and prompts --------------------------------------------------------------------------


def _raters(board: _Board) -> Iterator[tuple[str, Finding | str]]:
    rater = board.comparisons.rater
    if rater is None:
        for check in ("concentration", "clustering"):
            yield check, "it is not known who voted"
        return
    yield "concentration", check_concentration(rater)
    ratio = np.median(board.covariance.standard_error / board.alone)
    yield "clustering", _finding("clustering", ratio)


def check_concentration(rater: NDArray[Any]) -> Finding:
    """Return how many equally active raters the votes' raters (n,), codes from 0, amount to."""
    sizes = np.bincount(rater).astype(float)
    figure = sizes.sum() ** 2 / (sizes**2).sum() if rater.size else 0.0
    return _finding("concentration", figure, (str(int(np.argmax(sizes))),) if rater.size else ())


def _influence(board: _Board, check: str) -> Finding | str:
    """Return the largest move of any strength when all votes of one rater (or prompt) go.

    Taken out, one at a time, with a refit of the rest, are the one who moves most to first order,
    and the one who holds the largest share of some model's votes. Moves are in standard errors of
    independent votes, so that the one in question does not hide in a wider error; infinite where
    the rest does not determine the strengths.
    """
    unit = check.split("_", maxsplit=1)[0]
    codes = getattr(board.comparisons, unit)
    if codes is None:
        return f"it is not known which {unit} each vote is from"
    occurring, compact = np.unique(codes, return_inverse=True)
    g = occurring.size
    if g < 3:  # noqa: PLR2004 -- without one of two nothing is left to compare
        return f"there are fewer than three {unit}s"
    moves = np.abs(cluster_influence(board.fit, board.comparisons, compact, g)) / board.alone
    share = _votes_of(board.comparisons, compact, g) / board.counts.per_item
    worst = {int(np.argmax(one.max(axis=1))) for one in (moves, share)}
    figure, name, item = max(_move_without(board, compact, one) for one in worst)
    return _finding(check, figure, (str(occurring[name]), board.fit.items[item]))


def _votes_of(comparisons: Comparisons, codes: NDArray[Any], g: int) -> Floats:
    """Return (g, K): how many votes on each item came from each cluster."""
    k = len(comparisons.items)
    cells = [
        np.bincount(codes * k + side, minlength=g * k)
        for side in (comparisons.first, comparisons.second)
    ]
    return np.asarray((cells[0] + cells[1]).reshape(g, k), dtype=float)


def _move_without(board: _Board, codes: NDArray[Any], one: int) -> tuple[float, int, int]:
    """Return the largest move without cluster `one`, the cluster, and the item that moves."""
    rest = board.comparisons.select(codes != one)
    try:
        moved = np.abs(board.refit(rest).strength - board.fit.strength) / board.alone
    except (NotEstimable, NotConverged):
        lost = int(np.argmin(Counts.of(rest).per_item))
        return float("inf"), one, lost
    return float(moved.max()), one, int(np.argmax(moved))
