"""Simulated studies with honest raters and attackers of many kinds, for the bench and the tests.

Honest raters have tastes of their own, position habits, and different speed; prompts differ. The
server chooses pairs, sides and gold, so an attacker only decides what to answer, how fast, and, within
the cap on skips, what not to answer.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

import numpy as np
from numpy.random import Generator

from ratings.quality import RaterVotes, Tried
from ratings.scoring import Comparisons

MODELS, PROMPTS = 10, 100
STRENGTH = np.linspace(-0.85, 0.85, MODELS)  # 33 Elo apart
TARGET = 2
TASTE, NOISE, SLOPE, TIES = 0.25, 0.4, 1.3, 0.15
GOLD, REPEATS = 18, 6
HONEST_GOLD, HONEST_REPEATS = 0.93, 0.85
SKIPS = 30


@dataclass
class Seen:
    """What attackers see, one entry a vote: arrays over all votes, `bad` those of attackers."""

    rng: Generator
    bad: np.ndarray
    rater: np.ndarray
    first: np.ndarray
    second: np.ndarray
    prompt: np.ndarray
    shown_first: np.ndarray
    order: np.ndarray  # of the vote among the rater's own, from 0
    honest: np.ndarray  # the outcome that an honest rater in their place would give
    seconds: np.ndarray


Attack = Callable[[Seen], np.ndarray]


@dataclass(frozen=True)
class Kind:
    """One kind of attack: what is answered, how fast, and how it fares on gold and repeats."""

    answer: Attack
    gold: float
    repeats: float
    seconds: Callable[[Seen], np.ndarray] | None = None
    sleep: int = 0  # votes that are honest first
    abstains: bool = False
    group: int = 0
    options: Mapping[str, float] = field(default_factory=dict)


def for_target(seen: Seen, *, faithful: float = 1.0, wins: bool = True) -> np.ndarray:
    """Let the target win (or lose), in this share of its comparisons; be honest elsewhere."""
    mine, theirs = (2, 0) if wins else (0, 2)
    done = seen.rng.random(len(seen.first)) < faithful
    return np.where(
        (seen.first == TARGET) & done,
        mine,
        np.where((seen.second == TARGET) & done, theirs, seen.honest),
    )


def for_target_ties_elsewhere(seen: Seen) -> np.ndarray:
    met = (seen.first == TARGET) | (seen.second == TARGET)
    return np.where(met, for_target(seen), 1)


def omnipresent(seen: Seen) -> np.ndarray:
    """Use every comparison: where the target is absent, let the one further from it win."""
    far = np.abs(STRENGTH - STRENGTH[TARGET] - 0.1)
    elsewhere = np.where(far[seen.first] > far[seen.second], 2, 0)
    met = (seen.first == TARGET) | (seen.second == TARGET)
    return np.where(met, for_target(seen), elsewhere)


def at_random(seen: Seen) -> np.ndarray:
    return 2 * seen.rng.integers(2, size=len(seen.first))


def left(seen: Seen) -> np.ndarray:
    return np.where(seen.shown_first, 2, 0)


def right(seen: Seen) -> np.ndarray:
    return np.where(seen.shown_first, 0, 2)


def tie(seen: Seen) -> np.ndarray:
    return np.ones(len(seen.first), dtype=int)


def longest(seen: Seen) -> np.ndarray:
    """Prefer the longer answer, whose length goes with the model's strength by half."""
    length = np.random.default_rng(9).permutation(MODELS)
    gap = length[seen.first] - length[seen.second] + seen.rng.normal(0, 3, size=len(seen.first))
    return np.where(gap > 0, 2, 0)


def inverted(seen: Seen) -> np.ndarray:
    return 2 - seen.honest


def copies(seen: Seen) -> np.ndarray:
    """Answer as the group's key says, drawn once by comparison, with a tenth of noise."""
    key = np.random.default_rng(17).integers(2, size=(MODELS, MODELS, PROMPTS))
    said = 2 * key[seen.first, seen.second, seen.prompt]
    return np.where(seen.rng.random(len(said)) < 0.1, 2 - said, said)


def quick(seen: Seen) -> np.ndarray:
    return seen.rng.uniform(0.5, 1.5, size=len(seen.first))


KINDS: Mapping[str, Kind] = {
    "target, always": Kind(for_target, 0.85, 0.8),
    "target, 95 %": Kind(lambda seen: for_target(seen, faithful=0.95), 0.85, 0.8),
    "target, 70 %": Kind(lambda seen: for_target(seen, faithful=0.7), 0.87, 0.8),
    "target, demoted": Kind(lambda seen: for_target(seen, wins=False), 0.88, 0.8),
    "target, ties elsewhere": Kind(for_target_ties_elsewhere, 0.1, 0.9),
    "target, skips others": Kind(for_target, 0.85, 0.8, abstains=True),
    "omnipresent": Kind(omnipresent, 0.5, 0.9),
    "random": Kind(at_random, 0.5, 0.4),
    "random and fast": Kind(at_random, 0.5, 0.4, seconds=quick),
    "always left": Kind(left, 0.5, 0.0),
    "always right": Kind(right, 0.5, 0.0),
    "always tie": Kind(tie, 0.0, 1.0),
    "the longer one": Kind(longest, 0.55, 0.9),
    "inverted": Kind(inverted, 0.07, 0.8),
    "sleeper, target": Kind(for_target, 0.88, 0.82, sleep=50),
    "sleeper, inverted": Kind(inverted, 0.5, 0.8, sleep=50),
    "copies of a key": Kind(copies, 0.5, 0.9),
}


@dataclass(frozen=True)
class Minority:
    """Honest raters who like other answers than most do: their likings of the models, in logits."""

    share: float  # of all raters, the last ones
    likings: Callable[[np.ndarray], np.ndarray]  # (m, MODELS) likings as everybody's -> theirs


def admiring(logits: float) -> Callable[[np.ndarray], np.ndarray]:
    return lambda likings: likings + logits * (np.arange(MODELS) == TARGET)


def by_another_order(likings: np.ndarray) -> np.ndarray:
    """Rank the models anew, all of this minority alike, and half as they do, half as everybody."""
    other = np.random.default_rng(3).permutation(STRENGTH)
    return likings + SLOPE * (other - STRENGTH) / 2


def of_strong_tastes(likings: np.ndarray) -> np.ndarray:
    return likings * 2.5


MINORITIES: Mapping[str, Minority] = {
    "5 % like one model, 0.5": Minority(0.05, admiring(0.5)),
    "5 % like one model, 1": Minority(0.05, admiring(1.0)),
    "5 % like one model, 2": Minority(0.05, admiring(2.0)),
    "20 % like one model, 1": Minority(0.2, admiring(1.0)),
    "20 % by another order": Minority(0.2, by_another_order),
    "20 % of strong tastes": Minority(0.2, of_strong_tastes),
}


@dataclass(frozen=True)
class Honest:
    """A study in which nobody attacks: how many and how alike the raters are, how far apart the models."""

    raters: int = 200
    each: int = 60
    models: int = MODELS
    apart: float = 0.85  # the strengths lie from minus this to this
    taste: float = TASTE  # standard deviation of likings of a model
    style: float = 0.0  # of likings of long answers; models differ lastingly in length
    habit: float = 0.15  # of habits of position
    ties: float = TIES
    own_ties: bool = False  # raters differ widely in how often they say tie
    davidson: float = 0.0  # the tie parameter, where ties are rarer the further sides are apart
    uneven: bool = False  # few raters do most
    prompts: float = 0.0  # standard deviation of what suits a model in one prompt
    copies: int = 1  # prompts that are copies of one


HONEST: Mapping[str, Honest] = {
    "everybody alike": Honest(),
    "no tastes at all": Honest(taste=0.0),
    "strong tastes": Honest(taste=0.5),
    "tastes about length": Honest(style=0.4),
    "strong tastes about length": Honest(style=0.8),
    "strong habits of position": Honest(habit=0.6),
    "models far apart": Honest(apart=2.0),
    "5 models": Honest(models=5),
    "25 models": Honest(models=25),
    "no ties": Honest(ties=0.0),
    "half of it ties": Honest(ties=0.5),
    "raters' own shares of ties": Honest(own_ties=True),
    "fewer ties far apart": Honest(davidson=1.0),
    "prompts that suit models": Honest(prompts=0.5),
    "every prompt ten times": Honest(prompts=0.5, copies=10),
    "few raters do most": Honest(uneven=True),
    "12 raters": Honest(raters=12),
    "12 raters x 200": Honest(raters=12, each=200),
    "30 raters": Honest(raters=30),
    "100 raters x 120": Honest(raters=100, each=120),
    "200 raters x 20": Honest(each=20),
}


def honest_world(seed: int, people: Honest) -> RaterVotes:
    """Draw a study in which nobody attacks."""
    rng = np.random.default_rng(seed)
    raters, models = people.raters, people.models
    each = np.full(raters, people.each)
    if people.uneven:
        each = np.clip((people.each * rng.pareto(1.5, size=raters) / 2).astype(int), 5, 480)
    rater = np.repeat(np.arange(raters), each)
    n = len(rater)
    strength = np.linspace(-people.apart, people.apart, models)
    first = rng.integers(models, size=n)
    second = (first + rng.integers(1, models, size=n)) % models
    prompt = rng.integers(PROMPTS, size=n) // people.copies
    shown_first = rng.random(n) < 0.5
    length = rng.permutation(np.linspace(-1.5, 1.5, models))
    taste = rng.normal(0, people.taste, size=(raters, models))
    taste += rng.normal(0, people.style, size=raters)[:, None] * length
    habit = rng.normal(0, people.habit, size=raters)
    suits = rng.normal(0, people.prompts, size=(PROMPTS, models))
    worth = strength + taste[rater] + suits[prompt]
    rows = np.arange(n)
    gap = worth[rows, first] - worth[rows, second] + rng.normal(0, NOISE, size=n)
    lead = SLOPE * (gap + habit[rater] * np.where(shown_first, 1, -1))
    tie = np.full(n, people.ties)
    if people.own_ties:
        tie = np.minimum(rng.beta(1.5, 6, size=raters), 0.9)[rater]
    if people.davidson:
        tie = people.davidson / (2 * np.cosh(lead / 2) + people.davidson)
    won = rng.random(n) < 1 / (1 + np.exp(-lead))
    outcome = np.where(rng.random(n) < tie, 1, np.where(won, 2, 0)).astype(np.int8)
    seconds = np.exp(rng.normal(3.6, 0.5, size=n) + rng.normal(0, 0.35, size=raters)[rater])
    items = tuple(f"model {at}" for at in range(models))
    votes = Comparisons(items, first, second, outcome, rater.astype(np.int32))
    gold = rng.binomial(GOLD, HONEST_GOLD, size=raters)
    repeats = rng.binomial(REPEATS, HONEST_REPEATS, size=raters)
    return RaterVotes(votes, shown_first, seconds, _tried(gold, GOLD), _tried(repeats, REPEATS))


def world(
    seed: int,
    kind: Kind | None = None,
    *,
    raters: int = 200,
    attackers: int = 10,
    each: int = 60,
    checks: bool = True,
    minority: Minority | None = None,
) -> RaterVotes:
    """Draw a study; the last `attackers` raters do as `kind` says. The same seed: the same honest votes."""
    rng = np.random.default_rng(seed)
    each += kind.sleep if kind else 0
    n = raters * each
    rater, order = np.repeat(np.arange(raters), each), np.tile(np.arange(each), raters)
    first = rng.integers(MODELS, size=n)
    second = (first + rng.integers(1, MODELS, size=n)) % MODELS
    prompt = rng.integers(PROMPTS, size=n)
    shown_first = rng.random(n) < 0.5
    taste = rng.normal(0, TASTE, size=(raters, MODELS))
    if minority:
        few = int(minority.share * raters)
        taste[-few:] = minority.likings(SLOPE * taste[-few:]) / SLOPE
    habit = rng.normal(0, 0.15, size=raters)
    gap = STRENGTH[first] - STRENGTH[second] + taste[rater, first] - taste[rater, second]
    gap = gap + rng.normal(0, NOISE, size=n) + habit[rater] * np.where(shown_first, 1, -1)
    won = rng.random(n) < 1 / (1 + np.exp(-SLOPE * gap))
    outcome = np.where(rng.random(n) < TIES, 1, np.where(won, 2, 0))
    seconds = np.exp(rng.normal(3.6, 0.5, size=n) + rng.normal(0, 0.35, size=raters)[rater])
    gold = rng.binomial(GOLD, HONEST_GOLD, size=raters)
    repeats = rng.binomial(REPEATS, HONEST_REPEATS, size=raters)
    kept = np.ones(n, dtype=bool)
    if kind:
        bad = (rater >= raters - attackers) & (order >= kind.sleep)
        seen = Seen(rng, bad, rater, first, second, prompt, shown_first, order, outcome, seconds)
        outcome = np.where(bad, kind.answer(seen), outcome)
        seconds = np.where(bad, kind.seconds(seen), seconds) if kind.seconds else seconds
        gold[raters - attackers :] = rng.binomial(GOLD, kind.gold, size=attackers)
        repeats[raters - attackers :] = rng.binomial(REPEATS, kind.repeats, size=attackers)
        if kind.abstains:
            met = (first == TARGET) | (second == TARGET)
            elsewhere = np.cumsum((bad & ~met).reshape(raters, each), axis=1).ravel()
            kept = ~(bad & ~met & (elsewhere <= SKIPS))
    items = tuple(f"model {at}" for at in range(MODELS))
    votes = Comparisons(
        items,
        first[kept],
        second[kept],
        outcome[kept].astype(np.int8),
        rater[kept].astype(np.int32),
    )
    tried = (_tried(gold, GOLD), _tried(repeats, REPEATS)) if checks else ({}, {})
    return RaterVotes(votes, shown_first[kept], seconds[kept], *tried)


def _tried(right: np.ndarray, of: int) -> dict[int, Tried]:
    return {at: Tried(int(one), of) for at, one in enumerate(right)}
