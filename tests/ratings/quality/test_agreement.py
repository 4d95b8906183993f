"""Agreement by slice: Cohen's kappa stands where the same two raters gave all of it, and nowhere else."""

import numpy as np
import pytest

from ratings.quality.agreement import JudgedVotes, agreement_by_slice
from ratings.scoring import Grades, cohen_kappa


def votes(rater: list[int], unit: list[int], outcome: list[int]) -> JudgedVotes:
    codes = (np.array(one, dtype=np.int64) for one in (unit, rater, outcome, outcome))
    return JudgedVotes(*codes)


def of(judged: JudgedVotes):
    return agreement_by_slice(judged, {})[0]["cohen_kappa"]


PAIR = {
    "rater": [0, 1] * 6,
    "unit": [0, 0, 1, 1, 2, 2, 3, 3, 4, 4, 5, 5],
    "outcome": [1, 1, 0, -1, -1, -1, 1, 0, 0, 0, 1, 1],
}


def test_two_raters_have_a_kappa_of_their_own():
    one = votes(**PAIR)
    expected = cohen_kappa(Grades(one.unit, one.rater, one.outcome + 1, (-1, 0, 1)))
    assert of(one)["value"] == pytest.approx(expected.value)
    # By hand: they agree in 4 of 6, and would by chance in (3*2 + 2*2 + 1*2) / 36.
    assert of(one)["value"] == pytest.approx((4 / 6 - 12 / 36) / (1 - 12 / 36))


def test_a_third_rater_without_company_changes_nothing():
    alone = votes([*PAIR["rater"], 2], [*PAIR["unit"], 6], [*PAIR["outcome"], 1])
    assert of(alone)["value"] == pytest.approx(of(votes(**PAIR))["value"])


def test_three_raters_have_none():
    three = votes([*PAIR["rater"], 2], [*PAIR["unit"], 0], [*PAIR["outcome"], 1])
    assert of(three) is None
