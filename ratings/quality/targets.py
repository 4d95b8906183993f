"""Does a rater vote for or against one model whatever is shown? A p-value for each rater (pure).

Under the one hypothesis a rater judges as all others do, with a liking or dislike of their own for
each model, as large as honest ones have. Under the others they let one model win, or lose, in most of
its comparisons, and are honest elsewhere. The mean of the likelihood ratios, weighed by how many
raters seem to do each, is an e-value: for an honest rater it exceeds 1/p with chance p at most, however
many models there are (Markov's inequality). How often it really does is found by drawing honest raters
from the first hypothesis, on the same comparisons. A campaign for one model makes its hypothesis weigh
more, and so each that takes part easier to see.

Who is honest in a third of their target's comparisons is within honest tastes, one by one. Together they
are not: under a campaign a share of the raters lets one model win, and the likelihood ratio of that
mixture, the largest over all models, is compared with that of honest studies. Where it is beyond
theirs, the model is known, and each rater is tested for that one alone.

References
----------
Vovk, V. and Wang, R. (2021). E-values: calibration, combination and applications. Annals of
Statistics 49.
Robbins, H. (1956). An empirical Bayes approach to statistics: weights from all raters together.
"""

from dataclasses import dataclass

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Codes = NDArray[np.int64]
FAITHFUL = (0.95, 0.7)  # in what share of its comparisons the model is let win: two kinds of attack
# Standard deviations of likings that are tried, in logits.
TASTES = np.array([0, 0.1, 0.15, 0.2, 0.25, 0.3, 0.35, 0.4, 0.5, 0.6, 0.75, 0.9])
NODES, WEIGHTS = np.polynomial.hermite_e.hermegauss(7)
LOG_WEIGHTS = np.log(WEIGHTS / WEIGHTS.sum())
FLOOR = 0.5  # raters that every hypothesis is credited with from the start
ROUNDS = 20
DRAWS = 40  # honest studies behind a p-value
CAMPAIGN = 0.025  # the chance that an honest study seems to have a campaign
# Of raters that may take part in one.
PARTS = np.array([0.01, 0.02, 0.03, 0.05, 0.07, 0.1, 0.15])
LOGISTIC = 1.7  # the width of the normal that a logistic comes near
MOST_EVIDENCE = 50.0  # of one rater; more would overflow, and says no more
LEAST_CHANCE = 0.01
GAPS = 5  # as many kinds of votes by how far the sides are apart: ties are rarer where they are far
OTHERS = 10  # votes that all others' habit counts for, beside one's own
MOST_TIES = 0.98
NEVER_SURE = 0.02  # no side is expected to win less often


@dataclass(frozen=True, eq=False)
class Targets:
    """(R,) the p-value of each rater, and the model that they seem to be for or against.

    `joined` (R,) is the p-value of having no part in the study's campaign: 1 where there seems to be
    none, as in all but a fortieth of honest studies.
    """

    p: Floats
    joined: Floats
    model: Codes
    taste: float  # the standard deviation of honest likings, in logits


def find_targets(
    *,
    rater: Codes,
    first: Codes,
    second: Codes,
    outcome: NDArray[np.int8],
    expected: Floats,
    raters: int,
    models: int,
    rng: Generator,
) -> Targets:
    """Return how unlikely it is that each rater is honest.

    Parameters
    ----------
    rater, first, second : (n,) codes from 0
    outcome : (n,) 2 where `first` won, 1 tie, 0 where `second` won
    expected : (n,) points of `first`, from 0 to 1, that the votes of all others lead to expect
    """
    even = _even_by_gap(expected, outcome == 1)
    tied = _tied(rater, outcome == 1, even, raters)
    lead = _lead(expected, even)
    met = _Met(
        cell=np.concatenate([rater * models + first, rater * models + second]),
        lead=np.concatenate([lead, -lead]),
        tie=np.concatenate([tied, tied]),
        cells=raters * models,
    )
    shape = (2, raters, models)
    points = np.concatenate([outcome, 2 - outcome])
    trusted = np.ones(raters * models)
    for _ in range(2):
        likely = met.tastes(points, trusted)
        taste = float(TASTES[int(likely.argmax())])
        ratios = met.ratios(points, taste).reshape(shape).transpose(1, 0, 2).reshape(raters, -1)
        weights = _weights(ratios)
        trusted = np.repeat(1 - _suspicion(ratios, weights).sum(axis=1), models)
    drawn = np.stack(
        [
            met.ratios(met.draw(float(rng.choice(TASTES, p=likely)), rng), taste)
            .reshape(shape)
            .transpose(1, 0, 2)
            .reshape(raters, -1)
            for _ in range(DRAWS)
        ]
    )
    # The weights follow what is found: so they do in each honest study.
    evidence, mostly = _evidence(ratios, weights), (ratios + np.log(weights)).argmax(axis=1)
    chance = _beyond(np.stack([_evidence(one, _weights(one)) for one in drawn]), evidence)
    p = np.minimum(chance, np.exp(-np.maximum(evidence, 0)))
    joined, wanted = _campaign(ratios, drawn)
    model = np.where(joined < p, wanted, mostly) % models
    return Targets(p, joined, model, taste)


@dataclass(frozen=True, eq=False)
class _Met:
    """Every vote twice, once for each side: whose, of which model, and what is expected of it."""

    cell: Codes  # rater and model
    lead: Floats  # of the model over the other, in logits
    tie: Floats
    cells: int

    def chance(self, points: Codes, liking: Floats | float = 0.0, *, taste: float = 0.0) -> Floats:
        """Return (2n,) how likely the outcome is of an honest rater with this liking of the model.

        That of the other model is not known, but how widely likings are spread, `taste`.
        """
        lead = self.lead * _steeper(taste, 2) + liking
        # A win by the lead, a loss by its opposite, and a tie whatever it is.
        decided = (1 - self.tie) / (1 + np.exp((1 - points) * lead / _steeper(taste, 1)))
        return np.maximum(np.where(points == 1, self.tie, decided), LEAST_CHANCE)

    def total(self, logs: Floats) -> Floats:
        return np.asarray(np.bincount(self.cell, logs, minlength=self.cells), dtype=np.float64)

    def honest(self, points: Codes, taste: float) -> Floats:
        """Return (cells,) the log-likelihood of an honest rater, over all likings they may have."""
        nodes = [
            weight + self.total(np.log(self.chance(points, taste * node, taste=taste)))
            for node, weight in zip(NODES, LOG_WEIGHTS, strict=True)
        ]
        return np.asarray(np.logaddexp.reduce(nodes))

    def ratios(self, points: Codes, taste: float) -> Floats:
        """Return (2, cells) the log-likelihood ratios: for the model, and against it."""
        chances, honest = self.chance(points), self.honest(points, taste)
        attacks = []
        for wanted in (2, 0):
            kinds = [
                self.total(np.log(faithful * (points == wanted) + (1 - faithful) * chances))
                for faithful in FAITHFUL
            ]
            attacks.append(np.logaddexp.reduce(kinds) - np.log(len(FAITHFUL)))
        return np.stack(attacks) - honest

    def tastes(self, points: Codes, trusted: Floats) -> Floats:
        """Return by the likelihood of the trusted raters how probable each of `TASTES` is."""
        found = np.array([trusted @ self.honest(points, taste) for taste in TASTES])
        likely = np.exp(found - found.max())
        return np.asarray(likely / likely.sum())

    def draw(self, taste: float, rng: Generator) -> Codes:
        """Draw what honest raters with likings of their own would say."""
        n = len(self.cell) // 2
        liking = taste * rng.standard_normal(self.cells)[self.cell]
        lead = self.lead[:n] * _steeper(taste, 2) + liking[:n] - liking[n:]
        won = rng.random(n) < 1 / (1 + np.exp(-lead))
        points = np.where(rng.random(n) < self.tie[:n], 1, np.where(won, 2, 0))
        return np.concatenate([points, 2 - points])


def _steeper(taste: float, likings: int) -> float:
    """Return by how much leads are larger once so many likings are known.

    What is expected of a vote is a mean over all raters; their likings flatten it. A logistic is
    nearly a normal's distribution of 1.7 times the width, of which that is exact.
    """
    return float(np.sqrt(1 + likings * (taste / LOGISTIC) ** 2))


def _evidence(ratios: Floats, weights: Floats) -> Floats:
    """Return (raters,) the logarithm of the mean of the ratios, by the weights."""
    return np.asarray(np.logaddexp.reduce(ratios + np.log(weights / weights.sum()), axis=1))


def _campaign(ratios: Floats, drawn: Floats) -> tuple[Floats, int]:
    """Return (R,) p-values of having no part in the one campaign there seems to be, and for what."""
    told = _together(ratios)
    wanted = int(told.argmax())
    honest = np.array([_together(one).max() for one in drawn])
    if _beyond(honest, told[wanted]) > CAMPAIGN:
        return np.ones(len(ratios)), wanted
    return _beyond(drawn[:, :, wanted], ratios[:, wanted]), wanted


def _together(ratios: Floats) -> Floats:
    """Return (hypotheses,) the log-likelihood ratio of a campaign, of the share that fits best."""
    each = np.exp(np.minimum(ratios, MOST_EVIDENCE))
    return np.asarray(np.max([np.log1p(part * (each - 1)).sum(axis=0) for part in PARTS], axis=0))


def _beyond(honest: Floats, found: Floats) -> Floats:
    """Return the chance that as much or more is found where all are honest."""
    ordered = np.sort(honest, axis=None)
    above = len(ordered) - np.searchsorted(ordered, found)
    return np.asarray((1 + above) / (1 + len(ordered)))


def _even_by_gap(expected: Floats, even: NDArray[np.bool_]) -> Floats:
    """Return (n,) how often all raters say tie where sides are as far apart as here."""
    gap = np.abs(expected - 0.5)
    place = np.searchsorted(np.quantile(gap, np.arange(1, GAPS) / GAPS), gap)
    ties = np.bincount(place, even, minlength=GAPS) + OTHERS * even.mean()
    return np.asarray((ties / (np.bincount(place, minlength=GAPS) + OTHERS))[place])


def _lead(expected: Floats, even: Floats) -> Floats:
    """Return (n,) the lead, in logits, of who is expected to get these points, ties being halves."""
    decided = np.clip((expected - even / 2) / (1 - even), NEVER_SURE, 1 - NEVER_SURE)
    return np.asarray(np.log(decided / (1 - decided)))


def _tied(rater: Codes, tie: NDArray[np.bool_], even: Floats, raters: int) -> Floats:
    """Return (n,) the chance that this rater says tie: more or less often than all, by their own."""
    ties, usual = np.bincount(rater, tie, raters), np.bincount(rater, even, raters)
    some = OTHERS * max(float(tie.mean()), LEAST_CHANCE)
    return np.minimum(even * ((ties + some) / (usual + some))[rater], MOST_TIES)


def _weights(ratios: Floats) -> Floats:
    """Return (hypotheses,) the share of raters that each seems true of, by expectation-maximisation."""
    raters, hypotheses = ratios.shape
    weights = np.full(hypotheses, FLOOR / (raters + hypotheses * FLOOR))
    for _ in range(ROUNDS):
        counts = _suspicion(ratios, weights).sum(axis=0) + FLOOR
        weights = counts / (raters + hypotheses * FLOOR)
    return np.asarray(weights)


def _suspicion(ratios: Floats, weights: Floats) -> Floats:
    """Return (raters, hypotheses): how probable each is, beside that the rater is honest."""
    odds = ratios + np.log(weights)
    honest = np.log(max(1 - weights.sum(), 1e-3))
    whole = np.logaddexp(np.logaddexp.reduce(odds, axis=1), honest)
    return np.asarray(np.exp(odds - whole[:, None]))
