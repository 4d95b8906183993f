"""Verdicts: what they say, how often they are wrong, and whether the votes they ask for are enough."""

import numpy as np
import pytest

from ratings.scoring import (
    Comparisons,
    Counts,
    NotEstimable,
    about,
    cluster_sandwich,
    compare_two,
    decide,
    draw_comparisons,
    expected_win_rate,
    fit_bradley_terry,
    fit_davidson,
    margin_in_log_odds,
    sandwich,
)
from ratings.scoring.decisions import times_as_many

NU = 0.7
CLOSE = (0.25, 0.0, 0.1, -0.8)


@pytest.mark.parametrize(
    ("difference", "error", "word"),
    [
        (0.5, 0.1, "better"),
        (-0.5, 0.1, "worse"),
        (0.02, 0.03, "equivalent"),
        (0.1, 0.03, "equivalent"),  # beyond chance, and too small to matter
        (0.1, 0.2, "unclear"),
        (0.0, 0.5, "unclear"),
    ],
)
def test_the_words(difference, error, word):
    found = decide(difference, error, margin=0.05)
    assert found.verdict == word
    assert decide(-difference, error, margin=0.05).verdict == {
        "better": "worse",
        "worse": "better",
    }.get(word, word)


def test_without_a_margin_nothing_is_equivalent():
    found = decide(0.0, 0.001, margin=None)
    assert (found.verdict, found.equivalence, found.margin) == ("unclear", None, None)


def test_few_clusters_widen_both_intervals():
    many, few = decide(0.3, 0.1, margin=0.05), decide(0.3, 0.1, margin=0.05, degrees=4)
    assert few.interval.lower < many.interval.lower
    assert few.equivalence.upper > many.equivalence.upper
    assert few.interval.upper - 0.3 == pytest.approx(0.1 * 2.776445, abs=1e-6)


@pytest.mark.parametrize("tie", [0.0, 0.7, 3.0])
def test_the_margin_is_one_of_expected_win_rates(tie):
    for margin in (0.0, 0.05, 0.3):
        at = margin_in_log_odds(margin, tie)
        assert expected_win_rate(at, tie) == pytest.approx(0.5 + margin)
        assert expected_win_rate(-at, tie) == pytest.approx(0.5 - margin)
    assert margin_in_log_odds(0.5, tie) == float("inf")


@pytest.mark.parametrize("error", [0.0, -1.0, float("nan"), float("inf")])
def test_refuses_an_error_that_is_none(error):
    with pytest.raises(ValueError, match="positive standard error"):
        decide(0.1, error, margin=0.05)


@pytest.mark.parametrize("margin", [-0.1, 0.6])
def test_refuses_a_margin_that_is_none(margin):
    with pytest.raises(ValueError, match="a margin is between"):
        decide(0.1, 0.1, margin=margin)


# ---- of a fit


def board(seed=1, n=800, strength=(0.5, 0.3, 0.0, -0.8)) -> Comparisons:
    rng = np.random.default_rng(seed)
    return draw_comparisons(np.array(strength), n, rng=rng, nu=NU, items="abcd")


@pytest.mark.parametrize("model", [fit_bradley_terry, fit_davidson])
def test_two_items_of_a_fit_and_their_mirror_image(model):
    counts = Counts.of(board())
    fit = model(counts)
    one = compare_two(fit, sandwich(fit, counts), "a", "d", counts=counts)
    other = compare_two(fit, sandwich(fit, counts), "d", "a", counts=counts)
    assert (one.verdict, other.verdict) == ("better", "worse")
    assert one.difference == -other.difference
    assert one.interval.lower == pytest.approx(-other.interval.upper)


@pytest.mark.parametrize(("a", "b"), [("a", "a"), ("a", "z"), ("z", "a")])
def test_refuses_items_that_are_not_there_or_the_same(a, b):
    counts = Counts.of(board())
    fit = fit_davidson(counts)
    with pytest.raises(ValueError, match=r"'a'|'z'"):
        compare_two(fit, sandwich(fit, counts), a, b)


# ---- how often it is wrong


@pytest.mark.parametrize("n", [400, 2000])
def test_two_items_at_the_margin_are_rarely_called_equivalent(n):
    """The size of the two one-sided tests, where it is largest: 5 %, within two standard errors."""
    rng = np.random.default_rng(n)
    at = margin_in_log_odds(0.05, NU)
    called = sum(
        verdict_on(draw_comparisons(np.array([at, 0.0]), n, rng=rng, nu=NU)) == "equivalent"
        for _ in range(1200)
    )
    assert called / 1200 <= 0.05 + 2 * np.sqrt(0.05 * 0.95 / 1200)
    if n == 2000:
        assert called / 1200 >= 0.03


def test_equals_are_shown_to_be_equivalent_with_enough_votes():
    rng = np.random.default_rng(7)
    called = sum(
        verdict_on(draw_comparisons(np.zeros(2), 2000, rng=rng, nu=NU)) == "equivalent"
        for _ in range(200)
    )
    assert called >= 195


def verdict_on(votes: Comparisons) -> str:
    counts = Counts.of(votes)
    fit = fit_davidson(counts)
    return compare_two(fit, sandwich(fit, counts), *fit.items[:2], margin=0.05).verdict


# ---- how many votes are missing


@pytest.mark.parametrize(
    ("model", "seed"),
    [
        (fit_davidson, 8),
        (fit_davidson, 7),  # here it is equivalence that is within reach
        (fit_bradley_terry, 4),
    ],
)
def test_the_votes_asked_for_are_right_within_a_factor_of_one_and_a_half(model, seed):
    pilot = Counts.of(board(seed, 600, CLOSE))
    fit = model(pilot)
    found = compare_two(fit, sandwich(fit, pilot), "a", "b", counts=pilot)
    assert found.verdict == "unclear"
    rng = np.random.default_rng(seed)

    def settled(more: int) -> float:
        """The share of boards that say something once so many votes of the fitted model are added."""
        words = [continued(pilot, fit, more, model, rng) for _ in range(300)]
        return np.mean([word != "unclear" for word in words])

    noise = 2 * np.sqrt(0.8 * 0.2 / 300)
    assert settled(round(found.more_votes / 1.5)) < 0.8 + noise
    assert settled(round(found.more_votes * 1.5)) > 0.8 - noise
    assert abs(settled(found.more_votes) - 0.8) < 0.1


def continued(pilot: Counts, fit, more: int, model, rng) -> str:
    """The verdict after more votes on uniform pairs, drawn from what the fit expects."""
    k = len(fit.items)
    one, other = np.triu_indices(k, 1)
    tied = (
        np.full(len(one), pilot.ties.sum() / 2 / pilot.n)
        if fit.tie_probability is None
        else fit.tie_probability[one, other]
    )
    won = fit.expected[one, other] - tied / 2
    votes = rng.multinomial(more, np.full(len(one), 1 / len(one)))
    cells = rng.multinomial(votes, np.column_stack([won, tied, 1 - won - tied]))
    wins, ties = pilot.wins.copy(), pilot.ties.copy()
    wins[one, other] += cells[:, 0]
    wins[other, one] += cells[:, 2]
    ties[one, other] += cells[:, 1]
    ties[other, one] += cells[:, 1]
    counts = Counts(fit.items, wins, ties)
    again = model(counts)
    return compare_two(again, sandwich(again, counts), "a", "b").verdict


def test_direct_votes_are_worth_more_than_votes_on_all_pairs():
    pilot = Counts.of(board(8, 600, CLOSE))
    fit = fit_davidson(pilot)
    found = compare_two(fit, sandwich(fit, pilot), "a", "b", counts=pilot)
    # Of all pairs of four, three times as many are needed.
    assert found.more_votes / found.more_direct == pytest.approx(3, rel=0.15)


def test_an_exact_draw_without_a_margin_is_never_settled():
    assert times_as_many(0.0, 0.1, margin=None) is None
    assert decide(0.0, 0.1, margin=None, votes=100).more_votes is None


def test_a_number_of_votes_is_told_to_two_figures():
    assert [about(n) for n in (3, 42, 421, 3469, 12_345)] == [3, 42, 430, 3500, 13_000]


def test_two_that_rose_and_fell_together_have_no_verdict():
    votes = Comparisons.from_labels(
        ["a", "b", "c", "c", "a", "b"], ["c", "c", "a", "b", "c", "c"], ["first"] * 4 + ["tie"] * 2,
        rater=["r", "r", "s", "s", "t", "t"],
    )  # fmt: skip
    fit = fit_bradley_terry(votes)
    by_rater = cluster_sandwich(fit, votes, votes.rater)
    with pytest.raises(NotEstimable, match="does not vary"):
        compare_two(fit, by_rater, "a", "b")
    assert compare_two(fit, by_rater, "a", "c", counts=Counts.of(votes)).verdict == "unclear"
