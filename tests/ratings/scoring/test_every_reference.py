"""Every shared reference case is asserted somewhere, or cannot be; and the numbers not asserted elsewhere."""

import re
from pathlib import Path

import numpy as np
import pytest
from scipy.special import stdtr

from ratings.scoring import (
    Comparisons,
    Grades,
    average_win_rate,
    fit_bradley_terry,
    fit_covariates,
    fit_davidson,
    fleiss_kappa,
    gwet_ac,
    krippendorff_alpha,
    online_elo,
)
from tests.ratings.scoring.test_agreement import four_raters
from tests.ratings.scoring.test_covariates import baseball, deviance
from tests.ratings.scoring.votes import counted, references

# What no test can reproduce, and why.
WITHOUT = {
    "arena140k_readme": "the 140,000 votes are not among the shared data",
    "chatbot_arena_paper": "claims about a simulation whose code and data are not told",
    "bradley_terry_1952_pork": "the entry holds no numbers",
}
# Numbers of cases that are of other methods than ours, or of a method's way and not its end.
OTHERS = {
    "davidson1970_pudding": {"after_7_iterations", "published_recalled_7_accelerated_iterations"},
    "choix_pairwise-1": {"lsr_est", "rc_est"},
    "choix_pairwise-2": {"lsr_est", "rc_est"},
    "evalica_simple": {"eigen", "pagerank"},
    "evalica_food": {"eigen", "pagerank"},
    "evalica_llmfao": {"eigen", "pagerank"},
}


def test_every_case_is_asserted_or_cannot_be():
    tests = [path.read_text(encoding="utf-8") for path in Path(__file__).parent.glob("test_*.py")]
    text = "".join(
        part for test in tests for part in re.split(r"^(?=def test_)", test, flags=re.MULTILINE)[1:]
    )
    asserted = {name for name in references() if f'"{name}"' in text}
    # Stand in golden files, of ours and of evalica.
    asserted |= {"wikipedia_bt", "evalica_llmfao"}
    assert set(references()) == asserted | set(WITHOUT)
    assert not [name for name, keys in OTHERS.items() if keys - set(references()[name]["expected"])]


@pytest.mark.parametrize("name", ["evalica_simple", "evalica_food"])
def test_evalicas_small_boards(name):
    case = references()[name]
    sides = {"left": "first", "right": "second", "tie": "tie"}
    left, right, winner = zip(*case["data"]["rows"], strict=True)
    votes = Comparisons.from_labels(left, right, [sides[word] for word in winner])
    expected = {
        method: np.array([float(scores[item]) for item in votes.items])
        for method, scores in case["expected"].items()
        if method not in OTHERS[name]
    }
    share = np.exp(fit_bradley_terry(votes).strength)
    assert share / share.sum() == pytest.approx(expected["bradley_terry"], abs=1e-7)
    newman = np.log(expected["newman"])
    assert fit_davidson(votes).strength == pytest.approx(newman - newman.mean(), abs=1e-5)
    assert online_elo(votes) == pytest.approx(expected["elo"], abs=1e-9)
    assert average_win_rate(votes).rate == pytest.approx(expected["average_win_rate"], abs=1e-12)


def test_the_pairs_of_choix_at_their_maximum():
    for name in ("choix_pairwise-1", "choix_pairwise-2"):
        case = references()[name]
        items = [str(at) for at in range(case["data"]["n_items"])]
        rows = [(winner, loser, 1, 0) for winner, loser in case["data"]["winner_loser"]]
        found = fit_bradley_terry(counted(items, rows)).strength
        assert found == pytest.approx(np.array(case["expected"]["ml_est"]), abs=1e-4)


def test_the_deviance_of_the_citations():
    case = references()["citations"]
    rows = case["data"]["rows"]
    fit = fit_bradley_terry(counted(case["data"]["items"], rows))
    cells = np.array([(won, won + lost) for _, _, won, lost in rows], dtype=float)
    assert deviance(fit.log_likelihood, cells) == pytest.approx(
        case["expected"]["deviance"], abs=1e-8
    )


def test_agrestis_table_of_the_baseball_season():
    votes, _ = baseball()
    case = references()["baseball1987"]["expected"]
    plain = fit_covariates(votes)
    ahead = np.delete(plain.strength, votes.items.index("Baltimore")) - plain.strength.min()
    assert np.sort(ahead) == pytest.approx(
        np.array(case["model1_sorted_logability_vs_Baltimore"]), abs=0.005
    )
    home = fit_covariates(votes, position=np.ones(len(votes)))
    share = np.exp(home.strength) / np.exp(home.strength).sum()
    assert np.sort(share) == pytest.approx(
        np.array(case["model2_sorted_probability_abilities"]), abs=0.0005
    )
    assert home.effect[0] == pytest.approx(case["model2_at_home"], abs=0.0005)


def test_the_parts_of_gwets_coefficients():
    case = references()["gwet_4raters"]["expected"]
    for weights, expected in case["AC2"].items():
        if "pa" in expected:
            found = gwet_ac(four_raters(), weights)
            assert (found.observed, found.expected) == pytest.approx(
                (expected["pa"], expected["pe"]), abs=5e-4
            )
    for weights, expected in case["recomputed_six_digits"].items():
        found = gwet_ac(four_raters(), "identity" if weights == "nominal" else weights)
        assert (found.observed, found.expected, found.value) == pytest.approx(
            (expected["pa"], expected["pe"], expected["AC"]), abs=1e-6
        )
    fleiss = fleiss_kappa(four_raters())
    assert (fleiss.observed, fleiss.expected) == pytest.approx(
        (case["fleiss"]["pa"], case["fleiss"]["pe"]), abs=5e-4
    )
    assert krippendorff_alpha(four_raters()).value == pytest.approx(904 / 1216, abs=1e-12)


@pytest.mark.parametrize(
    "name", ["gwet_4raters", "gwet_5observers", "gwet_ben_gerry", "gwet_gender"]
)
def test_the_p_values_that_gwet_gives_are_of_student_s_t(name):
    case = references()[name]
    grades = four_raters() if name == "gwet_4raters" else Grades.from_table(case["data"]["rows"])
    found = gwet_ac(grades)
    subjects = np.unique(grades.unit).size
    p = 2 * stdtr(subjects - 1, -found.value / found.standard_error)
    assert p == pytest.approx(case["expected"]["AC1"]["p"], rel=0.02)
