import numpy as np
import pytest

from ratings.scoring import averaged_elo, draw_comparisons, online_elo, win_probability
from ratings.scoring.types import POINTS_PER_LOGIT
from tests.ratings.scoring.votes import wins


def test_a_win_between_equals_moves_half_of_k():
    assert online_elo(wins("ab", "ab")).tolist() == [1002, 998]
    assert online_elo(wins("ab", "ab"), k=32, initial=1500).tolist() == [1516, 1484]


def test_a_tie_between_equals_moves_nothing_and_the_stronger_loses_by_it():
    assert online_elo(wins("ab", "a=b")).tolist() == [1000, 1000]
    first, second = online_elo(wins("ab", "ab", "a=b"))
    assert 1000 < first < 1002
    assert first + second == pytest.approx(2000)


def test_the_order_of_votes_matters_online_and_not_on_average():
    votes = wins("abc", "ab", "bc", "ab", "ca", "bc", "ab")
    backwards = votes.select(np.arange(len(votes))[::-1])
    assert not np.array_equal(online_elo(votes), online_elo(backwards))
    rng = np.random.default_rng
    one, other = (
        averaged_elo(v, rng=rng(s), orders=4000) for s, v in enumerate((votes, backwards))
    )
    assert one == pytest.approx(other, abs=0.02)


def test_one_order_on_average_is_the_online_rating_of_that_order():
    votes = draw_comparisons(np.array([0.5, 0.0, -0.5]), 300, rng=np.random.default_rng(1), nu=0.5)
    order = np.random.default_rng(7).permutation(len(votes))
    averaged = averaged_elo(votes, rng=np.random.default_rng(7), orders=1, k=16, initial=1200)
    assert averaged == pytest.approx(online_elo(votes.select(order), k=16, initial=1200))


def test_a_long_run_settles_where_points_match_expectations():
    votes = draw_comparisons(np.array([1.0, -1.0]), 20_000, rng=np.random.default_rng(2))
    gap = np.subtract(*averaged_elo(votes, rng=np.random.default_rng(0), orders=20))
    assert gap / POINTS_PER_LOGIT == pytest.approx(2.0, abs=0.15)
    assert win_probability(np.float64(gap) / POINTS_PER_LOGIT) == pytest.approx(0.88, abs=0.02)
