"""Simulated attacks are found, honest raters are left alone, and what is filtered moves no board."""

import numpy as np
import pytest

from ratings.quality import RaterVotes, Tried, rater_reports
from ratings.scoring import Comparisons, Counts, fit_bradley_terry, to_rating

MODELS, RATERS, EACH, ATTACKERS = 10, 150, 60, 15
STRENGTH = np.linspace(-0.85, 0.85, MODELS)  # 33 Elo apart
TARGET = 2
GOLD, REPEATS = 18, 6


def world(seed, attack=None, *, attackers=ATTACKERS, raters=RATERS, each=EACH) -> RaterVotes:
    """Honest raters of their own taste, and position habits; the last `attackers` do as `attack` says."""
    rng = np.random.default_rng(seed)
    n = raters * each
    rater = np.repeat(np.arange(raters), each)
    first = rng.integers(MODELS, size=n)
    second = (first + rng.integers(1, MODELS, size=n)) % MODELS
    shown_first = rng.random(n) < 0.5
    taste = rng.normal(0, 0.25, size=(raters, MODELS))
    habit = rng.normal(0, 0.15, size=raters)
    gap = STRENGTH[first] - STRENGTH[second] + taste[rater, first] - taste[rater, second]
    gap = gap + rng.normal(0, 0.4, size=n) + habit[rater] * np.where(shown_first, 1, -1)
    won = rng.random(n) < 1 / (1 + np.exp(-1.3 * gap))
    outcome = np.where(rng.random(n) < 0.15, 1, np.where(won, 2, 0))
    seconds = np.exp(rng.normal(3.6, 0.5, size=n) + rng.normal(0, 0.35, size=raters)[rater])
    right = {one: Tried(int(rng.binomial(GOLD, 0.93)), GOLD) for one in range(raters)}
    same = {one: Tried(int(rng.binomial(REPEATS, 0.85)), REPEATS) for one in range(raters)}
    if attack:
        bad = rater >= raters - attackers
        outcome, seconds = attack(rng, bad, first, second, shown_first, outcome, seconds)
        for one in range(raters - attackers, raters):
            right[one] = Tried(int(rng.binomial(GOLD, 0.5)), GOLD)
            same[one] = Tried(int(rng.binomial(REPEATS, 0.4)), REPEATS)
    items = tuple(f"model {at}" for at in range(MODELS))
    votes = Comparisons(items, first, second, outcome.astype(np.int8), rater.astype(np.int32))
    return RaterVotes(votes, shown_first, seconds, right, same)


def promote(rng, bad, first, second, shown_first, outcome, seconds):
    wanted = np.where(first == TARGET, 2, np.where(second == TARGET, 0, outcome))
    return np.where(bad, wanted, outcome), seconds


def at_random(rng, bad, first, second, shown_first, outcome, seconds):
    return np.where(bad, 2 * rng.integers(2, size=len(first)), outcome), seconds


def always_left(rng, bad, first, second, shown_first, outcome, seconds):
    return np.where(bad, np.where(shown_first, 2, 0), outcome), seconds


def inverted(rng, bad, first, second, shown_first, outcome, seconds):
    return np.where(bad, 2 - outcome, outcome), seconds


def fast(rng, bad, first, second, shown_first, outcome, seconds):
    return outcome, np.where(bad, rng.uniform(0.5, 1.5, size=len(first)), seconds)


def always_tie(rng, bad, first, second, shown_first, outcome, seconds):
    return np.where(bad, 1, outcome), seconds


def without_checks(votes: RaterVotes) -> RaterVotes:
    return RaterVotes(votes.comparisons, votes.shown_first, votes.seconds)


def caught(votes: RaterVotes, *, raters=RATERS, attackers=ATTACKERS) -> tuple[float, float]:
    """Return the share of attackers, and of honest raters, that are flagged."""
    flagged = {one.rater for one in rater_reports(votes) if one.flags}
    honest = raters - attackers
    wrong = sum(one < honest for one in flagged)
    return (len(flagged) - wrong) / attackers, wrong / honest


@pytest.mark.parametrize(
    ("attack", "least", "with_checks"),
    [
        (promote, 0.5, False),
        (always_left, 0.99, False),
        (fast, 0.99, False),
        (always_tie, 0.99, False),
        (inverted, 0.85, False),
        (at_random, 0.9, True),
    ],
)
def test_attackers_are_found(attack, least, with_checks):
    found = [
        caught(votes if with_checks else without_checks(votes))
        for votes in (world(seed, attack) for seed in range(3))
    ]
    assert np.mean([one for one, _ in found]) >= least
    assert np.mean([wrong for _, wrong in found]) <= 0.02


def test_whoever_promotes_one_model_is_found_with_twice_the_votes():
    found, wrong = caught(without_checks(world(1, promote, each=120)))
    assert found >= 0.9
    assert wrong <= 0.03


def test_honest_raters_are_left_alone():
    flagged = [bool(one.flags) for seed in range(6) for one in rater_reports(world(100 + seed))]
    assert np.mean(flagged) <= 0.02


def test_the_favoured_model_is_named():
    reports = rater_reports(world(4, promote))
    attackers = [one for one in reports if one.rater >= RATERS - ATTACKERS]
    assert np.mean([one.target == f"model {TARGET}" for one in attackers]) > 0.9


def rating_of_target(votes: Comparisons) -> float:
    return float(to_rating(fit_bradley_terry(Counts.of(votes)).strength)[TARGET])


def test_filtered_attackers_move_the_target_by_less_than_five_elo():
    raters, attackers = 200, 10
    moved = []
    for seed in range(4):
        options = {"attackers": attackers, "raters": raters}
        clean, rigged = world(seed, **options), world(seed, promote, **options)
        honest = clean.comparisons.rater < raters - attackers
        flagged = [one.rater for one in rater_reports(rigged) if one.flags]
        kept = ~np.isin(rigged.comparisons.rater, flagged)
        moved.append(
            rating_of_target(select(rigged.comparisons, kept))
            - rating_of_target(select(clean.comparisons, honest))
        )
    assert np.mean(np.abs(moved)) <= 5


def test_one_account_moves_no_model_by_more_than_its_cap_allows():
    votes = world(7, promote, attackers=1, raters=200)
    without = votes.comparisons.rater < 199
    shift = rating_of_target(votes.comparisons) - rating_of_target(
        select(votes.comparisons, without)
    )
    assert abs(shift) <= 2.5


def select(votes: Comparisons, rows) -> Comparisons:
    return Comparisons(
        votes.items, votes.first[rows], votes.second[rows], votes.outcome[rows], votes.rater[rows]
    )


def test_few_votes_are_no_evidence_and_raters_are_needed():
    votes = world(1, each=10, raters=30)
    assert rater_reports(votes) == []
    nobody = Comparisons(
        votes.comparisons.items,
        votes.comparisons.first,
        votes.comparisons.second,
        votes.comparisons.outcome,
    )
    with pytest.raises(ValueError, match="no raters"):
        rater_reports(RaterVotes(nobody, votes.shown_first, votes.seconds))
