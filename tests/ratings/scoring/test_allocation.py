"""Where the next vote goes: what each rule prefers, what it saves, and that boards can correct for it."""

import numpy as np
import pytest

from ratings.scoring import (
    Comparisons,
    Counts,
    boundary_allocation,
    coverage_allocation,
    draw_comparisons,
    fit_bradley_terry,
    fit_davidson,
    inverse_propensity_weights,
    sandwich,
    uniform_allocation,
    variance_allocation,
    weighted_counts,
)

NU = 0.7
NAMES = tuple("abcdefgh")
STRENGTH = np.array([0.9, 0.6, 0.35, 0.25, 0.0, -0.4, -0.7, -1.0])


def votes(n=800, seed=1) -> Comparisons:
    return draw_comparisons(STRENGTH, n, rng=np.random.default_rng(seed), nu=NU, items=NAMES)


def every(board: Comparisons):
    counts = Counts.of(board)
    fit = fit_davidson(counts)
    covariance = sandwich(fit, counts)
    return [
        coverage_allocation(counts),
        variance_allocation(counts),
        boundary_allocation(fit, covariance),
        boundary_allocation(fit, covariance, top=3),
        uniform_allocation(NAMES),
    ]


def test_probabilities_sum_to_one_and_keep_the_floor():
    for found in every(votes()):
        assert found.probability.sum() == pytest.approx(1)
        assert found.probability.min() >= found.floor / 28 - 1e-15
        assert len(found.weights) == 28


def test_the_names_of_items_do_not_matter():
    board = votes()
    order = np.random.default_rng(2).permutation(8)
    place = np.argsort(order)
    turned = Comparisons(
        items=tuple(NAMES[at] for at in order),
        first=place[board.first],
        second=place[board.second],
        outcome=board.outcome,
    )
    for one, other in zip(every(board), every(turned), strict=True):
        here = {frozenset(pair): w for pair, w in one.weights.items()}
        there = {frozenset(pair): w for pair, w in other.weights.items()}
        assert here == pytest.approx(there)


def test_coverage_prefers_what_was_seen_least():
    board = votes()
    kept = board.select(~((board.first == 0) & (board.second == 1)))
    found = coverage_allocation(Counts.of(kept.select(~((kept.first == 1) & (kept.second == 0)))))
    assert max(found.weights, key=found.weights.get) == ("a", "b")
    assert found.weights["a", "b"] > 0.4


def test_variance_is_the_rule_of_chatbot_arena():
    board = votes(5000)
    counts = Counts.of(board)
    found = variance_allocation(counts, floor=0.0)
    points, n = counts.wins + counts.ties / 2, counts.votes
    gains = {}
    for i in range(8):
        for j in range(i + 1, 8):
            one = np.repeat([1.0, 0.5, 0.0], [int(c[i, j]) for c in _outcomes(counts)])
            s2 = one.var()
            gains[NAMES[i], NAMES[j]] = np.sqrt(s2 / n[i, j]) - np.sqrt(s2 / (n[i, j] + 1))
            assert one.sum() == points[i, j]
    total = sum(gains.values())
    # One vote is added to each pair, so that it is the rule to within that.
    assert found.weights == pytest.approx({p: g / total for p, g in gains.items()}, rel=0.03)


def _outcomes(counts):
    return counts.wins, counts.ties, counts.wins.T


def test_the_boundary_prefers_who_might_be_in_or_out():
    board = votes(1500)
    fit = fit_davidson(board)
    found = boundary_allocation(fit, sandwich(fit, board), top=3).weights
    assert max(found, key=found.get) == ("c", "d")
    assert found["c", "d"] > 10 * found["g", "h"]


def test_when_all_is_decided_every_pair_is_equally_likely():
    board = votes(200_000)
    fit = fit_davidson(board)
    found = boundary_allocation(fit, sandwich(fit, board), top=5)
    assert found.probability == pytest.approx(np.full(28, 1 / 28))


def test_boundary_votes_settle_the_top_with_fewer_votes_than_even_pairs():
    needed = {rule: [until_settled(rule, seed) for seed in range(12)] for rule in ("even", "top")}
    assert np.median(needed["top"]) < 0.7 * np.median(needed["even"])


def until_settled(rule: str, seed: int) -> int:
    """Votes until the best three are told from the rest, a batch of 200 at a time."""
    rng = np.random.default_rng(seed)
    counts = Counts.of(votes(400, 100 + seed))
    while counts.n < 40_000:
        fit = fit_davidson(counts)
        covariance = sandwich(fit, counts)
        v = covariance.matrix
        error = np.sqrt(np.diag(v)[:3, None] + np.diag(v)[None, 3:] - 2 * v[:3, 3:])
        if ((fit.strength[:3, None] - fit.strength[None, 3:]) / error > 2.5).all():
            return int(counts.n)
        plan = (
            boundary_allocation(fit, covariance, top=3)
            if rule == "top"
            else uniform_allocation(NAMES)
        )
        counts = with_more(counts, plan, 200, rng)
    return 40_000


def with_more(counts: Counts, plan, n: int, rng) -> Counts:
    drawn = Counts.of(votes_on(plan, n, rng))
    return Counts(counts.items, counts.wins + drawn.wins, counts.ties + drawn.ties)


def votes_on(plan, n: int, rng) -> Comparisons:
    pair = rng.choice(plan.one.size, n, p=plan.probability)
    gap = STRENGTH[plan.one[pair]] - STRENGTH[plan.other[pair]]
    odds = np.column_stack([np.exp(-gap / 2), np.full(n, NU), np.exp(gap / 2)])
    edges = np.cumsum(odds / odds.sum(axis=1, keepdims=True), axis=1)
    outcome = (rng.random((n, 1)) > edges).sum(axis=1)
    return Comparisons(NAMES, plan.one[pair], plan.other[pair], outcome.astype(np.int8))


def test_inverse_propensities_give_the_board_of_even_pairs_back():
    """Half-win strengths depend on who met whom when the model is wrong; weights undo it."""
    rng = np.random.default_rng(5)
    everyone = draw_circle(rng, 60_000)
    even = fit_bradley_terry(everyone).strength
    plan = coverage_allocation(Counts.of(lopsided()), floor=0.2)
    propensity = plan.propensity(everyone)
    kept = rng.random(len(everyone)) < propensity / propensity.max()
    chosen = everyone.select(kept)
    plain = fit_bradley_terry(chosen).strength
    weights = inverse_propensity_weights(plan.propensity(chosen))
    corrected = fit_bradley_terry(weighted_counts(chosen, weights)).strength
    assert np.abs(corrected - even).max() < 0.4 * np.abs(plain - even).max()


def draw_circle(rng, n) -> Comparisons:
    """Three items in a circle of preferences, and one below: no strengths fit all pairs."""
    wins = np.array(
        [[0.5, 0.9, 0.3, 0.8], [0.1, 0.5, 0.8, 0.7], [0.7, 0.2, 0.5, 0.6], [0.2, 0.3, 0.4, 0.5]]
    )
    first = rng.integers(4, size=n)
    second = (first + rng.integers(1, 4, n)) % 4
    outcome = np.where(rng.random(n) < wins[first, second], 2, 0).astype(np.int8)
    return Comparisons(tuple("abcd"), first, second, outcome)


def lopsided() -> Comparisons:
    return Comparisons.from_labels(
        ["a"] * 30 + ["b"] * 4, ["b"] * 30 + ["c"] * 4, ["first"] * 34, items=tuple("abcd")
    )


def test_weights_have_mean_one_and_a_largest():
    weights = inverse_propensity_weights(np.append(np.full(999, 0.5), 1e-6))
    assert weights.mean() == pytest.approx(1)
    assert weights.max() / np.median(weights) == pytest.approx(20)
    assert inverse_propensity_weights(np.full(10, 0.1)) == pytest.approx(np.ones(10))


def test_weights_of_one_are_the_plain_counts():
    board = votes()
    weighted, plain = weighted_counts(board, np.ones(len(board))), Counts.of(board)
    assert (weighted.wins == plain.wins).all()
    assert (weighted.ties == plain.ties).all()


@pytest.mark.parametrize(
    "wrong",
    [
        lambda: coverage_allocation(Counts.of(votes()), floor=1.5),
        lambda: uniform_allocation(("x", "y")).propensity(votes()),
        lambda: inverse_propensity_weights(np.array([0.0, 0.5])),
        lambda: inverse_propensity_weights(np.array([1.5])),
        lambda: weighted_counts(votes(), np.ones(3)),
        lambda: weighted_counts(votes(), np.full(800, np.nan)),
    ],
)
def test_refuses_what_makes_no_sense(wrong):
    with pytest.raises(ValueError, match=r"\w"):
        wrong()


@pytest.mark.parametrize("top", [0, 8])
def test_refuses_a_boundary_that_is_none(top):
    board = votes()
    fit = fit_davidson(board)
    with pytest.raises(ValueError, match="no boundary"):
        boundary_allocation(fit, sandwich(fit, board), top=top)
