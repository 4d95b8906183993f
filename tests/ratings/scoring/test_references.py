"""Published numbers, and the shared reference cases, reproduced to their tolerances."""

import csv
import json

import numpy as np
import pytest

from ratings.scoring import (
    Comparisons,
    average_win_rate,
    fit_bradley_terry,
    fit_davidson,
    online_elo,
    to_rating,
)
from ratings.scoring.types import Counts
from tests.data import shared_data
from tests.ratings.scoring.votes import counted, golden, references, wins


def against(fit, reference: str, item: str) -> tuple[float, float]:
    """Strength of an item with `reference` at 0, and its standard error by the information."""
    i, j = fit.items.index(item), fit.items.index(reference)
    v = fit.inverse
    return fit.strength[i] - fit.strength[j], float(np.sqrt(v[i, i] + v[j, j] - 2 * v[i, j]))


def test_citations_of_four_journals():
    case = golden("citations_stigler_1994.json")
    fit = fit_bradley_terry(counted(case["items"], case["rows"]))
    for item, strength in case["strength"].items():
        found, error = against(fit, case["reference"], item)
        assert found == pytest.approx(strength, abs=case["tolerance"])
        assert error == pytest.approx(case["standard_error"][item], abs=case["tolerance"])


def test_davidsons_puddings():
    case = golden("pudding_davidson_1970.json")
    fit = fit_davidson(counted(case["items"], case["rows"]))
    share = np.exp(fit.strength) / np.exp(fit.strength).sum()
    assert share == pytest.approx(np.array(case["share"]), abs=case["tolerance"])
    assert fit.tie == pytest.approx(case["nu"], abs=case["tolerance"])


def test_wikipedias_example():
    case = golden("wikipedia_bradley_terry.json")
    fit = fit_bradley_terry(counted(case["items"], case["rows"]))
    assert np.exp(fit.strength) == pytest.approx(np.array(case["power"]), abs=case["tolerance"])


def test_a_cycle_of_three_is_a_tie_and_one_more_win_breaks_it():
    assert fit_bradley_terry(wins("abc", "ab", "bc", "ca")).strength == pytest.approx(np.zeros(3))
    broken = fit_bradley_terry(wins("abc", "ab", "ab", "bc", "ca")).strength
    assert broken == pytest.approx(np.array([0.419617624, -0.419617624, 0.0]), abs=1e-8)


def test_baseball_of_1987_without_home_advantage():
    case = references()["baseball1987"]
    teams = sorted({team for row in case["data"]["rows"] for team in row[:2]})
    rows = [(teams.index(i), teams.index(j), int(w), int(v)) for i, j, w, v in case["data"]["rows"]]
    fit = fit_bradley_terry(counted(teams, rows))
    expected = case["expected"]["high_precision_recomputed"]
    for team, strength in expected["model1"].items():
        found, error = against(fit, "Baltimore", team)
        assert found == pytest.approx(strength, abs=1e-8)
        assert error == pytest.approx(expected["model1_se"][team], abs=1e-8)


def test_springall_1973():
    case = references()["springall1973"]
    # The wins are given for the item in the column.
    rows = [(j - 1, i - 1, won, lost, tied) for i, j, won, lost, tied in case["data"]["rows"]]
    fit = fit_davidson(counted([str(i) for i in range(1, 10)], rows))
    expected = case["expected"]
    found = fit.strength - fit.strength[0]
    assert found == pytest.approx(np.array(expected["davidson_recomputed_theta_item1_0"]), abs=1e-4)
    assert fit.tie == pytest.approx(expected["davidson_nu"], abs=1e-4)
    assert fit.log_likelihood == pytest.approx(expected["loglik"], abs=1e-4)


@pytest.mark.parametrize("name", ["choix_pairwise-1", "choix_pairwise-2"])
def test_choix_cases(name):
    case = references()[name]
    items = [str(i) for i in range(case["data"]["n_items"])]
    fit = fit_bradley_terry(counted(items, [(w, v, 1, 0) for w, v in case["data"]["winner_loser"]]))
    assert fit.strength == pytest.approx(np.array(case["expected"]["ml_est"]), abs=1e-8)


VOTES = {
    "llmfao": "votes/llmfao/crowd-comparisons.csv",
    "food": "votes/evalica/food.csv",
    "simple": "votes/evalica/simple.csv",
}
SIDES = {"left": "first", "right": "second", "tie": "tie"}


@pytest.fixture(params=VOTES)
def published(request) -> tuple[Comparisons, dict[str, np.ndarray]]:
    with shared_data(VOTES[request.param]).open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    votes = Comparisons.from_labels(
        *([row[side] for row in rows] for side in ("left", "right")),
        [SIDES[row["winner"]] for row in rows],
    )
    scores: dict[str, dict[str, float]] = {}
    path = shared_data(f"leaderboards/evalica/{request.param}-golden.csv")
    with path.open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            scores.setdefault(row["algorithm"], {})[row["item"]] = float(row["score"])
    ordered = {name: np.array([one[i] for i in votes.items]) for name, one in scores.items()}
    return votes, ordered


def test_golden_bradley_terry(published):
    votes, golden_scores = published
    share = np.exp(fit_bradley_terry(votes).strength)
    expected = golden_scores["bradley_terry"]
    assert share / share.sum() == pytest.approx(expected / expected.sum(), abs=1e-10)


def test_golden_newman_is_davidson(published):
    votes, golden_scores = published
    expected = np.log(golden_scores["newman"])
    assert fit_davidson(votes).strength == pytest.approx(expected - expected.mean(), abs=1e-10)


def test_golden_elo(published):
    votes, golden_scores = published
    assert online_elo(votes) == pytest.approx(golden_scores["elo"], abs=1e-9)


def test_golden_average_win_rate(published):
    votes, golden_scores = published
    assert average_win_rate(votes).rate == pytest.approx(
        golden_scores["average_win_rate"], abs=1e-12
    )


def test_golden_counting_is_the_points_won(published):
    votes, golden_scores = published
    counts = Counts.of(votes)
    points = (counts.wins + counts.ties / 2).sum(axis=1)
    assert points == pytest.approx(golden_scores["counting"], abs=1e-9)


def test_systems_of_squality_ranked_within_a_worker_and_question():
    votes = squality("correctness-rank")
    rating = dict(zip(votes.items, to_rating(fit_bradley_terry(votes).strength), strict=True))
    expected = {"human": 1332.66, "bart-dpr": 898.17, "bart": 769.17}
    assert rating == pytest.approx(expected, abs=0.01)


def squality(field: str) -> Comparisons:
    path = shared_data("votes/squality/squality_human_eval_first_half.jsonl")
    labels = []
    for line in path.read_text(encoding="utf-8").splitlines():
        for question in json.loads(line)["questions"].values():
            ranks: dict[str, dict[str, int]] = {}
            for system, answer in question.items():
                for review in answer["reviews"]:
                    ranks.setdefault(review["worker_id"], {})[system] = review[field]
            for rank in ranks.values():
                labels += list(_pairs(rank))
    return Comparisons.from_labels(*zip(*labels, strict=True))


def _pairs(rank: dict[str, int]):
    systems = sorted(rank)
    for at, first in enumerate(systems):
        for second in systems[at + 1 :]:
            gap = rank[first] - rank[second]
            yield first, second, "tie" if not gap else "first" if gap < 0 else "second"
