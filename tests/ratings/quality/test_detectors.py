"""Simulated attacks are found, honest raters are left alone, and what is filtered moves no board.

A short form of `run.py bench rigging`, which has all kinds of attacks.
"""

import numpy as np
import pytest

from bench._rigging import HONEST, KINDS, MODELS, TARGET, honest_world, world
from ratings.quality import RaterVotes, rater_reports
from ratings.quality.detectors import BESIDE_IT, IN_CAMPAIGN, SHARES, _shares
from ratings.quality.targets import find_targets
from ratings.scoring import Comparisons, Counts, fit_bradley_terry, to_rating

RATERS, ATTACKERS = 150, 15


def reports(kind=None, *, seeds=(0,), checks=True, **options):
    """Return the reports of some studies, each with the share of attackers and honest ones flagged."""
    found = []
    for seed in seeds:
        votes = world(
            seed,
            KINDS[kind] if kind else None,
            raters=RATERS,
            attackers=ATTACKERS,
            checks=checks,
            **options,
        )
        found.append(rater_reports(votes))
    return found


def shares(found) -> tuple[float, float]:
    flagged = np.zeros(RATERS)
    for study in found:
        for one in study:
            flagged[one.rater] += bool(one.flags) / len(found)
    return flagged[RATERS - ATTACKERS :].mean(), flagged[: RATERS - ATTACKERS].mean()


@pytest.mark.parametrize(
    ("kind", "least", "checks"),
    [
        ("target, always", 0.9, False),
        ("target, 70 %", 0.7, False),
        ("always left", 0.99, False),
        ("always tie", 0.99, False),
        ("random and fast", 0.99, False),
        ("inverted", 0.85, False),
        ("random", 0.9, True),
        ("sleeper, target", 0.8, True),
    ],
)
def test_attackers_are_found(kind, least, checks):
    found, wrongly = shares(reports(kind, checks=checks))
    assert found >= least
    assert wrongly <= 0.02


def test_honest_raters_are_left_alone():
    flagged = [bool(one.flags) for study in reports(seeds=(100, 101)) for one in study]
    assert np.mean(flagged) <= 0.02


@pytest.mark.parametrize("people", ["models far apart", "strong tastes", "fewer ties far apart"])
def test_honest_studies_of_other_kinds_seldom_seem_to_have_a_campaign(people):
    found = [rater_reports(honest_world(seed, HONEST[people])) for seed in range(10_000, 10_006)]
    assert sum(any(one.campaign for one in study) for study in found) <= 1
    assert np.mean([bool(one.flags) for study in found for one in study]) <= 0.012


def test_who_judges_most_is_not_found_for_that():
    found = [rater_reports(honest_world(seed, HONEST["few raters do most"])) for seed in range(4)]
    assert np.mean([bool(one.flags) for study in found for one in study]) <= 0.015


def test_all_checks_share_one_level_in_a_campaign_too():
    assert sum(SHARES.values()) == pytest.approx(0.9)
    in_campaign = _shares(campaign=True)
    others = sum(share for name, share in in_campaign.items() if name != "target")
    assert others + IN_CAMPAIGN + BESIDE_IT == pytest.approx(0.9)


def test_honest_raters_beside_a_campaign_are_left_alone():
    studies = [world(seed, KINDS["target, demoted"]) for seed in range(20_000, 20_004)]
    found = [rater_reports(one) for one in studies]
    assert all(one.campaign for study in found for one in study)
    honest = [bool(one.flags) for study in found for one in study if one.rater < 190]
    assert np.mean(honest) <= 0.011


def test_the_favoured_model_is_named():
    (study,) = reports("target, always", seeds=(4,))
    attackers = [one for one in study if one.rater >= RATERS - ATTACKERS]
    assert np.mean([one.target == f"model {TARGET}" for one in attackers]) > 0.9


def rating_of_target(votes: Comparisons) -> float:
    return float(to_rating(fit_bradley_terry(Counts.of(votes)).strength)[TARGET])


@pytest.mark.parametrize("kind", ["target, always", "target, 70 %"])
def test_filtered_attackers_move_the_target_by_less_than_five_elo(kind):
    votes = world(3, KINDS[kind], raters=200, attackers=10)
    clean = votes.comparisons.select(votes.comparisons.rater < 190)
    flagged = [one.rater for one in rater_reports(votes) if one.flags]
    kept = votes.comparisons.select(~np.isin(votes.comparisons.rater, flagged))
    raw = rating_of_target(votes.comparisons) - rating_of_target(clean)
    assert raw > 12
    assert abs(rating_of_target(kept) - rating_of_target(clean)) <= 5


def test_p_values_of_honest_raters_are_no_smaller_than_they_claim():
    """Raters as the hypothesis has them: likings of their own, and nothing else."""
    rng = np.random.default_rng(5)
    raters, each = 300, 60
    rater = np.repeat(np.arange(raters), each)
    first = rng.integers(MODELS, size=len(rater))
    second = (first + rng.integers(1, MODELS, size=len(rater))) % MODELS
    strength = np.linspace(-1, 1, MODELS)
    liking = rng.normal(0, 0.3, size=(raters, MODELS))
    lead = strength[first] - strength[second]
    own = lead + liking[rater, first] - liking[rater, second]
    won = rng.random(len(rater)) < 1 / (1 + np.exp(-own))
    outcome = np.where(rng.random(len(rater)) < 0.15, 1, np.where(won, 2, 0)).astype(np.int8)
    found = find_targets(
        rater=rater,
        first=first,
        second=second,
        outcome=outcome,
        expected=1 / (1 + np.exp(-lead)),
        raters=raters,
        models=MODELS,
        rng=rng,
    )
    assert (found.p <= 0.01).mean() <= 0.02
    assert (found.joined <= 0.01).mean() <= 0.02
    assert 0.4 <= (found.p <= 0.5).mean() <= 0.6


def test_few_votes_are_no_evidence_and_raters_are_needed():
    votes = world(1, raters=30, each=10)
    assert rater_reports(votes) == []
    nobody = Comparisons(
        votes.comparisons.items,
        votes.comparisons.first,
        votes.comparisons.second,
        votes.comparisons.outcome,
    )
    with pytest.raises(ValueError, match="no raters"):
        rater_reports(RaterVotes(nobody, votes.shown_first, votes.seconds))
