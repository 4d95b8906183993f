"""Plain counts: wins, losses and ties per model and per pair, rates, and who judged (pure)."""

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from ratings.board.inputs import (
    BOTH_BAD,
    CANNOT_JUDGE,
    FIRST,
    FITTED,
    NOBODY,
    SECOND,
    Ballots,
    BoardInput,
    Ints,
)
from ratings.board.meaning import KINDS
from ratings.scoring import Comparisons, online_elo
from ratings.scoring.clusters import cells
from ratings.scoring.types import LEAST_TWO_WAY

Floats = NDArray[np.float64]


class Tally(NamedTuple):
    """What one model's votes add up to; `win_rate` is None without battles."""

    battles: int
    wins: int
    losses: int
    ties: int
    both_bad: int
    cannot_judge: int
    forfeits: int
    judgments: int
    raters: int
    win_rate: float | None
    win_rate_standard_error: float | None
    online_elo: float | None


def tally(ballots: Ballots, model: int, *, clusters: tuple[Ints, ...], elo: Floats) -> Tally:
    """Count the votes in which `model` took part; `clusters` (n,) are what its error is clustered by."""
    own = (ballots.first == model) | (ballots.second == model)
    mine = ballots.select(own)
    judged = mine.outcome != CANNOT_JUDGE
    points = _points(mine, model)[judged]
    forfeits = int((~mine.given).sum())
    return Tally(
        battles=int(judged.sum()),
        wins=int((points == 1).sum()),
        losses=int((points == 0).sum()),
        ties=int(((points != 1) & (points != 0)).sum()),
        both_bad=int((mine.outcome == BOTH_BAD).sum()),
        cannot_judge=int((~judged).sum()),
        forfeits=forfeits,
        judgments=int(own.sum()) - forfeits,
        raters=int(np.unique(mine.rater[mine.given]).size),
        win_rate=float(points.mean()) if points.size else None,
        win_rate_standard_error=_clustered_error(
            points, [codes[own][judged] for codes in clusters]
        ),
        online_elo=float(elo[model]) if points.size else None,
    )


def elo_in_order(ballots: Ballots, labels: tuple[str, ...], *, k: float) -> Floats:
    """Return (K,) online Elo after the judged votes in the order of submission."""
    judged = ballots.judged()
    return online_elo(
        Comparisons(
            items=labels, first=judged.first, second=judged.second, outcome=FITTED[judged.outcome]
        ),
        k=k,
    )


def head_to_head(ballots: Ballots, labels: tuple[str, ...]) -> list[dict[str, Any]]:
    """Return one entry for each pair that met: a's wins, ties and losses against b, a before b."""
    k = len(labels)
    low, high = np.minimum(ballots.first, ballots.second), np.maximum(ballots.first, ballots.second)
    flipped = ballots.first > ballots.second
    outcome = ballots.outcome.astype(np.int64)
    decided = (outcome == FIRST) | (outcome == SECOND)
    outcome[flipped & decided] = FIRST + SECOND - outcome[flipped & decided]
    cells = np.bincount((low * np.int64(k) + high) * 5 + outcome, minlength=5 * k * k)
    entries = []
    for pair, (losses, ties, wins, both_bad, cannot) in enumerate(cells.reshape(-1, 5).tolist()):
        if losses or ties or wins or both_bad or cannot:
            entries.append(
                {
                    "a": labels[pair // k],
                    "b": labels[pair % k],
                    "wins": wins,
                    "ties": ties + both_bad,
                    "losses": losses,
                    "both_bad": both_bad,
                    "cannot_judge": cannot,
                }
            )
    return entries


def raters_by_kind(source: BoardInput) -> list[dict[str, Any]]:
    """Return for each kind of rater who judged: the word for it, how many, and their judgments."""
    found: dict[str, tuple[set[int], set[int]]] = {}
    for ballots in source.ballots.values():
        people = ballots.given
        pairs = zip(ballots.rater[people].tolist(), ballots.judgment[people].tolist(), strict=True)
        for rater, judgment in pairs:
            raters, judgments = found.setdefault(source.raters[rater].kind, (set(), set()))
            raters.add(rater)
            judgments.add(judgment)
    return [
        {"kind": kind, "label": KINDS[kind], "raters": len(raters), "judgments": len(judgments)}
        for kind, (raters, judgments) in sorted(found.items())
    ]


def _points(ballots: Ballots, model: int) -> Floats:
    """Return (n,) what `model` took from each vote: 1, a half, 0; cannot judge has no meaning."""
    points = FITTED[ballots.outcome] / 2
    return np.where(ballots.first == model, points, 1 - points)


def _clustered_error(points: Floats, clusters: Sequence[Ints]) -> float | None:
    """Return the standard error of the mean of `points` with the `clusters` independent, CR1.

    In two ways as the intervals are: the wider one-way error where two-way is less than half of it.
    """
    # What nobody gave varies with nobody: it moves the mean, and is no cluster of its own.
    given = np.logical_and.reduce([codes != NOBODY for codes in clusters])
    clusters = [codes[given] for codes in clusters if codes.size]
    ways = [codes for codes in clusters if np.unique(codes).size > 1]
    if not points.size or not ways:
        return None
    each = [_variance(points, given, codes) for codes in ways]
    if len(ways) > 1:
        both = each[0] + each[1] - _variance(points, given, cells(*ways)[0])
        each = [both] if both >= LEAST_TWO_WAY * max(each) else each
    return float(np.sqrt(max(each)))


def _variance(points: Floats, given: NDArray[np.bool_], cluster: NDArray[Any]) -> float:
    _, codes = np.unique(cluster, return_inverse=True)
    g = int(codes.max()) + 1
    sums = np.bincount(codes, weights=(points - points.mean())[given])
    return float(g / max(g - 1, 1) * (sums**2).sum() / points.size**2)
