"""Nine detectors, each a test of one rater against the others, with one false alarm rate for all.

Every rater is compared with what the votes of all the others lead to expect: strengths are fitted
without the rater's own, and in a second round without whom the first one flagged, so that attackers
do not vouch for each other. The statistics of honest raters spread more than chance alone (people
differ in taste), so each is scaled by its own spread over all raters (`scores`). The target's is a
likelihood ratio of its own (`targets`).
The influence bounds what one account may do to a board, whatever it says: who moves a model by more
than `LARGEST_MOVE`, and by more than honest ones of this study do, is found.

References
----------
Page, E. S. (1954). Continuous inspection schemes. Biometrika 41: the largest sum of a run.
"""

from collections.abc import Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ratings.quality.scores import (
    Tried,
    among_raters,
    bound_of_many,
    of_shortfall,
    of_skewed_sum,
    of_sums,
    of_ties,
    score_of,
)
from ratings.quality.targets import NEVER_SURE, find_targets
from ratings.scoring import (
    POINTS_PER_LOGIT,
    Comparisons,
    Counts,
    NotConverged,
    NotEstimable,
    fit_bradley_terry,
    fit_davidson,
)
from ratings.scoring.clusters import leave_out_influence

Floats = NDArray[np.float64]
# The share of the false alarms that each check may have; most where attacks are hardest to see. A
# tenth is left: real raters have heavier tails than the bounds take them to have.
SHARES = {
    "residual": 0.05,
    "target": 0.25,
    "position": 0.05,
    "ties": 0.05,
    "time": 0.05,
    "run": 0.05,
    "gold": 0.15,
    "repeats": 0.05,
    "influence": 0.2,
}
CHECKS = tuple(SHARES)
# Where there seems to be a campaign, the shares for having a part in it, and for a target of one's
# own; the other checks have what is left.
IN_CAMPAIGN, BESIDE_IT = 0.7, 0.1
TWO_SIDED = ("position", "ties")
# How many independent tests the largest of which is looked at: both sides, or about so many runs.
TESTS = {**dict.fromkeys(TWO_SIDED, 2), "run": 30}
LEVEL = 0.01  # of false alarms on an honest rater, all checks together
LARGEST_MOVE = 2.5  # Elo points, of any model by one account
LEAST_VOTES = 15
HONEST_GOLD = 0.9  # share of gold comparisons that careful raters get right
HONEST_REPEATS = 0.75  # share of repeats on which careful raters prefer the same answer again
CHANCE_GROWS = 0.5  # the power of the number of votes with which moves by chance grow
SHORT = 1e-3  # seconds
MOST_DISTRUSTED = 1 / 3  # of the raters; with more of them flagged nobody knows who is right
SEED = 0  # of the honest raters that are drawn
LATEST = 60  # votes that are looked at alone, too


@dataclass(frozen=True, eq=False)
class RaterVotes:
    """The votes on one criterion, in the order of submission.

    Attributes
    ----------
    comparisons : with `rater` codes from 0
    shown_first : (n,) bool
        Whether the canonical first stood on the left, as A.
    seconds : (n,) float
        Time taken; NaN where it is not known.
    gold, repeats : by rater code
    """

    comparisons: Comparisons
    shown_first: NDArray[np.bool_]
    seconds: Floats
    gold: Mapping[int, Tried] = field(default_factory=dict)
    repeats: Mapping[int, Tried] = field(default_factory=dict)


@dataclass(frozen=True)
class RaterReport:
    """One rater: the size of each check (in standard deviations; larger is worse), and the flags.

    `target` names the model that the rater favours or disfavours most; `campaign`: the study seems to
    have one, in which the rater need have no part.
    """

    rater: int
    votes: int
    scores: Mapping[str, float]
    flags: tuple[str, ...]
    target: str | None
    campaign: bool = False


def rater_reports(votes: RaterVotes, *, level: float = LEVEL) -> list[RaterReport]:
    """Return a report for each rater with at least 15 votes, in the order of codes.

    `level` is the chance that an honest rater is flagged by any check. Raises `ValueError` for
    comparisons without raters.
    """
    comparisons = votes.comparisons
    if comparisons.rater is None:
        raise ValueError("the comparisons have no raters")
    codes, counts = np.unique(comparisons.rater, return_counts=True)
    judged = [int(code) for code in codes[counts >= LEAST_VOTES]]
    found = _round(votes, judged, (), level)
    distrusted = [one.rater for one in found if one.flags]
    if distrusted and len(distrusted) <= MOST_DISTRUSTED * len(judged):
        found = _round(votes, judged, distrusted, level)
    return found


def _round(
    votes: RaterVotes, judged: list[int], distrusted: Sequence[int], level: float
) -> list[RaterReport]:
    """Report on each of `judged` against the votes of all others but the distrusted."""
    comparisons = votes.comparisons
    assert comparisons.rater is not None
    trusted = ~np.isin(comparisons.rater, distrusted)
    expected = {code: _expected_by_others(comparisons, code, trusted) for code in judged}
    raw = {code: _raw(votes, code, *expected[code]) for code in judged}
    honest = set(judged) - set(distrusted)
    count = dict(zip(*_counted(comparisons), strict=True))
    of = {
        name: {code: raw[code][name] for code in judged}
        for name in ("residual", "position", "time", "run")
    }
    scaled = {name: of_sums(of[name], count, honest) for name in ("residual", "position")}
    scaled |= {name: among_raters(of[name], honest) for name in ("time", "run")}
    scaled["position"] = {code: abs(score) for code, score in scaled["position"].items()}
    scaled["ties"] = of_ties(_ties(comparisons, judged), honest)
    scaled["influence"] = _moving(comparisons, judged, trusted, honest)
    targets = _targets(comparisons, judged, {code: expected[code][0] for code in judged})
    scaled["target"] = targets.scores
    bounds = {
        name: bound_of_many(level * share, TESTS.get(name, 1))
        for name, share in _shares(campaign=targets.campaign).items()
    }
    reports = []
    for code in judged:
        scores = {name: scaled[name][code] for name in scaled}
        scores["gold"] = of_shortfall(votes.gold.get(code), HONEST_GOLD)
        scores["repeats"] = of_shortfall(votes.repeats.get(code), HONEST_REPEATS)
        reports.append(
            RaterReport(
                rater=code,
                votes=int((comparisons.rater == code).sum()),
                scores=scores,
                flags=tuple(name for name in CHECKS if scores[name] > bounds[name]),
                target=comparisons.items[targets.model[code]],
                campaign=targets.campaign,
            )
        )
    return reports


def _shares(*, campaign: bool) -> dict[str, float]:
    """Return the share of the level that each check has; all together as much in either case."""
    if not campaign:
        return SHARES
    others = sum(SHARES.values()) - SHARES["target"]
    less = (sum(SHARES.values()) - IN_CAMPAIGN - BESIDE_IT) / others
    # The scores of `target` are on the scale of its own share, in a campaign too.
    return {name: share if name == "target" else share * less for name, share in SHARES.items()}


def _moving(
    comparisons: Comparisons,
    judged: Sequence[int],
    trusted: NDArray[np.bool_],
    honest: AbstractSet[int],
) -> dict[int, float]:
    """Return by rater how far their votes move the model they move most, as a standard normal score.

    Moves of honest raters are spread like a log-normal: the score is that of the logarithm, and 0 at
    most for who moves nothing by more than `LARGEST_MOVE`. The trusted are taken out of a fit to the
    votes of the trusted, the others out of a fit to all.
    """
    rater = comparisons.rater
    assert rater is not None
    everybody = _moves(comparisons)
    moved = {code: everybody.get(code, np.nan) for code in judged}
    if not trusted.all():
        moved |= _moves(comparisons.select(trusted))
    logs = {code: float(np.log(np.maximum(moved[code], SHORT))) for code in judged}
    return {
        code: score if moved[code] > LARGEST_MOVE else min(score, 0.0)
        for code, score in among_raters(_for_votes(logs, comparisons, honest), honest).items()
    }


def _for_votes(
    logs: Mapping[int, float], comparisons: Comparisons, honest: AbstractSet[int]
) -> dict[int, float]:
    """Return the logarithms of moves, less what they grow by with the number of votes.

    As its root, where chance moves a model, and as fast as it, where tastes do: by the straight line
    through what the honest moved, between the two.
    """
    count = dict(zip(*_counted(comparisons), strict=True))
    size = {code: float(np.log(count[code])) for code in logs}
    kept = [code for code in logs if code in honest and np.isfinite(logs[code])]
    slope = CHANCE_GROWS
    if len(kept) > 1 and np.ptp([size[code] for code in kept]):
        line = np.polyfit([size[code] for code in kept], [logs[code] for code in kept], 1)
        slope = float(np.clip(line[0], CHANCE_GROWS, 1.0))
    return {code: logs[code] - slope * size[code] for code in logs}


def _counted(comparisons: Comparisons) -> tuple[list[int], list[int]]:
    codes, counts = np.unique(np.asarray(comparisons.rater), return_counts=True)
    return codes.tolist(), counts.tolist()


def _moves(comparisons: Comparisons) -> dict[int, float]:
    """Return by rater the largest move of any model, in Elo points; nothing where nothing is fitted."""
    assert comparisons.rater is not None
    codes, places = np.unique(comparisons.rater, return_inverse=True)
    try:
        fit = fit_davidson(comparisons)
    except (NotEstimable, NotConverged):
        return {}
    moves = leave_out_influence(fit, comparisons, places.astype(np.int64), len(codes))
    largest = np.abs(moves).max(axis=1) * POINTS_PER_LOGIT
    return dict(zip(codes.tolist(), largest.tolist(), strict=True))


def _ties(comparisons: Comparisons, judged: Sequence[int]) -> dict[int, Tried]:
    rater, even = comparisons.rater, comparisons.outcome == 1
    assert rater is not None
    count, ties = np.bincount(rater), np.bincount(rater, even)
    return {code: Tried(int(ties[code]), int(count[code])) for code in judged}


@dataclass(frozen=True)
class _Targets:
    """By rater the evidence of a target, as a standard normal score, and which model it is."""

    scores: dict[int, float]
    model: dict[int, int]
    campaign: bool  # whether there seems to be one


def _targets(
    comparisons: Comparisons, judged: Sequence[int], expected: Mapping[int, Floats]
) -> _Targets:
    if not judged:
        return _Targets({}, {}, campaign=False)
    assert comparisons.rater is not None
    counted = np.bincount(comparisons.rater)[judged]
    found = []
    # All votes; and the latest alone, in which an attack shows that began late.
    for latest in (0, LATEST) if counted.max() > LATEST else (0,):
        own = [np.flatnonzero(comparisons.rater == code)[-latest:] for code in judged]
        rows = np.concatenate(own)
        points = [expected[code][-latest:] for code in judged]
        found.append(
            find_targets(
                rater=np.repeat(np.arange(len(judged)), [len(one) for one in own]),
                first=comparisons.first[rows].astype(np.int64),
                second=comparisons.second[rows].astype(np.int64),
                outcome=comparisons.outcome[rows],
                expected=np.clip(np.concatenate(points), NEVER_SURE, 1 - NEVER_SURE),
                raters=len(judged),
                models=len(comparisons.items),
                rng=np.random.default_rng(SEED),
            )
        )
    whole, late = found[0], found[-1]
    # Two looks at once (Bonferroni).
    p = np.minimum(np.minimum(whole.p, late.p) * len(found), 1)
    joined = np.minimum(np.minimum(whole.joined, late.joined) * len(found), 1)
    campaign = bool((joined < 1).any())
    if campaign:
        alone = SHARES["target"]
        p = np.minimum(np.minimum(p * alone / BESIDE_IT, joined * alone / IN_CAMPAIGN), 1)
    model = np.where(late.p < whole.p, late.model, whole.model)
    return _Targets(
        dict(zip(judged, score_of(p).tolist(), strict=True)),
        {code: int(one) for code, one in zip(judged, model, strict=True)},
        campaign=campaign,
    )


def _raw(votes: RaterVotes, code: int, expected: Floats, tied: Floats) -> dict[str, Any]:
    """Return the statistics of one rater, standard normal for one who votes as the others do."""
    comparisons = votes.comparisons
    own = np.asarray(comparisons.rater == code)
    points = comparisons.outcome[own] / 2.0
    variance = np.maximum(expected * (1 - expected) - tied / 4, 0.02)
    gap = points - expected
    lean = 2 * expected - 1
    against = -gap * lean
    # Position: points of what stood on the left, beyond what the answers themselves earn.
    left = np.where(votes.shown_first[own], gap, -gap)
    seconds = votes.seconds[own]
    known = seconds[np.isfinite(seconds)]
    return {
        "residual": of_skewed_sum(
            float(against.sum()),
            float((variance * lean**2).sum() + 1e-9),
            float(-(third_moment(expected, tied) * lean**3).sum()),
        ),
        "position": float(left.sum() / np.sqrt(variance.sum())),
        "time": float(-np.log(np.maximum(np.median(known), SHORT))) if known.size else np.nan,
        "run": _largest_run(against / np.sqrt(variance * np.maximum(lean**2, 1e-4))),
    }


def third_moment(expected: Floats, tied: Floats) -> Floats:
    """Return (m,) the third central moment of the points of a vote: 0, one half, or 1."""
    wins = np.maximum(expected - tied / 2, 0)
    losses = np.maximum(1 - expected - tied / 2, 0)
    return np.asarray(
        wins * (1 - expected) ** 3 + tied * (0.5 - expected) ** 3 - losses * expected**3
    )


def _expected_by_others(
    comparisons: Comparisons, code: int, trusted: NDArray[np.bool_]
) -> tuple[Floats, Floats]:
    """Return (m,) the points expected of `first`, and (m,) the chance of a tie, by the others."""
    own = np.asarray(comparisons.rater == code)
    kept = trusted & ~own
    others = Comparisons(
        items=comparisons.items,
        first=comparisons.first[kept],
        second=comparisons.second[kept],
        outcome=comparisons.outcome[kept],
    )
    counts = Counts.of(others)
    tied = float(counts.ties.sum() / max(counts.votes.sum(), 1))
    # Half a tie more of every pair that met: nobody's strength is infinite because one is missing.
    met = (counts.votes > 0).astype(float) / 2
    try:
        fit = fit_bradley_terry(Counts(comparisons.items, counts.wins, counts.ties + met))
        expected = fit.expected[comparisons.first[own], comparisons.second[own]]
    except (NotEstimable, NotConverged):
        expected = np.full(int(own.sum()), 0.5)
    return expected, np.full(len(expected), tied)


def _largest_run(steps: Floats) -> float:
    """Return the largest sum of consecutive steps by the root of how many: a change midway shows."""
    sums = np.concatenate([[0.0], np.cumsum(steps)])
    best = 0.0
    for length in (LEAST_VOTES, 2 * LEAST_VOTES, 4 * LEAST_VOTES):
        if length <= len(steps):
            best = max(best, float((sums[length:] - sums[:-length]).max() / np.sqrt(length)))
    return best
